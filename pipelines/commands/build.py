"""`inventorum build`: transforms only."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.show_run import ended
from pipelines.terminal import Common, Ended


def build(
    common: Common,
    full: Annotated[bool, typer.Option("--full", help="Rebuild everything from the landing log.")] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="CLAIM", help="Publish although this claim is broken; repeat for more."),
    ] = None,
) -> Ended:
    """Transform what has been loaded, check, publish; asks nothing of the API.

    A claim that is accepted as broken is noted in `ops.checks`, `marts.data_quality`, `status` and the report until
    it holds again; meanwhile each run with news builds everything.

    Example: inventorum build --full
    """
    from pipelines import run

    with common.progress() as progress:
        report = run.build(common.settings(), full=full, accept=accept or [], progress=progress)
    return ended(report, common)
