"""The demo: a made-up shop, loaded over HTTP, trades on and is loaded again."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import run
from pipelines.errors import HomeError
from pipelines.landing import log as landing
from pipelines.progress import Progress
from pipelines.settings import Files, Settings, StaticLogin
from pipelines.terminal import console, show_table
from transforms.readers.published import open_published

if TYPE_CHECKING:
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
    """

    first: run.RunReport
    traded: dict[str, int]
    second: run.RunReport
    last_days: list[tuple[date, int, Decimal, Decimal, Decimal, Decimal]]
    best_sellers: list[tuple[str, Decimal, Decimal]]
    currency: str
    files: dict[str, str] = field(default_factory=dict)


def run_demo(settings: Settings, *, orders: int, days: int, seed: int, progress: Progress) -> Demo:
    """Serve a shop on loopback, load it, let it trade, load again.

    Raises:
        HomeError: The home folder holds the orders of a real account.
    """
    from pipelines.sandbox.generator import make_shop
    from pipelines.sandbox.server import Sandbox

    _start_afresh(settings.files)
    yesterday = datetime.now(UTC) - timedelta(hours=HOURS_BETWEEN)
    shop = make_shop(seed=seed, orders=orders, days=days, end=yesterday)
    with Sandbox(shop) as sandbox:
        pointed = replace(
            settings,
            base_url=sandbox.base_url,
            login=StaticLogin(sandbox.access_token),
            account=ACCOUNT,
            requests_per_second=500.0,  # the limit protects the real API, not our own server
        )
        first = run.sync(pointed, command="demo: first load", progress=progress)
        traded = shop.trade(sales=max(5, orders // 100), hours=HOURS_BETWEEN, seed=seed)
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
        {what: _short(path) for what, path in files.items()},
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
    for line, why in (
        ("inventorum status", "how far loading has come, what the checks say"),
        ("inventorum tables", "every table; `tables NAME` its columns"),
        ('inventorum query "from marts.vat_by_month"', "ask in SQL"),
        ("inventorum explain 8791312", "one order, back to the bytes"),
        ("inventorum init", 'your own account: README, "Your account"'),
    ):
        out.print(f"  {line:<42} {why}", markup=False, soft_wrap=True)


def _show_load(title: str, report: run.RunReport) -> None:
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
    """Remove an earlier demo; never anything of a real account."""
    if not files.landing.exists():
        return
    with landing.opened(files) as connection:
        accounts = (
            [row[0] for row in connection.execute("select distinct account from raw.windows").fetchall()]
            if landing.has_table(connection, "windows")
            else []
        )
    if any(account != ACCOUNT for account in accounts):
        raise HomeError(
            f"{files.home} holds the orders of account {accounts[0]!r}; the demo would mix its own among them. "
            "Nothing was changed. Give the demo a folder of its own: `inventorum demo --home demo`."
        )
    import shutil

    files.landing.unlink()
    files.warehouse.unlink(missing_ok=True)
    shutil.rmtree(files.work, ignore_errors=True)


def _short(path: Path) -> str:
    """Relative to the current folder where it lies below it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _counts(traded: Trade) -> dict[str, int]:
    from dataclasses import asdict

    return {event: count for event, count in asdict(traded).items() if isinstance(count, int)}
