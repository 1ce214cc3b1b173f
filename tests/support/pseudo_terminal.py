"""The real `inventorum` in a real terminal of 24 lines of 80 columns, and what stands on its screen afterwards."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LINES, COLUMNS = 24, 80
STYLE = re.compile(r"\x1b\[[0-9;]*m")
CLEARED = "\r\x1b[K"


@dataclass(frozen=True)
class Ended:
    """How a program in a terminal ended.

    Attributes:
        written: All that it wrote, escapes included, styles not.
        screen: The lines that were left, scrolled ones included; as wide as they were written.
    """

    exit_code: int
    written: str

    @property
    def frames(self) -> list[str]:
        """What was drawn over in the last line, one text a frame."""
        return [frame for frame in re.split(r"\r\x1b\[K|\r?\n", self.written) if re.match(r"\d+:\d\d  ", frame)]

    @property
    def screen(self) -> list[str]:
        assert "\x1b" not in self.written.replace(CLEARED, ""), "nothing moves the cursor but the line itself"
        return [line.split(CLEARED)[-1].rstrip("\r") for line in self.written.split("\n")]


def run_in_terminal(
    *arguments: str, folder: Path, environment: Mapping[str, str], typed: bytes = b"", columns: int = COLUMNS
) -> Ended:
    """Run the command in a terminal of its own until it ends.

    Args:
        environment: In place of this process's own.
        typed: What is typed at once.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
        os.chdir(folder)
        program = [sys.executable, "-m", "pipelines.cli", *arguments]
        os.execve(sys.executable, program, {"TERM": "xterm-256color", **environment})
    try:
        os.write(terminal, typed)
        written = b"".join(iter(lambda: _read(terminal), b""))
    finally:
        os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return Ended(os.waitstatus_to_exitcode(status), STYLE.sub("", written.decode()))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other side was closed
        return b""
