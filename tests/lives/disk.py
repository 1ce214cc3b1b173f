"""A disk that runs full: a home moves to a small tmpfs of a namespace of its own for the length of a run."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.lives.apart import Outcome, ended, fork

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
BLOCK = 4096


class NoNamespaceError(OSError):
    """This process may not mount anything, not even for itself."""


def with_free_space(home: Path, free: int, body: Callable[[], int], place: Path) -> Outcome:
    """The outcome of a function in a fork whose home has so many free bytes, or all of them where that cannot be had.

    Args:
        place: A folder beside the home, for the small disk.
    """
    place.mkdir(exist_ok=True)

    def inside() -> int:
        try:
            _mount_in_own_namespace(home, place, free)
        except NoNamespaceError:
            return body()
        child = os.fork()
        if child == 0:
            os._exit(ended(body))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        _bring_back(place / "home", home, place)
        return status if status >= 0 else 128 - status

    return fork(inside)


def _mount_in_own_namespace(home: Path, place: Path, free: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()

    def call(name: str, *arguments: object) -> None:
        if getattr(libc, name)(*arguments) != 0:
            raise NoNamespaceError(ctypes.get_errno(), name)

    call("unshare", CLONE_NEWNS if user == 0 else CLONE_NEWNS | CLONE_NEWUSER)
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    size = sum(-(-path.lstat().st_size // BLOCK) + 1 for path in home.rglob("*")) * BLOCK + free
    call("mount", b"none", bytes(place), b"tmpfs", 0, f"size={size + BLOCK}".encode())
    shutil.copytree(home, place / "home", symlinks=True)
    call("mount", bytes(place / "home"), bytes(home), None, MS_BIND, None)


def _bring_back(small: Path, home: Path, place: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.umount2(bytes(home), 2) == 0, os.strerror(ctypes.get_errno())
    shutil.rmtree(home)
    shutil.copytree(small, home, symlinks=True)
