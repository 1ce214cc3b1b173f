"""One run: lock, recover, load, build, check, publish."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipelines import conditions
from pipelines.conditions import transform_files
from pipelines.connection import connect
from pipelines.errors import HomeError, InventorumError, SettingsError
from pipelines.landing import log as landing
from pipelines.landing.cursors import begin_of
from pipelines.lock import exclusive
from pipelines.progress import Progress, Silent, timed
from pipelines.server_copy import bring
from pipelines.settings import RotatingLogin, Settings, StaticLogin, ensure_home, refuse_home
from pipelines.traces import Traces, clear_work, find_copies, remove_copies
from transforms.errors import TransformError
from transforms.readers.whole_file import write_whole
from transforms.runner import build as transform
from transforms.runner import publish as publication

if TYPE_CHECKING:
    from pipelines.inventorum.http.client import InventorumClient
    from pipelines.landing.crawl import Ledger
    from pipelines.landing.reconcile import Comparison
    from transforms.errors import CheckResult
    from transforms.readers.postgres.publish import ServerReport

ROWS_PER_ANSWER = 100 - 5  # a window overlaps the one before
LATE_FINDS = 1
INCOMPLETE = 6
QUARANTINED = 7
BEHIND = 1
BEHIND_HERE = (
    "The run itself is done: what it loaded is published here. The next run brings it to the server, "
    "or `inventorum publish postgres`."
)
DISCARDED = (
    "Another program had changed the published file; it was published anew, without those changes. "
    "Tables of your own belong into a file of your own, to which the warehouse is attached read-only."
)


UNFINISHED = (
    "The landing log holds nothing of the person any more, but other files of the home still do. The next "
    "`inventorum sync`, `build` or `forget` finishes that first."
)


@dataclass
class ForgetReport:
    """What forgetting a person did, or would do.

    Attributes:
        orders: Orders that were theirs; each stays, without them.
        payloads: Readings of these orders in the landing log.
        quarantined: Records that are no orders, but named them.
        mentioned_in: Orders of others, or of nobody, that hold their whole name or e-mail address; they stay.
        removed: Copies in the home that were removed: exports, and files that were begun.
        left: Files of the home that the program did not make, so that they are yours to look at.
        is_dry_run: Nothing was changed.
    """

    customer_id: int
    orders: int
    payloads: int
    quarantined: int
    mentioned_in: list[int]
    is_dry_run: bool
    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    exit_code: int = 0
    message: str = ""


@dataclass
class RunReport:
    """What one run did; `inventorum sync --json` prints it as it is.

    Attributes:
        exit_code: See `pipelines/commands/README.md`.
        channels: One entry a crawl: channel, status, requests, retreats, row_count, quarantined, message...
        seconds: Wall-clock seconds per step.
        tables: Rows written per table of the star schema.
        published: Whether readers see a new file.
        server: What came to the database that the settings name; None: there is none, or it has what is published.
        accepted: Claims that are broken in what was built, as a user accepted.
        notes: What is worth saying of a run that went well: claims that broke, were accepted, or hold again.
    """

    run_id: str
    command: str
    started_at: datetime
    exit_code: int = 0
    message: str = ""
    channels: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    rows_read: int = 0
    orders_new: int = 0
    orders_changed: int = 0
    orders_unchanged: int = 0
    quarantined: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    checks: list[Any] = field(default_factory=list)
    reconciliation: list[dict[str, Any]] = field(default_factory=list)
    full_build: bool = False
    full_build_reason: str | None = None
    published: bool = False
    warehouse: str = ""
    server: ServerReport | None = None
    accepted: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sync(
    settings: Settings,
    *,
    since: datetime | None = None,
    named_channels: frozenset[str] = frozenset(),
    command: str = "sync",
    progress: Progress | None = None,
) -> RunReport:
    """Load what changed since the last run, build, check, publish.

    Args:
        since: Read again from this time instead of from the cursors.
        named_channels: Channels that the user asked for by name.

    Raises:
        InventorumError: Nothing of this run was loaded.
        TransformError: It was loaded, but not published.
    """
    login = settings.require_login()
    progress = progress or Silent()
    with _running(settings, command, of_loads=True) as report:
        _load_changes(settings, login, report, since, named_channels, progress)
        _build_and_publish(settings, report, full=False, progress=progress)
    return report


def backfill(
    settings: Settings,
    start: datetime,
    end: datetime,
    *,
    again: bool = False,
    progress: Progress | None = None,
) -> RunReport:
    """Load every order created between two aware times through `GET /orders/`, build, check, publish.

    Args:
        again: Read slices again that an earlier backfill has landed.

    Raises: As sync; packages that were landed before stay, and the next call goes on behind them.
    """
    login = settings.require_login()
    progress = progress or Silent()
    with _running(settings, "backfill", of_loads=True) as report:
        with timed(report.seconds, "import"):
            from pipelines.landing.backfill import load_history
            from pipelines.landing.erasures import cleaner
        with timed(report.seconds, "load"):
            api = connect(settings, login, cleaner(settings))
            windows = load_history(settings, api, report.run_id, start, end, progress, again=again)
        _count(report, windows)
        _build_and_publish(settings, report, full=False, progress=progress)
    return report


def reconcile(settings: Settings, *, days: int = 7, progress: Progress | None = None) -> RunReport:
    """Load what changed, compare the last business days with `GET /orders/`, land what differs, publish.

    The report's `reconciliation` holds one entry a channel and day. An order that the list shows and the
    load before did not bring is loaded, and the run ends with exit code 1: the overlap is too small.

    Raises: As sync.
    """
    login = settings.require_login()
    progress = progress or Silent()
    with _running(settings, "reconcile", of_loads=True) as report:
        with timed(report.seconds, "import"):
            from pipelines.landing.reconcile import land_differences
        api, ledger = _load_changes(settings, login, report, None, frozenset(), progress)
        with timed(report.seconds, "compare"):
            known_until = {row["channel"]: row["watermark"] for row in ledger.windows if row["status"] == "complete"}
            comparison = land_differences(settings, api, report.run_id, days, known_until, progress)
        _count(report, ledger.windows + comparison.windows)
        report.reconciliation = comparison.rows(report.run_id, settings.account)
        _build_and_publish(settings, report, full=False, comparison=comparison, progress=progress)
    return report


def _load_changes(
    settings: Settings,
    login: StaticLogin | RotatingLogin,
    report: RunReport,
    since: datetime | None,
    named_channels: frozenset[str],
    progress: Progress,
) -> tuple[InventorumClient, Ledger]:
    """Land what changed since the last run; gives the client for more questions, and what the crawls did."""
    with timed(report.seconds, "import"):
        from pipelines.landing.erasures import cleaner
        from pipelines.landing.load_delta import load_delta
    with timed(report.seconds, "load"):
        api = connect(settings, login, cleaner(settings))
        ledger = load_delta(settings, api, report.run_id, since, named_channels, progress)
    report.seconds |= {f"load: {step}": seconds for step, seconds in ledger.seconds.items()}
    _count(report, ledger.windows)
    return api, ledger


def _judge(report: RunReport, comparison: Comparison) -> None:
    """The exit code and message of a reconciliation, where the crawls themselves went well."""
    if report.exit_code:
        return
    late = sum(len(day.missing_here) for day in comparison.days.values())
    absent = sum(len(day.missing_there) for day in comparison.days.values())
    parts = []
    if late:
        report.exit_code = LATE_FINDS
        parts.append(
            f"{late} orders that `sync` had not brought were found and loaded. Raise "
            "SOURCES__INVENTORUM__OVERLAP_MINUTES: the API shows changes later than that."
        )
    if comparison.suspicious:
        parts.append(
            f"The list lacks many orders of {', '.join(sorted(comparison.suspicious))}: taken for a fault of the API, "
            "none of them was marked."
        )
    elif absent:
        parts.append(
            f"{absent} orders are no longer listed; {len(comparison.confirmed)} of them, also a day ago, count as "
            "missing and are left out of the marts."
        )
    report.message = " ".join(parts)


def build(
    settings: Settings, *, full: bool = False, accept: Sequence[str] = (), progress: Progress | None = None
) -> RunReport:
    """Transform what the landing log holds, check, publish; asks nothing of the API.

    Args:
        accept: Claims of severity `fail` that do not keep the build from being published, until they hold again.
    """
    command = " ".join(["build", *(["--full"] if full else []), *(f"--accept {name}" for name in accept)])
    refuse_home(settings.files)
    landing.refuse_unloaded(settings.files)
    with _running(settings, command) as report:
        landing.complete(settings.files)
        _build_and_publish(settings, report, full=full, accept=accept, progress=progress or Silent())
    return report


def forget(
    settings: Settings,
    customer_id: int,
    *,
    emails: Sequence[str] = (),
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ForgetReport:
    """Take a person out of every file of the home; orders, versions and figures stay as they are.

    Args:
        emails: Addresses under which orders of theirs may stand that lack the id.
        dry_run: Count only.

    Raises:
        SettingsError: Nobody is known by this id or address; nothing was changed.
        InventorumError: As build. Before the landing log is put in place nothing was changed; after that the
            message says so, and the next run finishes it.
    """
    from pipelines.landing import forgetting

    progress = progress or Silent()
    refuse_home(settings.files)
    landing.refuse_unloaded(settings.files)
    with landing.opened(settings.files) as connection:
        held = landing.accounts_in(connection)
        account = held[0] if len(held) == 1 else settings.account
        person = forgetting.Person(account, customer_id, tuple(emails))
        found = forgetting.find(connection, person)
    report = ForgetReport(
        customer_id, len(found.order_ids), found.payloads, len(found.quarantined), found.elsewhere, is_dry_run=dry_run
    )
    if not found:
        at = f" or {', '.join(emails)}" if emails else ""
        raise SettingsError(
            f"No order of the account {account} names the customer {customer_id}{at}, so there is nobody to forget. "
            "Nothing was changed. The id stands in core.dim_customer.customer_id."
        )
    if dry_run:
        traces = find_copies(settings.files)
        report.removed, report.left = traces.removed, traces.left
        return report
    with _running(settings, "forget"):
        landing.complete(settings.files)
        with landing.opened(settings.files) as connection:
            found = forgetting.find(connection, person)  # another run may have ended meanwhile
        erasure_id = forgetting.new_erasure_id()
        write_whole(settings.files.forgetting, json.dumps({"erasure_id": erasure_id}).encode())
        try:
            forgetting.write_anew(settings.files, person, found, erasure_id, progress)
        except BaseException:
            if not forgetting.is_noted(settings.files, erasure_id):
                settings.files.forgetting.unlink()
            raise
        run, traces = _finish_forgetting(settings, progress)
    report.removed, report.left = traces.removed, traces.left
    report.exit_code, report.message = run.exit_code, run.message
    return report


def _finish_forgetting(settings: Settings, progress: Progress) -> tuple[RunReport, Traces]:
    """Make everything anew that was made of a landing log that held the person.

    Raises:
        InventorumError: Something stands in the way; the note stays, so that the next run tries again.
    """
    files, started = settings.files, datetime.now(UTC)
    report = RunReport(landing.new_run_id(started), "forget", started, warehouse=str(files.warehouse))
    try:
        clear_work(files)
        transform.drop_samples(transform_files(files))
        _build_and_publish(settings, report, full=True, progress=progress)
        if files.report.exists():
            write_page(settings)
        traces = find_copies(files)
        remove_copies(traces)
        files.forgetting.unlink()
    except InventorumError as fault:
        fault.args = (f"{fault} {UNFINISHED}", *fault.args[1:])
        raise
    except OSError as fault:
        raise HomeError(f"{fault.filename} could not be removed: {fault.strerror}. {UNFINISHED}") from fault
    return report, traces


def _finish_what_was_begun(settings: Settings) -> None:
    """If a run that forgets a person was cut off: what it had not begun did not happen, the rest is done now."""
    from pipelines.landing import forgetting

    forgetting.clear_draft(settings.files)
    try:
        erasure_id = str(json.loads(settings.files.forgetting.read_bytes())["erasure_id"])
    except (ValueError, LookupError, TypeError):
        erasure_id = ""
    if not erasure_id or forgetting.is_noted(settings.files, erasure_id):
        _finish_forgetting(settings, Silent())
    else:
        settings.files.forgetting.unlink()


def write_page(settings: Settings) -> None:
    """Write the report page of the published warehouse to the home folder."""
    from transforms.readers.report import write_report

    write_report(
        settings.files.warehouse,
        settings.files.report,
        timezone=settings.timezone,
        day_starts_at=settings.day_starts_at,
        currency=settings.currency,
        shop_name=settings.shop_name,
    )


def check(settings: Settings, progress: Progress | None = None) -> list[CheckResult]:
    """Every check over everything that was built; changes nothing."""
    from transforms.runner.check import run_checks

    refuse_home(settings.files)
    landing.refuse_unloaded(settings.files)
    ensure_home(settings.files)
    with exclusive(settings.files.lock, "check"):
        return run_checks(transform_files(settings.files), rules(settings), on_step=(progress or Silent()).update)


def preview(settings: Settings, *, since: datetime | None = None) -> list[dict[str, Any]]:
    """What a sync would read: channel, start_date, orders, requests; loads nothing.

    Asks one order per channel. The figures hold for this moment: the shop goes on.

    Raises:
        InventorumError: What a sync would refuse, too; also where it would go on with other channels.
    """
    from pipelines.landing.clocks import foreseen, refuse_time

    conditions.refuse(settings, of_loads=True)
    api = connect(settings, settings.require_login())
    known = foreseen(settings, api)
    found = []
    for channel in settings.channels:
        start = begin_of(known, channel, since=since, start_date=settings.start_date, overlap=settings.overlap)
        answer = api.orders_delta(channel=channel, start_date=start, page=settings.delta_first_page or 0, limit=1)
        refuse_time(settings, known, channel, answer, any_backstep=since is not None)
        total = answer.page.total or 0
        found.append(
            {"channel": channel, "start_date": start, "orders": total, "requests": max(1, -(-total // ROWS_PER_ANSWER))}
        )
    return found


def rules(settings: Settings) -> transform.Rules:
    """The settings that the SQL depends on."""
    return transform.Rules(
        timezone=settings.timezone,
        day_starts_at=settings.day_starts_at,
        currency=settings.currency,
        prices_include_discount=settings.prices_include_discount,
        shipping_vat=settings.shipping_vat,
        payment_methods=json.dumps(settings.payment_methods, ensure_ascii=False, sort_keys=True),
    )


@contextmanager
def _running(settings: Settings, command: str, *, of_loads: bool = False) -> Iterator[RunReport]:
    """The lock, the conditions, and the run's line in `ops.runs` if it fails; else `_build_and_publish` writes it."""
    os.umask(0o077)
    ensure_home(settings.files)
    with exclusive(settings.files.lock, command):
        conditions.refuse(settings, of_loads=of_loads, has_lock=True)
        landing.prepare(settings.files)
        if settings.files.forgetting.exists():
            _finish_what_was_begun(settings)
        started = datetime.now(UTC)
        report = RunReport(landing.new_run_id(started), command, started, warehouse=str(settings.files.warehouse))
        try:
            yield report
        except InventorumError as error:
            report.exit_code, report.message = error.exit_code, str(error)
            with suppress(TransformError):  # on a full disk not even this can be noted; the fault itself counts
                _record(settings, report)
            raise


def _record(settings: Settings, report: RunReport) -> None:
    transform.record_run(
        transform_files(settings.files),
        transform.RunRecord(
            run_id=report.run_id,
            command=report.command,
            started_at=report.started_at,
            finished_at=datetime.now(UTC),
            exit_code=report.exit_code,
            message="\n".join(filter(None, [report.message, *report.notes])),
            orders_new=report.orders_new,
            orders_changed=report.orders_changed,
            orders_reread=report.orders_unchanged,
            quarantined=report.quarantined,
            requests=report.requests,
            seconds=report.seconds,
            rows=_rows_of_steps(report),
        ),
    )


def _rows_of_steps(report: RunReport) -> dict[str, int]:
    """By the names that the steps have in `seconds`."""
    read = {"load": report.rows_read} if "load" in report.seconds else {}
    return read | {f"build: {table}": rows for table, rows in report.tables.items()}


def _build_and_publish(
    settings: Settings,
    report: RunReport,
    *,
    full: bool,
    accept: Sequence[str] = (),
    comparison: Comparison | None = None,
    progress: Progress,
) -> None:
    files = transform_files(settings.files)
    with timed(report.seconds, "build"):
        built = transform.build(
            files, rules(settings), full=full, accept=accept, run_id=report.run_id, on_step=progress.update
        )
    report.seconds |= {f"build: {step}": round(seconds, 4) for step, seconds in built.seconds.items()}
    report.tables = dict(built.tables)
    report.orders_new, report.orders_changed = built.orders_new, built.orders_changed
    report.checks = list(built.checks)
    report.full_build, report.full_build_reason = built.full, built.reason
    report.accepted = list(built.accepted)
    report.notes += _notes(built)
    _conclude(report)
    if comparison is not None:
        _judge(report, comparison)
    _record(settings, report)  # before publishing, so that readers find the run that made their file
    if built.changed or not settings.files.warehouse.exists():
        progress.update("publish", 0, 1)
        with timed(report.seconds, "publish"):
            published = publication.publish(files, group=settings.published_group)
        report.published = True
        if published.discarded:
            report.message = f"{report.message} {DISCARDED}".lstrip()
    if settings.postgres_url is not None:
        _bring_to_server(settings, settings.postgres_url, report, progress)


def _bring_to_server(settings: Settings, url: str, report: RunReport, progress: Progress) -> None:
    """What the run did here stands, whatever becomes of it there."""
    try:
        with timed(report.seconds, "publish to server"):
            report.server = bring(settings, url, progress)
    except TransformError as fault:
        report.exit_code = report.exit_code or BEHIND
        told = f"{fault} {BEHIND_HERE}"
        report.message = "\n".join(filter(None, [report.message, told]))
        _record(settings, report)


def _notes(built: transform.BuildReport) -> list[str]:
    """What became of claims that broke or were accepted as broken, and of books; said once the build is published."""
    notes = []
    if built.mended:
        notes.append(
            f"{', '.join(built.mended)} did not hold in an incremental build. That was rolled back and everything was "
            "built from the landing log; there it holds, and this is what is published. It is a bug of the "
            "program: the rows are kept in ops.broken_claims, and `inventorum doctor --bundle` writes what its "
            "maintainers need to mend it."
        )
    if built.accepted:
        notes.append(
            f"Published although {', '.join(built.accepted)} does not hold, as was accepted: noted in ops.checks, "
            "ops.accepted_claims, marts.data_quality, `inventorum status` and the report until it holds again. "
            "Until then each run with news builds everything."
        )
    if built.rebooked:
        notes.append(
            f"The books of {', '.join(built.rebooked)} are not those that were published before ({built.reason}). If a "
            "month was handed on already, compare it with marts.vat_return."
        )
    if built.lapsed:
        notes.append(f"{', '.join(built.lapsed)} holds, so that nothing is to be accepted.")
    return notes


def _count(report: RunReport, windows: list[dict[str, Any]]) -> None:
    report.channels = sorted(windows, key=lambda window: str(window["channel"]))
    report.requests = sum(window["requests"] for window in windows)
    report.rows_read = sum(window["row_count"] for window in windows)
    report.quarantined = sum(window["quarantined"] for window in windows)


def _conclude(report: RunReport) -> None:
    """The exit code of a run that has loaded and built, and its reason."""
    read = sum(window["distinct_ids"] for window in report.channels)
    report.orders_unchanged = max(0, read - report.orders_new - report.orders_changed)
    broken = [window for window in report.channels if window["status"] == "incomplete"]
    if broken:
        report.exit_code = INCOMPLETE
        names = ", ".join(window["channel"] for window in broken)
        report.message = f"Not complete: {names}. The cursors of these channels stay; run `inventorum sync` again."
    elif report.quarantined:
        report.exit_code = QUARANTINED
        report.message = f"{report.quarantined} records could not be stored as orders; see raw.quarantine."
