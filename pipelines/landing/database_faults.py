"""What DuckDB and dlt raise about the landing log, in words that say what to do."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.errors import HomeError, InventorumError, LockedError, is_ctrl_c


@contextmanager
def readable_faults(path: Path) -> Iterator[None]:
    """Turn what DuckDB and dlt raise about a database file into errors that say what to do."""
    try:
        yield
    except InventorumError:
        raise
    except Exception as error:
        raise _translated(error, path) from error


def _chain(error: Exception) -> list[BaseException]:
    """The error, and those that it came from."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain


def _is_full(chain: list[BaseException]) -> bool:
    """Whether a disk without space is behind it."""
    return any(
        (isinstance(found, OSError) and found.errno == errno.ENOSPC) or "No space left" in str(found) for found in chain
    )


def _translated(error: Exception, path: Path) -> BaseException:
    chain = _chain(error)
    for found in chain:
        if isinstance(found, InventorumError | KeyboardInterrupt):
            return found
        if is_ctrl_c(found):
            return KeyboardInterrupt()
    text = " ".join(str(found) for found in chain)
    if "Conflicting lock" in text or "Could not set lock" in text:
        return LockedError(
            f"{path} is open in another program{_holder(text)}. Nothing was changed. "
            "Close it there, then run the command again."
        )
    if _is_full(chain):
        return HomeError(
            f"The disk that holds {path.parent} is full. What was published before stays as it was; what this run "
            "had not loaded yet is read by the next one. Free some space and run again."
        )
    if isinstance(error, duckdb.IOException | duckdb.Error) and "not a valid DuckDB database file" in text:
        return HomeError(f"{path} is not a DuckDB file. Nothing was changed. Move it away and run again.")
    if _is_damage(text):
        return HomeError(
            f"{path} is damaged: {str(chain[-1]).splitlines()[0]}. Nothing was changed. Put a backup in its place; "
            "without one move it away, and the next sync reads everything again that the API shows."
        )
    if isinstance(error, duckdb.IOException | OSError):
        return HomeError(f"{path} could not be opened: {str(error).splitlines()[0]} Nothing was changed.")
    return error


def _is_damage(text: str) -> bool:
    return any(words in text for words in ("Could not read enough bytes", "Corrupt database", "checksum does not"))


def _holder(text: str) -> str:
    found = re.search(r"held in (.+?) \(PID (\d+)\)", text)
    return f" ({found.group(1)}, process {found.group(2)})" if found else ""
