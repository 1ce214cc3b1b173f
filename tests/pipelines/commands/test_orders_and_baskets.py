"""The two commands that speak with the API directly: `orders` asks, `basket create` writes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands.basket import described, from_flags, further
from pipelines.errors import SettingsError
from pipelines.inventorum.http.basket import encode_basket
from pipelines.period import parse_day, parse_instant
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Settings
from tests.conftest import Rows, Sync
from tests.support.real_command import surroundings

PRODUCT = 7890302  # of the documentation's example; every sandbox knows it
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(sandbox: Sandbox) -> dict[str, str]:
    """What a user of this sandbox has set."""
    return surroundings(sandbox, COLUMNS="80")


@pytest.fixture
def inventorum(tmp_path: Path, settings: Settings, environment: dict[str, str]) -> Run:
    """The command for this test's installation."""

    def call(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "--home", str(settings.files.home), *arguments],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


# --- orders


@pytest.mark.long
def test_live_orders_are_marked_against_the_warehouse(shop: Shop, sync: Sync, rows: Rows, inventorum: Run) -> None:
    shop.sell("ipad", [("Bread", "3.50", 1, 7)], at="2026-10-30T10:00:00Z")
    same = shop.sell("ipad", [("Bread", "3.50", 2, 7)], at="2026-11-01T10:00:00Z")
    differs = shop.sell("shop", [("Cake", "13.50", 1, 7)], at="2026-11-01T11:00:00Z")
    sync()
    shop.refund(differs)
    new = shop.sell("ipad", [("Bread", "3.50", 3, 7)], at="2026-11-01T12:00:00Z")
    before = rows("select count(*) from raw.orders", raw=True)

    outcome = inventorum("orders", "--from", "2026-11-01", "--to", "2026-11-01", "--json")
    found = {order["order_id"]: order["warehouse"] for order in json.loads(outcome.stdout)["orders"]}
    assert found == {same: "same", differs: "differs", new: "new"}

    shown = inventorum("orders", "--from", "2026-11-01", "--to", "2026-11-01")
    assert "3 orders: 1 as in the warehouse, 1 differ, 1 new." in shown.stdout
    assert "refunded" in shown.stdout
    assert "2026-11-01 12:00" in shown.stdout, shown.stdout  # 11:00 UTC on the shop's clocks
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert rows("select count(*) from raw.orders", raw=True) == before


def test_channels_and_words_narrow_the_question(shop: Shop, inventorum: Run) -> None:
    for channel, customer in (("ipad", None), ("shop", "Käthe Groß"), ("shop", "Hans Klein")):
        shop.sell(channel, [("Bread", "3.50", 1, 7)], at="2026-11-01T10:00:00Z", customer=customer)

    def count(*more: str) -> int:
        outcome = inventorum("orders", "--from", "2026-11", "--to", "2026-11", "--json", *more)
        return len(json.loads(outcome.stdout)["orders"])

    assert count() == 3
    assert count("--channel", "shop") == 2
    assert count("--search", "Groß") == 1


def test_a_day_begins_and_ends_on_the_shops_clocks(shop: Shop, inventorum: Run) -> None:
    for at in ("2026-10-31T22:59:59Z", "2026-10-31T23:00:00Z", "2026-11-01T22:59:59Z", "2026-11-01T23:00:00Z"):
        shop.sell("ipad", [("Bread", "3.50", 1, 7)], at=at)

    outcome = inventorum("orders", "--from", "2026-11-01", "--to", "2026-11-01", "-c", "ipad", "--json")

    created = [order["created_at"] for order in json.loads(outcome.stdout)["orders"]]
    assert created == ["2026-10-31T23:00:00+00:00", "2026-11-01T22:59:59+00:00"]


def test_more_orders_than_one_answer_brings_all_come(shop: Shop, inventorum: Run) -> None:
    for second in range(95):
        shop.sell("ipad", [("Bread", "3.50", 1, 7)], at=f"2026-11-01T10:{second // 60:02}:{second % 60:02}Z")

    outcome = inventorum("orders", "--from", "2026-11-01", "--to", "2026-11-01", "-c", "ipad")

    assert "95 orders" in outcome.stdout
    assert "Nothing is published yet" in outcome.stdout


def test_a_channel_that_is_asked_for_by_name_must_exist(inventorum: Run) -> None:
    outcome = inventorum("orders", "--from", "2026-11-01", "--to", "2026-11-01", "-c", "backoffice")

    assert outcome.returncode == 1
    assert "not a valid choice" in outcome.stderr
    assert inventorum("orders", "--from", "2026-11-02", "--to", "2026-11-01").returncode == 2


DAYS = {
    "a day": ("2026-11-23", "2026-11-23", "2026-11-23"),
    "a month": ("2026-02", "2026-02-01", "2026-02-28"),
    "a leap month": ("2024-02", "2024-02-01", "2024-02-29"),
    "a year": ("2026", "2026-01-01", "2026-12-31"),
}


@pytest.mark.parametrize(("text", "first", "last"), DAYS.values(), ids=DAYS.keys())
def test_days_months_and_years_are_periods(text: str, first: str, last: str) -> None:
    assert str(parse_day(text, what="--from")) == first
    assert str(parse_day(text, what="--to", last=True)) == last


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13", "2026-02-30", "23.11.2026", "99999", "٢٠٢٦"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no date"):
        parse_day(text, what="--from")


def test_times_without_a_zone_are_the_shops() -> None:
    def utc(text: str, *, last: bool = False) -> str:
        return parse_instant(text, what="--from", timezone="Europe/Berlin", last=last).isoformat()

    assert utc("2026-07-01T08:00") == "2026-07-01T06:00:00+00:00"
    assert utc("2026-07-01T08:00Z") == "2026-07-01T08:00:00+00:00"
    assert utc("2026-03-29", last=True) == "2026-03-29T22:00:00+00:00"  # a day of 23 hours
    with pytest.raises(SettingsError, match="no date or time"):
        utc("2026-07-01Tnoon")


# --- basket create


def test_a_basket_is_created_and_arrives_with_the_next_sync(
    sync: Sync, rows: Rows, inventorum: Run, sandbox: Sandbox
) -> None:
    outcome = inventorum("basket", "create", "--item", f"{PRODUCT}:2:5.87", "--note", "By phone", "--yes", "--json")
    created = json.loads(outcome.stdout)
    sync()

    assert outcome.returncode == 0
    assert rows("select order_id, order_class, quantity from core.fct_orders") == [
        (created["id"], "draft", Decimal("2.000"))
    ]
    posts = [request for request in sandbox.requests if request.method == "POST"]
    assert [json.loads(request.body) for request in posts] == [
        {"items": [{"product": PRODUCT, "price": 5.87, "quantity": 2}], "note_internal": "By phone"}
    ]


def test_the_basket_may_stand_in_a_file_or_come_by_pipe(inventorum: Run, tmp_path: Path) -> None:
    basket = json.dumps({"items": [{"product": PRODUCT, "price": 1, "quantity": 1}]})
    (tmp_path / "basket.json").write_text(basket)

    assert inventorum("basket", "create", "basket.json", "--yes").returncode == 0
    piped = inventorum("basket", "create", "-", "--yes", stdin=basket)
    assert piped.returncode == 0
    assert "See it arrive with `inventorum sync`" in " ".join(piped.stdout.split())


FAULTY: dict[str, tuple[list[str], str]] = {
    "nothing at all": ([], "either a JSON file or --item"),
    "no items": (["--note", "x"], "no items"),
    "half an item": (["--item", "1:2"], "PRODUCT:QUANTITY:PRICE"),
    "no quantity": (["--item", "1:0:3"], "whole number from 1 on"),
    "half a piece": (["--item", "1:0.5:3"], "whole number from 1 on"),
    "a name for a product": (["--item", "bread:1:3"], "whole number"),
    "no price": (["--item", "1:1:x"], "no amount"),
    "a negative price": (["--item", "1:1:-3"], "no amount"),
    "more than everything off": (["--item", "1:1:3", "--discount", "101%"], "at most 100 %"),
    "nothing off": (["--item", "1:1:3", "--discount", "0"], "more than 0"),
    "a missing file": (["nowhere.json"], "could not be read"),
    "file and flags": (["nowhere.json", "--item", "1:1:3"], "either"),
}


@pytest.mark.parametrize(("arguments", "said"), FAULTY.values(), ids=FAULTY.keys())
def test_a_faulty_basket_is_not_sent(
    arguments: list[str], said: str, environment: dict[str, str], sandbox: Sandbox
) -> None:
    outcome = CliRunner().invoke(app, ["basket", "create", "--yes", *arguments], env=environment)

    assert outcome.exit_code == 2
    assert said in " ".join(outcome.stderr.split())
    assert "Nothing was sent" in " ".join(outcome.stderr.split())
    assert sandbox.requests == []


def test_the_apis_own_field_errors_are_shown(inventorum: Run) -> None:
    outcome = inventorum("basket", "create", "--item", "1:1:3", "--customer", "99", "--yes")
    assert outcome.returncode == 1
    assert 'Invalid pk "99" - object does not exist.' in outcome.stderr
    assert "nothing was created" in outcome.stderr

    fields = json.loads(inventorum("basket", "create", "--item", "1:1:3", "--customer", "99", "--yes", "--json").stdout)
    assert set(fields["fields"]) == {"items", "customer"}


@pytest.mark.parametrize("kind", ["reset", "503", "cut"])
def test_a_basket_whose_answer_is_lost_is_not_sent_twice(kind: str, inventorum: Run, sandbox: Sandbox) -> None:
    sandbox.faults.push(kind, on="/basket/", processed=True)

    outcome = inventorum("basket", "create", "--item", f"{PRODUCT}:1:3", "--yes")

    assert outcome.returncode == 6
    assert "may exist or not" in " ".join(outcome.stderr.split())
    assert len([request for request in sandbox.requests if request.method == "POST"]) == 1


def test_without_the_scope_checkout_the_message_names_it(inventorum: Run, sandbox: Sandbox) -> None:
    sandbox.faults.push("403", on="/basket/")

    outcome = inventorum("basket", "create", "--item", f"{PRODUCT}:1:3", "--yes")

    assert outcome.returncode == 5
    assert "scope `checkout`" in " ".join(outcome.stderr.split())


def test_nobody_to_ask_means_nothing_is_sent(inventorum: Run, sandbox: Sandbox) -> None:
    outcome = inventorum("basket", "create", "--item", f"{PRODUCT}:1:3")

    assert outcome.returncode == 2
    assert "--yes" in outcome.stderr
    assert sandbox.requests == []


@pytest.mark.parametrize(("typed", "posts"), [(b"n\n", 0), (b"\n", 0), (b"y\n", 1)])
def test_at_a_terminal_it_shows_the_basket_and_asks(
    typed: bytes, posts: int, environment: dict[str, str], tmp_path: Path, sandbox: Sandbox
) -> None:
    main, other = pty.openpty()
    words = ["basket", "create", "--item", f"{PRODUCT}:2:5.87", "--discount", "10%"]
    with subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=tmp_path,
        env=environment | {"TERM": "dumb"},
        stdin=other,
        stdout=other,
        stderr=other,
    ) as process:
        os.close(other)
        os.write(main, typed)
        said = b""
        while True:
            try:
                said += os.read(main, 4096)
            except OSError:
                break
        process.wait(timeout=60)
    os.close(main)

    assert b"11.74" in said
    assert b"10 %" in said
    assert b"Create this basket at http://127.0.0.1" in said
    assert len([request for request in sandbox.requests if request.method == "POST"]) == posts


def test_a_basket_keeps_exactly_the_digits_that_were_given() -> None:
    basket = from_flags(["1:3:0.10", "2:1:9.999"], customer=7, invoice_note="Danke", discount="12.5%")

    sent: dict[str, Any] = msgspec.json.decode(encode_basket(basket))
    assert b"0.10" in encode_basket(basket)
    assert sent["discount"] == {"amount": 0.125, "reason": 0, "type": "percent"}
    assert described(basket)[1] == [2, 1, Decimal("9.999"), "", ""]
    assert further(basket) == {
        "net before discounts": Decimal("10.299"),
        "customer": 7,
        "discount": "12.5 %",
        "note on the invoice": "Danke",
    }
