"""Charts of the results as SVG, drawn by Vega-Lite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.table import Results

NAMES = {
    "newcomer": "dlt, newcomer (loads only)",
    "first sync": "inventorum sync",
    "floor": "floor",
    "dbt": "dbt-duckdb",
    "full build": "inventorum build --full",
    "nothing new": "nothing new",
    "read again": "the 500 read again",
    "change": "500 changed",
}
COLOURS = ["#1b6ca8", "#e07a1f", "#6b7280", "#9d4edd"]


def draw(results: Results, folder: Path) -> None:
    """Write `load.svg`, `build.svg`, `flat.svg` and `change.svg`."""
    sizes = sorted(orders for orders, costs in results.costs.items() if "first sync" in costs)
    _by_size(results, sizes, ["first sync", "newcomer", "floor"], "Loading everything", folder / "load.svg")
    _by_size(results, sizes, ["full build", "dbt"], "Building everything", folder / "build.svg")
    _by_size(results, sizes, ["change", "read again", "nothing new"], "Runs after the first", folder / "flat.svg")
    rows = []
    for orders in sizes:
        for name in results.costs[orders]:
            if name.startswith("change of "):
                count = int(name.removeprefix("change of "))
                rows.append({"x": count, "y": results.median(orders, name), "what": f"{orders:,} orders"})
    _write(rows, "changed orders", "sync against the size of the change", folder / "change.svg")


def _by_size(results: Results, sizes: list[int], names: list[str], title: str, path: Path) -> None:
    rows = [
        {"x": orders, "y": cpu, "what": NAMES[name]}
        for name in names
        for orders in sizes
        if (cpu := results.median(orders, name)) is not None
    ]
    _write(rows, "orders", title, path)


def _write(rows: list[dict[str, Any]], across: str, title: str, path: Path) -> None:
    if len({row["x"] for row in rows}) < 2:
        return
    import vl_convert

    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": title, "anchor": "start"},
        "width": 360,
        "height": 220,
        "background": "white",
        "data": {"values": rows},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": across, "axis": {"format": "~s", "tickCount": 6}},
            "y": {"field": "y", "type": "quantitative", "title": "CPU seconds", "scale": {"zero": True}},
            "color": {
                "field": "what",
                "type": "nominal",
                "title": None,
                "sort": None,
                "scale": {"range": COLOURS},
                "legend": {"orient": "bottom", "columns": 2, "labelLimit": 200},
            },
        },
        "config": {"font": "sans-serif"},
    }
    path.write_text(vl_convert.vegalite_to_svg(spec, vl_version="5.21"), "utf-8")
