"""Commands that bring data in: demo, sync, build, check, sandbox serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.terminal import Common, Ended, command, console, show_json, show_pairs, show_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pipelines.run import RunReport

ChannelOption = Annotated[
    list[str] | None, typer.Option("--channel", "-c", metavar="C", help="Only this channel; repeat for more.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app)(demo)
    command(app)(sync)
    command(app)(backfill)
    command(app)(reconcile)
    command(app)(build)
    command(app)(check)
    sandbox = typer.Typer(help="A local server that behaves as the API is documented.", no_args_is_help=True)
    command(sandbox)(serve)
    app.add_typer(sandbox, name="sandbox")


def demo(
    common: Common,
    orders: Annotated[int, typer.Option(help="Orders of the made-up shop.", min=1, max=1_000_000)] = 2000,
    days: Annotated[int, typer.Option(help="Days over which they are spread.", min=1, max=3650)] = 120,
    seed: Annotated[int, typer.Option(help="Another seed is another shop.")] = 1,
) -> int:
    """Load a made-up shop over HTTP, let it trade, load again, and show the result. Needs no account.

    It has a home of its own, ./demo unless --home names another, which each demo begins afresh; INVENTORUM_HOME is
    left alone.

    Example: inventorum demo
    """
    from pipelines.commands.demo import run_demo, show_demo
    from pipelines.settings import DEMO_HOME, Settings

    with common.progress() as progress:
        result = run_demo(
            Settings.load(common.home or DEMO_HOME), orders=orders, days=days, seed=seed, progress=progress
        )
    if common.as_json:
        show_json(result)
    else:
        show_demo(result)
    return 0


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
    return _ended(report, common)


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
    return _ended(report, common)


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
    return _ended(report, common, show_first=_show_differences)


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
    return _ended(report, common)


def check(common: Common) -> Ended:
    """Run every check over the whole warehouse; changes nothing.

    Example: inventorum check
    """
    from pipelines import run

    with common.progress() as progress:
        results = run.check(common.settings(), progress)
    failed = [result for result in results if result.severity == "fail" and result.failing_rows]

    def show() -> None:
        if common.as_json:
            show_json({"failed": len(failed), "checks": results})
            return
        rows = [[r.name, r.severity, r.failing_rows, r.sample] for r in results if r.failing_rows]
        if rows:
            show_table(["check", "severity", "rows", "for example"], rows)
        console().print(
            f"{len(results)} checks: {len(failed)} failed, {len(rows) - len(failed)} warned, "
            f"{len(results) - len(rows)} found nothing."
        )

    if not failed:
        return Ended(show=show)
    names = ", ".join(f"{result.name} ({result.failing_rows} rows)" for result in failed)
    return Ended(
        3, f"Checks failed: {names}. Nothing was changed. `inventorum build --full` builds the tables anew.", show
    )


def serve(
    common: Common,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8765,
    orders: Annotated[int, typer.Option(help="Orders of the made-up shop.", min=0, max=1_000_000)] = 2000,
    days: Annotated[int, typer.Option(help="Days over which they are spread.", min=1, max=3650)] = 120,
    seed: Annotated[int, typer.Option(help="Another seed is another shop.")] = 1,
    trade_every: Annotated[float, typer.Option(help="Seconds between two rounds of trading; 0: none.", min=0)] = 0.0,
) -> int:
    """Serve the made-up shop until Ctrl-C and print the settings that point to it.

    Example: inventorum sandbox serve --port 8765
    """
    from pipelines.sandbox.generator import make_shop
    from pipelines.sandbox.server import serve as serve_shop

    def announce(sandbox: Any) -> None:
        where = {
            "SOURCES__INVENTORUM__BASE_URL": sandbox.base_url,
            "SOURCES__INVENTORUM__ACCESS_TOKEN": sandbox.access_token,
        }
        if common.as_json:
            show_json(where)
        else:
            for name, value in where.items():
                console().print(f"export {name}={value}", markup=False, soft_wrap=True)
            console(stderr=True).print("Serving; Ctrl-C ends it.", style="dim")

    shop = make_shop(seed=seed, orders=orders, days=days)
    serve_shop(shop, port=port, trade_every=trade_every or None, on_ready=announce)
    return 0


def _ended(report: RunReport, common: Common, show_first: Callable[[RunReport], None] = lambda report: None) -> Ended:
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


def _show_differences(report: RunReport) -> None:
    """The days of channels that a reconciliation found to differ."""
    columns = ["listed_orders", "known_orders", "missing_here", "missing_there", "different", "status"]
    differing = [row for row in report.reconciliation if row["status"] != "agrees"]
    if differing:
        rows = [[row["business_date"], row["channel"], *(row[c] for c in columns)] for row in differing]
        heads = ["day", "channel", "listed", "known", "not here", "not listed", "different", "status"]
        show_table(heads, rows)
    console().print(f"{len(report.reconciliation)} days of channels compared, {len(differing)} differ.", markup=False)


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
