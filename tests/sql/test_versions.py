"""What a version of an order is: what it says, not how it is written."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.inventorum.http.pages import parse_page
from pipelines.landing.versions import written_otherwise
from pipelines.settings import Files
from tests.support.effort import of_many
from tests.support.landing_file import Load, write_landing
from tests.support.payloads import line, payment, sale
from tests.support.warehouse import Warehouse
from transforms.runner.models import sql_folder
from transforms.runner.project import load_project
from transforms.runner.session import create_macros

NUMBERS = ("price", "gross_price", "unit_gross_price", "quantity", "original_quantity", "tax_rate", "amount")
NUMBERS += ("amount_paid", "payment_amount", "cost")
TIMES = ("time_added", "completed_at", "date")
AT = "2026-11-02T10:00:00+00:00"


def order(**values: Any) -> dict[str, Any]:
    """An order with a value of each kind."""
    known: dict[str, Any] = {
        "items": [line(10, "6.99", name='Käse "1.0", rund\\', product_code="007.10"), line(11, "1.10")],
        "payments": [payment(1, "8.09", date=AT)],
        "time_added": AT,
        "completed_at": AT,
        "invoice_number": "1.10",
        "customer": {"id": 301, "last_name": "Änders\u2028", "billing_address": {"zipcode": "01067", "state": "01"}},
        "new_member": {"weight": 1, "note": "2026-11-02T10:00:00Z"},
        "shipment": {"id": 1, "name": "post", "cost": "4.90", "tracking_number": "1.0"},
    }
    return sale(1, **known | values)


class Writer:
    """Writes an order as another server might: every choice is drawn."""

    def __init__(self, draw: Any) -> None:
        self._any = lambda *choices: draw(st.sampled_from(choices))
        self._mixed = lambda values: draw(st.permutations(values))

    def text(self, value: Any, name: str = "") -> str:
        """The value as JSON text."""
        if isinstance(value, dict):
            members = [*value.items(), *self._any((), (("nothing_new", None),))]
            kept = [(key, part) for key, part in members if part is not None or self._any(True, False)]
            inner = [f"{self._string(key)}:{self._space()}{self.text(part, key)}" for key, part in self._mixed(kept)]
            return "{" + f",{self._space()}".join(inner) + "}"
        if isinstance(value, list):
            return f"[{','.join(self.text(part) for part in value)}{self._space()}]"
        if name in NUMBERS and value is not None:
            return self._number(Decimal(str(value)))
        if name in TIMES and isinstance(value, str):
            return self._moment(datetime.fromisoformat(value))
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, int) and name == "weight":
            return self._any(str(value), f"{value}.0", f"{value}.00", f"{value}e0")
        return json.dumps(value)

    def _space(self) -> str:
        return str(self._any("", " ", "\n\t"))

    def _string(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=self._any(True, False))

    def _number(self, value: Decimal) -> str:
        digits = f"{value.normalize():f}"
        longer = digits + ("" if "." in digits else ".") + "0" * self._any(1, 2, 8)
        written = self._any(digits, longer, f"{value:e}")
        return str(self._any(written, f'"{written}"'))

    def _moment(self, moment: datetime) -> str:
        local = moment.astimezone(timezone(timedelta(hours=self._any(0, 1, -5))))
        written = local.isoformat(timespec=self._any("seconds", "milliseconds", "microseconds"))
        return json.dumps(written.replace("+00:00", self._any("+00:00", "Z")))


@st.composite
def rewritten(draw: st.DrawFn) -> str:
    """The order, written in some way."""
    return Writer(draw).text(order())


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values that are not null."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from leaves(part, (*place, key))
    elif value is not None:
        yield place


VARY_BY_REQUEST = ("delta_state", "user_id", "available_refund_types")
PLACES = [place for place in leaves(order()) if place[0] not in VARY_BY_REQUEST]


def other(value: Any, name: Any) -> list[Any]:
    """Values that mean something else."""
    if name in NUMBERS:
        return [str(Decimal(str(value)) + Decimal("0.01")), f"-{value}", None, "many"]
    if name in TIMES:
        later = datetime.fromisoformat(value) + timedelta(seconds=1)
        return [later.isoformat(), value[:19], value[:10], None, "", "never"]
    if isinstance(value, str):
        return [f"{value} ", f"{value}0", f"0{value}", value.upper() + "x", None, ""]
    return [value + 1, -1, None, f"x{value}"]


@pytest.fixture(scope="module")
def macros() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has the project's macros."""
    with duckdb.connect() as connection:
        connection.execute("set variable timezone = 'Europe/Berlin'; set variable day_starts_at = 0")
        connection.execute("set variable currency = 'EUR'; set variable prices_include_discount = true")
        create_macros(connection, load_project(sql_folder()).macros)
        yield connection


def says_the_same(macros: duckdb.DuckDBPyConnection, one: str, two: str) -> bool | None:
    sql = "select same_content(a, b) from (select content_of(?, '') as a, content_of(?, '') as b)"
    ((same,),) = macros.execute(sql, [one, two]).fetchall()
    return same  # type: ignore[no-any-return]


@settings(max_examples=of_many(8, 40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=rewritten(), two=rewritten())
def test_an_order_that_is_written_otherwise_says_the_same(
    macros: duckdb.DuckDBPyConnection, one: str, two: str
) -> None:
    assert says_the_same(macros, one, two) is True


@pytest.mark.long
@settings(max_examples=60)
@given(data=st.data(), place=st.sampled_from(PLACES))
def test_an_order_of_which_one_value_is_another_says_something_else(
    macros: duckdb.DuckDBPyConnection, data: st.DataObject, place: tuple[Any, ...]
) -> None:
    changed = copy.deepcopy(order())
    holder: Any = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = data.draw(st.sampled_from(other(holder[place[-1]], place[-1])))

    text = Writer(data.draw).text(order())

    assert says_the_same(macros, text, json.dumps(changed, ensure_ascii=False)) is False
    assert says_the_same(macros, json.dumps(changed), text) is False


def respelled() -> str:
    """The order as a server of another make might send it."""
    text = json.dumps(dict(reversed(order().items())), indent=1)
    return text.replace('"6.99"', '"6.9900000000"').replace(AT, "2026-11-02T11:00:00+01:00")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse without any load."""
    return Warehouse(tmp_path)


def versions(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select order_id, version_number, state from core.fct_order_versions order by order_id, version_number"
    )


@pytest.mark.long
@pytest.mark.parametrize("full", [False, True], ids=["load by load", "in full"])
def test_an_order_sent_again_in_another_spelling_is_no_new_version(warehouse: Warehouse, full: bool) -> None:
    loads = [Load([order()]), Load([respelled()]), Load([order()]), Load([order(), respelled()])]
    if full:
        warehouse.load(*loads, full=True)
    else:
        for load in loads:
            warehouse.load(load)

    assert versions(warehouse) == [(1, 1, 360)]
    assert warehouse.rows("select version_count, content_hash from core.fct_orders") == [
        (1, warehouse.rows("select content_hash from core.fct_order_versions")[0][0])
    ]
    assert warehouse.value("select count(*) from core.fct_order_state_changes where version_number > 1") == 0
    assert warehouse.value("select count(*) from marts.restatements") == 0
    assert [name for name, check in warehouse.checks().items() if check.severity == "fail" and check.failing_rows] == []


@pytest.mark.long
def test_a_change_between_two_spellings_is_a_version_each_way(warehouse: Warehouse) -> None:
    for sent in (order(), respelled(), order(state=376), respelled(), order()):
        warehouse.load(Load([sent]))

    assert versions(warehouse) == [(1, 1, 360), (1, 2, 376), (1, 3, 360)]
    known = warehouse.tables()
    warehouse.load(full=True)
    assert warehouse.tables() == known


def test_names_that_come_twice_further_inside_are_compared_with_nothing(macros: duckdb.DuckDBPyConnection) -> None:
    twice = '{"id": 1, "basket": {"a" : 1, "\\u0061": 2}, "t": "x\\u0022:\\":"}'

    assert says_the_same(macros, twice, twice.replace(" 1", " 3")) is None
    assert says_the_same(macros, twice.replace("\\u0061", "b"), twice.replace("\\u0061", "b")) is True


def test_an_order_listed_in_another_spelling_is_no_difference_to_the_newest_read(tmp_path: Path) -> None:
    files = Files(tmp_path)
    write_landing(files.landing, [Load([order(state=376)]), Load([order()])])

    def same(text: str) -> set[int]:
        return written_otherwise(files, "default", parse_page(f'{{"data":[{text}]}}'.encode()).orders)

    assert same(respelled()) == {1}
    assert same(respelled().replace("360", "376")) == set()
    assert written_otherwise(files, "another", parse_page(f'{{"data":[{respelled()}]}}'.encode()).orders) == set()
