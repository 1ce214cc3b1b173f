"""Writes the documentation of a published warehouse into a folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.readers.docs.content import read_content
from transforms.readers.docs.render import render
from transforms.readers.exports.staged import Staged

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class DocsReport:
    """What was written.

    Attributes:
        traced: Columns whose sources are known.
        untraced: Columns of `core` and `marts` whose sources are not derivable, as `schema.table.column`.
    """

    folder: Path
    files: dict[str, int]
    tables: int
    columns: int
    traced: int
    untraced: list[str]
    metrics: int
    samples: int
    seconds: float


def write_docs(published: Path, folder: Path, sql_dir: Path | None = None) -> DocsReport:
    """Write dictionary, diagram, metrics and sample queries, all or none.

    Raises:
        TransformError: Nothing is published there, or the folder cannot be written.
    """
    began = time.monotonic()
    content = read_content(published, sql_dir)
    texts = render(content)
    with Staged() as staged:
        for name, text in texts.items():
            staged.begin(folder / name).write_text(text, "utf-8")
    columns = [
        (entry.table.schema, f"{entry.table.full_name}.{column.name}", column.sources is not None)
        for entry in content.tables
        for column in entry.columns
    ]
    return DocsReport(
        folder=folder,
        files={name: len(text.encode()) for name, text in texts.items()},
        tables=len(content.tables),
        columns=len(columns),
        traced=sum(known for _, _, known in columns),
        untraced=[name for schema, name, known in columns if not known and schema != "ops"],
        metrics=len(content.metrics),
        samples=len(content.samples),
        seconds=time.monotonic() - began,
    )
