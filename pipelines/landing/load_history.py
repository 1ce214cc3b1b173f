"""From answers of `GET /orders/` into the landing log, as one package."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from pipelines.landing import log as landing
from pipelines.landing.sealed import sealed
from pipelines.landing.source import history_source
from pipelines.progress import Progress
from pipelines.settings import Files


def land_history(
    files: Files,
    orders: Iterator[pa.Table],
    windows: list[dict[str, Any]],
    quarantine: list[dict[str, Any]],
    progress: Progress,
    **more: list[dict[str, Any]],
) -> None:
    """Append orders, ledger, quarantine and rows of more tables, all or nothing.

    Raises: As landing.load.
    """
    extracted: Counter[str] = Counter()
    with sealed():
        source = history_source(orders, extracted, windows, quarantine, **more)
        landing.load(files, source, extracted, progress)
