"""`inventorum backfill`: the history through /orders/."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.show_run import ChannelOption, ended
from pipelines.terminal import Common, Ended


def backfill(
    common: Common,
    start: Annotated[str, typer.Option("--from", metavar="D", help="Orders created since this day or time.")],
    end: Annotated[str | None, typer.Option("--to", metavar="D", help="Until this day or time; default: now.")] = None,
    channel: ChannelOption = None,
    again: Annotated[bool, typer.Option(help="Read what an earlier backfill has read, too.")] = False,
) -> Ended:
    """Load the history through /orders/, resumable.

    Orders by their time of creation. Interrupted, the same command goes on where it was.

    Example: inventorum backfill --from 2024-01-01 --to 2024-12-31
    """
    from datetime import UTC, datetime

    from pipelines import run
    from pipelines.errors import SettingsError
    from pipelines.settings import parse_moment

    first = parse_moment(start, what="--from")
    last = datetime.now(UTC) if end is None else parse_moment(end, what="--to")
    if first >= last:
        raise SettingsError(f"--from {start} is not before --to {end or 'now'}. Nothing was asked.")
    settings = common.settings(channel)
    with common.progress() as progress:
        report = run.backfill(settings, first, last, again=again, progress=progress)
    return ended(report, common)
