"""A file that is written as a whole or stays as it was."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file for its owner only, durable when this returns; what a link names is written.

    Devices and pipes (`/dev/stdout`, `>(...)`) get the bytes and are never replaced.

    Raises:
        OSError: It cannot be written; what stood there before is unchanged.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as stream:
            stream.write(content)
        return
    there = Path(os.path.realpath(path))
    partial = there.with_name(f".{there.name[:100]}.{secrets.token_hex(4)}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(there)
    finally:
        partial.unlink(missing_ok=True)
