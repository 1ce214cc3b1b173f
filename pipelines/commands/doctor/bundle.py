"""`inventorum doctor --bundle`: one file with what a maintainer needs to mend a broken claim, without persons."""

from __future__ import annotations

import json
import os
import platform
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import duckdb

from pipelines.commands.doctor.anonymous import KEPT, without_persons
from pipelines.errors import HomeError, InventorumError
from pipelines.landing import log as landing
from pipelines.run import rules
from pipelines.settings import Settings
from transforms.errors import TransformError
from transforms.readers.published import open_published
from transforms.runner.models import fingerprint, sql_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.commands.doctor.finding import Finding

LONGEST_PAYLOAD = 100_000
MOST_PAYLOADS = 500
MOST_RUNS = 20
PACKAGES = ("inventorum-warehouse", "dlt", "duckdb", "sqlglot", "msgspec", "pyarrow", "requests")
# Columns of failing rows that a person could stand in; ids, dates, amounts and codes stay.
PERSONAL = ("name", "email", "address", "city", "zipcode", "company", "title", "detail", "key_values", "missing_key")

LAST_RUNS = """
select run_id, command, started_at, finished_at, exit_code, orders_new, orders_changed, orders_reread, quarantined
from ops.runs order by finished_at desc limit ?
"""
BROKEN = """
select run_id, noted_at, build, check_name, failing_rows, failing, orders, outcome
from ops.broken_claims order by noted_at desc, check_name, build
"""
COLUMNS = """
select schema_name || '.' || table_name as table_name, column_name, data_type
from duckdb_columns() where schema_name in ('core', 'marts', 'ops', 'raw') and not internal
order by schema_name, table_name, column_index
"""
PAYLOADS = """
select account, order_id, channel, state, content_hash, _source, _read_seq, _watermark, _api_version, _dlt_load_id,
    payload
from raw.orders
where order_id in (select unnest(?))
order by order_id, _watermark, _dlt_load_id, _read_seq
limit ?
"""


@dataclass(frozen=True)
class Bundle:
    """What was written.

    Attributes:
        bundle: The file.
        claims: Broken claims that it tells of.
        payloads: Payloads in it.
    """

    bundle: str
    claims: tuple[str, ...]
    payloads: int


def write_bundle(settings: Settings, findings: Iterable[Finding], folder: Path) -> Bundle:
    """Write what is known about broken claims into a new file of the folder, for its owner only (0600).

    Reads beside a run that goes on; what such a run holds is left out and said.

    Raises:
        HomeError: The file cannot be written; nothing is left of it.
    """
    content = collect(settings, findings)
    text = json.dumps(content, default=_plain, ensure_ascii=False, indent=1)
    path = _write_new(folder, f"inventorum-bundle-{datetime.now(UTC):%Y%m%dT%H%M%S}", text)
    claims = sorted({claim["check_name"] for claim in content["broken_claims"]})
    return Bundle(str(path), tuple(claims), len(content["payloads"]))


def collect(settings: Settings, findings: Iterable[Finding]) -> dict[str, Any]:
    """What goes into the file."""
    content: dict[str, Any] = {
        "made_at": datetime.now(UTC),
        "versions": _versions(),
        "sql_fingerprint": fingerprint(sql_folder()),
        "settings": _settings(settings),
        "rules": asdict(rules(settings)),
        "findings": [_without_places(asdict(finding), settings) for finding in findings],
        "left_out": [],
        "broken_claims": [],
        "accepted_claims": [],
        "runs": [],
        "schema": {},
        "payloads": [],
    }
    for path in (settings.files.build, settings.files.warehouse):
        if _warehouse(path, content) and content["broken_claims"]:
            break  # the published file knows no more than the build file
    ids = {int(order_id) for claim in content["broken_claims"] for _, order_id in claim["orders"]}
    try:
        _landing(settings, content, sorted(ids))
    except (InventorumError, duckdb.Error, OSError) as error:
        content["left_out"].append(f"{settings.files.landing.name}: {error}")
    return content


def _warehouse(path: Path, content: dict[str, Any]) -> bool:
    """Add what a warehouse file tells; whether there is one that can be read."""
    if not path.is_file():
        return False
    try:
        with closing(open_published(path)) as connection:
            content["runs"] = _rows(connection, LAST_RUNS, [MOST_RUNS])
            content["schema"][path.name] = _rows(connection, COLUMNS)
            content["warehouse_meta"] = dict(connection.execute("select key, value from ops.meta").fetchall())
            known = {row["table_name"] for row in content["schema"][path.name]}
            if "ops.broken_claims" in known:
                content["broken_claims"] = [_claim(row) for row in _rows(connection, BROKEN)]
                content["accepted_claims"] = _rows(connection, "select * exclude (sample) from ops.accepted_claims")
    except (TransformError, duckdb.Error) as error:
        content["left_out"].append(f"{path.name}: {error}")
        return False
    return True


def _claim(row: dict[str, Any]) -> dict[str, Any]:
    failing = [_impersonal(found) for found in json.loads(row["failing"])]
    return row | {"failing": failing, "orders": json.loads(row["orders"])}


def _impersonal(found: dict[str, str | None]) -> dict[str, str | None]:
    """A failing row whose texts that may name a person are masked."""
    return {
        name: without_persons(json.dumps(value, ensure_ascii=False))[1:-1] if value and _is_personal(name) else value
        for name, value in found.items()
    }


def _is_personal(column: str) -> bool:
    if column in KEPT or column in ("column_name", "table_name", "check_name"):
        return False
    return any(part in column for part in PERSONAL)


def _landing(settings: Settings, content: dict[str, Any], order_ids: list[int]) -> None:
    """Add the schema of the landing log, and the orders that the broken claims speak of as they were read."""
    files = settings.files
    if not files.landing.exists():
        return
    with landing.opened(files) as connection:
        content["schema"][files.landing.name] = _rows(connection, COLUMNS)
        if order_ids and landing.has_table(connection, "orders"):
            content["payloads"] = [
                row | {"payload": without_persons(row["payload"][:LONGEST_PAYLOAD]), "length": len(row["payload"])}
                for row in _rows(connection, PAYLOADS, [order_ids, MOST_PAYLOADS])
            ]


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"python": sys.version, "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def _settings(settings: Settings) -> dict[str, Any]:
    """The settings by name, of the login its kind alone and of the address no user or password."""
    secret = ("files", "login", "postgres_url")
    told = {name: getattr(settings, name) for name in settings.__dataclass_fields__ if name not in secret}
    address = urlsplit(settings.base_url)
    told["base_url"] = urlunsplit((address.scheme, address.netloc.rpartition("@")[2], address.path, "", ""))
    return told | {"login": type(settings.login).__name__, "postgres_url": settings.postgres_url is not None}


def _without_places(finding: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Folders of this machine may name a person."""
    told = dict(finding)
    for place, word in ((str(settings.files.home), "HOME"), (str(Path.cwd()), "."), (str(Path.home()), "~")):
        told |= {name: told[name].replace(place, word) for name in ("found", "advice")}
    return told


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, values or [])
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _write_new(folder: Path, name: str, text: str) -> Path:
    """Write a file that was not there before; a name that is taken gets a number."""
    number = 1
    while True:
        path = folder / (f"{name}.json" if number == 1 else f"{name}-{number}.json")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            number += 1
            continue
        except OSError as error:
            raise HomeError(
                f"The bundle could not be written to {folder}: {error.strerror}. Nothing was changed; "
                "run the command in a folder that you may write to."
            ) from error
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text + "\n")
        except OSError as error:
            path.unlink(missing_ok=True)
            raise HomeError(
                f"The bundle could not be written to {path}: {error.strerror}. Nothing is left of it; free some space "
                "and run the command again."
            ) from error
        return path
