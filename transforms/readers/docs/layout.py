"""Places the tables of the star schema: facts about orders left, other facts right, what they refer to between.

All lines to one table share a vertical track beside it, so that the picture stays readable however many tables
refer to `dim_date`.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transforms.readers.dictionary import Table
    from transforms.readers.docs.relations import Relation

WIDTH = 264
HEAD = 26
LINE = 13
ROW = 18
FOOT = 20
GAP = 22
MARGIN = 24
TRACK = 13
LEGEND = 26
GRAIN_CHARACTERS = 42


@dataclass(frozen=True)
class Row:
    """A key or referring column in a box; `y` is its middle."""

    column: str
    is_key: bool
    home: str | None
    is_single: bool
    y: float


@dataclass
class Box:
    """A table as a rectangle."""

    table: Table
    rows: list[Row]
    grain: list[str]
    x: float = 0
    y: float = 0

    @property
    def height(self) -> float:
        return HEAD + LINE * len(self.grain) + 6 + ROW * len(self.rows) + FOOT

    @property
    def hidden(self) -> int:
        """Columns that the box does not show."""
        return len(self.table.columns) - len(self.rows)

    def middle(self, row: Row) -> float:
        return self.y + row.y


@dataclass
class Wire:
    """All lines from one side to one home: a vertical track with a branch for each referring column.

    Attributes:
        ends: Edge of a referring box, height, and whether at most one row refers.
    """

    home: str
    track: float
    home_edge: float
    home_y: float
    ends: list[tuple[float, float, bool]] = field(default_factory=list)

    @property
    def span(self) -> tuple[float, float]:
        heights = [self.home_y, *(y for _, y, _ in self.ends)]
        return min(heights), max(heights)


@dataclass(frozen=True)
class Drawing:
    """Where everything stands."""

    width: float
    height: float
    boxes: list[Box]
    wires: list[Wire]
    homes: list[str]


def place(tables: Sequence[Table], relations: Sequence[Relation]) -> Drawing:
    """Lay out the tables with their relations."""
    hub = _hub(relations)
    boxes = {table.name: _box(table, relations) for table in tables}
    referred = {relation.home for relation in relations} - {hub}
    centre = [name for name in boxes if name in referred or name.startswith("dim_")]
    about_hub = {relation.table for relation in relations if relation.home == hub}
    left = [hub] if hub in boxes else []
    left += [name for name in boxes if name not in centre and name != hub and name in about_hub]
    right = [name for name in boxes if name not in centre and name not in left]
    for column in (left, right):
        _stack([boxes[name] for name in column])
    centre = _near_their_readers(centre, boxes, relations)
    _stack([boxes[name] for name in centre])
    tall = max((box.y + box.height for box in boxes.values()), default=0)
    for column in (left, centre, right):
        _spread([boxes[name] for name in column], tall)
    wires_left = _wires(left, centre, boxes, relations)
    wires_right = _wires(right, [], boxes, relations)
    wires_left, within = [w for w in wires_left if w.home != hub], [w for w in wires_left if w.home == hub]
    x_left = MARGIN + (TRACK * 2 if within else 0)
    x_centre = x_left + WIDTH + TRACK * (len(wires_left) + 3)
    x_right = x_centre + WIDTH + TRACK * (len(wires_right) + 3)
    for column, x in ((left, x_left), (centre, x_centre), (right, x_right)):
        for name in column:
            boxes[name].x = x
    _route(wires_left, x_left + WIDTH, x_centre, boxes, from_left=True)
    _route(wires_right, x_right, x_centre + WIDTH, boxes, from_left=False)
    for wire in within:
        wire.track, wire.home_edge = x_left - TRACK * 1.5, x_left
        wire.ends = [(x_left, y, single) for _, y, single in wire.ends]
    width = (x_right if right else x_centre) + WIDTH + MARGIN
    return Drawing(
        width, tall + MARGIN, list(boxes.values()), [*wires_left, *wires_right, *within], [*left[:1], *centre]
    )


def _hub(relations: Sequence[Relation]) -> str:
    """The fact that most tables refer to."""
    counts = Counter(relation.home for relation in relations if not relation.home.startswith("dim_"))
    return min(counts, key=lambda name: (-counts[name], name), default="")


def _box(table: Table, relations: Sequence[Relation]) -> Box:
    refers = {relation.column: relation for relation in relations if relation.table == table.name}
    shown = [column for column in table.key if column not in refers]
    shown += [column.name for column in table.columns if column.name in refers]
    grain = textwrap.wrap(table.grain, GRAIN_CHARACTERS)[:3]
    top = HEAD + LINE * len(grain) + 6
    rows = [
        Row(
            column=name,
            is_key=name in table.key,
            home=refers[name].home if name in refers else None,
            is_single=name in refers and refers[name].is_single,
            y=top + ROW * (place + 0.5),
        )
        for place, name in enumerate(shown)
    ]
    return Box(table, rows, grain)


def _stack(boxes: list[Box]) -> None:
    y = float(MARGIN)
    for box in boxes:
        box.y = y
        y += box.height + GAP


def _spread(boxes: list[Box], bottom: float) -> None:
    """Give the room that is left in a short column to the gaps between its boxes."""
    if len(boxes) < 2:
        return
    spare = (bottom - boxes[-1].y - boxes[-1].height) / (len(boxes) - 1)
    for place, box in enumerate(boxes):
        box.y += min(spare, GAP * 2.5) * place


def _near_their_readers(names: list[str], boxes: dict[str, Box], relations: Sequence[Relation]) -> list[str]:
    """Ordered by the height at which they are referred to; those that nobody refers to last."""

    def height(name: str) -> tuple[float, str]:
        at = [
            boxes[relation.table].middle(row)
            for relation in relations
            if relation.home == name and relation.table not in names
            for row in boxes[relation.table].rows
            if row.column == relation.column
        ]
        return (sum(at) / len(at) if at else float("inf"), name)

    return sorted(names, key=height)


def _wires(column: list[str], more: list[str], boxes: dict[str, Box], relations: Sequence[Relation]) -> list[Wire]:
    """One wire for each home that the boxes of a column, and those of `more`, refer to."""
    wires: dict[str, Wire] = {}
    for name in [*column, *more]:
        box = boxes[name]
        for row in box.rows:
            if row.home is None or row.home not in boxes:
                continue
            home = boxes[row.home]
            key = next(r.key for r in relations if r.table == name and r.column == row.column)
            at = next((r for r in home.rows if r.column == key), None)
            if at is not None:
                wire = wires.setdefault(row.home, Wire(row.home, 0, 0, home.middle(at)))
                wire.ends.append((1.0 if name in more else 0.0, box.middle(row), row.is_single))
    return list(wires.values())


def _route(wires: list[Wire], outer: float, inner: float, boxes: dict[str, Box], *, from_left: bool) -> None:
    """Give each wire of a gutter its track; the order with the fewest crossings that swapping finds."""
    step = TRACK if from_left else -TRACK
    for wire in wires:
        wire.home_edge = inner
        wire.ends = [(inner if of_centre else outer, y, single) for of_centre, y, single in wire.ends]
    order = sorted(wires, key=lambda wire: (wire.home_y, wire.home))
    best = _crossings(order, outer)
    improved = True
    while improved:
        improved = False
        for first in range(len(order)):
            for second in range(first + 1, len(order)):
                order[first], order[second] = order[second], order[first]
                if (found := _crossings(order, outer)) < best:
                    best, improved = found, True
                else:
                    order[first], order[second] = order[second], order[first]
    taken = [y for wire in wires for edge, y, _ in wire.ends if edge == outer]
    for place, wire in enumerate(order):
        wire.track = outer + step * (place + 2)
        wire.home_y = min(
            (wire.home_y + nudge for nudge in (0, 4, -4, 7, -7)),
            key=lambda y: (any(abs(y - other) < 3.5 for other in taken), abs(y - wire.home_y)),
        )


def _crossings(order: list[Wire], outer: float) -> int:
    """How often branches cross tracks, with the tracks in this order from the outer side."""
    count = 0
    for place, wire in enumerate(order):
        low, high = wire.span
        for other_place, other in enumerate(order):
            if other is wire:
                continue
            for edge, y, _ in other.ends:
                passes = other_place > place if edge == outer else other_place < place
                count += passes and low <= y <= high
            count += other_place < place and low <= other.home_y <= high
    return count
