"""Rotated tokens on disk: complete or not at all, for this user only, by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from pipelines.errors import HomeError, LockedError

_ROOM = 16 * 1024
_LOCK_SECONDS = 120.0


class StoredTokens(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a rotating login.

    Attributes:
        generation: Counts the rotations; the highest is the newest.
        obtained_at: Seconds since 1970 by this machine's clock.
        expires_in: Seconds that the access token lives; None if the server did not say.
        seed_hash: Which configured login these tokens descend from.
    """

    generation: int
    access_token: str
    refresh_token: str
    previous_refresh_token: str | None
    obtained_at: float
    expires_in: float | None
    seed_hash: str

    def __repr__(self) -> str:
        return f"StoredTokens(generation={self.generation}, ***)"


class TokenFile:
    """`token.json` of one installation.

    A link is followed: what it names is replaced, in its own folder. A file that cannot be renamed over, since it
    is mounted by itself or its folder takes no other file, is written in place, after the new tokens stand in a
    draft on disk wherever one can be made.

    Args:
        path: The file; its folder is created if needed.
    """

    def __init__(self, path: Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.path = path
        self._file = Path(os.path.realpath(path))
        # beside the file itself, from where it can be renamed; else beside the link
        self._drafts = list(dict.fromkeys(place.with_name(f".{path.name}.new") for place in (self._file, path)))
        self._sleep = sleep

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes away from the tokens.

        Raises:
            LockedError: Another process holds them for two minutes already.
            HomeError: The folder cannot be used.
        """
        try:
            if not self.path.is_symlink():
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = os.open(self._file.parent, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise HomeError(self._unusable(error)) from None
        try:
            self._lock(folder)
            yield
        finally:
            os.close(folder)

    def _lock(self, folder: int) -> None:
        waited = 0.0
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waited >= _LOCK_SECONDS:
                    raise LockedError(
                        f"Another program has been holding the tokens in {self.path.parent} for "
                        f"{_LOCK_SECONDS:.0f} s. Nothing was changed. Try again when it has ended."
                    ) from None
            else:
                return
            self._sleep(0.1)
            waited += 0.1

    def load(self) -> StoredTokens | None:
        """The newest tokens; None if there are none, or none that can be read.

        A process that died between writing and renaming left them in the draft.
        """
        found = [tokens for path in (self._file, *self._drafts) if (tokens := self._read(path)) is not None]
        return max(found, key=lambda tokens: tokens.generation, default=None)

    @property
    def is_damaged(self) -> bool:
        """Whether there is a file, but nothing in it that can be used."""
        return self._file.exists() and self._read(self._file) is None

    def _read(self, path: Path) -> StoredTokens | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=StoredTokens)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        except OSError as error:
            raise HomeError(self._unusable(error)) from None

    @contextmanager
    def reserved(self) -> Iterator[Callable[[StoredTokens], None]]:
        """Make sure that tokens can be written before a refresh uses up the old one.

        What is known already goes the whole way that the new tokens will take.

        Yields:
            A function that stores tokens; when it returns they survive a power cut.

        Raises:
            HomeError: The file or its folder cannot be written or is full.
        """
        with ExitStack() as open_files:
            try:
                draft, in_place = self._prepare(open_files)
            except OSError as error:
                raise HomeError(self._unusable(error)) from None

            def store(tokens: StoredTokens) -> None:
                content = _encoded(tokens)
                try:
                    if draft is not None:
                        _write(draft[1], content)
                    self._put(draft[0] if draft else None, in_place, content)
                except OSError as error:
                    raise HomeError(
                        f"The new tokens could not be written to {self.path}: {error.strerror}. They are lost; if the "
                        "next command is refused, log in again with a new refresh token."
                    ) from None

            try:
                yield store
            finally:
                if draft is not None and self._read(draft[0]) is None:
                    draft[0].unlink(missing_ok=True)

    def refuse_unwritable(self) -> None:
        """Refuse what `reserved` would refuse, as far as that is seen without writing; changes nothing.

        Raises:
            HomeError: As reserved.
        """
        folder = self._file.parent
        if not folder.exists():
            if self.path.is_symlink():
                raise HomeError(self._unusable(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))))
            folder = next(above for above in folder.parents if above.exists())
        writable = _may(folder, os.W_OK | os.X_OK) or (self._file.exists() and _may(self._file, os.W_OK))
        if not writable:
            raise HomeError(self._unusable(PermissionError(errno.EACCES, os.strerror(errno.EACCES))))

    def _prepare(self, open_files: ExitStack) -> tuple[tuple[Path, int] | None, int | None]:
        """The draft and the file to be written in place, open and with room; None: not needed or not possible."""
        known = self.load()
        content = _encoded(known) if known else self._file.read_bytes() if self._file.exists() else None
        holding = next((path for path in self._drafts if known and self._read(path) == known), None)
        in_place = None
        if content is not None:
            if holding is None and (opened := self._open_draft(open_files)) is not None:
                holding = opened[0]
                _write(opened[1], content)
            if not self._replace(holding):
                in_place = os.open(self._file, os.O_WRONLY | os.O_CLOEXEC)
                open_files.callback(os.close, in_place)
                with suppress(OSError):  # whoever mounted it may not have made it ours
                    os.fchmod(in_place, 0o600)
                self._put(holding, in_place, content)
                _make_room(in_place, len(content))
        draft = self._open_draft(open_files)
        if draft is not None:
            try:
                if in_place is None and draft[0].parent != self._file.parent:  # from there it cannot take its place
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                _make_room(draft[1], 0)
            except OSError:
                draft[0].unlink(missing_ok=True)
                raise
        elif in_place is None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return draft, in_place

    def _open_draft(self, open_files: ExitStack) -> tuple[Path, int] | None:
        """An empty draft; None where a file that exists may be written, but none be made."""
        for path in self._drafts:
            try:
                draft = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                    raise
                continue
            open_files.callback(os.close, draft)
            os.fchmod(draft, 0o600)
            return path, draft
        return None

    def _put(self, draft: Path | None, in_place: int | None, content: bytes) -> None:
        """Let what stands in the draft become the file."""
        if in_place is None:
            if not self._replace(draft):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            return
        _write(in_place, content)
        if draft is not None:
            draft.unlink(missing_ok=True)

    def _replace(self, draft: Path | None) -> bool:
        """Rename the draft over the file; whether that is possible there."""
        if draft is None or draft.parent != self._file.parent:
            return False
        try:
            os.replace(draft, self._file)  # noqa: PTH105 - beside its fsync
        except OSError as error:
            if error.errno in (errno.EBUSY, errno.EXDEV):  # mounted by itself
                return False
            raise
        folder = os.open(self._file.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return True

    def _unusable(self, error: OSError) -> str:
        return (
            f"The tokens in {self.path} could not be read or written: {error.strerror}. The login was not "
            "refreshed. Make the folder writable, free some space, or choose another with --home."
        )


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _encoded(tokens: StoredTokens) -> bytes:
    return msgspec.json.format(msgspec.json.encode(tokens), indent=2) + b"\n"


def _write(descriptor: int, content: bytes) -> None:
    """Make it the file's content, on disk when this returns."""
    _write_at(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))
    os.fsync(descriptor)


def _make_room(descriptor: int, size: int) -> None:
    """Take the space that new tokens need; blanks behind JSON change nothing of it."""
    _write_at(descriptor, b" " * _ROOM, size)
    os.fsync(descriptor)


def _write_at(descriptor: int, content: bytes, offset: int) -> None:
    """Write all of it; a full disk takes a part without a word."""
    written = 0
    while written < len(content):
        written += os.pwrite(descriptor, content[written:], offset + written)
