"""What stands on the server: its tables of our schemas, and our own notes about what was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transforms.readers.dictionary import SCHEMAS
from transforms.readers.postgres.errors import ServerFailed
from transforms.readers.postgres.kinds import kind_of
from transforms.readers.postgres.parts import Fingerprint, Parting
from transforms.readers.postgres.server import literal, quoted_name
from transforms.readers.postgres.shapes import KEY_SUFFIX, UNKEYED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from transforms.readers.postgres.server import Session
    from transforms.readers.postgres.shapes import Shape

TABLES, PARTS = "ops.publication_tables", "ops.publication_parts"
# table -> (what it is, column -> type)
NOTES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    TABLES: (
        "Tables that inventorum publishes into this database: whatever is not listed here is never touched.",
        {
            "table_schema": "text",
            "table_name": "text",
            "column_names": "text[]",
            "part_width": "bigint",
            "hashed_by": "text",
        },
    ),
    PARTS: (
        "Fingerprints of ranges of rows as they were published last, so that only ranges with news are sent.",
        {
            "table_schema": "text",
            "table_name": "text",
            "part": "bigint",
            "row_count": "bigint",
            "fingerprint": "numeric(39,0)",
        },
    ),
}
RELATIONS = (
    "select n.nspname || '.' || c.relname, c.relkind::text, coalesce(obj_description(c.oid, 'pg_class'), ''), "
    "coalesce((select k.contype::text from pg_constraint k where k.conrelid = c.oid "
    f"and k.conname = c.relname || '{KEY_SUFFIX}' and k.contype in ('p', 'u')), '') "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
    "where n.nspname = any(%s) and c.relkind in ('r', 'v', 'm', 'f', 'p')"
)
COLUMNS = (
    "select n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, a.atttypmod), "
    "coalesce(col_description(c.oid, a.attnum), '') "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid "
    "where n.nspname = any(%s) and c.relkind in ('r', 'v', 'm', 'f', 'p') and a.attnum > 0 and not a.attisdropped "
    "order by c.oid, a.attnum"
)


@dataclass(frozen=True)
class Relation:
    """A table, or something else of its name.

    Attributes:
        kind: `r` is a table, as pg_class has it.
        key: `p`, `u` or empty: the constraint that was made with the table.
        columns: Name to type and comment.
    """

    kind: str
    comment: str
    key: str
    columns: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """What was noted of a table when it was published last."""

    columns: Sequence[str]
    width: int
    hashed_by: str


@dataclass(frozen=True)
class Standing:
    """What the server holds.

    Attributes:
        notes: By table; only of tables that are there.
    """

    schemas: frozenset[str]
    relations: Mapping[str, Relation]
    notes: Mapping[str, Note]

    def missing_columns(self, shape: Shape) -> list[str]:
        """Columns that a table that is there lacks."""
        there = self.relations[shape.name].columns
        return [column.name for column in shape.table.columns if column.name not in there]


def read_standing(server: Session) -> Standing:
    """Look at the server; changes nothing.

    Raises:
        ServerFailed: Something of the name of our notes is none of ours.
    """
    schemas = list(SCHEMAS)
    relations = {
        name: Relation(kind, comment, key or UNKEYED) for name, kind, comment, key in server.rows(RELATIONS, [schemas])
    }
    for name, column, kind, comment in server.rows(COLUMNS, [schemas]):
        relations[name].columns[column] = (kind, comment)
    there = {name for (name,) in server.rows("select nspname from pg_namespace where nspname = any(%s)", [schemas])}
    return Standing(frozenset(there), relations, _notes(server, relations))


def _notes(server: Session, relations: Mapping[str, Relation]) -> dict[str, Note]:
    for name, (_, columns) in NOTES.items():
        if name in relations and {key: kind for key, (kind, _) in relations[name].columns.items()} != columns:
            raise _foreign(server, [name])
    if TABLES not in relations or PARTS not in relations:
        return {}
    noted = server.rows(f"select table_schema || '.' || table_name, column_names, part_width, hashed_by from {TABLES}")
    return {name: Note(columns, width, by) for name, columns, width, by in noted if name in relations}


def refuse(server: Session, standing: Standing, shapes: Iterable[Shape]) -> None:
    """Refuse to write where what stands there is none of ours, or of another shape.

    Raises:
        ServerFailed: The message names the tables, and the statements to run where our own have another shape.
    """
    wanted = {shape.name: shape for shape in shapes}
    foreign = [
        name
        for name, found in standing.relations.items()
        if name in wanted and (name not in standing.notes or found.kind != "r")
    ]
    if foreign:
        raise _foreign(server, foreign)
    statements = [
        statement
        for name, note in standing.notes.items()
        for statement in _unlike(name, note, standing.relations[name], wanted.get(name))
    ]
    if statements:
        listed = "\n".join(f"  {statement};" for statement in statements)
        raise ServerFailed(
            f"Tables in {server.address.name} are of another version of this program, and views of yours may rest on "
            f"them. Nothing was written. Run this there, then publish again:\n{listed}"
        )


def _foreign(server: Session, names: Sequence[str]) -> ServerFailed:
    are = "is" if len(names) == 1 else "are"
    return ServerFailed(
        f"{', '.join(sorted(names))} in {server.address.name} {are} not of this program. Nothing was written. Rename "
        f"what is there, or publish into a database of its own."
    )


def _unlike(name: str, note: Note, there: Relation, shape: Shape | None) -> list[str]:
    relation = ".".join(map(quoted_name, name.split(".", 1)))
    if shape is None:
        return [f"drop table {relation}"]
    kinds = {column.name: kind_of(column.type) for column in shape.table.columns}
    dropped = [
        f"alter table {relation} drop column {quoted_name(column)}"
        for column in note.columns
        if column not in kinds and column in there.columns
    ]
    altered = [
        f"alter table {relation} alter column {quoted_name(column)} type {kind}"
        for column, kind in kinds.items()
        if column in there.columns and there.columns[column][0] != kind
    ]
    return dropped + altered


def make_notes(server: Session, standing: Standing) -> None:
    """Make the tables of our notes."""
    for name, (meaning, columns) in NOTES.items():
        if name not in standing.relations:
            shape = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            key = ", ".join(column for column in columns if column in ("table_schema", "table_name", "part"))
            server.run(f"create table {name} ({shape}, primary key ({key}))")
            server.run(f"comment on table {name} is {literal(meaning)}")


def read_parts(server: Session, shape: Shape) -> dict[int, Fingerprint]:
    """The fingerprints of the table as it was published last."""
    found = server.rows(
        f"select part, row_count, fingerprint from {PARTS} where table_schema = %s and table_name = %s",
        [shape.table.schema, shape.table.name],
    )
    return {part: (rows, int(fingerprint)) for part, rows, fingerprint in found}


def note_table(server: Session, shape: Shape, width: int, hashed_by: str) -> None:
    """Note how the table was published."""
    columns = [column.name for column in shape.table.columns]
    server.run(
        f"insert into {TABLES} values (%s, %s, %s, %s, %s) on conflict (table_schema, table_name) do update set "
        "column_names = excluded.column_names, part_width = excluded.part_width, hashed_by = excluded.hashed_by",
        [shape.table.schema, shape.table.name, columns, width, hashed_by],
    )


def note_parts(server: Session, shape: Shape, now: Parting, parts: Sequence[int] | None) -> None:
    """Note the fingerprints of these parts, or of all."""
    named = [shape.table.schema, shape.table.name]
    where = "table_schema = %s and table_name = %s"
    if parts is None:
        server.run(f"delete from {PARTS} where {where}", named)
    else:
        server.run(f"delete from {PARTS} where {where} and part = any(%s)", [*named, list(parts)])
    lines = (
        "\t".join(map(str, (*named, part, *now.parts[part]))) + "\n"
        for part in (now.parts if parts is None else parts)
        if part in now.parts
    )
    server.copy(f"copy {PARTS} from stdin", lines)
