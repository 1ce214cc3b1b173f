"""The demo: a made-up shop, loaded over HTTP, trades on and is loaded again."""

from __future__ import annotations

import shlex
import shutil
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.errors import HomeError
from pipelines.sandbox import trading
from pipelines.settings import CHANNELS, Files, Settings, StaticLogin, ensure_home
from pipelines.terminal import Common, console, program, short, show_json, show_table

if TYPE_CHECKING:
    from pipelines.progress import Progress
    from pipelines.run import RunReport
    from pipelines.sandbox.trading import Trade


ACCOUNT = "demo"
HOURS_BETWEEN = 24  # how long the shop trades between the two loads; its clock ends where ours is

LAST_DAYS = """
select
    business_date,
    sum(order_count) as orders,
    sum(gross_amount) as gross,
    sum(net_amount) as net,
    sum(vat_amount) as vat,
    sum(refund_amount) as refunds
from marts.sales_by_day
group by business_date
order by business_date desc
limit 7
"""

BEST_SELLERS = """
select product_name, sum(quantity) as sold, sum(line_gross_amount) as gross
from core.fct_order_items
where order_class = 'sale'
group by product_name
order by gross desc, product_name
limit 5
"""


@dataclass(frozen=True)
class Demo:
    """What the demo did and found.

    Attributes:
        first: The run that loaded everything.
        traded: What the shop did between the two loads: event to count.
        second: The run that loaded what had changed.
        last_days: business date, orders, gross, net, VAT, refunds of the last days.
        best_sellers: product, quantity, gross.
        files: What lies where, as paths to type in the current folder.
        next: Commands to type in the current folder, with what they show.
    """

    first: RunReport
    traded: dict[str, int]
    second: RunReport
    last_days: list[tuple[date, int, Decimal, Decimal, Decimal, Decimal]]
    best_sellers: list[tuple[str, Decimal, Decimal]]
    currency: str
    files: dict[str, str] = field(default_factory=dict)
    next: dict[str, str] = field(default_factory=dict)


def run_demo(settings: Settings, *, orders: int, days: int, seed: int, progress: Progress) -> Demo:
    """Serve a shop on loopback, load it, let it trade, load again.

    The rules for figures are those of the settings; which orders are read is not: the account is another.

    Raises:
        HomeError: The home folder holds something else than an earlier demo.
        LockedError: Another run or program holds the files.
    """
    from pipelines import run
    from pipelines.sandbox.generator import make_shop
    from pipelines.sandbox.server import Sandbox
    from transforms.readers.published import open_published

    _start_afresh(settings.files)
    yesterday = datetime.now(UTC) - timedelta(hours=HOURS_BETWEEN)
    shop = make_shop(seed=seed, orders=orders, days=days, end=yesterday)
    with Sandbox(shop) as sandbox:
        pointed = replace(
            settings,
            base_url=sandbox.base_url,
            login=StaticLogin(sandbox.access_token),
            account=ACCOUNT,
            channels=CHANNELS,
            start_date=None,
            delta_first_page=None,
            postgres_url=None,  # the real shop's
            requests_per_second=500.0,  # the limit protects the real API, not our own server
        )
        first = run.sync(pointed, command="demo: first load", progress=progress)
        traded = trading.trade(shop, sales=max(5, orders // 100), hours=HOURS_BETWEEN, seed=seed)
        second = run.sync(pointed, command="demo: second load", progress=progress)
    run.write_page(settings)
    with closing(open_published(settings.files.warehouse)) as connection:
        last_days = connection.execute(LAST_DAYS).fetchall()
        best_sellers = connection.execute(BEST_SELLERS).fetchall()
    files = {
        "the warehouse, for every reader": settings.files.warehouse,
        "the report page: open it in a browser": settings.files.report,
        "every order as it was sent": settings.files.landing,
    }
    return Demo(
        first,
        _counts(traded),
        second,
        last_days,
        best_sellers,
        settings.currency,
        {what: short(path) for what, path in files.items()},
        _next_commands(settings.files.home),
    )


def show_demo(demo: Demo) -> None:
    """Print what a newcomer wants to see."""
    out = console()
    _show_load("First load", demo.first)
    happened = ", ".join(f"{count} {event}" for event, count in demo.traded.items() if count)
    out.print(f"\nThe shop traded on: {happened}.", markup=False)
    _show_load("Second load", demo.second)
    out.print(f"\nThe last days, in {demo.currency} (marts.sales_by_day)", style="bold")
    show_table(["day", "orders", "gross", "net", "VAT", "refunds"], demo.last_days)
    out.print(f"Best sellers, in {demo.currency} (core.fct_order_items)", style="bold")
    show_table(["product", "sold", "gross"], demo.best_sellers)
    out.print("Where things are", style="bold")
    width = max(map(len, demo.files.values()))
    for what, path in demo.files.items():
        out.print(f"  {path:<{width}}  {what}", markup=False, soft_wrap=True)
    out.print("\nWhat to type next", style="bold")
    for line, why in demo.next.items():
        out.print(f"  {line}\n      {why}", markup=False, soft_wrap=True)


QUESTION = "select month, tax_rate_label, gross_amount, vat_amount from vat_return order by month desc limit 6"


def _next_commands(home: Path) -> dict[str, str]:
    """Commands that work when they are typed as they stand, with what they show."""
    there = f"--home {shlex.quote(short(home))}"
    return {
        f"{program()} status {there}": "how far loading has come, what the checks say",
        f"{program()} tables {there}": "every table; with a name behind it, its columns",
        f'{program()} query "{QUESTION}" {there}': "ask in SQL",
        f"{program()} explain 8791312 {there}": "one order, back to the bytes",
        f"{program()} init": 'your own account: README, "Your account"',
    }


def _show_load(title: str, report: RunReport) -> None:
    seconds = {step: s for step, s in report.seconds.items() if ":" not in step}
    spent = ", ".join(f"{step} {value:.1f} s" for step, value in seconds.items() if value >= 0.05)
    out = console()
    out.print(title, style="bold")
    out.print(
        f"  {report.orders_new} new orders, {report.orders_changed} changed, "
        f"{report.orders_unchanged} read again unchanged\n"
        f"  {report.requests} requests; {sum(seconds.values()):.1f} s: {spent}",
        markup=False,
    )


def _start_afresh(files: Files) -> None:
    """Remove an earlier demo; never anything else."""
    from pipelines.lock import exclusive
    from transforms.runner.database_file import remove_database

    _refuse_anything_else(files)
    ensure_home(files)
    with exclusive(files.lock, "demo"):
        for database in (files.landing, files.warehouse):
            remove_database(database)
        for left in files.work.iterdir():
            if left == files.lock:
                continue
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _refuse_anything_else(files: Files) -> None:
    """Let pass a folder that is missing, empty, or an earlier demo's, however far that one came."""
    from pipelines.landing import log

    advice = f"Nothing was changed. Give the demo a folder of its own: `{program()} demo --home FOLDER`."
    if files.landing.exists():
        with log.opened(files) as connection:
            accounts = log.accounts_in(connection)
        others = [account for account in accounts if account != ACCOUNT]
        if others:
            raise HomeError(f"{files.home} holds the orders of account {others[0]!r}: no demo goes there. {advice}")
    if files.token.exists():
        raise HomeError(f"{files.home} holds the login of a real account. {advice}")
    if not files.landing.exists() and files.home.is_dir():
        foreign = sorted(path.name for path in files.home.iterdir() if path != files.work)
        if foreign:
            raise HomeError(f"{files.home} holds {foreign[0]!r}, and no earlier demo. {advice}")


def _counts(traded: Trade) -> dict[str, int]:
    from dataclasses import asdict

    return {event: count for event, count in asdict(traded).items() if isinstance(count, int)}


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
