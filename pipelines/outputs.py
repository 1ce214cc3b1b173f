"""Where a command may write what it was asked for: never over a file of the home that is not its own."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings import Files


def checked(files: Files, output: Path, *, own: Path | None = None, option: str = "--output") -> Path:
    """The absolute path of a file or folder to be written, once it is known to harm nothing of the home.

    Links, hard links and other spellings of a file are the file.

    Args:
        own: The file of the home that belongs to the command.
        option: What the path is called on the command line.

    Raises:
        SettingsError: It is a file of the home, or lies where the program works.
    """
    path = output.expanduser().absolute()
    there = Path(os.path.realpath(path))
    if any(_same(folder, files.work) for folder in (there, *there.parents)):
        raise _refusal(f"{option} {output}", files, "the program works there, and deletes what it finds")
    for owned in (files.landing, files.warehouse, files.token, files.report, files.forgetting):
        if owned != own and (_named_after(there, owned) or _same(there, owned)):
            raise _refusal(f"{option} {output}", files, f"{owned.name} and what belongs to it lie there")
    return path


def _named_after(there: Path, owned: Path) -> bool:
    """Whether it is the file, which may be missing yet, or one beside it such as its log or its next version."""
    file = Path(os.path.realpath(owned))
    name, mine = there.name.casefold().removeprefix("."), file.name.casefold()
    return (name == mine or name.startswith(f"{mine}.")) and _same(there.parent, file.parent)


def _same(one: Path, other: Path) -> bool:
    """Whether both are the same file or folder, by whatever name."""
    if one == Path(os.path.realpath(other)):
        return True
    with suppress(OSError):
        return one.samefile(other)
    return False


def _refusal(named: str, files: Files, reason: str) -> SettingsError:
    return SettingsError(
        f"{named} would write into the home {files.home}: {reason}. Nothing was written. Choose another name."
    )
