"""Five report tables recomputed from the raw JSON with pandas and Decimal.

Written from DESIGN 5.2 to 5.4 and the description of the API, not from the SQL: whoever changes a rule there changes
it here in their own words. Loads are those of `tests.support.landing_file`; only complete ones count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from tests.support.landing_file import Load, payload_of
from tests.support.oracle_books import Books, keep_books, reads_and_crawls, shipping_by_rate
from tests.support.oracle_receipts import Line, cents_of, lines_of, net_of

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
DRAFT, CANCELED, CLOSED, TEST_PRINT, PAID = 1, 4, 8, 128, 256
Row = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """Orders in their latest version, one row per order, item, payment and rate of shipping; money in Decimal."""

    orders: pd.DataFrame
    items: pd.DataFrame
    payments: pd.DataFrame
    known: Mapping[str, date]
    freights: pd.DataFrame


def read_shop(
    loads: Sequence[Load], timezone: str = "Europe/Berlin", day_starts_at: int = 0, books: Books | None = None
) -> Shop:
    """What a careful clerk would note down from the payloads.

    Args:
        books: Those of the loads, where their crawls are not what the loads say.
    """
    day = _Calendar(ZoneInfo(timezone), day_starts_at)
    latest: dict[int, Row] = {}
    reads = [
        (load.watermark, number, sequence, payload_of(order))
        for number, load in enumerate(loads)
        for sequence, order in enumerate(load.orders)
        if load.status == 0
    ]
    for _, _, _, payload in sorted(reads, key=lambda read: read[:3]):
        order = json.loads(payload, parse_float=Decimal)
        latest[order["id"]] = order
    books = books or keep_books(*reads_and_crawls(loads), timezone, day_starts_at)
    orders, items, payments, freights = [], [], [], []
    for order in latest.values():
        completed = order["completed_at"] or order["time_added"]
        head = {
            "order_id": order["id"],
            "channel": order["channel"],
            "customer_id": (order["customer"] or {}).get("id"),
            "is_sale": _is_sale(order["state"]),
            "business_date": day.of(datetime.fromisoformat(completed)),
            "refund_date": books.refunds.get(order["id"]),
        }
        lines = [_line(line) for line in lines_of(order)]
        freight = shipping_by_rate(order)
        paid = [
            {
                "payment_id": payment["id"],
                "payment_method": payment["payment_method"],
                "payment_amount": cents_of(payment["payment_amount"]),
            }
            for payment in order["payments"]
        ]
        shipping = {rate: (cost, cost if rate is None else net_of(cost, rate)) for rate, cost in freight.items()}
        orders.append(
            head
            | _sums(lines)
            | {
                "is_canceled": bool(order["state"] & CANCELED) and not order["state"] & (TEST_PRINT | DRAFT),
                "shipping_gross": sum((cost for cost, _ in shipping.values()), ZERO),
                "shipping_net": sum((net for _, net in shipping.values()), ZERO),
            }
        )
        freights += [
            head | {"tax_rate": rate, "shipping_gross": cost, "shipping_net": net}
            for rate, (cost, net) in shipping.items()
            if lines
        ]
        items += [head | line for line in lines]
        payments += [head | payment for payment in paid]
    known = {channel: day.of(moment) for channel, moment in books.crawled.items()}
    tables = (pd.DataFrame(rows) for rows in (orders, items, payments))
    return Shop(*tables, known, pd.DataFrame(freights))


class _Calendar:
    def __init__(self, zone: ZoneInfo, day_starts_at: int) -> None:
        self.zone = zone
        self.shift = timedelta(hours=day_starts_at)

    def of(self, moment: datetime) -> date:
        return (moment.astimezone(self.zone).replace(tzinfo=None) - self.shift).date()


def _is_sale(state: int) -> bool:
    return not state & (TEST_PRINT | DRAFT | CANCELED) and bool(state & (PAID | CLOSED))


def _line(line: Line) -> Row:
    return {
        "product_id": line.product_id,
        "tax_rate": line.tax_rate,
        "quantity": line.quantity,
        "gross_amount": line.gross,
        "net_amount": line.net,
        "vat_amount": line.gross - line.net,
        "refund_amount": line.refund,
    }


def _sums(lines: Iterable[Row]) -> Row:
    lines = list(lines)
    return {
        name: sum((line[name] for line in lines), Decimal(0))
        for name in ("quantity", "gross_amount", "net_amount", "vat_amount", "refund_amount")
    }


def _total(rows: pd.DataFrame, by: list[str], **measures: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Exact sums per group; a measure named `count` counts distinct orders."""
    result = {}
    for key, group in rows.groupby(by, dropna=False, sort=True):
        values = [
            group["order_id"].nunique() if column == "count" else sum(group[column], Decimal(0))
            for column in measures.values()
        ]
        result[tuple(None if pd.isna(part) else part for part in key)] = tuple(values)
    return result


def sales_by_day(shop: Shop) -> dict[tuple[date, str], tuple[Any, ...]]:
    """(business_date, channel) -> orders, quantity, gross, net, VAT, shipping gross and net, refunded, canceled.

    Of each channel every day from its first figure to its last complete crawl, and later ones with figures.
    """
    sales = shop.orders[shop.orders["is_sale"]]
    sold = _total(
        sales,
        ["business_date", "channel"],
        orders="count",
        quantity="quantity",
        gross="gross_amount",
        net="net_amount",
        vat="vat_amount",
        shipping="shipping_gross",
        shipping_net="shipping_net",
    )
    refunds = sales[sales["refund_date"].notna()]
    refunded = _total(refunds, ["refund_date", "channel"], gross="refund_amount")
    canceled = _total(shop.orders[shop.orders["is_canceled"]], ["business_date", "channel"], gross="gross_amount")
    figures = {*zip(shop.orders["business_date"], shop.orders["channel"], strict=True), *refunded}
    return {
        (day, channel): (
            *sold.get((day, channel), (0, Decimal(0), ZERO, ZERO, ZERO, ZERO, ZERO)),
            *refunded.get((day, channel), (ZERO,)),
            *canceled.get((day, channel), (ZERO,)),
        )
        for day, channel in figures | _days_known(figures, shop.known)
    }


def _days_known(figures: set[tuple[date, str]], known: Mapping[str, date]) -> set[tuple[date, str]]:
    """Of each channel the days from its first figure to that of its last complete crawl, or to its last figure."""
    days: dict[str, list[date]] = {}
    for day, channel in figures:
        days.setdefault(channel, []).append(day)
    return {
        (min(found) + timedelta(days=number), channel)
        for channel, found in days.items()
        for number in range((known.get(channel, max(found)) - min(found)).days + 1)
    }


def vat_by_month(shop: Shop) -> dict[tuple[date, Decimal, str], tuple[Decimal, ...]]:
    """(month, tax_rate, channel) -> gross, net, VAT, gross and net of shipping."""
    keys = ["month", "tax_rate", "channel"]
    sold, sent = (rows[rows["is_sale"]].copy() for rows in (shop.items, shop.freights))
    for rows in (sold, sent):
        rows["month"] = [day.replace(day=1) for day in rows["business_date"]]
    goods = _total(sold, keys, gross="gross_amount", net="net_amount", vat="vat_amount")
    freight = _total(sent, keys, gross="shipping_gross", net="shipping_net")
    return {key: (*amounts, *freight.get(key, (ZERO, ZERO))) for key, amounts in goods.items()}


def sales_by_product(shop: Shop) -> dict[tuple[int | None], tuple[Any, ...]]:
    """(product_id, None for lines without one) -> orders, quantity, gross, net, VAT, first and last day sold."""
    sold = shop.items[shop.items["is_sale"]]
    sums = _total(
        sold,
        ["product_id"],
        orders="count",
        quantity="quantity",
        gross="gross_amount",
        net="net_amount",
        vat="vat_amount",
    )
    days = sold.groupby("product_id", dropna=False)["business_date"].agg(["min", "max"])
    span = {None if pd.isna(key) else int(key): (first, last) for key, first, last in days.itertuples()}
    return {
        (None if key is None else int(key),): (*values, *span[None if key is None else int(key)])
        for (key,), values in sums.items()
    }


def customers(shop: Shop) -> dict[tuple[int], tuple[Any, ...]]:
    """customer_id -> first and last day, orders, gross, days since the last order, scores R, F and M.

    M is of what the shop kept after refunds.
    Sales without a customer are nobody's. Days count back from the account's latest business date with a sale.
    """
    sales = shop.orders[shop.orders["is_sale"]]
    today = max(sales["business_date"])
    result = {}
    for customer, group in sales[sales["customer_id"].notna()].groupby("customer_id"):
        first, last = min(group["business_date"]), max(group["business_date"])
        orders, gross = len(group), sum(group["gross_amount"], Decimal(0))
        kept = gross - sum(group["refund_amount"], Decimal(0))
        age = (today - last).days
        result[int(customer),] = (
            first,
            last,
            orders,
            gross,
            age,
            5 - sum(age > limit for limit in (30, 90, 180, 365)),
            1 + sum(orders >= limit for limit in (2, 3, 5, 10)),
            1 + sum(kept >= limit for limit in (50, 150, 500, 1000)),
        )
    return result
