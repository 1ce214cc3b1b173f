"""`inventorum docs`: where every column comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.terminal import Common, console, short, show_json, show_pairs


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
    from pipelines.outputs import checked
    from transforms.readers.docs.render import FILES
    from transforms.readers.docs.write import write_docs

    files = common.settings().files
    folder = checked(files, output or files.home / "docs")
    report = write_docs(files.warehouse, folder)
    if common.as_json:
        show_json(report)
        return 0
    console().print(
        f"{report.tables} tables, {report.columns} columns, the sources of {report.traced} of them; "
        f"{report.metrics} metrics, {report.samples} sample queries.",
        markup=False,
    )
    show_pairs({short(folder / name): about for name, about in FILES.items()})
    return 0
