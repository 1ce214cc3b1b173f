"""Brings one table of the server to what the warehouse holds, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.readers.postgres import parts, standing
from transforms.readers.postgres.server import literal, quoted_name
from transforms.readers.postgres.shapes import PRIMARY, UNIQUE, UNKEYED, read_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from transforms.readers.postgres.parts import Parting
    from transforms.readers.postgres.server import Session
    from transforms.readers.postgres.shapes import Shape
    from transforms.readers.postgres.standing import Relation, Standing

NULLS_ARE_ONE = 150_000  # version from which a unique key takes two nulls for the same


@dataclass(frozen=True)
class Written:
    """What was written of a table."""

    table: str
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    columns_added: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return self.inserted + self.updated + self.deleted


def write(
    server: Session, warehouse: duckdb.DuckDBPyConnection, shape: Shape, there: Standing, *, full: bool
) -> Written:
    """Make the table, or change the rows that are not as in the warehouse; comments and notes follow.

    Args:
        full: Compare every row, whatever the notes say.
    """
    relation = there.relations.get(shape.name)
    if relation is None:
        return _create(server, warehouse, shape)
    added = tuple(there.missing_columns(shape))
    for column in shape.table.columns:
        if column.name in added:
            server.run(f"alter table {shape.relation} add column {shape.definition(column)}")
    written = _change(server, warehouse, shape, there, full=full, added=added)
    if comments := _comments(shape, relation):
        server.run("; ".join(comments))
    return written


def _create(server: Session, warehouse: duckdb.DuckDBPyConnection, shape: Shape) -> Written:
    facts = read_facts(shape, warehouse)
    parting = parts.part_anew(shape, warehouse, facts)
    columns = ", ".join(shape.definition(column) for column in shape.table.columns)
    server.run(f"create table {shape.relation} ({columns})")
    server.copy(f"copy {shape.relation} ({shape.columns}) from stdin", shape.lines(warehouse, parting.width))
    server.run("; ".join([*_key(server, shape, facts.key), *_comments(shape, None), f"analyze {shape.relation}"]))
    _note(server, shape, parting, None)
    return Written(shape.name, inserted=facts.rows)


def _change(
    server: Session,
    warehouse: duckdb.DuckDBPyConnection,
    shape: Shape,
    there: Standing,
    *,
    full: bool,
    added: tuple[str, ...],
) -> Written:
    note = there.notes[shape.name]
    if full or added or note.hashed_by != parts.HASHED_BY:
        facts = read_facts(shape, warehouse)
        parting, changed = parts.part_anew(shape, warehouse, facts), None
    else:
        parting = parts.parted(shape, warehouse, note.width)
        changed = parts.changed(standing.read_parts(server, shape), parting.parts)
        if not changed:
            return Written(shape.name, columns_added=added)
        facts = read_facts(shape, warehouse)
    key = _loosen_key(server, shape, there.relations[shape.name].key, facts.key)
    written = _exchange(server, warehouse, shape, parting.width, changed, is_keyed=key != UNKEYED, added=added)
    if changed is not None and parting.is_too_fine:
        parting, changed = parts.part_anew(shape, warehouse, facts), None
    _note(server, shape, parting, changed)
    return written


def _exchange(
    server: Session,
    warehouse: duckdb.DuckDBPyConnection,
    shape: Shape,
    width: int,
    changed: Sequence[int] | None,
    *,
    is_keyed: bool,
    added: tuple[str, ...],
) -> Written:
    """Compare rows of these parts, or all, with those of the server, and write those that differ."""
    server.run(
        f"lock table {shape.relation} in share row exclusive mode; "  # readers read on
        f"create temp table sent on commit drop as select {shape.columns} from {shape.relation} limit 0"
    )
    server.copy(f"copy sent ({shape.columns}) from stdin", shape.lines(warehouse, width, changed))
    where = "" if changed is None else f"where {shape.part_in_postgres(width)} = any(%s)"
    server.run(
        f"create temp table kept on commit drop as select ctid as row_place, {shape.columns} "
        f"from {shape.relation} {where}",
        None if changed is None else [list(changed)],
    )
    named = _named(shape, is_keyed=is_keyed)
    server.run(
        f"create temp table news on commit drop as select *, {named} as row_name from sent; "
        f"create temp table olds on commit drop as select *, {named} as row_name from kept; "
        "analyze news; analyze olds"
    )
    written = _write_differences(server, shape, added)
    server.run("drop table sent, kept, news, olds")
    return written


def _named(shape: Shape, *, is_keyed: bool) -> str:
    """SQL for what names a row, as one text: nulls are alike in it, and it can be hashed.

    Rows of a table without a key are named by all of their values, equal ones by their number as well.
    """
    if is_keyed:
        return f"cast(row({', '.join(map(quoted_name, shape.key))}) as text)"
    return f"cast(row({shape.columns}, row_number() over (partition by {shape.columns})) as text)"


def _write_differences(server: Session, shape: Shape, added: tuple[str, ...]) -> Written:
    deleted = server.run(
        f"delete from {shape.relation} as t using olds where t.ctid = olds.row_place "
        "and not exists (select from news where news.row_name = olds.row_name)"
    )
    values = [quoted_name(column.name) for column in shape.table.columns if column.name not in shape.key]
    updated = 0
    if values:
        news, olds = (", ".join(f"{side}.{name}" for name in values) for side in ("news", "olds"))
        updated = server.run(
            f"update {shape.relation} as t set ({', '.join(values)}) = row({news}) from news join olds "
            f"using (row_name) where t.ctid = olds.row_place and row({news}) is distinct from row({olds})"
        )
    inserted = server.run(
        f"insert into {shape.relation} ({shape.columns}) select {shape.columns} from news "
        "where not exists (select from olds where olds.row_name = news.row_name)"
    )
    return Written(shape.name, inserted, updated, deleted, added)


def _key(server: Session, shape: Shape, kind: str) -> list[str]:
    """The statement that adds the key, if there is one."""
    columns = ", ".join(map(quoted_name, shape.key))
    words = {PRIMARY: "primary key", UNIQUE: "unique" + (" nulls not distinct" * (server.version >= NULLS_ARE_ONE))}
    if kind == UNKEYED:
        return []
    return [f"alter table {shape.relation} add constraint {shape.constraint} {words[kind]} ({columns})"]


def _loosen_key(server: Session, shape: Shape, kind: str, wanted: str) -> str:
    """Let the key take what the rows need it to take now; the kind of key that is left."""
    kinds = (PRIMARY, UNIQUE, UNKEYED)
    if kinds.index(wanted) <= kinds.index(kind):
        return kind
    statements = [f"alter table {shape.relation} drop constraint {shape.constraint}"]
    if kind == PRIMARY:
        statements += [
            f"alter table {shape.relation} alter column {quoted_name(name)} drop not null" for name in shape.key
        ]
    server.run("; ".join([*statements, *_key(server, shape, wanted)]))
    return wanted


def _comments(shape: Shape, there: Relation | None) -> list[str]:
    """Statements that write the comments that are not there yet."""
    statements = []
    if shape.table.comment != (there.comment if there else ""):
        statements.append(f"comment on table {shape.relation} is {literal(shape.table.comment)}")
    for column in shape.table.columns:
        _, known = there.columns.get(column.name, ("", "")) if there else ("", "")
        if column.description != known:
            name = f"{shape.relation}.{quoted_name(column.name)}"
            statements.append(f"comment on column {name} is {literal(column.description)}")
    return statements


def _note(server: Session, shape: Shape, parting: Parting, changed: Sequence[int] | None) -> None:
    standing.note_table(server, shape, parting.width, parts.HASHED_BY)
    standing.note_parts(server, shape, parting, changed)
