"""A whole shop with a past: the same arguments give the same orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random

from pipelines.sandbox.account import CHANNELS
from pipelines.sandbox.assortment import Assortment
from pipelines.sandbox.clock import Clock, When, moment
from pipelines.sandbox.people import acquaint
from pipelines.sandbox.rhythm import Calendar
from pipelines.sandbox.sales import Cashier
from pipelines.sandbox.shop import Shop
from pipelines.sandbox.trading import Trader, placed

SHARES = {
    "ipad": 0.70,
    "shop": 0.15,
    "click_and_collect": 0.06,
    "ebay": 0.05,
    "atalanda": 0.02,
    "ece": 0.01,
    "backoffice": 0.01,
}


def make_shop(
    seed: int = 1,
    *,
    orders: int = 2000,
    days: int = 120,
    end: When = None,
    products: int = 160,
    customers: int | None = None,
    channels: Sequence[str] | Mapping[str, float] | None = None,
    samples: bool = True,
    clock: Clock | None = None,
    timezone: str = "Europe/Berlin",
    discounts_in_prices: bool = True,
) -> Shop:
    """A German shop for outdoor gear and things to eat, with some months behind it.

    Args:
        seed: Other seeds give other shops.
        orders: Number of orders, beside the two of the documentation.
        days: Length of its past.
        end: Where the past ends (default: now by its clock).
        products: Number of products.
        customers: Number of customers it knows; default: one for eight orders.
        channels: Those it sells on, or the share of each; default: all seven.
        samples: Whether the documentation's two orders are among its orders.
        clock: Default: runs from `end`, or as the real one.
        timezone: Where its day begins.
        discounts_in_prices: Whether the prices of answers are after discount.

    Raises:
        ValueError: An unknown channel.
    """
    shares = _shares(channels)
    clock = clock or Clock(end)
    shop = Shop(clock=clock, timezone=timezone, samples=samples, discounts_in_prices=discounts_in_prices)
    rng = Random(seed)  # noqa: S311
    until = moment(end) if end else clock.now()
    assortment = Assortment(shop.products, rng, products)
    regulars = acquaint(shop.customers, rng, customers if customers is not None else max(20, orders // 8))
    cashier = Cashier(shop, assortment, regulars, rng)
    calendar = Calendar(until - timedelta(days=days), until, timezone)
    second = int(until.timestamp())
    courses = [cashier.course(channel, added, second) for added, channel in placed(rng, calendar, orders, shares)]
    for course in sorted(courses, key=lambda course: course.completed):
        cashier.number(course)
    for place, course in enumerate(courses):
        cashier.sell(course, place / len(courses))
    shop.trader = Trader(cashier, shares, orders, calendar, seed)
    return shop


def _shares(channels: Sequence[str] | Mapping[str, float] | None) -> dict[str, float]:
    if channels is None:
        return dict(SHARES)
    unknown = set(channels) - set(CHANNELS)
    if unknown:
        raise ValueError(f"no channel {', '.join(sorted(unknown))}; there are {', '.join(CHANNELS)}")
    return dict(channels) if isinstance(channels, Mapping) else {name: SHARES[name] for name in channels}
