"""Commands that trace: docs, where every column comes from; explain, where every figure of an order goes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.terminal import Common, command, console, short, show_json, show_pairs


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app)(docs)
    command(app, "explain")(explain_order)


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


def explain_order(
    common: Common,
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="Id of the order, or its receipt number.")],
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Where several accounts share the number.")
    ] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="Show names, addresses, e-mail, notes and receipt links too.")
    ] = False,
    payload: Annotated[
        int | None,
        typer.Option("--payload", metavar="VERSION", help="Print that version as the API sent it, personal data too."),
    ] = None,
) -> int:
    """Show everything about one order: versions, states, money, checks, report rows, where its bytes are.

    Names, addresses, e-mail, notes and receipt links are hidden without --personal. Times are UTC. Reads only; while
    a run writes the landing log, what the warehouse knows is shown.

    Example: inventorum explain 8791312
    """
    from pipelines.commands.explain import explain, payload_of
    from pipelines.commands.explain.show import show

    files = common.settings().files
    if payload is not None:
        sys.stdout.write(payload_of(files, order_id, payload, account=account))
        return 0
    explained = explain(files, order_id, account=account, personal=personal)
    if common.as_json:
        show_json(explained.as_json())
    else:
        show(explained)
    return 0
