"""landing.duckdb and dlt's working folder: prepare, recover, load, look; what goes wrong with them in plain words.

dlt's working folder is made anew for each load: whatever a crash left in it is thrown away and read again,
since its cursor stands in the landing log and has not moved.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.errors import HomeError, InventorumError, LockedError, SettingsError, is_ctrl_c
from pipelines.lock import refuse_opened_elsewhere
from pipelines.progress import timed
from pipelines.settings import Files, prepare_dlt
from transforms.runner.database_file import draft_of, put_in_place

if TYPE_CHECKING:
    from dlt import Pipeline
    from dlt.sources import DltSource

    from pipelines.progress import Progress

DATASET = "raw"
PIPELINE = "inventorum"
# Loads that count, and the status of one whose rows are not what was extracted
COMPLETED = "select load_id from raw._dlt_loads where status = 0"
UNPROVEN = 9
# Readable for DuckDB 1.2 and later; 2.0's own format is refused by earlier tools.
STORAGE_VERSION = "v1.2.0"


def prepare(files: Files) -> None:
    """Create the landing file if it is missing, and delete what a killed crawl has left.

    Raises:
        HomeError: It cannot be written.
    """
    if not files.landing.exists():
        with readable_faults(files.landing):
            _create(files.landing)
    files.landing.chmod(0o600)
    _clear(spool_folder(files))


def _create(path: Path) -> None:
    """An empty database, there as a whole or not at all: half of one could never be opened again."""
    draft = draft_of(path, ".new")
    draft.unlink(missing_ok=True)
    try:
        duckdb.connect(str(draft), config={"storage_compatibility_version": STORAGE_VERSION}).close()
        put_in_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def kept_open(files: Files) -> Iterator[duckdb.DuckDBPyConnection]:
    """The landing log for writing; whatever opens it inside of the block shares it, which costs little.

    Raises:
        LockedError: Another program has it open.
        HomeError: It is not a DuckDB file, or cannot be written.
    """
    with readable_faults(files.landing), closing(duckdb.connect(str(files.landing))) as connection:
        connection.execute("set enable_progress_bar = false")  # it would stand in the results on stdout
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def complete(files: Files) -> None:
    """Bring the tables of `raw` into today's form, also those that no load has made yet.

    Raises:
        LockedError, HomeError: As kept_open, or a column cannot be brought into it; nothing was changed.
    """
    from pipelines.landing.columns import mend_tables

    with kept_open(files) as connection:
        mend_tables(connection)


def new_run_id(started: datetime) -> str:
    """Joins what one run notes; sorts by time."""
    return f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def spool_folder(files: Files) -> Path:
    """Where crawls keep their rows until they are complete."""
    return files.work / "spool"


@contextmanager
def opened(files: Files) -> Iterator[duckdb.DuckDBPyConnection]:
    """The landing log, read-only.

    Raises:
        LockedError: Another program writes it.
        HomeError: It does not exist or is no DuckDB file.
    """
    if not files.landing.exists():
        raise HomeError(
            f"There is no landing log at {files.landing} yet. "
            "Load orders first: `inventorum sync`; where a demo was made, add --home demo."
        )
    with readable_faults(files.landing):
        connection = duckdb.connect(str(files.landing), read_only=True)
    try:
        connection.execute("set enable_progress_bar = false")
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    except duckdb.IOException:  # DuckDB finds a damage where it reads, not when it opens
        with readable_faults(files.landing):
            raise
    finally:
        connection.close()


def has_table(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether a table of the dataset `raw` exists yet."""
    query = "select count(*) from information_schema.tables where table_schema = ? and table_name = ?"
    found = connection.execute(query, [DATASET, table]).fetchall()
    return bool(found[0][0])


def accounts_in(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The accounts whose crawls the log holds, sorted."""
    if not has_table(connection, "windows"):
        return []
    return [name for (name,) in connection.execute("select distinct account from raw.windows order by 1").fetchall()]


def refuse_unusable(files: Files) -> None:
    """Make sure that a run could write the log, if there is one; changes nothing.

    Raises: As kept_open.
    """
    if not files.landing.exists():
        return
    if not os.access(files.landing, os.R_OK | os.W_OK):
        raise HomeError(
            f"{files.landing} may not be read and written. Nothing was changed. Mend its permissions and run again."
        )
    refuse_opened_elsewhere(files.landing)
    with opened(files) as connection:
        if has_table(connection, "_dlt_loads"):
            connection.execute("select max(load_id), max(status) from raw._dlt_loads").fetchall()


def refuse_unloaded(files: Files) -> None:
    """Make sure that there is something to build; makes nothing.

    Raises:
        HomeError: Nothing was loaded yet, or as kept_open.
    """
    if files.landing.exists():
        with opened(files) as connection:
            if has_table(connection, "_dlt_loads"):
                ((loads,),) = connection.execute("select count(*) from raw._dlt_loads where status = 0").fetchall()
                if loads:
                    return
    raise HomeError(
        f"{files.landing} holds no load, so there is nothing to build or to check. Nothing was changed. "
        "Run `inventorum sync`, or name another folder with --home."
    )


def refuse_another_account(
    files: Files,
    account: str,
    look: Callable[[Files], AbstractContextManager[duckdb.DuckDBPyConnection]] = kept_open,
) -> None:
    """Make sure that the log is this account's: the cursors in it would hide orders of any other.

    Args:
        look: How the log is opened.

    Raises:
        SettingsError: It holds crawls of another account only.
        HomeError: As kept_open.
    """
    with look(files) as connection:
        held = accounts_in(connection)
    if held and account not in held:
        raise SettingsError(
            f"{files.home} holds the account {', '.join(held)}, but the settings name {account}: what was "
            "read of one says nothing about the other. Nothing was asked. Give each account a folder of its own with "
            "--home, or set SOURCES__INVENTORUM__ACCOUNT back."
        )


def pipeline(files: Files, progress: Progress, cursors: Mapping[str, datetime]) -> Pipeline:
    """dlt's pipeline with the state and schema that the landing log holds; call it and use it `sealed()`.

    Args:
        cursors: Where each channel's crawl goes on.

    dlt's working folder is made anew: what a crash left in it is thrown away, and it cannot be ahead of the log.

    Raises: As kept_open.
    """
    prepare_dlt()
    import dlt

    from pipelines.landing.columns import mend_schema
    from pipelines.landing.destination import LandingLog, StepCollector
    from pipelines.landing.dlt_internals import set_cursors

    forget_pending(files)
    made = dlt.pipeline(
        PIPELINE,
        destination=LandingLog(files.landing),
        dataset_name=DATASET,
        pipelines_dir=str(files.work / "dlt"),
        progress=StepCollector(progress),
    )
    with readable_faults(files.landing), kept_open(files):
        complete(files)
        made.sync_destination()
    for name in made.schemas:
        schema = made.schemas[name]
        if mend_schema(schema.tables):
            made.schemas.save_schema(schema)
    set_cursors(made, cursors)  # what was noted with a wrong clock is corrected in the ledger only
    return made


def load(
    files: Files,
    source: DltSource,
    extracted: Counter[str],
    progress: Progress,
    prepared: Pipeline | None = None,
) -> dict[str, float]:
    """Extract the source and append it to the landing log, all or nothing; call it `sealed()`.

    Args:
        extracted: Rows that the source handed to dlt, by table; final when all are extracted.
        prepared: What `pipeline` made, if the caller has it already.

    Returns:
        Seconds of each step.

    Raises:
        InventorumError: What a resource raised.
        HomeError: The disk is full, a file cannot be written, or rows did not arrive; the cursor stays.
    """
    seconds: dict[str, float] = {}
    try:
        with readable_faults(files.landing):
            if prepared is None:
                with timed(seconds, "connect"):
                    prepared = pipeline(files, progress, {})
            with timed(seconds, "crawl"):
                prepared.extract(source, loader_file_format="parquet")
            with timed(seconds, "normalize"):
                prepared.normalize()
            with timed(seconds, "insert"), kept_open(files) as connection:
                load_ids = prepared.load().loads_ids
                complete(files)
                prove(connection, load_ids, extracted)
    except BaseException:
        forget_pending(files)  # the next run reads again from the cursor, which has not moved
        raise
    return seconds


def prove(connection: duckdb.DuckDBPyConnection, load_ids: Sequence[str], extracted: Mapping[str, int]) -> None:
    """Make sure that every row that was extracted stands in `raw` under a completed load.

    Raises:
        HomeError: Some are missing, or are there twice. The load does not count: the cursor stays.
    """
    counted = "select count(*) from raw.{} where _dlt_load_id in (select unnest(?)) and _dlt_load_id in ({})"
    landed = {
        table: connection.execute(counted.format(table, COMPLETED), [list(load_ids)]).fetchall()[0][0]
        for table, rows in extracted.items()
        if rows
    }
    wrong = [
        f"{landed[table]} of {extracted[table]} rows of {table}"
        for table in landed
        if landed[table] != extracted[table]
    ]
    if wrong:
        connection.execute(
            "update raw._dlt_loads set status = ? where load_id in (select unnest(?))", [UNPROVEN, list(load_ids)]
        )
        raise HomeError(
            f"What was read did not arrive in the landing log as it was sent: {', '.join(wrong)} stand under the load "
            f"{', '.join(load_ids)}. This load does not count and the cursors stay: the next run reads it again. If "
            "that ends the same way, report it with the versions that `inventorum doctor` shows."
        )


def forget_pending(files: Files) -> None:
    """Delete dlt's working folder; state and schema come back from the landing log."""
    _clear(files.work / "dlt")


def _clear(folder: Path) -> None:
    """Remove it, or whatever else has its name; what a link leads to stays."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def ledger_rows(files: Files, run_id: str) -> list[dict[str, Any]]:
    """The crawls of one run as the landing log has them."""
    with opened(files) as connection:
        if not has_table(connection, "windows"):
            return []
        cursor = connection.execute("select * from raw.windows where run_id = ? order by channel", [run_id])
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


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
