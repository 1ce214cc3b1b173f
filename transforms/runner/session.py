"""One DuckDB connection of a build: its files, its settings, and its faults in words."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import duckdb

from transforms.errors import FilesHeld, ModelError, TransformError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

STORAGE_VERSION = "v1.2.0"  # DuckDB 1.2 and later open the published file
BLOCK_SIZE = 65_536  # of new files; a quarter of the default: small files get four times smaller, large ones no larger
MEMORY_LIMIT = "1GB"

# Tables are joined in the order in which the SQL names them, each by all its conditions. Left to itself, DuckDB guesses
# the best order from distinct counts, which rows of an open transaction do not have: it then takes the account, one
# value in most homes, for a key, and joins two large tables on it alone, or not, as the rows happened to come. Which
# side of a join is hashed is still its choice.
AS_WRITTEN = "set disabled_optimizers = 'join_order'"

DISK_FAULTS = ("No space left", "Could not write", "File too large", "Disk quota", "Read-only file system")
LANDING_TABLES = ("_dlt_loads", "orders", "windows", "quarantine", "reconciliation", "absences")

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Files:
    """Where an installation keeps its databases.

    Attributes:
        landing: The loader's log of orders; only read.
        build: The warehouse under construction; can be deleted at any time.
        published: The warehouse that readers open.
        work: A folder for what can be made again.
    """

    landing: Path
    build: Path
    published: Path
    work: Path


@dataclass(frozen=True)
class Rules:
    """Settings that change figures; another value means a full rebuild.

    SQL reads them as `getvariable('timezone')` and so on.

    Attributes:
        payment_methods: Names by code, as a JSON object.
    """

    timezone: str = "Europe/Berlin"
    day_starts_at: int = 0
    currency: str = "EUR"
    prices_include_discount: bool = True
    shipping_vat: str = "follows_goods"
    payment_methods: str = "{}"


class UnreadableFile(TransformError):
    """The file is no database that this program and this DuckDB can read."""


def connect(path: Path, files: Files, *, read_only: bool = False) -> Connection:
    """Open a warehouse file, alone.

    Raises:
        FilesHeld: Another process has it open.
        UnreadableFile: It is no database, or of a newer DuckDB.
    """
    with readable_faults(path):
        if not read_only:
            files.work.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = duckdb.connect(
            path,
            read_only=read_only,
            config={
                "storage_compatibility_version": STORAGE_VERSION,
                "default_block_size": str(BLOCK_SIZE),
                "memory_limit": MEMORY_LIMIT,
                "threads": "1",
                "temp_directory": str(files.work / "spill"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(AS_WRITTEN)
        connection.execute("set enable_progress_bar = false")  # it would stand in the middle of our results
    return connection


def use_all_cores(connection: Connection) -> None:
    """For work on more rows than one thread takes at a time; less of it only gets dearer by a second thread."""
    connection.execute("reset threads")


def attach(connection: Connection, path: Path, name: str, *, read_only: bool = False) -> None:
    """Attach another database file under a name."""
    with readable_faults(path):
        connection.execute(f"attach {quoted(str(path))} as {name}{' (read_only)' if read_only else ''}")


def attach_landing(connection: Connection, files: Files) -> None:
    """Attach the landing file read-only as `landing`.

    Raises:
        TransformError: There is none, or nothing was loaded into it yet.
    """
    if not files.landing.is_file():
        raise TransformError(f"{files.landing} does not exist: nothing was loaded yet. Run `inventorum sync`.")
    attach(connection, files.landing, "landing", read_only=True)
    for table in LANDING_TABLES:
        try:
            connection.execute(f"from landing.raw.{table} limit 0")
        except duckdb.CatalogException as fault:
            raise TransformError(
                f"{files.landing} holds no complete load yet. Nothing was built. Run `inventorum sync`."
            ) from fault


def prepare(connection: Connection, rules: Rules, macros: Mapping[str, str]) -> None:
    """Give the connection the rules as variables, and the macros."""
    for rule in fields(rules):
        value = getattr(rules, rule.name)
        literal = quoted(value) if isinstance(value, str) else str(value).lower()
        connection.execute(f"set variable {rule.name} = {literal}")
    create_macros(connection, macros)


def create_macros(connection: Connection, macros: Mapping[str, str]) -> None:
    """Give the connection the macros of each file."""
    for path, statements in macros.items():
        with sql_of(path):
            connection.execute(statements)


@contextmanager
def sql_of(path: str) -> Iterator[None]:
    """Turn a fault of a statement into one that names its file."""
    try:
        yield
    except duckdb.OutOfMemoryException as fault:
        raise TransformError(
            f"sql/{path} needs more memory or disk than there is. Nothing was changed.\n{_words(fault)}"
        ) from fault
    except duckdb.Error as fault:
        if _is_disk(fault):
            raise TransformError(f"Writing failed in sql/{path}; nothing was changed. {_disk_words(fault)}") from fault
        raise ModelError(f"sql/{path} failed; nothing was changed.\n{_words(fault)}") from fault


@contextmanager
def readable_faults(path: Path) -> Iterator[None]:
    """Turn DuckDB's faults with a file into ones that a user can act on."""
    try:
        yield
    except duckdb.Error as fault:
        text = _words(fault)
        if "lock on file" in text or "different configuration" in text or "already attached" in text:
            raise FilesHeld(f"{path} is held by another program. {text}") from fault
        if "not a valid DuckDB database" in text or "version number" in text or "storage version" in text:
            raise UnreadableFile(
                f"{path} cannot be read as a database by DuckDB {duckdb.__version__}. {text}"
            ) from fault
        if _is_disk(fault):
            raise TransformError(f"Writing {path} failed; nothing was changed. {_disk_words(fault)}") from fault
        if isinstance(fault, duckdb.OutOfMemoryException):
            raise TransformError(f"{path}: more memory or disk is needed; nothing was changed. {text}") from fault
        if isinstance(fault, duckdb.IOException | duckdb.SerializationException | duckdb.InternalException):
            raise UnreadableFile(f"{path} cannot be read: {text}") from fault
        raise
    except RuntimeError as fault:
        if "Query interrupted" in str(fault):  # DuckDB's word for Ctrl-C
            raise KeyboardInterrupt from fault
        raise
    except OSError as fault:
        raise TransformError(f"{path} cannot be written: {fault.strerror or fault}.") from fault


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _is_disk(fault: duckdb.Error) -> bool:
    text = str(fault)
    return any(words in text for words in DISK_FAULTS)


def _disk_words(fault: duckdb.Error) -> str:
    return f"{_words(fault)}\nFree some space or mend the permissions, then run the command again."


def _words(fault: BaseException) -> str:
    return str(fault).strip()
