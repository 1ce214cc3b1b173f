"""Orders whose JSON names a member twice: one reading, the last, from the landing log to the facts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from pipelines.inventorum.http.pages import Page, parse_page
from tests.support.payloads import sale
from tests.support.warehouse import Warehouse

TEXT = json.dumps(sale(1, state=360, delta_state="created"), separators=(",", ":"))
NAMES = {"plain": "state", "escaped": "\\u0073tate"}


def page_of(*records: str) -> Page:
    return parse_page(f'{{"data":[{",".join(records)}],"total":{len(records)}}}'.encode())


def twice(text: str, name: str, first: str) -> str:
    """The order, with that value before all others."""
    return f'{{"{name}":{first},{text[1:]}'


@pytest.mark.parametrize("spaces", ["", " "], ids=["compact", "spaced"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("odd", [[], ['{"id":2,"odd":NaN}']], ids=["page of plain orders", "page with an odd one"])
def test_a_name_that_comes_twice_is_read_as_its_last_and_marked(name: str, spaces: str, odd: list[str]) -> None:
    text = re.sub('":', f'":{spaces}', TEXT)
    known = page_of(text, *odd).orders[0]
    row = page_of(twice(text, name, "8"), *odd).orders[0]

    assert (row.state, row.content_hash) == (360, f"{known.content_hash}-twice")
    assert bytes(row.payload).decode() == twice(text, name, "8")


def test_a_name_that_comes_twice_in_what_the_hash_leaves_out_is_marked_too() -> None:
    assert page_of(twice(TEXT, "delta_state", '"x"')).orders[0].content_hash.endswith("-twice")


def test_an_id_that_comes_twice_says_nothing_about_how_the_server_sorts() -> None:
    page = page_of(twice(TEXT, "id", "7"))

    assert page.orders[0].order_id == 1
    assert isinstance(page.keys[0], str)


@pytest.mark.parametrize("member", ['"a":"x\\":\\"y"', '"ä":1', '"a":{"b":1,"b":2}', '"\\u0061":1'])
def test_an_order_that_names_each_of_its_members_once_is_not_marked(member: str) -> None:
    for text in (TEXT, TEXT.replace(":", ": ", 3)):
        assert not page_of(f"{{{member},{text[1:]}").orders[0].content_hash.endswith("-twice")


@pytest.mark.long
def test_the_facts_read_the_last_like_the_landing_log(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.append([twice(TEXT, NAMES["escaped"], "4")], [twice(TEXT, NAMES["plain"], "8")])
    warehouse.load([twice(TEXT.replace('"state":360', '"state":376'), NAMES["plain"], "360")])
    warehouse.load([TEXT.replace('"state":360', '"state":376')])

    known = [(1, 360), (2, 376)]
    assert warehouse.rows("select version_number, state from core.fct_order_versions order by all") == known
    assert warehouse.rows("select order_class, state from core.fct_orders") == [("sale", 376)]
    tables = warehouse.tables()
    warehouse.load(full=True)
    assert warehouse.tables() == tables


@pytest.mark.long
def test_an_order_that_an_earlier_release_landed_unmarked_is_read_anew_when_it_comes_again(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    text = twice(TEXT, "state", "4")
    warehouse.append([text])
    with duckdb.connect(warehouse.files.landing) as connection:
        connection.execute("update raw.orders set content_hash = left(content_hash, 32)")
    warehouse.load()
    assert warehouse.rows("select order_class from core.fct_orders") == [("canceled",)]

    warehouse.load([text])
    warehouse.load([text])

    assert warehouse.rows("select order_class, version_count from core.fct_orders") == [("sale", 2)]
