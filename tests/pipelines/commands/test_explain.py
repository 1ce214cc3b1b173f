"""One order, from the bytes that the API sent to the report rows that it feeds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from pipelines import run
from pipelines.cli import app
from pipelines.commands.explain.changes import HIDDEN, Change, changes
from pipelines.lock import exclusive
from pipelines.sandbox import trading
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Files, Settings, StaticLogin
from transforms.readers.dictionary import describe
from transforms.readers.fed_marts import MEASURES, share_query, traces
from transforms.readers.published import open_published
from transforms.runner.models import read_macros, sql_folder
from transforms.runner.session import Rules, prepare

NO_SUMS_OVER_ORDERS = {
    "basket_affinity",
    "cohorts",
    "data_quality",
    "freshness",
    "receipt_numbers",
    "reconciliation",
}
PERSON = ["Erika", "Mustermann", "erika@example.com", "Hinter der Mauer 7", "ruft vorher an"]


@dataclass(frozen=True)
class Loaded:
    """An installation after three loads.

    Attributes:
        first: The warehouse as it was published after the first load.
        told: Orders by what happened to them.
        payloads: Every text that each of them had.
    """

    files: Files
    first: Path
    told: dict[str, int]
    payloads: dict[str, list[str]]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """A shop with a past, and orders that go through cancellation, payment, shipment and refund."""
    folder = tmp_path_factory.mktemp("explain")
    files = Files(folder / "home")
    shop = make_shop(seed=7, orders=300, days=40, clock=Clock("2026-11-01T18:00:00Z"))
    erika = shop.customers.add(
        "Erika", "Mustermann", email="erika@example.com", street="Hinter der Mauer 7", zipcode="10115", city="Berlin"
    )
    told = {
        "canceled": shop.sell("ipad", [("Wobbler", "6.99", 10)], at="2026-11-01T19:00Z"),
        "refunded": shop.sell(
            "shop", [("Rolle", "69.90", 1), ("Garn", "3.50", 4, "7")], customer=erika, shipping="4.90"
        ),
        "split": shop.sell(
            "ipad", [("Rute", "120.00", 1)], payments=[("0", "20.00"), ("1", "88.00")], discount=("percent", "0.1")
        ),
        "pending": shop.sell("shop", [("Kescher", "25.00", 2)], paid=False),
        "rude": shop.sell("ipad", [("\x1b[31mrot\u202e", "1.00", 1)]),
        "broken": shop.raw("ipad", '{"id": 77, "state": 360, "channel": "ipad", "basket": []}'),
    }
    shop.raw("ipad", '{"id": 88888888888888888888888, "state": 360}')
    with Sandbox(shop) as sandbox:
        settings = Settings(
            files,
            base_url=sandbox.base_url,
            login=StaticLogin(sandbox.access_token),
            requests_per_second=1000.0,
            api_version=11,  # shows pending orders
        )
        run.sync(settings)
        first = shutil.copy(files.warehouse, folder / "first.duckdb")
        shop.cancel(told["canceled"], at="2026-11-02T09:00Z")
        shop.pay(told["pending"], at="2026-11-02T09:30Z")
        shop.ship(told["refunded"], at="2026-11-02T10:00Z", tracking="JJD123")
        run.sync(settings)
        shop.edit(told["refunded"], call_first, at="2026-11-04T09:00Z")
        shop.refund(told["refunded"], at="2026-11-04T10:00Z")
        trading.trade(shop, sales=10, seed=3)
        run.sync(settings)
    payloads = {name: [text.decode() for text in shop.versions(order)] for name, order in told.items()}
    return Loaded(files, Path(first), told, payloads)


def call_first(order: dict[str, Any]) -> None:
    """A customer who moves and leaves a note."""
    order["customer"]["email"] = "e.mustermann@example.com"
    order["basket"]["note_internal"] = "ruft vorher an"


@pytest.fixture(scope="module")
def explain(loaded: Loaded) -> Callable[..., Result]:
    def call(*arguments: object) -> Result:
        words = ["--home", str(loaded.files.home), "explain", *map(str, arguments)]
        return CliRunner().invoke(app, words, env={"COLUMNS": "80"})

    return call


@pytest.fixture(scope="module")
def facts(loaded: Loaded, explain: Callable[..., Result]) -> Callable[..., dict[str, Any]]:
    """What --json says about an order."""

    def ask(name: str, *arguments: object) -> dict[str, Any]:
        result = explain(loaded.told[name], "--json", *arguments)
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    return ask


# -- marts -------------------------------------------------------------------------------------------


def test_the_shares_of_all_orders_add_up_to_every_report(loaded: Loaded) -> None:
    marts = {table.name: table for table in describe(loaded.files.warehouse) if table.schema == "marts"}
    with closing(open_published(loaded.files.warehouse)) as connection:
        prepare(connection, Rules(), read_macros(sql_folder()))
        for statement, names in traces(sql_folder()):
            for name in names:
                query, keys, measures = share_query(connection, statement, marts[name])
                rows = connection.execute(query, {"account": None, "order_id": None}).fetchall()
                filled = " or ".join(f'"{measure}" <> 0' for measure in measures)
                expected = connection.execute(f"select count(*) from marts.{name} where {filled}").fetchall()[0][0]

                start, middle = len(keys), len(keys) + len(measures)
                assert [row for row in rows if row[start:middle] != row[middle:]] == [], name
                assert len(rows) == expected > 0, name


def test_every_report_is_split_by_order_or_is_no_sum_over_orders(
    loaded: Loaded, facts: Callable[..., dict[str, Any]]
) -> None:
    marts = [table for table in describe(loaded.files.warehouse) if table.schema == "marts"]
    split = {name for _, names in traces(sql_folder()) for name in names}
    single = {table.name for table in marts if any(column.name == "order_id" for column in table.columns)}

    assert set(facts("split")["untraced_marts"]) == NO_SUMS_OVER_ORDERS
    assert split | single | NO_SUMS_OVER_ORDERS == {table.name for table in marts}
    assert not split & NO_SUMS_OVER_ORDERS


def test_every_figure_of_a_split_report_is_split_or_is_no_sum(loaded: Loaded) -> None:
    """A new measure of a mart shows up here until `sql/trace` knows it or it is named as no sum."""
    no_sums = {"average_gross_amount", "average_day_gross_amount", "day_count", "customer_count"}
    marts = {table.name: table for table in describe(loaded.files.warehouse) if table.schema == "marts"}
    with closing(open_published(loaded.files.warehouse)) as connection:
        prepare(connection, Rules(), read_macros(sql_folder()))
        for statement, names in traces(sql_folder()):
            for name in names:
                measures = set(share_query(connection, statement, marts[name])[2])
                figures = {column.name for column in marts[name].columns if column.name.endswith(MEASURES)}
                assert figures - measures - no_sums == set(), name


def test_a_refund_counts_on_its_own_day_beside_the_sale(facts: Callable[..., dict[str, Any]]) -> None:
    rows = [row for row in facts("refunded")["marts"] if row["mart"] == "sales_by_day"]

    assert [
        (row["key"]["business_date"], row["share"]["gross_amount"], row["share"]["refund_amount"]) for row in rows
    ] == [("2026-11-01", "83.90", "0.00"), ("2026-11-02", "0.00", "83.90")]
    assert all(Decimal(row["row"]["gross_amount"]) >= Decimal(row["share"]["gross_amount"]) for row in rows)


def test_a_canceled_order_feeds_no_turnover(facts: Callable[..., dict[str, Any]]) -> None:
    rows = facts("canceled")["marts"]

    assert [row["share"]["gross_amount"] for row in rows if row["mart"] == "sales_by_day"] == ["0.00"]
    assert [row["share"]["canceled_order_count"] for row in rows if row["mart"] == "sales_by_day"] == [1]
    assert "vat_by_month" not in {row["mart"] for row in rows}


def test_a_split_payment_feeds_two_rows_of_the_closing(facts: Callable[..., dict[str, Any]]) -> None:
    rows = [row for row in facts("split")["marts"] if row["mart"] == "daily_closing"]

    assert [(row["key"]["payment_method"], row["share"]["payment_amount"]) for row in rows] == [
        ("0", "20.00"),
        ("1", "88.00"),
    ]


# -- versions and places -----------------------------------------------------------------------------


def test_every_version_says_what_changed(facts: Callable[..., dict[str, Any]]) -> None:
    first, second = facts("canceled")["versions"]

    assert (first["order_class"], second["order_class"]) == ("sale", "canceled")
    assert first["changes"] is None
    assert [(change["member"], change["old"], change["new"]) for change in second["changes"]] == [
        ("state", "360", "364")
    ]


def test_the_timeline_has_every_bit_that_was_set(facts: Callable[..., dict[str, Any]]) -> None:
    states = facts("refunded")["states"]

    assert [(s["version_number"], s["state_name"], s["change"]) for s in states] == [
        (1, "CLOSED", "set"),
        (1, "PAID", "set"),
        (2, "SHIPPED", "set"),
        (3, "REFUNDED", "set"),
    ]


def test_each_version_leads_to_its_bytes(loaded: Loaded, facts: Callable[..., dict[str, Any]]) -> None:
    import duckdb

    with closing(duckdb.connect(str(loaded.files.landing), read_only=True)) as connection:
        for version in facts("refunded")["versions"]:
            raw = version["raw"]
            payload, read_at = connection.execute(
                "select payload, _read_at from raw.orders where _dlt_load_id = ? and _window_id = ? and _read_seq = ?",
                [raw["load_id"], raw["window_id"], raw["read_seq"]],
            ).fetchall()[0]

            assert payload in loaded.payloads["refunded"]
            assert len(payload.encode()) == raw["bytes"]
            assert read_at.isoformat()[:19] == raw["read_at"][:19]
            assert raw["window"]["status"] == "complete"
            assert raw["content_hash"] == version["content_hash"]


def test_a_payload_comes_out_byte_for_byte(loaded: Loaded, explain: Callable[..., Result]) -> None:
    result = explain(loaded.told["canceled"], "--payload", 1)

    assert result.exit_code == 0
    assert result.stdout == loaded.payloads["canceled"][0]
    assert explain(loaded.told["canceled"], "--payload", 9).exit_code == 2


def test_repeated_reads_are_counted_and_change_nothing(facts: Callable[..., dict[str, Any]]) -> None:
    versions = facts("split")["versions"]

    assert [version["version_number"] for version in versions] == [1]
    assert versions[0]["reads"] >= 1


def test_money_is_text_with_every_digit(facts: Callable[..., dict[str, Any]]) -> None:
    found = facts("split")

    assert found["order"]["items_gross_amount"] == "108.00"
    assert [payment["payment_amount"] for payment in found["payments"]] == ["20.00", "88.00"]
    assert not any(isinstance(value, float) for value in leaves(found))


def test_a_record_of_odd_shape_is_explained_too(loaded: Loaded, explain: Callable[..., Result]) -> None:
    result = explain(loaded.told["broken"])

    assert result.exit_code == 0, result.output
    assert "Order 77" in result.stdout


# -- people ------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_nobody_is_named_unless_asked_for(
    form: tuple[str, ...], loaded: Loaded, explain: Callable[..., Result]
) -> None:
    hidden = explain(loaded.told["refunded"], *form)
    shown = explain(loaded.told["refunded"], "--personal", *form)

    assert [word for word in PERSON if word in hidden.stdout] == []
    assert HIDDEN in hidden.stdout
    assert "Mustermann" in shown.stdout
    assert "ruft vorher an" in shown.stdout


def test_a_hidden_member_still_shows_that_it_changed(facts: Callable[..., dict[str, Any]]) -> None:
    changed = {
        change["member"]: (change["old"], change["new"]) for change in facts("refunded")["versions"][2]["changes"]
    }

    assert changed["customer.email"] == (HIDDEN, HIDDEN)
    assert changed["basket.note_internal"] == ("null", HIDDEN)
    assert changed["state"] == ("296", "312")


# -- which order -------------------------------------------------------------------------------------


def test_a_receipt_number_finds_its_order(loaded: Loaded, explain: Callable[..., Result]) -> None:
    with closing(open_published(loaded.files.warehouse)) as connection:
        ((number,),) = connection.execute(
            "select invoice_number from core.fct_orders where order_id = ?", [loaded.told["canceled"]]
        ).fetchall()

    result = explain(number)

    assert result.exit_code == 0, result.output
    assert f"Order {loaded.told['canceled']}" in result.stdout
    assert "receipt number" in result.stdout


@pytest.mark.parametrize("wrong", ["1", "R-0000", "99999999999999999999999", "8791312.0", "'; drop table x"])
def test_an_unknown_order_is_a_clear_message(wrong: str, explain: Callable[..., Result]) -> None:
    result = explain(wrong)

    assert result.exit_code == 2
    assert repr(wrong) in result.stderr.replace("\n", "") or repr(wrong) in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.output


def test_a_record_that_was_rejected_is_remembered(loaded: Loaded, explain: Callable[..., Result]) -> None:
    result = explain("99999999999999999999999")

    assert "was rejected" not in result.stderr
    assert "was rejected" in " ".join(explain("88888888888888888888888").stderr.split())


def test_an_unknown_order_as_json(explain: Callable[..., Result]) -> None:
    result = explain("1", "--json")

    assert (result.exit_code, json.loads(result.stdout)["exit_code"]) == (2, 2)


def test_before_anything_is_published(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--home", str(tmp_path), "explain", "1"])

    assert result.exit_code == 1
    assert "inventorum sync" in " ".join(result.stderr.split())


# -- while something else happens --------------------------------------------------------------------


def test_during_a_run_it_shows_what_is_published(loaded: Loaded, facts: Callable[..., dict[str, Any]]) -> None:
    with exclusive(loaded.files.lock, "sync"):
        found = facts("canceled")

    assert "`inventorum sync` is running" in found["notes"][0]
    assert [version["order_class"] for version in found["versions"]] == ["sale", "canceled"]
    assert found["versions"][0]["raw"] is None
    assert found["marts"]


def test_while_another_program_holds_the_landing_log(loaded: Loaded, facts: Callable[..., dict[str, Any]]) -> None:
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(loaded.files.landing)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        found = facts("canceled")
        holder.communicate("")

    assert "open in another program" in found["notes"][0]
    assert len(found["versions"]) == 2


def home_like(loaded: Loaded, folder: Path, warehouse: Path, *, landing: bool = True) -> Callable[..., Result]:
    folder.mkdir()
    shutil.copy(warehouse, folder / "warehouse.duckdb")
    if landing:
        shutil.copy(loaded.files.landing, folder / "landing.duckdb")
    return lambda *words: CliRunner().invoke(app, ["--home", str(folder), "explain", *map(str, words)])


def test_without_a_landing_log(loaded: Loaded, tmp_path: Path) -> None:
    result = home_like(loaded, tmp_path / "home", loaded.files.warehouse, landing=False)(loaded.told["canceled"])

    assert result.exit_code == 0, result.output
    assert "There is no landing log" in result.stdout
    assert "canceled" in result.stdout


def test_a_version_that_is_loaded_but_not_built_in(loaded: Loaded, tmp_path: Path) -> None:
    result = home_like(loaded, tmp_path / "home", loaded.first)(loaded.told["canceled"])

    assert result.exit_code == 0, result.output
    assert "not built in: run `inventorum build`" in result.stdout.replace("\n", " ")
    assert "~ state: 360 -> 364" in result.stdout


def test_an_order_that_is_loaded_but_not_built_in(loaded: Loaded, tmp_path: Path) -> None:
    ask = home_like(loaded, tmp_path / "home", loaded.first)
    with closing(open_published(loaded.files.warehouse)) as connection:
        newest = connection.execute("select max(order_id) from core.fct_orders").fetchall()[0][0]

    result = ask(newest)

    assert result.exit_code == 0, result.output
    assert "does not know this order yet" in result.stdout


def test_it_writes_nothing(loaded: Loaded, explain: Callable[..., Result]) -> None:
    before = {path: path.stat().st_mtime_ns for path in loaded.files.home.rglob("*") if path.is_file()}
    explain(loaded.told["refunded"], "--json")

    assert {path: path.stat().st_mtime_ns for path in loaded.files.home.rglob("*") if path.is_file()} == before


def test_text_of_the_shop_cannot_steer_the_terminal(loaded: Loaded, explain: Callable[..., Result]) -> None:
    result = explain(loaded.told["rude"])

    assert "\x1b[31m" not in result.stdout
    assert "\u202e" not in result.stdout
    assert "rot" in result.stdout


@pytest.mark.long
def test_it_is_readable_at_80_columns(loaded: Loaded, explain: Callable[..., Result]) -> None:
    for order in loaded.told.values():
        lines = explain(order).stdout.splitlines()
        assert [line for line in lines if len(line) > 80] == []


# -- changes -----------------------------------------------------------------------------------------

CASES: dict[str, tuple[str, str, list[Change]]] = {
    "a value": ('{"state": 2}', '{"state": 264}', [Change("state", "2", "264")]),
    "a number that is spelled otherwise": (
        '{"amount_paid": 1.50}',
        '{"amount_paid": 1.5}',
        [Change("amount_paid", "1.50", "1.5")],
    ),
    "a number that becomes text": ('{"state": 2}', '{"state": "2"}', [Change("state", "2", '"2"')]),
    "a member more": ('{"id": 1}', '{"id": 1, "state": 2}', [Change("state", None, "2")]),
    "a member less": ('{"id": 1, "state": 2}', '{"id": 1}', [Change("state", "2", None)]),
    "a payment more": (
        '{"payments": [{"id": 1, "date": "x"}]}',
        '{"payments": [{"id": 2, "date": "y", "transaction_id": null}, {"id": 1, "date": "x"}]}',
        [Change("payments[id=2].id", None, "2"), Change("payments[id=2].date", None, '"y"')],
    ),
    "items without ids": (
        '{"basket": {"items": [{"quantity": 1}, {"quantity": 2}]}}',
        '{"basket": {"items": [{"quantity": 1}, {"quantity": 3}]}}',
        [Change("basket.items[1].quantity", "2", "3")],
    ),
    "lines that change places": (
        '{"payments": [{"id": 1}, {"id": 2}]}',
        '{"payments": [{"id": 2}, {"id": 1}]}',
        [Change("payments (order)", None, None)],
    ),
    "a shipment that appears": (
        '{"shipment": null}',
        '{"shipment": {"id": 3, "cost": "4.90", "name": null}}',
        [Change("shipment.id", None, "3"), Change("shipment.cost", None, '"4.90"')],
    ),
    "a shipment that is emptied": ('{"shipment": null}', '{"shipment": {}}', [Change("shipment", "null", "{}")]),
    "an object that becomes a list": ('{"payments": {}}', '{"payments": []}', [Change("payments", "{}", "[]")]),
    "what depends on the request": ('{"id": 1, "delta_state": "created"}', '{"id": 1, "user_id": 4}', []),
    "a member that nobody knows": ('{"buyer": "A"}', '{"buyer": "B"}', [Change("buyer", HIDDEN, HIDDEN)]),
    "a customer who appears": (
        '{"customer": null}',
        '{"customer": {"id": 4, "email": "a@b.de"}}',
        [Change("customer.id", None, "4"), Change("customer.email", None, HIDDEN)],
    ),
    "a person inside a value": (
        '{"state": {"name": "Erika"}}',
        '{"state": 2}',
        [Change("state", HIDDEN, "2")],
    ),
    "a customer who is no object": ('{"customer": "A"}', '{"customer": 5}', [Change("customer", HIDDEN, HIDDEN)]),
    "people as names of members": ('{"notes": {"a@b.de": 1}}', "{}", [Change("notes", HIDDEN, None)]),
    "a name with a dot": ('{"a.b": 1}', '{"a.b": 2}', [Change('"a.b"', HIDDEN, HIDDEN)]),
    "nothing but the order of members": ('{"id": 1, "state": 2}', '{"state": 2, "id": 1}', []),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES)
def test_a_change_is(old: str, new: str, expected: list[Change]) -> None:
    assert changes(old, new) == expected


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"a": ' * 5000, "\ufeff{}"])
def test_what_is_no_object_is_not_compared(text: str) -> None:
    assert changes(text, "{}") is None
    assert changes("{}", text) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "a", "b"]), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(["id", "state", "basket", "customer", "payments", "x"]), JSON, max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(OBJECTS, OBJECTS)
def test_two_objects_have_changes_if_and_only_if_they_differ(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = changes(json.dumps(old), json.dumps(new), personal=True)

    assert found is not None
    if json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True):
        assert found == []


NAMES = st.sampled_from(["id", "name", "email", "first_name", "city", "note_internal", "holder", "items", "customer"])
PEOPLE = st.recursive(
    st.just("Mustermann"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES.filter(lambda n: n != "id"), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["customer", "buyer", "note", "contact"]), PEOPLE, max_size=3))
def test_no_shape_of_a_payload_shows_a_person(people: dict[str, Any]) -> None:
    for old, new in ((people, {}), ({}, people), (people, {"customer": 1, "buyer": None})):
        found = changes(json.dumps(old), json.dumps(new))

        assert found is not None
        assert "Mustermann" not in str(found)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]
