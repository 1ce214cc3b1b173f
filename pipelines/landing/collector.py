"""dlt's progress, passed on to ours."""

from __future__ import annotations

from dlt.common.runtime.collector_base import Collector

from pipelines.progress import Progress


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
