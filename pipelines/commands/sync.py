"""`inventorum sync`: load what changed, rebuild what it touches, check, publish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.show_run import ChannelOption, ended
from pipelines.terminal import Common, Ended, console, show_json, show_table

if TYPE_CHECKING:
    from datetime import datetime


def sync(
    common: Common,
    channel: ChannelOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much there is to load.")] = False,
    since: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Read again what changed since then.")
    ] = None,
    report_page: Annotated[
        bool, typer.Option("--report", help="Write the report page anew if something was published.")
    ] = False,
    notify: Annotated[
        str | None, typer.Option("--notify", metavar="URL", help="POST a JSON message there if the run goes wrong.")
    ] = None,
) -> int | Ended:
    """Load what changed since the last run, rebuild what it touches, check, publish.

    Example: inventorum sync --channel ipad
    """
    if dry_run:
        return _preview(common, channel, since)
    from pipelines import run
    from pipelines.commands.notify import notifying

    with notifying(notify, "sync") as outcome:
        settings = common.settings(channel)
        start = _moment(since, "--from")
        with common.progress() as progress:
            report = run.sync(settings, since=start, named_channels=frozenset(channel or ()), progress=progress)
            if report_page and (report.published or not settings.files.report.exists()):
                run.write_page(settings)
        outcome.finished(report)
    return ended(report, common)


def _preview(common: Common, channel: list[str] | None, since: str | None) -> int:
    """Say how much there is to load."""
    from pipelines import run

    preview = run.preview(common.settings(channel), since=_moment(since, "--from"))
    if common.as_json:
        show_json(preview)
        return 0
    show_table(
        ["channel", "reads since", "orders to read", "requests"],
        [[p["channel"], p["start_date"] or "the beginning", p["orders"], p["requests"]] for p in preview],
    )
    console().print("Dry run: nothing was loaded.")
    return 0


def _moment(text: str | None, option: str) -> datetime | None:
    from pipelines.settings import parse_moment

    return None if text is None else parse_moment(text, what=option)
