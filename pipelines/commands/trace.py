"""Commands that trace: docs, where every column comes from; explain, where every figure of an order goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.terminal import Common, command, console, show_json, show_pairs


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app)(docs)


def docs(
    common: Common,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Default: docs/ in the home folder."),
    ] = None,
) -> int:
    """Write the data dictionary with lineage, the diagram, the metrics and the sample queries.

    Open dictionary.html in a browser: one page, searchable, without a network. It holds no orders.

    Example: inventorum docs -o handbook
    """
    from transforms.docs.render import FILES
    from transforms.docs.write import write_docs

    files = common.settings().files
    folder = (output or files.home / "docs").absolute()
    report = write_docs(files.warehouse, folder)
    if common.as_json:
        show_json(report)
        return 0
    console().print(
        f"{report.tables} tables, {report.columns} columns, the sources of {report.traced} of them; "
        f"{report.metrics} metrics, {report.samples} sample queries.",
        markup=False,
    )
    show_pairs({str(shown(folder / name)): about for name, about in FILES.items()})
    return 0


def shown(path: Path) -> Path:
    """Relative to the current folder where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
