"""What we know of dlt's inside: nothing else of this package uses what its documentation does not name.

Three things, each of which an upgrade of dlt may break; tests of `sealed`, of the source and of the landing log say so:

- `sealed()`: no setting of anybody else's changes where rows land or what is read. dlt listens to general names in the
  environment (`DEV_MODE`, `DATASET_NAME_LAYOUT`, `SCHEMA__NAMING`, ...), to `.dlt/` of the working folder and of the
  user, to Airflow, to secrets of containers and to plugins. Inside it has the values of `SETTINGS`, and its own
  defaults for everything else.
- where dlt keeps a resource's cursor (`cursors_in`, `set_cursors`).
- `CompressingClient`, which saves a third of an insert of 100,000 orders (2.4 against 3.6 CPU s, medians of 3), some
  7 % of their first sync. What saves less than 5 % of a run is not here: to look up once what the destination can do
  saved nothing (0.87 against 0.86 CPU s of a sync with nothing new, medians of 15), for dlt hears of few settings.

The hook that keeps dlt and others from importing pandas and numpy stands in `process`: it must be there before dlt,
and saves a sixth of a sync with nothing new (2.04 against 2.45 CPU s on a busy machine, medians of 9).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import ModuleType
from typing import Any

import dlt
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.runtime import run_context
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations.impl.duckdb.duck import DuckDbClient

CURSOR = "_watermark"

SETTINGS: dict[tuple[str, ...], Any] = {
    ("runtime", "dlthub_telemetry"): False,
    ("runtime", "log_level"): "CRITICAL",  # no second copy of what we say ourselves
    ("providers", "enable_airflow_secrets"): False,
    ("pipelines", "enable_runtime_trace"): False,  # it keeps what exceptions say
    ("schema", "naming"): "snake_case",
    ("normalize", "parquet_normalizer", "add_dlt_load_id"): True,
    ("load", "delete_completed_jobs"): True,  # no loaded rows left on disk
}


class _OwnSettings(ConfigProvider):
    """Gives SETTINGS, whatever pipeline asks."""

    name = "inventorum-warehouse"
    supports_secrets = True
    supports_sections = True

    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any, str]:
        where = (*sections, key)
        return (None if pipeline_name else SETTINGS.get(where)), "__".join(where).upper()


class _Nowhere(run_context.RunContext):
    """A run that belongs to no folder."""

    def __init__(self) -> None:
        super().__init__(None)

    def initial_providers(self) -> list[ConfigProvider]:
        return [_OwnSettings()]

    @property
    def module(self) -> ModuleType | None:
        return None


@contextmanager
def sealed() -> Iterator[None]:
    """Inside of the block dlt hears of nothing but SETTINGS; what it had before comes back behind it."""
    with Container().injectable_context(PluggableRunContext(_Nowhere())):
        yield


def cursors_in(state: Mapping[str, Any]) -> dict[str, datetime]:
    """Where each channel's cursor stands.

    Args:
        state: Of the source.
    """
    return {name: cursor["last_value"] for name, cursor in _cursors(state).items() if cursor.get("last_value")}


def set_cursors(pipeline: dlt.Pipeline, cursors: Mapping[str, datetime]) -> None:
    """Have dlt go on from there; channels that it has no cursor of begin anew."""
    with pipeline.managed_state() as state:
        for name, cursor in _cursors(state.get("sources", {}).get("inventorum", {})).items():
            known = cursors.get(name)
            if known is not None and cursor["last_value"] != known:
                cursor["last_value"] = known


def _cursors(state: Mapping[str, Any]) -> dict[str, Any]:
    """Channel to what dlt keeps of its cursor."""
    return {
        name.removeprefix("orders_"): kept["incremental"][CURSOR]
        for name, kept in state.get("resources", {}).items()
        if CURSOR in kept.get("incremental", {})
    }


class CompressingClient(DuckDbClient):
    """Names the compression of payloads: DuckDB would try out all of them on every row."""

    def _get_column_def_sql(self, c: TColumnSchema, table: PreparedTableSchema = None) -> str:  # type: ignore[assignment]
        definition = super()._get_column_def_sql(c, table)
        return f"{definition} using compression zstd" if c["name"] == "payload" else definition
