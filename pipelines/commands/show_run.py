"""What the commands that run share: their channels, and what is told of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.terminal import Common, Ended, console, show_json, show_pairs, show_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.run import RunReport


ChannelOption = Annotated[
    list[str] | None, typer.Option("--channel", "-c", metavar="C", help="Only this channel; repeat for more.")
]


def ended(report: RunReport, common: Common, show_first: Callable[[RunReport], None] = lambda report: None) -> Ended:
    """What a run did, and why its exit code is not 0."""

    def show() -> None:
        if common.as_json:
            show_json(report)
        else:
            show_first(report)
            _show_run(report)

    reasons = [*_reasons(report, "incomplete"), report.message] if report.exit_code else []
    reasons += report.notes
    return Ended(report.exit_code, "\n".join(filter(None, reasons)), show)


def _show_run(report: RunReport) -> None:
    """What came of each channel, and what readers see now."""
    out = console()
    if report.channels:
        show_table(["channel", "status", "requests", "orders read", "quarantined"], _per_channel(report.channels))
    for line in _reasons(report, "unsupported"):
        out.print(line, markup=False)
    if report.published:
        counts = f"{report.orders_new} new, {report.orders_changed} changed, {report.orders_unchanged} unchanged"
        if report.full_build:
            why = f", since {report.full_build_reason}" if report.full_build_reason else ""
            counts = f"all {report.orders_new} built anew{why}"
            if not report.orders_new and any(window["status"] == "incomplete" for window in report.channels):
                counts = "none: nothing could be read yet, so an empty warehouse is published"
        pairs = {
            "orders": counts,
            "took": f"{sum(v for k, v in report.seconds.items() if ':' not in k):.1f} s ({report.requests} requests)",
            "published": report.warehouse,
        }
        show_pairs(pairs)
    elif not report.rows_read and any(window["status"] == "incomplete" for window in report.channels):
        out.print("No orders were loaded: the published warehouse stays as it was.")
    else:
        out.print("Nothing new: the published warehouse stays as it was.")
    if report.server is not None:
        out.print(report.server.in_words(), markup=False, soft_wrap=True)
    if report.message and not report.exit_code:
        out.print(report.message, markup=False)


def _reasons(report: RunReport, status: str) -> list[str]:
    """What was said about the crawls that ended so, each text once with its channels."""
    messages: dict[str, list[str]] = {}
    for window in report.channels:
        if window["message"] and window["status"] == status:
            messages.setdefault(window["message"], []).append(window["channel"])
    return [f"{', '.join(channels)}: {message}" for message, channels in messages.items()]


def _per_channel(windows: list[dict[str, Any]]) -> list[list[Any]]:
    """Channel, worst status, requests, orders and quarantined records over all its windows."""
    found: dict[str, list[Any]] = {}
    for window in windows:
        row = found.setdefault(window["channel"], [window["channel"], "complete", 0, 0, 0])
        if window["status"] != "complete":
            row[1] = window["status"]
        row[2] += window["requests"]
        row[3] += window["distinct_ids"]
        row[4] += window["quarantined"]
    return list(found.values())
