"""Files that appear all at once, whole and for their owner only, or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from transforms.readers.exports.errors import ExportFailed


class Staged:
    """New files beside their final places until the block ends without a fault.

    Each file is complete before it takes its name, and replaces what stood there in one step. A fault inside
    the block removes what was begun and leaves the earlier files as they were.

    Raises:
        ExportFailed: A folder or file cannot be written; the message names it.
    """

    def __init__(self) -> None:
        self._waiting: dict[Path, Path] = {}

    def __enter__(self) -> Self:
        return self

    def begin(self, target: Path) -> Path:
        """An empty file, mode 0600, to be filled in the place of `target`."""
        target = target.absolute()
        temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if target.is_dir():
                raise ExportFailed(f"{target} is a folder, but a file is to be written there. Choose another name.")
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise _unwritable(target, error) from None
        self._waiting[target] = temporary
        return temporary

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as cleaning:
            for temporary in self._waiting.values():
                cleaning.callback(_forget, temporary)
            if kind is None:
                self._publish()
            elif isinstance(fault, OSError):
                raise _unwritable(next(reversed(self._waiting), Path()), fault) from fault

    def _publish(self) -> None:
        for target, temporary in self._waiting.items():
            try:
                temporary.chmod(0o600)
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
            except OSError as error:
                raise _unwritable(target, error) from None
        for target, temporary in self._waiting.items():
            try:
                temporary.replace(target)
            except OSError as error:
                raise _unwritable(target, error) from None


def _forget(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> ExportFailed:
    return ExportFailed(
        f"{path} could not be written: {error.strerror or error}. What stood there before is unchanged. "
        "Free space or choose another place with --output."
    )
