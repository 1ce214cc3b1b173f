"""Questions as a retailer, an accountant and an analyst type them who know no more than `inventorum tables`.

Each is the first query that comes to mind; its answer is recomputed from the payloads (`tests.support.oracle`).
A query that goes wrong here is mended by a name, a view or a comment, not by a cleverer query.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import holidays
import pytest

from tests.support import oracle
from tests.support.oracle_books import Books, keep_books, reads_and_crawls
from tests.support.oracle_receipts import lines_of
from tests.support.random_shop import random_loads
from tests.support.warehouse import Warehouse
from transforms.readers.dictionary import Table, describe
from transforms.readers.docs.relations import relations
from transforms.readers.published import open_published
from transforms.runner.publish import publish

BERLIN = ZoneInfo("Europe/Berlin")
DAY, PRODUCT = "2025-10-26", 505
CENT = Decimal("0.01")
Row = dict[str, Any]
Answer = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Known:
    """What the payloads say, one row each.

    Attributes:
        sales: With what the payloads say of an order beside its sums.
        lines: Of sales.
        payments: Of sales.
        orders: Of any class.
        tables: What the published file says of its tables.
    """

    sales: list[Row]
    lines: list[Row]
    payments: list[Row]
    orders: list[Row]
    books: Books
    tables: list[Table]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, Known]:
    """A published shop and what is known of it."""
    loads = random_loads(77, orders=600, loads=3)
    warehouse = Warehouse(tmp_path_factory.mktemp("shop"))
    warehouse.load(*loads)
    publish(warehouse.files)
    books = keep_books(*reads_and_crawls(loads))
    read = oracle.read_shop(loads, books=books)
    sent: dict[int, Row] = {}
    for load in loads:
        sent |= {order["id"]: json.loads(json.dumps(order)) for order in load.orders}
    orders = [row | _beside(sent[row["order_id"]]) for row in read.orders.to_dict("records")]
    by_id = {row["order_id"]: row for row in orders}
    known = Known(
        sales=[row for row in orders if row["is_sale"]],
        lines=[by_id[row["order_id"]] | row for row in read.items.to_dict("records") if row["is_sale"]],
        payments=[row for row in read.payments.to_dict("records") if row["is_sale"]],
        orders=orders,
        books=books,
        tables=describe(warehouse.files.published),
    )
    return open_published(warehouse.files.published), known


def _beside(order: Row) -> Row:
    done = datetime.fromisoformat(order["completed_at"] or order["time_added"]).astimezone(BERLIN)
    shipment = order["shipment"]
    state = order["state"]
    return {
        "user_id": order["user_id"],
        "hour": done.hour,
        "weekday": done.weekday() + 1,
        "month": done.date().replace(day=1),
        "year": done.year,
        "customer": (order["customer"] or {}).get("id"),
        "shipping": Decimal(shipment["cost"]).quantize(CENT, ROUND_HALF_UP) if shipment else Decimal(0),
        "is_refunded": bool(state & 16),
        "is_canceled": bool(state & 4) and not state & (1 | 128),
        "is_open": not state & (1 | 4 | 128 | 256 | 8 | 16),
        "refund": sum((line.refund for line in lines_of(order)), Decimal(0)),
        "item_count": len(order["basket"]["items"]),
    }


def total(rows: Iterable[Row], by: str | Callable[[Row], Any] | None, *measures: str | Callable[[Row], Any]) -> Answer:
    """Sums by one key, as SQL gives them; `1` counts rows."""
    sums: dict[Any, list[Any]] = defaultdict(lambda: [0] * len(measures))
    for row in rows:
        key = row[by] if isinstance(by, str) else by(row) if by else None
        for place, measure in enumerate(measures):
            sums[key][place] += 1 if measure == "1" else row[measure] if isinstance(measure, str) else measure(row)
    return [(*((key,) if by else ()), *values) for key, values in sums.items()]


def refunded(row: Row) -> Decimal:
    """What was given back of a sale."""
    return row["refund"]


def kept(row: Row) -> Decimal:
    """What remains of a sale after its refund."""
    return row["gross_amount"] - row["refund"]


def on_the_day(known: Known) -> list[Row]:
    """The sales of one day."""
    return [row for row in known.sales if str(row["business_date"]) == DAY]


def is_holiday(day: date) -> bool:
    """Whether all of Germany keeps it."""
    return day in holidays.country_holidays("DE", years=day.year)


def product_of(row: Row) -> int | None:
    """The product of a line; pandas shows a missing one as a number that equals nothing."""
    product = row["product_id"]
    return None if product != product else int(product)


def first_visits(known: Known) -> dict[int, date]:
    """The month of each customer's first sale."""
    found: dict[int, date] = {}
    for row in sorted(known.sales, key=lambda row: row["business_date"]):
        if row["customer"]:
            found.setdefault(row["customer"], row["month"])
    return found


def new_and_returning(known: Known) -> Answer:
    """Customers of each month, those who were there for the first time and the others."""
    first = first_visits(known)
    visits = {(row["month"], row["customer"]) for row in known.sales if row["customer"]}
    months = {month for month, _ in visits}
    return [
        (
            month,
            sum(at == month == first[who] for at, who in visits),
            sum(at == month != first[who] for at, who in visits),
        )
        for month in months
    ]


WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
LABELS = {"ipad": "Kasse (iPad)", "shop": "Webshop", "ebay": "eBay", "click_and_collect": "Click & Collect"}

RETAILER: dict[str, tuple[str, Callable[[Known], Answer]]] = {
    "turnover of 2025": (
        "select sum(gross_amount) from sales where year_number = 2025",
        lambda known: total([row for row in known.sales if row["year"] == 2025], None, "gross_amount"),
    ),
    "turnover by month": (
        "select month, sum(gross_amount) from sales group by month",
        lambda known: total(known.sales, "month", "gross_amount"),
    ),
    "turnover by month, from the days": (
        "select date_trunc('month', business_date)::date as m, sum(gross_amount) from sales_by_day "
        "group by m having sum(order_count) > 0",
        lambda known: total(known.sales, "month", "gross_amount"),
    ),
    "turnover and number of sales by channel": (
        "select channel_label, count(*), sum(gross_amount) from sales group by channel_label",
        lambda known: total(known.sales, lambda row: LABELS[row["channel"]], "1", "gross_amount"),
    ),
    "sales of a day": (
        f"select count(*), sum(gross_amount) from sales where business_date = '{DAY}'",
        lambda known: total(
            [row for row in known.sales if str(row["business_date"]) == DAY], None, "1", "gross_amount"
        ),
    ),
    "sales of a day, from the days": (
        f"select sum(order_count), sum(gross_amount) from sales_by_day where business_date = '{DAY}'",
        lambda known: total(
            [row for row in known.sales if str(row["business_date"]) == DAY], None, "1", "gross_amount"
        ),
    ),
    "best five products": (
        "select product_id, sum(gross_amount) from sale_lines where product_id is not null "
        "group by product_id order by 2 desc limit 5",
        lambda known: sorted(
            total([row for row in known.lines if product_of(row)], product_of, "gross_amount"),
            key=lambda row: -row[1],
        )[:5],
    ),
    "best five products, from the report": (
        "select product_id, gross_amount from sales_by_product where product_id is not null "
        "order by gross_amount desc limit 5",
        lambda known: sorted(
            total([row for row in known.lines if product_of(row)], product_of, "gross_amount"),
            key=lambda row: -row[1],
        )[:5],
    ),
    "pieces sold of a product": (
        f"select sum(quantity) from sale_lines where product_id = {PRODUCT}",
        lambda known: total([row for row in known.lines if row["product_id"] == PRODUCT], None, "quantity"),
    ),
    "pieces sold of a product by name": (
        f"select product_name, sum(quantity), sum(gross_amount) from sale_lines "
        f"where product_name = 'Article {PRODUCT}' group by product_name",
        lambda known: total(
            [row for row in known.lines if row["product_id"] == PRODUCT],
            lambda row: f"Article {PRODUCT}",
            "quantity",
            "gross_amount",
        ),
    ),
    "sales in which a product was sold": (
        f"select count(distinct order_id) from sale_lines where product_id = {PRODUCT}",
        lambda known: [(len({row["order_id"] for row in known.lines if row["product_id"] == PRODUCT}),)],
    ),
    "turnover by weekday": (
        "select weekday_name_de, sum(gross_amount) from sales group by weekday_name_de",
        lambda known: total(known.sales, lambda row: WEEKDAYS[row["business_date"].weekday()], "gross_amount"),
    ),
    "turnover at weekends": (
        "select sum(gross_amount) from sales where is_weekend",
        lambda known: total([row for row in known.sales if row["business_date"].weekday() > 4], None, "gross_amount"),
    ),
    "sales by hour": (
        "select hour_of_day, count(*) from sales group by hour_of_day",
        lambda known: total(known.sales, "hour", "1"),
    ),
    "sales by hour, from the report": (
        "select hour_of_day, sum(order_count) from sales_by_hour group by hour_of_day having sum(order_count) > 0",
        lambda known: total(known.sales, "hour", "1"),
    ),
    "sales per till user": (
        "select user_id, count(*), sum(gross_amount) from sales group by user_id",
        lambda known: total(known.sales, "user_id", "1", "gross_amount"),
    ),
    "sales on public holidays": (
        "select sum(gross_amount) from sales where is_public_holiday",
        lambda known: total([row for row in known.sales if is_holiday(row["business_date"])], None, "gross_amount"),
    ),
    "sales on public holidays, by a join": (
        "select sum(gross_amount) from sales join dim_holiday on business_date = holiday_date where is_nationwide",
        lambda known: total([row for row in known.sales if is_holiday(row["business_date"])], None, "gross_amount"),
    ),
    "what was refunded in all": (
        "select sum(refund_amount) from sales",
        lambda known: total(known.sales, None, refunded),
    ),
    "what was refunded in all, from the refunds": (
        "select sum(refund_amount), count(*) from refunds",
        lambda known: total([row for row in known.sales if row["is_refunded"]], None, refunded, "1"),
    ),
    "what remains after refunds by channel": (
        "select channel, sum(gross_amount - refund_amount) from sales group by channel",
        lambda known: total(known.sales, "channel", kept),
    ),
    "what was given back of each product": (
        "select product_id, sum(gross_amount) from sale_lines where is_refunded group by product_id",
        lambda known: total([row for row in known.lines if row["is_refunded"]], product_of, "gross_amount"),
    ),
    "products of a day by name": (
        f"select product_name, sum(gross_amount) from product_sales_by_day where business_date = '{DAY}' "
        "and order_count > 0 and product_id is not null group by product_name",
        lambda known: total(
            [row for row in known.lines if str(row["business_date"]) == DAY and product_of(row)],
            lambda row: f"Article {product_of(row)}",
            "gross_amount",
        ),
    ),
    "walk-in sales and others": (
        "select is_walk_in, count(*), sum(gross_amount) from sales group by is_walk_in",
        lambda known: total(known.sales, lambda row: not row["customer"], "1", "gross_amount"),
    ),
    "best three customers": (
        "select customer_id, gross_amount from customers order by gross_amount desc limit 3",
        lambda known: sorted(
            total([row for row in known.sales if row["customer"]], "customer", "gross_amount"), key=lambda row: -row[1]
        )[:3],
    ),
    "what customers are worth after refunds": (
        "select customer_id, kept_gross_amount from customers",
        lambda known: total([row for row in known.sales if row["customer"]], "customer", kept),
    ),
    "orders that wait for money": (
        "select count(*) from open_orders",
        lambda known: [(sum(row["is_open"] for row in known.orders),)],
    ),
}

ACCOUNTANT: dict[str, tuple[str, Callable[[Known], Answer]]] = {
    "VAT by month and rate": (
        "select month, tax_rate, sum(net_amount), sum(vat_amount) from vat_by_month group by month, tax_rate",
        lambda known: [
            (*key, *sums)
            for key, *sums in total(
                known.lines, lambda row: (row["month"], row["tax_rate"]), "net_amount", "vat_amount"
            )
        ],
    ),
    "VAT by rate, from the lines": (
        "select tax_rate, sum(net_amount), sum(vat_amount), sum(gross_amount) from sale_lines group by tax_rate",
        lambda known: total(known.lines, "tax_rate", "net_amount", "vat_amount", "gross_amount"),
    ),
    "VAT by the name of the rate": (
        "select label_de, sum(vat_amount) from sale_lines join dim_tax_rate using (tax_rate) group by label_de",
        lambda known: total(known.lines, lambda row: RATES[int(row["tax_rate"])], "vat_amount"),
    ),
    "VAT by the name that stands there": (
        "select tax_rate_label, sum(vat_amount) from sale_lines group by tax_rate_label",
        lambda known: total(known.lines, lambda row: RATES[int(row["tax_rate"])], "vat_amount"),
    ),
    "net turnover of a year": (
        "select sum(net_amount) from sales where business_date between '2020-01-01' and '2020-12-31'",
        lambda known: total([row for row in known.sales if row["year"] == 2020], None, "net_amount"),
    ),
    "payments by method": (
        "select payment_method, sum(payment_amount) from fct_payments where order_class = 'sale' "
        "group by payment_method",
        lambda known: total(known.payments, "payment_method", "payment_amount"),
    ),
    "payments of sales, by a join": (
        "select sum(payment_amount) from sales join fct_payments using (account, order_id)",
        lambda known: total(known.payments, None, "payment_amount"),
    ),
    "takings by method, from the closings": (
        "select payment_method, sum(payment_amount), sum(refund_amount) from daily_closing group by payment_method",
        lambda known: [
            (method, *sums)
            for method, *sums in total(
                [{"method": key[2], "taken": row[1], "refunded": row[2]} for key, row in known.books.closing().items()],
                "method",
                "taken",
                "refunded",
            )
        ],
    ),
    "what the books say by kind": (
        "select kind, sum(gross_amount) from bookings_by_day group by kind",
        lambda known: total(
            [{"kind": key[3], "gross": row[2]} for key, row in known.books.by_day().items()], "kind", "gross"
        ),
    ),
    "shipping that was charged": (
        "select sum(shipping_gross_amount) from sales",
        lambda known: total(known.sales, None, "shipping"),
    ),
    "canceled orders and their value": (
        "select count(*), sum(items_gross_amount) from fct_orders where order_class = 'canceled'",
        lambda known: total([row for row in known.orders if row["is_canceled"]], None, "1", "gross_amount"),
    ),
    "canceled orders, from the days": (
        "select sum(canceled_order_count) from sales_by_day",
        lambda known: [(sum(row["is_canceled"] for row in known.orders),)],
    ),
    "cancellations by till user": (
        "select user_id, count(*), sum(items_gross_amount) from fct_orders where order_class = 'canceled' "
        "group by user_id",
        lambda known: total([row for row in known.orders if row["is_canceled"]], "user_id", "1", "gross_amount"),
    ),
}

ANALYST: dict[str, tuple[str, Callable[[Known], Answer]]] = {
    "first and last day with a sale": (
        "select min(business_date), max(business_date) from sales",
        lambda known: [
            (min(row["business_date"] for row in known.sales), max(row["business_date"] for row in known.sales))
        ],
    ),
    "lines and quantity of all sales": (
        "select sum(item_count), sum(quantity) from sales",
        lambda known: total(known.sales, None, "item_count", "quantity"),
    ),
    "lines joined to their sales": (
        "select s.channel, sum(l.gross_amount), count(*) from sales s join sale_lines l using (account, order_id) "
        "group by s.channel",
        lambda known: total(known.lines, "channel", "gross_amount", "1"),
    ),
    "sales joined to the calendar": (
        "select d.quarter_number, sum(s.gross_amount) from sales s join dim_date d using (business_date) "
        "group by d.quarter_number",
        lambda known: total(known.sales, lambda row: (row["month"].month + 2) // 3, "gross_amount"),
    ),
    "customers who came more than once": (
        "select count(*) from customers where order_count > 1",
        lambda known: [
            (sum(count > 1 for _, count in total([r for r in known.sales if r["customer"]], "customer", "1")),)
        ],
    ),
    "new and returning customers by month": (
        "select month, count(distinct customer_id) filter (month = date_trunc('month', first_order_date)), "
        "count(distinct customer_id) filter (month > date_trunc('month', first_order_date)) "
        "from sales join customers using (account, customer_id) group by month",
        new_and_returning,
    ),
    "sales by channel and label of a dimension": (
        "select label_en, count(*) from fct_orders join dim_channel using (channel) where order_class = 'sale' "
        "group by label_en",
        lambda known: total(known.sales, lambda row: ENGLISH[row["channel"]], "1"),
    ),
    "turnover of the weeks": (
        "select iso_year, iso_week, sum(gross_amount) from sales group by iso_year, iso_week",
        lambda known: [
            (*key, amount)
            for key, amount in total(
                known.sales, lambda row: tuple(row["business_date"].isocalendar())[:2], "gross_amount"
            )
        ],
    ),
}
ENGLISH = {"ipad": "Point of sale (iPad)", "shop": "Web shop", "ebay": "eBay", "click_and_collect": "Click & collect"}
RATES = {
    0: "ohne Umsatzsteuer (0 %)",
    5: "ermäßigter Satz (5 %)",
    7: "ermäßigter Satz (7 %)",
    16: "Regelsatz (16 %)",
    19: "Regelsatz (19 %)",
}
QUESTIONS = RETAILER | ACCOUNTANT | ANALYST


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_first_query_that_comes_to_mind_is_right(
    question: str, shop: tuple[duckdb.DuckDBPyConnection, Known]
) -> None:
    connection, known = shop
    query, expected = QUESTIONS[question]

    answered = connection.execute(query).fetchall()

    assert sorted(map(in_words, answered)) == sorted(map(in_words, expected(known)))
    assert answered


def in_words(row: tuple[Any, ...]) -> str:
    """A row as text that does not depend on how a number is written."""
    numbers = (int, float, Decimal)
    return " ".join(str(Decimal(part).normalize()) if isinstance(part, numbers) else str(part) for part in row)


def test_there_are_forty_questions() -> None:
    assert len(QUESTIONS) >= 40


def test_no_documented_join_multiplies_or_loses_a_row(shop: tuple[duckdb.DuckDBPyConnection, Known]) -> None:
    """By the key that a comment or the diagram names; where a fact has null, the dimension's unknown member."""
    connection, known = shop
    described = {table.name: table for table in known.tables}
    joins = {
        (table.name, column.name, found.group(1))
        for table in described.values()
        for column in table.columns
        if (found := re.search(r"Joins (\w+)", column.description))
    }
    core = [table for table in described.values() if table.schema == "core"]
    joins |= {(one.table, one.column, one.home) for one in relations(core) if one.home.startswith("dim_")}

    for table, column, home in sorted(joins):
        (key,) = (name for name in described[home].key if name != "account")
        same = f"facts.{column} = home.{key}"
        if "account" in described[home].key:
            same += " and facts.account = home.account"
        here = f'{described[table].schema}."{table}" as facts'
        there = f'{described[home].schema}."{home}" as home'
        ((rows, filled, joined),) = connection.execute(
            f"select (select count(*) from {here}), (select count(facts.{column}) from {here}), "
            f"(select count(*) from {here} inner join {there} on {same})"
        ).fetchall()

        assert joined == filled <= rows, (table, column, home)
    assert len(joins) > 40
