"""The entity-relationship diagram of `core`: as mermaid text and as a picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from transforms.readers.docs.content import short_type
from transforms.readers.docs.layout import HEAD, LINE, MARGIN, WIDTH, Box, Drawing, Wire, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from transforms.readers.dictionary import Table
    from transforms.readers.docs.relations import Relation

# Middle lightness: readable on white and on black. The text beside each line names its table all the same.
COLOURS = (
    "#3b7dd8",
    "#c2571a",
    "#2f8f4e",
    "#a343b5",
    "#b08400",
    "#1a8f96",
    "#cc4477",
    "#6b6fd6",
    "#7a8b1f",
    "#b3544f",
    "#4f8a8b",
    "#8a6d3b",
    "#7c5cbf",
    "#5b8c2a",
    "#9a5b8f",
    "#3d7f6f",
    "#a8632c",
    "#5573a0",
)

LEGEND = (
    "Bold: key. Coloured name: the table that the column refers to. Line: a fork ends at many rows, a bar at one; "
    "all lines to a table share a track."
)

STYLE = """
.erd { --ground: #ffffff; --box: #ffffff; --edge: #8a94a3; --head: #e9eef5; --fact: #dfeaf8; --ink: #1b2430;
  --soft: #5a6675; font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
.erd .to { filter: brightness(.75) }
@media (prefers-color-scheme: dark) { .erd { --ground: #14181e; --box: #1b2129; --edge: #5d6876; --head: #2a323d;
  --fact: #1f3a5c; --ink: #e4e9f0; --soft: #a3afbd }
  .erd .to, .erd g > .wire, .erd circle { filter: brightness(1.45) } }
.erd .ground { fill: var(--ground) }
.erd .box { fill: var(--box); stroke: var(--edge) }
.erd .head { fill: var(--head) }
.erd .fact { fill: var(--fact) }
.erd text { fill: var(--ink); font-size: 11.5px }
.erd .name { font-weight: 600; font-size: 13px }
.erd .soft { fill: var(--soft); font-size: 10.5px }
.erd .column { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 11px }
.erd .key { font-weight: 700 }
.erd .wire { fill: none; stroke-width: 1.4 }
.erd .to { font-size: 10.5px; text-anchor: end }
@media print { .erd { --ground: #ffffff; --box: #ffffff; --edge: #666666; --head: #eeeeee; --fact: #e0e6ee;
  --ink: #000000; --soft: #333333 } }
"""


def mermaid(tables: Sequence[Table], relations: Sequence[Relation]) -> str:
    """The diagram in mermaid's language: keys, referring columns and relations."""
    lines = ["erDiagram"]
    for relation in relations:
        one = "|o" if relation.optional else "||"
        many = "o|" if relation.is_single else "o{"
        lines.append(f'    {relation.home} {one}--{many} {relation.table} : "{relation.column}"')
    refers = {(relation.table, relation.column) for relation in relations}
    for table in tables:
        lines.append(f"    {table.name} {{")
        for column in table.columns:
            marks = ["PK"] if column.name in table.key else []
            marks += ["FK"] if (table.name, column.name) in refers else []
            if marks:
                lines.append(f"        {_word(column.type)} {column.name} {', '.join(marks)}")
        lines.append("    }")
    return "\n".join(lines) + "\n"


def picture(tables: Sequence[Table], relations: Sequence[Relation]) -> str:
    """The diagram as an SVG of its own; light and dark by itself."""
    drawing = place(tables, relations)
    colours = {home: COLOURS[index % len(COLOURS)] for index, home in enumerate(drawing.homes)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="erd" role="img" aria-labelledby="erd-title erd-text" '
        f'viewBox="0 0 {drawing.width:g} {drawing.height:g}" width="{drawing.width:g}" height="{drawing.height:g}">',
        '<title id="erd-title">Tables of the schema core and how they refer to each other</title>',
        f'<desc id="erd-text">{escape(_in_words(relations))}</desc>',
        f"<style>{STYLE}</style>",
        '<rect class="ground" width="100%" height="100%"/>',
        *_lines(drawing, colours),
        *(part for box in drawing.boxes for part in _box(box, colours)),
        f'<text class="soft" x="{MARGIN}" y="{drawing.height - MARGIN / 2:g}">{LEGEND}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _in_words(relations: Sequence[Relation]) -> str:
    return " ".join(f"{relation.table}.{relation.column} refers to {relation.home}." for relation in relations)


def _word(kind: str) -> str:
    """A type as mermaid takes it: one word."""
    return re.sub(r"[^a-z0-9]+", "_", short_type(kind)).strip("_") or "unknown"


def _lines(drawing: Drawing, colours: dict[str, str]) -> Iterator[str]:
    for wire in drawing.wires:
        colour = colours.get(wire.home, COLOURS[0])
        yield f'<g stroke="{colour}" fill="{colour}">'
        yield f'<path class="wire" d="{_path(wire)}"/>'
        toward = 1 if wire.home_edge > wire.track else -1
        yield f'<path class="wire" d="M{wire.home_edge - 5 * toward:g} {wire.home_y - 4:g}v8"/>'
        for edge, y, single in wire.ends:
            out = 1 if wire.track > edge else -1
            foot = f"M{edge + 5 * out:g} {y - 4:g}v8"
            if not single:
                foot = f"M{edge:g} {y - 4:g}L{edge + 8 * out:g} {y:g}L{edge:g} {y + 4:g}"
            yield f'<path class="wire" d="{foot}"/>'
            yield f'<circle cx="{wire.track:g}" cy="{y:g}" r="2.4" stroke="none"/>'
        yield "</g>"


def _path(wire: Wire) -> str:
    low, high = wire.span
    branches = "".join(f"M{edge:g} {y:g}H{wire.track:g}" for edge, y, _ in wire.ends)
    return f"M{wire.home_edge:g} {wire.home_y:g}H{wire.track:g}M{wire.track:g} {low:g}V{high:g}{branches}"


def _box(box: Box, colours: dict[str, str]) -> Iterator[str]:
    table, x, y = box.table, box.x, box.y
    kind = "head fact" if not table.name.startswith("dim_") else "head"
    yield f'<g transform="translate({x:g} {y:g})">'
    yield f'<rect class="box" width="{WIDTH}" height="{box.height:g}" rx="5"/>'
    yield f'<path class="{kind}" d="M.5 {HEAD}V5.5a5 5 0 0 1 5-5H{WIDTH - 5.5}a5 5 0 0 1 5 5V{HEAD}z"/>'
    if table.name in colours:
        yield f'<rect width="5" height="{HEAD - 10}" x="5" y="5" rx="2" fill="{colours[table.name]}"/>'
    yield f'<text class="name" x="16" y="18">{escape(table.name)}</text>'
    for index, line in enumerate(box.grain):
        yield f'<text class="soft" x="10" y="{HEAD + LINE * (index + 1):g}">{escape(line)}</text>'
    for row in box.rows:
        weight = "column key" if row.is_key else "column"
        base = row.y + 4
        yield f'<text class="{weight}" x="10" y="{base:g}">{escape(row.column)}</text>'
        if row.home:
            colour = colours.get(row.home, COLOURS[0])
            yield f'<text class="to" x="{WIDTH - 12}" y="{base:g}" style="fill:{colour}">{escape(row.home)}</text>'
    foot = _count(table.rows, "row") + (f", {_count(box.hidden, 'more column')}" if box.hidden else "")
    yield f'<text class="soft" x="10" y="{box.height - 8:g}">{foot}</text>'
    yield "</g>"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
