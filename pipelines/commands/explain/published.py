"""What the published warehouse says about one order."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from transforms.readers.dictionary import describe
from transforms.readers.fed_marts import Fed, fed_rows
from transforms.readers.published import open_published
from transforms.runner.ledger import read_meta, seen_loads
from transforms.runner.models import sql_folder
from transforms.runner.reader import read_head
from transforms.runner.session import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

PARTS: Mapping[str, str] = {
    "versions": "select * from core.fct_order_versions where {order} order by version_number",
    "states": "select * from core.fct_order_state_changes where {order} order by version_number, state_bit",
    "lines": "select * from core.fct_order_items where {order} order by line_number",
    "vat": "select * from core.fct_order_vat where {order} order by tax_rate desc",
    "payments": (
        "select payments.*, methods.label_en as payment_label from core.fct_payments as payments "
        "left join core.dim_payment_method as methods using (payment_method) where {order} order by payment_number"
    ),
    "shipments": "select * from core.fct_shipments where {order}",
    "findings": "select * from ops.fct_findings where {order} order by check_name, detail",
    "customer": (
        "select customer_id, customer_name, company, email, zipcode, city from core.fct_orders "
        "inner join core.dim_customer using (account, customer_id) where {order}"
    ),
    "absences": "select * from ops.fct_absences where {order}",
}


@dataclass
class Published:
    """What the warehouse holds about an order.

    Attributes:
        order: Its row of `core.fct_orders`; None when the warehouse does not know it.
        parts: The rows of the other core tables, by the names of `PARTS`.
        loads: The loads that the warehouse holds.
        order_count: How many orders it knows.
    """

    order: dict[str, Any] | None = None
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    fed: Fed = field(default_factory=lambda: Fed([], []))
    loads: frozenset[str] = frozenset()
    order_count: int = 0


def candidates(warehouse: Path, given: str, account: str | None) -> list[tuple[str, int, str | None]]:
    """The orders that go by an id, else by a receipt number: account, id, receipt number.

    Raises:
        TransformError: Nothing is published there.
    """
    query = "select account, order_id, invoice_number from core.fct_orders where {} and account = coalesce(?, account)"
    number = as_id(given)
    with closing(open_published(warehouse)) as connection:
        found: list[tuple[str, int, str | None]] = []
        if number is not None:
            found = connection.execute(query.format("order_id = ?"), [number, account]).fetchall()
        return found or connection.execute(query.format("invoice_number = ?"), [given, account]).fetchall()


def as_id(given: str) -> int | None:
    """The order id that a text says, if it is one."""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 19 and int(given) < 2**63 else None


def read_published(warehouse: Path, account: str, order_id: int) -> Published:
    """Everything about one order in one state of the warehouse."""
    tables = describe(warehouse)
    there = {table.full_name for table in tables}
    with closing(open_published(warehouse)) as connection:
        found = Published(loads=frozenset(seen_loads(connection)))
        orders = _rows(connection, "select * from core.fct_orders where {order}", account, order_id)
        if not orders:
            return found
        found.order = orders[0]
        for name, query in PARTS.items():
            table = query.partition(" from ")[2].split()[0]
            found.parts[name] = _rows(connection, query, account, order_id) if table in there else []
        found.fed = fed_rows(connection, tables, account, order_id, _rules(read_meta(connection)))
    for finding in found.parts["findings"]:
        finding["harm"] = _harm(finding["check_name"])
    return found


def order_count(warehouse: Path) -> int:
    """How many orders the warehouse knows."""
    with closing(open_published(warehouse)) as connection:
        return int(connection.execute("select count(*) from core.fct_orders").fetchall()[0][0])


def _rows(connection: duckdb.DuckDBPyConnection, query: str, account: str, order_id: int) -> list[dict[str, Any]]:
    result = connection.execute(query.format(order="account = ? and order_id = ?"), [account, order_id])
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _rules(meta: Mapping[str, str]) -> Rules:
    """The settings that the warehouse was built with."""
    return Rules(
        timezone=meta.get("timezone", Rules.timezone),
        day_starts_at=int(meta.get("day_starts_at", Rules.day_starts_at)),
        currency=meta.get("currency", Rules.currency),
        prices_include_discount=meta.get("prices_include_discount", "True") == "True",
        shipping_vat=meta.get("shipping_vat", Rules.shipping_vat),
        payment_methods=meta.get("payment_methods", Rules.payment_methods),
    )


def _harm(check_name: str) -> str:
    """What a finding means for whom, from the head of its check."""
    path = sql_folder() / "checks" / f"{check_name}.sql"
    return read_head(path.read_text("utf-8")).get("harm", "") if path.is_file() else ""
