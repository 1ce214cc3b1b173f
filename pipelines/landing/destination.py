"""The landing log as dlt's destination, and dlt's progress in ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.runtime.collector_base import Collector
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration, DuckDbCredentials
from dlt.destinations.impl.duckdb.duck import DuckDbClient

from pipelines.progress import Progress

SETTINGS = {
    # dlt's own default would let DuckDB take most of the machine's memory
    "memory_limit": "500MB",
    "threads": 1,
    # payloads of some 2 kB: a tenth of the file, read as fast; DuckDB's own 4096 would leave them as they are, and
    # FSST, which it guesses to be better now and then, packs them less
    "zstd_min_string_length": 256,
    "disabled_compression_methods": "fsst",
}


class _Client(DuckDbClient):
    """Names the compression of payloads: DuckDB would try out all of them on every row, a third of an insert."""

    def _get_column_def_sql(self, c: TColumnSchema, table: PreparedTableSchema = None) -> str:  # type: ignore[assignment]
        definition = super()._get_column_def_sql(c, table)
        return f"{definition} using compression zstd" if c["name"] == "payload" else definition


class LandingLog(dlt.destinations.duckdb):
    """dlt's DuckDB destination, which looks up once what it can do.

    dlt asks for that some thirty times in a run and goes through all settings each time, a tenth of a run
    without news.
    """

    def __init__(self, path: Path) -> None:
        credentials = DuckDbCredentials(str(path))
        credentials.global_config = dict(SETTINGS)
        credentials.local_config = {"enable_progress_bar": False}
        super().__init__(credentials)
        self._known: dict[Any, DestinationCapabilitiesContext] = {}

    @property
    def destination_type(self) -> str:
        """As dlt's own, so that its stored state does not depend on this class."""
        return "dlt.destinations.duckdb"

    @property
    def client_class(self) -> type[DuckDbClient]:
        """What creates tables and fills them."""
        return _Client

    def capabilities(
        self, config: DuckDbClientConfiguration | None = None, naming: NamingConvention | None = None
    ) -> DestinationCapabilitiesContext:
        """As dlt's own; the caller may change what it gets."""
        if config is not None:
            return super().capabilities(config, naming)
        kind = None if naming is None else (type(naming), naming.max_length)
        if kind not in self._known:
            self._known[kind] = super().capabilities(None, naming)
        return self._known[kind].copy()


class StepCollector(Collector):
    """Shows dlt's normalize and load steps; extraction is shown by the crawls themselves."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._counts: dict[str, int] = {}
        self._totals: dict[str, int | None] = {}
        self.step = ""

    def update(
        self,
        name: str,
        inc: int = 1,
        total: int | None = None,
        inc_total: int | None = None,
        message: str | None = None,
        label: str | None = None,
    ) -> None:
        """Count files while dlt normalizes and loads them."""
        if name not in ("Files", "Jobs") or label:
            return
        self._counts[name] = self._counts.get(name, 0) + inc
        if total is not None:
            self._totals[name] = total
        shown = "prepare files" if name == "Files" else "load files"
        self._progress.update(shown, self._counts[name], self._totals.get(name))

    def _start(self, step: str) -> None:
        self._counts.clear()
        self._totals.clear()

    def _stop(self) -> None:
        self._counts.clear()
