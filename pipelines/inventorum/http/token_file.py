"""Rotated tokens on disk: complete or not at all, for this user only, by one process at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

    Args:
        path: The file; its folder is created if needed.
    """

    def __init__(self, path: Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.path = path
        self._draft = path.with_name(f".{path.name}.new")
        self._sleep = sleep

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes away from the tokens.

        Raises:
            LockedError: Another process holds them for two minutes already.
            HomeError: The folder cannot be used.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
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
        found = [tokens for path in (self.path, self._draft) if (tokens := self._read(path)) is not None]
        return max(found, key=lambda tokens: tokens.generation, default=None)

    @property
    def is_damaged(self) -> bool:
        """Whether there is a file, but nothing in it that can be used."""
        return self.path.exists() and self._read(self.path) is None

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

        Yields:
            A function that stores tokens; when it returns they survive a power cut.

        Raises:
            HomeError: The folder cannot be written or is full.
        """
        rescued = self._read(self._draft)
        try:
            if rescued is not None and rescued == self.load():
                os.replace(self._draft, self.path)  # noqa: PTH105 - beside its fsync
                self._sync_folder()
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            draft = os.open(self._draft, flags, 0o600)
        except OSError as error:
            raise HomeError(self._unusable(error)) from None
        is_stored = False

        def store(tokens: StoredTokens) -> None:
            nonlocal is_stored
            content = msgspec.json.format(msgspec.json.encode(tokens), indent=2) + b"\n"
            try:
                _write(draft, content)
                os.ftruncate(draft, len(content))
                os.fsync(draft)
                os.replace(self._draft, self.path)  # noqa: PTH105 - beside its fsync
                self._sync_folder()
            except OSError as error:
                raise HomeError(
                    f"The new tokens could not be written to {self.path}: {error.strerror}. They are lost; if the "
                    "next command is refused, log in again with a new refresh token."
                ) from None
            is_stored = True

        try:
            try:
                os.fchmod(draft, 0o600)
                _write(draft, b" " * _ROOM)
                os.fsync(draft)
            except OSError as error:
                raise HomeError(self._unusable(error)) from None
            yield store
        finally:
            os.close(draft)
            if not is_stored and self._read(self._draft) is None:
                self._draft.unlink(missing_ok=True)

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unusable(self, error: OSError) -> str:
        return (
            f"The tokens in {self.path} could not be read or written: {error.strerror}. The login was not "
            "refreshed. Make the folder writable, free some space, or choose another with --home."
        )


def _write(descriptor: int, content: bytes) -> None:
    """Write all of it from the beginning of the file; a full disk takes a part without a word."""
    written = 0
    while written < len(content):
        written += os.pwrite(descriptor, content[written:], written)
