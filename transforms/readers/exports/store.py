"""Exports to a folder that a URL names: object stores, and whatever else fsspec reaches."""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.errors import TransformError
from transforms.readers.exports.errors import ExportFailed, ExportRefused

if TYPE_CHECKING:
    from transforms.readers.exports.tables import ExportReport

STORE = re.compile(r"[a-z][a-z0-9+.-]*(::|://)", re.IGNORECASE)
COLORS = re.compile(r"\x1b\[[0-9;]*m")
UNCHANGED = "What stood there before is unchanged."
LOGIN = re.compile(r"//[^/@]*@")


def is_store(output: str) -> bool:
    """Whether the place is a URL rather than a path."""
    return STORE.match(output) is not None


def without_login(output: str) -> str:
    """The place as messages show it."""
    return LOGIN.sub("//", output).rstrip("/")


def export_to_store(output: str, write: Callable[[Path], ExportReport]) -> ExportReport:
    """Have files written here, then bring them there: first all under names of their own, then each to its name.

    Args:
        output: A folder such as `s3://bucket/folder`, or a file of it.
        write: Writes into a local folder, or a file of that name if the URL ends in one.

    Raises:
        ExportRefused: Nothing reaches such places; the message says what to install.
        ExportFailed: The place refused something; files there are as they were, unless it refused a renaming.
    """
    import fsspec

    shown = without_login(output)
    try:
        with readable_faults(shown, output):
            store, place = fsspec.core.url_to_fs(output)
    except (ImportError, ValueError) as fault:
        # a scheme that fsspec does not know, or whose program is not installed
        help_with = " `pip install 'inventorum-warehouse[stores]'` brings those of S3, Google Cloud Storage and Azure."
        raise ExportRefused(
            f"{shown} cannot be reached: {words_of(fault, output)}. Nothing was written."
            + (help_with if isinstance(fault, ImportError) else "")
        ) from None
    is_file = Path(place).suffix in (".parquet", ".csv", ".xlsx")
    folder, shown = (place.rpartition("/")[0], shown.rpartition("/")[0]) if is_file else (place.rstrip("/"), shown)
    with tempfile.TemporaryDirectory(prefix="inventorum-") as scratch:
        report = write(Path(scratch) / Path(place).name if is_file else Path(scratch))
        local = [Path(written.path) for written in report.files]
        with readable_faults(shown, output):
            _bring(store, folder, local)
    files = [replace(written, path=f"{shown}/{path.name}") for written, path in zip(report.files, local, strict=True)]
    return replace(report, files=files)


def _bring(store: Any, folder: str, files: list[Path]) -> None:
    mark = secrets.token_hex(4)
    parts = {f"{folder}/.{path.name}.{mark}.part": path for path in files}
    try:
        store.makedirs(folder, exist_ok=True)
        for part, path in parts.items():
            store.put_file(str(path), part)
        for part, path in parts.items():
            store.mv(part, f"{folder}/{path.name}")
    except BaseException:
        for part in parts:
            with suppress(Exception):
                store.rm(part)
        raise


@contextmanager
def readable_faults(shown: str, output: str, left: str = UNCHANGED) -> Iterator[None]:
    """Every store has faults of its own kinds: whatever it says is told, without the login of a URL.

    Args:
        left: What state is left.

    Raises:
        ExportFailed: The store refused something. What is foreseen already goes on as it is.
    """
    try:
        yield
    except (ImportError, ValueError, TransformError):
        raise
    except Exception as fault:
        raise ExportFailed(
            f"{shown} did not take the files: {words_of(fault, output)}. {left} Check the "
            "name, the login that its library finds, and the network, then run the command again."
        ) from None


def words_of(fault: BaseException, output: str) -> str:
    """What a store said, in one line, without the password of the URL."""
    text = " ".join(COLORS.sub("", str(fault)).split()).rstrip(".") or type(fault).__name__
    login = LOGIN.search(output)
    password = login[0].strip("/@").partition(":")[2] if login else ""
    return text.replace(password, "***") if password else text
