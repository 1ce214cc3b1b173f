"""The shop goes on trading: new sales, and what becomes of the orders that are still open."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from pipelines.sandbox.assortment import Assortment
from pipelines.sandbox.lifecycle import TILL, Course
from pipelines.sandbox.orders import Order
from pipelines.sandbox.payload import CANCELED, DELIVERED, DRAFT, PAID, REFUNDED, SHIPPED, TEST_PRINT
from pipelines.sandbox.people import acquaint
from pipelines.sandbox.rhythm import Calendar, opening_hours
from pipelines.sandbox.sales import Cashier
from pipelines.sandbox.shop import Shop

TRADING_DAY = 8  # opening hours of the till that a round lasts unless it is told otherwise
RETURNED, REGRETTED = 0.015, 0.006  # shares of sales that are refunded or cancelled later
LOOK_BACK = timedelta(days=14)

Event = tuple[float, Callable[[datetime], object]]
"""When, in seconds since 1970, and what."""


@dataclass
class Trade:
    """What happened between two times; each number counts orders."""

    start: datetime
    end: datetime
    sales: int = 0
    paid: int = 0
    shipped: int = 0
    delivered: int = 0
    canceled: int = 0
    refunded: int = 0

    @property
    def changed(self) -> int:
        """Changes of orders that were there before."""
        return self.paid + self.shipped + self.delivered + self.canceled + self.refunded

    def __str__(self) -> str:
        counts = [(field.name, getattr(self, field.name)) for field in fields(self)[2:]]
        return ", ".join(f"{count} {name}" for name, count in counts if count) or "nothing"


class Trader:
    """Lets a shop go on."""

    def __init__(self, cashier: Cashier, shares: Mapping[str, float], sales: int, past: Calendar, seed: int) -> None:
        """Prepares further rounds.

        Args:
            cashier: Makes the sales.
            shares: Channels with their share of the sales.
            sales: Number of sales in the past, which goes on at the same pace.
            past: The days in which they happened.
            seed: Each round goes on from it in its own way.
        """
        self._cashier, self._seed = cashier, seed
        self._shop = cashier.shop
        self._growth_from = past.days[0]
        self._shares = {channel: share / sum(shares.values()) for channel, share in shares.items()}
        self._per_day = sales / (self._expected(past, 1) or 1)
        self._rounds = 0

    @classmethod
    def of(cls, shop: Shop) -> Trader:
        """A trader for a shop that was not generated: with wares and customers of its own."""
        rng = Random(1)  # noqa: S311
        regulars = acquaint(shop.customers, rng, 20)
        cashier = Cashier(shop, Assortment(shop.products, rng, 60), regulars, rng)
        now = shop.clock.now()
        past = Calendar(now - timedelta(days=30), now, shop.timezone)
        return cls(cashier, {"ipad": 0.8, "shop": 0.2}, 600, past, 1)

    def trade(self, sales: int | None = None, hours: float | None = None, seed: int | None = None) -> Trade:
        """See the function of this name."""
        self._rounds += 1
        rng = Random(f"{self._seed if seed is None else seed}/{self._rounds}")  # noqa: S311
        self._cashier.rng = rng
        start = self._shop.clock.now()
        end = start + (timedelta(hours=hours) if hours is not None else self._trading_day(start))
        trade = Trade(start, end)
        timeline = self._changes(rng, trade)
        second = int(end.timestamp())
        courses = [
            self._cashier.course(channel, added, second) for added, channel in self._sales(rng, start, end, sales)
        ]
        timeline += [self._numbering(course) for course in courses]
        for at, event in sorted(timeline, key=lambda entry: entry[0]):
            event(datetime.fromtimestamp(at, UTC))
        self._shop.clock.reach(end)
        for course in courses:
            self._cashier.sell(course, 1)
        trade.sales = len(courses)
        return trade

    def _numbering(self, course: Course) -> Event:
        return course.completed, lambda _: self._cashier.number(course)

    def _trading_day(self, start: datetime) -> timedelta:
        """From a time until the till has been open for a day's hours."""
        zone = ZoneInfo(self._shop.timezone)
        hours = still_open = 0
        while still_open < TRADING_DAY:
            local = (start + timedelta(hours=hours)).astimezone(zone)
            still_open += local.hour in opening_hours(local.date())
            hours += 1
        return timedelta(hours=hours)

    def _sales(self, rng: Random, start: datetime, end: datetime, count: int | None) -> list[tuple[int, str]]:
        calendar = Calendar(start, end, self._shop.timezone, growth_from=self._growth_from)
        if count is None:
            count = int(self._expected(calendar, self._per_day) + rng.random())
        return placed(rng, calendar, count, self._shares)

    def _expected(self, calendar: Calendar, per_day: float) -> float:
        at_till = sum(share for channel, share in self._shares.items() if channel in TILL)
        return at_till * calendar.expected(per_day, online=False) + (1 - at_till) * calendar.expected(
            per_day, online=True
        )

    def _changes(self, rng: Random, trade: Trade) -> list[Event]:
        """What will happen to older orders; planted ones are left alone."""
        shop, first, last = self._shop, trade.start.timestamp(), trade.end.timestamp()
        hours = (last - first) / 3600
        timeline: list[Event] = []
        acts: dict[str, Callable[[int, datetime], None]] = {
            "paid": shop.pay,
            "shipped": shop.ship,
            "delivered": shop.deliver,
            "canceled": shop.cancel,
            "refunded": shop.refund,
        }

        def happen(name: str, order: Order) -> None:
            timeline.append((rng.uniform(first, last), lambda at: acts[name](order.key, at)))
            setattr(trade, name, getattr(trade, name) + 1)

        older = [order for order in shop.orders.values() if not order.planted]
        for order in older:
            name, mean_hours = _next_step(order)
            if name and rng.random() < 1 - math.exp(-hours / mean_hours):
                happen(name, order)
        since = (first - LOOK_BACK.total_seconds()) * 1_000_000
        sold = [
            order
            for order in older
            if order.added >= since
            and order.state & PAID
            and order.state & DELIVERED
            and not order.state & (CANCELED | REFUNDED | TEST_PRINT)
        ]
        for name, share in (("refunded", RETURNED), ("canceled", REGRETTED)):
            count = int(self._per_day * hours / 24 * share + rng.random())
            count = max(count, 1) if hours >= TRADING_DAY else count
            chosen = rng.sample(sold, min(count, len(sold)))
            for order in chosen:
                happen(name, order)
                sold.remove(order)
        return timeline


def _next_step(order: Order) -> tuple[str, float]:
    """What an open order waits for, and the mean time until then in hours; "" if it waits for nothing."""
    state = order.state
    if state & (CANCELED | TEST_PRINT | REFUNDED):
        return "", 1
    if state & DRAFT:
        return "paid", 60
    if not state & PAID:
        return "paid", 250 if state & SHIPPED else 40
    if order.channel in TILL:
        return "", 1
    if not state & SHIPPED:
        return "shipped", 20
    return ("", 1) if state & DELIVERED else ("delivered", 40)


def placed(rng: Random, calendar: Calendar, count: int, shares: Mapping[str, float]) -> list[tuple[int, str]]:
    """(time, channel) of sales, in the order of time; what the till cannot take while closed goes online."""
    drawn = rng.choices(list(shares), list(shares.values()), k=count)
    at_till = calendar.moments(rng, sum(channel in TILL for channel in drawn), online=False)
    mailed = [channel for channel in drawn if channel not in TILL]
    missing = count - len(at_till) - len(mailed)
    mailed += [next((channel for channel in shares if channel not in TILL), "ipad")] * missing
    online = calendar.moments(rng, len(mailed), online=True)
    return sorted([*((at, "ipad") for at in at_till), *zip(online, mailed, strict=False)])


def trade(shop: Shop, sales: int | None = None, hours: float | None = None, seed: int | None = None) -> Trade:
    """Let a shop go on trading from now: new sales, and open orders are paid, sent, delivered; some come back.

    The clock is moved to the end of that time. In eight hours or more at least one older sale is
    cancelled and one refunded.

    Args:
        sales: Number of new sales; default: what the hour, weekday and season suggest.
        hours: How long; default: until the till has been open for eight hours.
        seed: Default: the shop's own, different in each round.
    """
    with shop.lock:
        trader = shop.trader if isinstance(shop.trader, Trader) else Trader.of(shop)
        shop.trader = trader
        return trader.trade(sales, hours, seed)
