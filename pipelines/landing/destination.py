"""The landing log as dlt's destination, and dlt's progress in ours."""

from __future__ import annotations

from pathlib import Path

import dlt
from dlt.common.runtime.collector_base import Collector
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

from pipelines.landing.dlt_internals import CompressingClient
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


class LandingLog(dlt.destinations.duckdb):
    """dlt's DuckDB destination with the settings of a large log."""

    def __init__(self, path: Path) -> None:
        credentials = DuckDbCredentials(str(path))
        credentials.global_config = dict(SETTINGS)
        credentials.local_config = {"enable_progress_bar": False}
        super().__init__(credentials)

    @property
    def client_class(self) -> type[CompressingClient]:
        """What creates tables and fills them."""
        return CompressingClient

    @property
    def destination_type(self) -> str:
        """As dlt's own, so that its stored state does not depend on this class."""
        return "dlt.destinations.duckdb"


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
