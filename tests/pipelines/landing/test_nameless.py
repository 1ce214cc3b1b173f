"""An order without its person: every figure that the SQL makes of it, and whether two of them say the same, stay."""

from __future__ import annotations

import json
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from pipelines.inventorum.http.records import OrderRow
from pipelines.landing import nameless
from pipelines.landing.erasures import with_texts
from pipelines.landing.versions import NewestRead, say_the_same
from tests.pipelines.inventorum.http.test_pages import ODD_BUT_READABLE
from tests.support.landing_file import payload_of
from tests.support.odd_payloads import odd_orders, ordinary
from tests.support.warehouse import Warehouse

SECRET = nameless.Secret("ab" * 32)
TEXTS = nameless.Texts(SECRET)
DAY = date(2026, 8, 1)
PERSONAL = {
    *("customer_name", "company", "title", "first_name", "middle_name", "last_name", "email", "zipcode", "city"),
    *("address1", "address2", "region", "tracking_number", "transaction_id", "paypal_invoice_id", "paypal_tab_id"),
    *("external_key", "receipt_pdf_url", "content_hash"),
}


def cleaned(payload: str, content_hash: str = "a", texts: nameless.Texts = TEXTS) -> str:
    return nameless.without_person(payload, content_hash, texts)


def kept_columns(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    columns: dict[str, list[str]] = {}
    for schema, table, column in warehouse.rows(
        "select table_schema, table_name, column_name from information_schema.columns "
        "where table_schema in ('core', 'marts') order by ordinal_position"
    ):
        # which version an address without a name comes from is nothing that any figure depends on
        if column not in PERSONAL and (table != "dim_address" or column in ("account", "address_id")):
            columns.setdefault(f"{schema}.{table}", []).append(f'"{column}"')
    return {
        table: sorted(warehouse.rows(f"select {', '.join(names)} from {table}"), key=repr)
        for table, names in columns.items()
    }


@pytest.mark.by_hand
@pytest.mark.long
def test_no_figure_of_any_odd_order_changes_and_no_version_comes_or_goes(tmp_path: Path) -> None:
    for folder in ("with", "without"):
        (tmp_path / folder).mkdir()
    named, without = Warehouse(tmp_path / "with"), Warehouse(tmp_path / "without")
    for version in (0, 1):
        payloads = [payload_of(one) for one in islice(odd_orders(version), 0, None, 3)]
        named.append(payloads)
        without.append([cleaned(payload) for payload in payloads])
    named.load(full=True)
    without.load(full=True)

    before, after = kept_columns(named), kept_columns(without)
    assert {
        table: [pair for pair in zip(rows, after[table], strict=False) if pair[0] != pair[1]][:3]
        for table, rows in before.items()
        if after[table] != rows
    } == {}


def spelled(order: dict[str, Any], **json_options: Any) -> str:
    return json.dumps(order, **json_options)


ORDINARY = ordinary(7, DAY)
PAIRS = {
    "other white space": (spelled(ORDINARY, indent=1), True),
    "other order of names": (spelled(ORDINARY, sort_keys=True), True),
    "another amount": (spelled(ORDINARY | {"amount_paid": "1.00"}), False),
    "another state": (spelled(ORDINARY | {"state": 872}), False),
    "another last name": (spelled(ORDINARY | {"customer": ORDINARY["customer"] | {"last_name": "Neu"}}), False),
    "no last name": (spelled(ORDINARY | {"customer": ORDINARY["customer"] | {"last_name": None}}), False),
    "a new note": (spelled(ORDINARY | {"basket": ORDINARY["basket"] | {"note_internal": "Neu"}}), False),
    "a new member": (spelled(ORDINARY | {"gift": "Neu"}), False),
    "a new member without a value": (spelled(ORDINARY | {"gift": None}), True),
}


@pytest.mark.parametrize(("other", "same"), PAIRS.values(), ids=PAIRS.keys())
def test_two_orders_say_the_same_without_their_person_if_they_do_with_it(other: str, same: bool) -> None:
    first = spelled(ORDINARY)
    for one, two in ((first, other), (cleaned(first), cleaned(other, "b"))):
        row = OrderRow(7, "ipad", 360, Raw(two.encode()), "b")
        assert say_the_same([row], {7: NewestRead(7, "ipad", 360, "a", one)}) == ({7} if same else set())


@pytest.mark.parametrize("record", ODD_BUT_READABLE.values(), ids=ODD_BUT_READABLE.keys())
def test_a_record_that_hardly_a_parser_reads_becomes_one_that_each_reads(record: bytes) -> None:
    order = json.loads(cleaned(record.decode()))

    assert str(order["id"]) == "2"
    assert set(order) <= {*nameless.ORDER, nameless.MARK}


NAMED = json.dumps(
    {"customer": {"first_name": "Anna", "last_name": "Müller", "title": "Dr.", "email": "a.m@b.example"}}
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Gravur Anna Müller, gold", "Gravur ***, gold"),
        ("MÜLLER,  anna", "***"),
        ("für Frau Müller", "für ***"),
        ("A. Müller", "***"),
        ("Rechnung an <A.M@B.example>", "Rechnung an <***>"),
        ("Müller-Tasse", "Müller-Tasse"),  # may be a brand
        ("Annas Müllerei", "Annas Müllerei"),
        ("", ""),
    ],
)
def test_a_whole_name_goes_from_any_text_however_it_is_written(text: str, left: str) -> None:
    assert with_texts(TEXTS, nameless.texts_of(NAMED)).replaced(text) == left


def test_numbers_stay_as_they_were_written() -> None:
    payload = '{"amount_paid":138.6000000000,"basket":{"items":[{"price":"5.8739495798","quantity":1E+1}]}}'

    assert cleaned(payload).startswith(payload[:-1])


def test_what_was_cleaned_once_stays_as_it_is() -> None:
    once = cleaned(spelled(ORDINARY))

    assert nameless.without_person(once, "a", TEXTS, again=True) == once
