"""The charts of the page as Vega-Lite specifications, each for a wide and for a narrow page.

Amounts become floats here, for the length of a bar and nothing else. Colours are the page's custom properties, so
that a dark or a printed page recolours them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from transforms.readers.report.formats import Lang
from transforms.readers.report.svg import draw

WIDE = 960
NARROW = 340
WIDE_FONT = 13
NARROW_FONT = 12
FEWEST_COLUMNS = 10  # a single one would fill the whole width


@dataclass(frozen=True)
class Chart:
    """A chart, drawn twice; the page shows the one that fits."""

    wide: Markup
    narrow: Markup


@dataclass(frozen=True)
class Stack:
    """One column of a column chart.

    Attributes:
        label: What stands below it.
        is_ticked: Whether the label is written on a wide page, where not each has room.
        is_ticked_narrow: The same for a narrow page.
        parts: Series, amount and tip, from the bottom up.
    """

    label: str
    is_ticked: bool
    is_ticked_narrow: bool
    parts: Sequence[tuple[str, Decimal, str]]


def columns(stacks: Sequence[Stack], series: Sequence[str], lang: Lang, name: str) -> Chart:
    """Stacked columns; `series` are the names of the colours, from the bottom up."""

    def spec(width: int, height: int, font: int, ticked: Callable[[Stack], bool], ticks: int) -> dict[str, Any]:
        values = [
            {"x": index, "series": key, "order": series.index(key), "amount": float(amount), "tip": tip}
            for index, stack in enumerate(stacks)
            for key, amount, tip in stack.parts
        ]
        labels = {str(index): stack.label for index, stack in enumerate(stacks) if ticked(stack)}
        slots = max(len(stacks), FEWEST_COLUMNS)
        return {
            **_frame(width, height, font),
            "data": {"values": values},
            "mark": {"type": "bar"},
            "encoding": {
                "x": {
                    "field": "x",
                    "type": "ordinal",
                    "scale": {
                        "domain": list(range(slots)),
                        "paddingInner": 0.2 if width / slots > 8 else 0.05,
                        "paddingOuter": 0.1,
                    },
                    "axis": {
                        "title": None,
                        "values": [int(index) for index in labels],
                        "labelExpr": f"({_literal(labels)})[datum.value]",
                        "labelAngle": 0,
                        "labelOverlap": False,
                        "ticks": False,
                        "labelPadding": 6,
                        "domainColor": "var(--axis)",
                    },
                },
                "y": {
                    "field": "amount",
                    "type": "quantitative",
                    "stack": "zero",
                    "axis": {
                        "title": None,
                        "format": ",.0f" if _greatest(stacks) >= 10 else ",.2f",
                        "tickCount": ticks,
                        "domain": False,
                        "ticks": False,
                        "labelPadding": 6,
                    },
                },
                "color": {
                    "field": "series",
                    "type": "nominal",
                    "legend": None,
                    "scale": {"domain": list(series), "range": [f"var(--series-{key})" for key in series]},
                },
                "order": {"field": "order", "type": "quantitative"},
                "description": {"field": "tip", "type": "nominal"},
            },
        }

    return Chart(
        draw(spec(WIDE, 280, WIDE_FONT, lambda s: s.is_ticked, 5), lang, f"{name}-w"),
        draw(spec(NARROW, 230, NARROW_FONT, lambda s: s.is_ticked_narrow, 4), lang, f"{name}-n"),
    )


def heat_map(
    cells: Sequence[tuple[int, int, Decimal, str]],
    weekdays: Sequence[str],
    hours: Sequence[int],
    lang: Lang,
    name: str,
) -> Chart:
    """Weekday × hour; a cell is weekday (from 0), hour, amount and tip. Narrow pages get the hours downwards."""
    values = [
        {"day": day, "hour": hour, "amount": max(float(amount), 0.0), "tip": tip} for day, hour, amount, tip in cells
    ]

    def axis(labels: Mapping[str, str]) -> dict[str, Any]:
        return {
            "title": None,
            "labelExpr": f"({_literal(labels)})[datum.value]",
            "labelAngle": 0,
            "domain": False,
            "ticks": False,
            "grid": False,
            "labelPadding": 6,
        }

    day = {
        "field": "day",
        "type": "ordinal",
        "scale": {"domain": list(range(7))},
        "axis": axis({str(index): label for index, label in enumerate(weekdays)}),
    }
    hour = {
        "field": "hour",
        "type": "ordinal",
        "scale": {"domain": list(hours)},
        "axis": axis({str(hour): str(hour) for hour in hours}),
    }

    def spec(width: int, height: int, font: int, x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
        return {
            **_frame(width, height, font),
            "data": {"values": values},
            "mark": {"type": "rect", "fill": "var(--heat)", "stroke": "var(--paper)", "strokeWidth": 2},
            "encoding": {
                "x": x,
                "y": y,
                "fillOpacity": {
                    "field": "amount",
                    "type": "quantitative",
                    "legend": None,
                    "scale": {"range": [0.06, 1], "zero": True},
                },
                "description": {"field": "tip", "type": "nominal"},
            },
        }

    return Chart(
        draw(spec(WIDE, 290, WIDE_FONT, hour, day), lang, f"{name}-w"),
        draw(spec(NARROW, 24 * len(hours) + 30, NARROW_FONT, day, hour), lang, f"{name}-n"),
    )


def _frame(width: int, height: int, font: int) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "padding": 2,
        "autosize": {"type": "fit", "contains": "padding"},
        "background": None,
        "config": {
            "view": {"stroke": None},
            "font": "sans-serif",
            "axis": {
                "labelColor": "var(--ink-2)",
                "labelFontSize": font,
                "gridColor": "var(--grid)",
                "labelLimit": 0,
            },
        },
    }


def _greatest(stacks: Sequence[Stack]) -> Decimal:
    return max((sum((amount for _, amount, _ in stack.parts), Decimal(0)) for stack in stacks), default=Decimal(0))


def _literal(labels: Mapping[str, str]) -> str:
    """An object of Vega's expression language; the labels are our own texts, never the shop's."""
    import json

    return json.dumps(dict(labels), ensure_ascii=False)
