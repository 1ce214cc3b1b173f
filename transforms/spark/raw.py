"""The folder of raw: Parquet as `inventorum export raw` or dlt's filesystem destination writes it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.spark.errors import RawUnusable
from transforms.spark.translate import view_name

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

LOADS = "_dlt_loads"
LOAD_ID = "_dlt_load_id"
# As the SQL files read them; what dlt adds besides is left aside. A table that no load has brought is empty.
TABLES = {
    "orders": (
        "account string, order_id bigint, channel string, state int, payload string, content_hash string, "
        "_source string, _window_id string, _read_seq bigint, _read_at timestamp, _watermark timestamp, "
        "_api_version int"
    ),
    "windows": (
        "run_id string, window_id string, account string, channel string, endpoint string, start_date timestamp, "
        "end_date timestamp, watermark timestamp, requests bigint, retreats bigint, first_total bigint, "
        "last_total bigint, row_count bigint, distinct_ids bigint, quarantined bigint, status string, message string, "
        "started_at timestamp, finished_at timestamp"
    ),
    "quarantine": (
        "account string, channel string, endpoint string, reason string, order_id string, payload string, "
        "window_id string, read_at timestamp"
    ),
    "reconciliation": (
        "run_id string, account string, channel string, business_date date, listed_orders bigint, "
        "known_orders bigint, listed_gross_amount decimal(18, 2), known_gross_amount decimal(18, 2), "
        "missing_here bigint, missing_there bigint, different bigint, status string, checked_at timestamp"
    ),
    "absences": (
        "run_id string, account string, order_id bigint, channel string, is_absent boolean, is_confirmed boolean, "
        "checked_at timestamp"
    ),
}
LOADS_COLUMNS = "load_id string, status bigint"
# dlt names the files of its filesystem destination after the load unless it is told otherwise
NAMED_AFTER_LOAD = re.compile(r"\d+\.\d+\..*")
PLACE = "struct(_metadata.file_path as file, _metadata.row_index as row) as rowid"
LOAD_OF_FILE = r"regexp_extract(_metadata.file_name, r'^(\d+\.\d+)\.', 1)"


def refuse_unusable(folder: Path) -> int:
    """Make sure, before Spark is started, that there is something to build; gives the size of the orders in bytes.

    Raises:
        RawUnusable: The folder is missing, cannot be read, or holds no orders, no completed load, or orders of
            unknown loads.
    """
    try:
        return _size_of_usable(folder)
    except (OSError, ValueError, pa.ArrowException) as fault:
        raise RawUnusable(
            f"{folder} cannot be read as what was loaded: {str(fault).splitlines()[0]} Nothing was built. Export it "
            "again, or mend its permissions."
        ) from fault


def _size_of_usable(folder: Path) -> int:
    if not folder.is_dir():
        raise RawUnusable(
            f"{folder} is no folder. Nothing was built. `inventorum export raw DIR` writes one, and so does dlt's "
            "filesystem destination."
        )
    orders = _files(folder / "orders", "parquet")
    loads = [*_files(folder / LOADS, "parquet"), *_files(folder / LOADS, "jsonl")]
    if not orders or not _has_completed(loads):
        lacking = "a completed load" if orders else "Parquet files in orders/"
        raise RawUnusable(
            f"{folder} does not hold {lacking}, as `inventorum export raw DIR` and dlt's filesystem destination "
            f"write it (orders/, windows/, {LOADS}/). Nothing was built. Name the folder that holds orders/, or load "
            "and export first."
        )
    strange = next((path for path in orders if not _names_its_load(path)), None)
    if strange is not None:
        raise RawUnusable(
            f"{strange} names no load: it has no column {LOAD_ID}, and its name does not begin with the load's id. "
            "Nothing was built. Set `[normalize.parquet_normalizer] add_dlt_load_id = true` for dlt and load again."
        )
    return sum(path.stat().st_size for path in orders)


def make_views(spark: SparkSession, folder: Path) -> None:
    """Views of the tables, with the loads that count and what the runner makes of them on DuckDB.

    `rowid` names the place of a row, for joins; no order of rows follows from it.
    """
    for table, columns in TABLES.items():
        rows = _read(spark, folder / table, f"{columns}, {LOAD_ID} string")
        if _files(folder / table, "parquet"):
            names = [column.split()[0] for column in _split(columns)]
            rows = rows.selectExpr(*names, f"coalesce({LOAD_ID}, {LOAD_OF_FILE}) as {LOAD_ID}", PLACE)
        rows.createOrReplaceTempView(view_name(f"raw.{table}"))
    _make_loads(spark, folder)
    for name, select in OF_RUNNER.items():
        spark.sql(f"create or replace temp view {view_name(name)} as {select}")


COMPLETED = "(select load_id from raw___dlt_loads)"
OF_RUNNER = {
    "staging.new_loads": (
        "select loads.load_id, max(orders._watermark) as watermark, count(orders.order_id) as order_rows "
        f"from raw___dlt_loads as loads left join raw__orders as orders on orders.{LOAD_ID} = loads.load_id "
        "group by loads.load_id"
    ),
    "ops.loads": "select load_id, watermark, current_timestamp() as built_at, order_rows from staging__new_loads",
    "staging.batch_orders": (f"select distinct account, order_id from raw__orders where {LOAD_ID} in {COMPLETED}"),
    "staging.affected_orders": "select account, order_id, 0L as batch_number from staging__batch_orders",
    "increments.changed_orders": "select account, order_id from staging__batch_orders",
}


def _make_loads(spark: SparkSession, folder: Path) -> None:
    read = spark.read.schema(LOADS_COLUMNS).option("recursiveFileLookup", "true")
    found = [
        read.option("pathGlobFilter", f"*.{ending}").format(form).load(literal(folder / LOADS))
        for ending, form in (("parquet", "parquet"), ("jsonl", "json"))
        if _files(folder / LOADS, ending)
    ]
    rows = found[0] if len(found) == 1 else found[0].unionByName(found[1])
    rows.where("status = 0").createOrReplaceTempView("files___dlt_loads")
    spark.sql(
        "create or replace temp view raw___dlt_loads as "
        "select load_id, 0L as status from files___dlt_loads group by load_id"
    )


def _read(spark: SparkSession, folder: Path, columns: str) -> DataFrame:
    if not _files(folder, "parquet"):
        nulls = (column.strip().split(" ", 1) for column in _split(columns))
        return spark.sql(f"select {', '.join(f'cast(null as {kind}) as {name}' for name, kind in nulls)} where false")
    read = spark.read.schema(columns).option("recursiveFileLookup", "true").option("pathGlobFilter", "*.parquet")
    return read.parquet(literal(folder))


def literal(path: Path) -> str:
    """A path that Spark takes as it stands, and not for a pattern."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", str(path))


def _split(columns: str) -> list[str]:
    return re.split(r",\s*(?![^()]*\))", columns)


def _files(folder: Path, ending: str) -> list[Path]:
    return sorted(path for path in folder.rglob(f"*.{ending}") if path.is_file()) if folder.is_dir() else []


def _has_completed(loads: list[Path]) -> bool:
    for path in loads:
        if path.suffix == ".jsonl":
            rows = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
            if any(row.get("status") == 0 for row in rows):
                return True
        elif pc.any(pc.equal(pq.read_table(path, columns=["status"])["status"], 0)).as_py():
            return True
    return False


def _names_its_load(path: Path) -> bool:
    return bool(NAMED_AFTER_LOAD.fullmatch(path.name)) or LOAD_ID in pq.read_schema(path).names
