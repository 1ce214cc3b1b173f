"""A warehouse of the project's own SQL in a folder of its own, built from loads that a test gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from tests.support.landing_file import Load, Order, write_landing
from transforms.errors import CheckResult
from transforms.runner import ledger
from transforms.runner.build import BuildReport, Files, Rules, build
from transforms.runner.check import run_checks

# what files of sql/ make, not what the runner notes about itself
MADE_FROM_FILES = f"table_schema in ('core', 'ops', 'marts') and table_name not in {(*ledger.TABLES,)}"
FROM_A_TABLE = re.compile(r"\bfrom ((?:core|marts|ops)\.\w+)")
PLANS: list[bytes] = []  # the compiled SQL folder, which takes longer than a small build


@dataclass
class Warehouse:
    """Loads go in, tables come out.

    Attributes:
        folder: Where its files lie.
        rules: Settings of the builds.
    """

    folder: Path
    rules: Rules = field(default_factory=Rules)

    @property
    def files(self) -> Files:
        return Files(
            landing=self.folder / "landing.duckdb",
            build=self.folder / "work" / "build.duckdb",
            published=self.folder / "warehouse.duckdb",
            work=self.folder / "work",
        )

    def load(self, *loads: Load | Sequence[Order], full: bool = False) -> BuildReport:
        """Append loads to the landing file and build."""
        self.append(*loads)
        plan = self.files.work / "plan.json"
        if PLANS and not plan.exists():
            plan.write_bytes(PLANS[0])
        report = build(self.files, self.rules, full=full)
        PLANS[:] = [plan.read_bytes()]
        return report

    def append(self, *loads: Load | Sequence[Order]) -> None:
        """Append loads to the landing file."""
        self.files.work.mkdir(parents=True, exist_ok=True)
        write_landing(self.files.landing, loads)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives, times in UTC."""
        with closing(duckdb.connect(str(self.files.build), read_only=True)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        """The one value that a query gives."""
        ((value,),) = self.rows(sql)
        return value

    def change(self, *statements: str) -> None:
        """Change tables behind the runner's back."""
        with closing(duckdb.connect(str(self.files.build))) as connection:
            connection.execute("set TimeZone = 'UTC'")
            for statement in statements:
                connection.execute(statement)

    def checks(self) -> dict[str, CheckResult]:
        """What every check finds now."""
        return {result.name: result for result in run_checks(self.files, self.rules)}

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of every table that files of sql/ make, in some order."""
        names = self.rows(
            "select table_schema || '.' || table_name from information_schema.tables "
            f"where {MADE_FROM_FILES} order by all"
        )
        return {name: sorted(self.rows(f"from {name}"), key=repr) for (name,) in names}


@dataclass(frozen=True)
class Account:
    """One of the accounts of a warehouse: queries see its rows only."""

    warehouse: Warehouse
    name: str

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives that names one table behind each `from`."""
        return self.warehouse.rows(FROM_A_TABLE.sub(rf"from (from \1 where account = '{self.name}')", sql))

    def value(self, sql: str) -> Any:
        """The one value that a query gives."""
        ((value,),) = self.rows(sql)
        return value


def order(
    order_id: int,
    at: str | None,
    items: Iterable[Mapping[str, Any]] = (),
    *,
    channel: str = "ipad",
    state: int = 360,
    customer: int | None = None,
    payments: Sequence[tuple[str, str]] | None = None,
    number: str = "",
    shipping: str | None = None,
    discount: Mapping[str, Any] | None = None,
    **members: Any,
) -> dict[str, Any]:
    """An order as the API sends it; `at` is when it was added and completed.

    Payments are (code, amount); the default is one by code 0 that fits.
    """
    lines = [dict(item) | {"id": order_id * 100 + position} for position, item in enumerate(items)]
    total = sum((cents(line["gross_price"]) for line in lines), cents(shipping or "0"))
    paid = [("0", f"{total / 100:.2f}")] if payments is None else payments
    return {
        "id": order_id,
        "basket": {
            "note_internal": None,
            "note_external": None,
            "items": lines,
            "discount": discount,
            "receipt": None,
            "invoice_number": number,
        },
        "state": state,
        "customer": customer and {"id": customer, "email": None, "first_name": "Kim", "last_name": f"No. {customer}"},
        "amount_paid": f"{sum(cents(amount) for _, amount in paid) / 100:.10f}",
        "payments": [
            {"id": order_id * 100 + position, "payment_method": code, "payment_amount": amount, "date": at}
            for position, (code, amount) in enumerate(paid)
        ],
        "shipment": shipping
        and {
            "id": order_id,
            "name": "DHL",
            "cost": shipping,
            "service": {"id": 7, "name": "DHL Paket", "time_min": 86400, "time_max": 172800},
        },
        "channel": channel,
        "time_added": at,
        "completed_at": at,
        "user_id": 1959,
    } | members


def item(
    gross: str, *, product: int | None = 501, rate: str = "19.000", quantity: Any = 1, **members: Any
) -> dict[str, Any]:
    """A line whose whole gross price is `gross`."""
    return {
        "name": f"Article {product}" if product else "Various",
        "discount": None,
        "original_quantity": quantity,
        "price": "0",
        "product": product,
        "quantity": quantity,
        "tax_rate": rate,
        "gross_price": gross,
        "unit_gross_price": gross,
        "product_code": None,
    } | members


def cents(amount: str) -> int:
    """An amount in cents."""
    return int(Decimal(amount) * 100)
