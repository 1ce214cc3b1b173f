"""Brings what is published to the database that the settings name, unless it is known to be there."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.progress import Progress
    from pipelines.settings import Settings
    from transforms.readers.postgres.publish import ServerReport

NOTE = "server.json"  # in work/: which published file was brought to which database last


def bring(settings: Settings, url: str, progress: Progress) -> ServerReport | None:
    """Publish to the database; None if the file that is published was brought there before.

    Raises:
        TransformError: It was not done; the database is as it was.
    """
    note = settings.files.work / NOTE
    now = _note(settings, url)
    with suppress(OSError, ValueError):
        if json.loads(note.read_bytes()) == now:
            return None
    from transforms.readers.postgres.publish import publish

    report = publish(settings.files.warehouse, url, on_step=progress.update)
    with suppress(OSError):  # it only saves time
        note.write_text(json.dumps(now), "utf-8")
    return report


def _note(settings: Settings, url: str) -> dict[str, object]:
    there = settings.files.warehouse.stat()
    place = hashlib.sha256(url.encode()).hexdigest()
    return {"url_sha256": place, "inode": there.st_ino, "size": there.st_size, "mtime": there.st_mtime_ns}
