"""`inventorum reconcile`: /orders/ against what was loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.show_run import ChannelOption, ended
from pipelines.terminal import Common, Ended, console, show_table

if TYPE_CHECKING:
    from pipelines.run import RunReport


def reconcile(
    common: Common,
    days: Annotated[int, typer.Option(help="Business days to compare, today included.", min=1, max=3650)] = 7,
    channel: ChannelOption = None,
) -> Ended:
    """Compare /orders/ with the warehouse, load what differs.

    Orders that are no longer listed are noted, and left out of the marts when they are still gone a day later.

    Example: inventorum reconcile --days 3
    """
    from pipelines import run

    settings = common.settings(channel)
    with common.progress() as progress:
        report = run.reconcile(settings, days=days, progress=progress)
    return ended(report, common, show_first=_show_differences)


def _show_differences(report: RunReport) -> None:
    """The days of channels that a reconciliation found to differ."""
    columns = ["listed_orders", "known_orders", "missing_here", "missing_there", "different", "status"]
    differing = [row for row in report.reconciliation if row["status"] != "agrees"]
    if differing:
        rows = [[row["business_date"], row["channel"], *(row[c] for c in columns)] for row in differing]
        heads = ["day", "channel", "listed", "known", "not here", "not listed", "different", "status"]
        show_table(heads, rows)
    console().print(f"{len(report.reconciliation)} days of channels compared, {len(differing)} differ.", markup=False)
