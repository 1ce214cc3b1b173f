"""The floor: the least that loading can cost in Python. No history, no checks, no protocol, no recovery.

requests + msgspec -> Arrow -> INSERT into DuckDB; items and payments flattened; one daily table.
`python -m tests.benchmarks.floor BASE_URL FILE`.
"""

from __future__ import annotations

import sys

import duckdb
import msgspec
import pyarrow as pa
import requests

ORDERS_PER_TABLE = 50_000


class Item(msgspec.Struct):
    id: int
    name: str | None = None
    product: int | None = None
    quantity: msgspec.Raw = msgspec.Raw(b"null")
    tax_rate: str | None = None
    price: str | None = None
    gross_price: str | None = None
    unit_gross_price: str | None = None


class Basket(msgspec.Struct):
    items: list[Item]
    invoice_number: str | None = None


class Payment(msgspec.Struct):
    id: int
    payment_method: str | None = None
    payment_amount: str | None = None
    date: str | None = None


class Order(msgspec.Struct):
    id: int
    channel: str
    state: int
    basket: Basket
    payments: list[Payment]
    time_added: str | None = None
    completed_at: str | None = None
    amount_paid: str | None = None


class Page(msgspec.Struct):
    total: int
    data: list[msgspec.Raw]


decode_page = msgspec.json.Decoder(Page).decode
decode_order = msgspec.json.Decoder(Order).decode

TABLES = """
create table orders (order_id bigint, channel varchar, state integer, invoice_number varchar, ordered_at timestamptz,
    completed_at timestamptz, amount_paid decimal(18, 2), payload varchar);
create table items (order_id bigint, item_id bigint, product_id bigint, name varchar, quantity decimal(12, 3),
    tax_rate decimal(6, 3), unit_net_price decimal(20, 10), unit_gross_amount decimal(18, 2),
    line_gross_amount decimal(18, 2));
create table payments (order_id bigint, payment_id bigint, method varchar, amount decimal(18, 2), paid_at timestamptz);
"""
DAILY = """
create table sales_by_day as
select cast(coalesce(completed_at, ordered_at) as date) as day, channel, count(distinct order_id) as orders,
    sum(line_gross_amount) as gross
from orders join items using (order_id) group by all
"""


class Buffer:
    """Orders on their way into the database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._orders: list[tuple[Order, msgspec.Raw]] = []

    def add(self, records: list[msgspec.Raw]) -> None:
        self._orders += [(decode_order(record), record) for record in records]
        if len(self._orders) >= ORDERS_PER_TABLE:
            self.flush()

    def flush(self) -> None:
        orders = pa.table(
            {
                "order_id": [o.id for o, _ in self._orders],
                "channel": [o.channel for o, _ in self._orders],
                "state": pa.array([o.state for o, _ in self._orders], pa.int32()),
                "invoice_number": [o.basket.invoice_number for o, _ in self._orders],
                "ordered_at": pa.array([o.time_added for o, _ in self._orders], pa.string()),
                "completed_at": pa.array([o.completed_at for o, _ in self._orders], pa.string()),
                "amount_paid": pa.array([o.amount_paid for o, _ in self._orders], pa.string()),
                "payload": pa.array([bytes(raw) for _, raw in self._orders], pa.binary()).cast(pa.string()),
            }
        )
        lines = [(o.id, i) for o, _ in self._orders for i in o.basket.items]
        items = pa.table(
            {
                "order_id": [order_id for order_id, _ in lines],
                "item_id": [i.id for _, i in lines],
                "product_id": pa.array([i.product for _, i in lines], pa.int64()),
                "name": pa.array([i.name for _, i in lines], pa.string()),
                "quantity": [bytes(i.quantity).strip(b'"').decode() for _, i in lines],
                "tax_rate": pa.array([i.tax_rate for _, i in lines], pa.string()),
                "unit_net_price": pa.array([i.price for _, i in lines], pa.string()),
                "unit_gross_amount": pa.array([i.unit_gross_price for _, i in lines], pa.string()),
                "line_gross_amount": pa.array([i.gross_price for _, i in lines], pa.string()),
            }
        )
        paid = [(o.id, p) for o, _ in self._orders for p in o.payments]
        payments = pa.table(
            {
                "order_id": pa.array([order_id for order_id, _ in paid], pa.int64()),
                "payment_id": pa.array([p.id for _, p in paid], pa.int64()),
                "method": pa.array([p.payment_method for _, p in paid], pa.string()),
                "amount": pa.array([p.payment_amount for _, p in paid], pa.string()),
                "paid_at": pa.array([p.date for _, p in paid], pa.string()),
            }
        )
        for name, table in (("orders", orders), ("items", items), ("payments", payments)):
            self._connection.register("arriving", table)
            self._connection.execute(f"insert into {name} select * from arriving")
            self._connection.unregister("arriving")
        self._orders = []


def main(base_url: str, path: str) -> None:
    """Load every order into a new database."""
    session = requests.Session()
    connection = duckdb.connect(path)
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(TABLES)
    buffer = Buffer(connection)
    page, rows, total = 0, 0, 1
    while rows < total:
        answer = session.get(f"{base_url}/orders/delta/", params={"page": page, "limit": 100, "order_by": "id"})
        answer.raise_for_status()
        found = decode_page(answer.content)
        buffer.add(found.data)
        page, rows, total = page + 1, rows + len(found.data), found.total
    buffer.flush()
    connection.execute(DAILY)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
