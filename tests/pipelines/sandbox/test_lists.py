"""GET /orders/delta/ and GET /orders/ as the documentation describes them."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from pipelines import sandbox as package
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests.pipelines.sandbox.conftest import Get, ids

WOBBLER = [("Wobbler", "6.99", 10)]
SAMPLES = Path(package.__file__).parent / "samples"


def printed(order_id: int) -> bytes:
    """The order as the documentation prints it."""
    return (SAMPLES / f"{order_id}.json").read_bytes().rstrip(b"\n")


def test_the_till_sale_of_the_documentation_is_sent_byte_for_byte(shop: Shop, get: Get) -> None:
    shop.add_samples()

    answer = get("/orders/delta/", channel="ipad")

    assert answer.content == b'{"total":1,"data":[' + printed(8791312) + b"]}"
    assert printed(8791312).startswith(b'{\n            "id": 8791312,\n            "basket": {\n                ')


def test_the_web_order_of_the_documentation_is_sent_byte_for_byte(shop: Shop, get: Get) -> None:
    shop.add_samples()

    answer = get("/orders/", start="2017.01.25 13:00:00", end="2017.01.25 14:00:00")

    assert answer.content == b'{"total":1,"data":[' + printed(5011967) + b"]}"


def test_orders_omits_what_only_delta_sends(shop: Shop, get: Get) -> None:
    shop.add_samples()

    answer = get("/orders/", start="2017.12.12 00:00:00", end="2017.12.13 00:00:00", channel="ipad")

    (row,) = answer.json()["data"]
    assert row == {
        name: value
        for name, value in get("/orders/delta/", channel="ipad").json()["data"][0].items()
        if name not in ("delta_state", "user_id", "available_refund_types")
    }


def test_amounts_are_text_with_the_documented_places(shop: Shop, get: Get) -> None:
    shop.sell("shop", [("Wobbler", "6.99", 10), ("Bergkäse", "20.00", "0.35", 7)], shipping="0")

    (row,) = get("/orders/delta/").json()["data"]

    wobbler, cheese = row["basket"]["items"]
    assert wobbler["price"] == "5.8739495798"
    assert (wobbler["unit_gross_price"], wobbler["gross_price"]) == ("6.99", "69.90")
    assert (wobbler["quantity"], wobbler["original_quantity"], wobbler["tax_rate"]) == (10, "10.00", "19.000")
    assert (cheese["quantity"], cheese["original_quantity"], cheese["tax_rate"]) == (0.35, "0.35", "7.000")
    assert row["amount_paid"] == row["payments"][0]["payment_amount"] == "76.9000000000"
    assert row["shipment"]["cost"] == "0E-10"


def test_delta_without_a_channel_means_shop(shop: Shop, get: Get) -> None:
    till, web = shop.sell("ipad", WOBBLER), shop.sell("shop", WOBBLER)

    assert ids(get("/orders/delta/")) == [web]
    assert ids(get("/orders/delta/", channel="ipad")) == [till]


def test_orders_without_a_channel_means_all_but_the_till(shop: Shop, get: Get) -> None:
    till, web, ebay = (shop.sell(channel, WOBBLER, at="2026-11-02T10:00Z") for channel in ("ipad", "shop", "ebay"))
    window = {"start": "2026.11.02 00:00:00", "end": "2026.11.03 00:00:00"}

    assert ids(get("/orders/", **window)) == [web, ebay]
    assert ids(get("/orders/", channel="ipad", **window)) == [till]


@pytest.mark.parametrize(("path", "channel"), [("/orders/delta/", "kiosk"), ("/orders/", "backoffice")])
def test_a_channel_that_a_list_does_not_know_is_refused(get: Get, path: str, channel: str) -> None:
    answer = get(path, channel=channel, start="2026.11.02 00:00:00", end="2026.11.03 00:00:00")

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {"channel": [f'"{channel}" is not a valid choice.']}
    assert answer.json()["detail"] == answer.json()["error"]["description"] == "Serialization error"


def test_pending_orders_are_hidden_from_version_12_on(shop: Shop, get: Get) -> None:
    pending = shop.sell("shop", WOBBLER, paid=False)

    assert ids(get("/orders/delta/", version=11)) == [pending]
    assert ids(get("/orders/delta/", version=12)) == []
    shop.pay(pending)
    assert ids(get("/orders/delta/", version=12)) == [pending]


def test_orders_leaves_out_drafts_only(shop: Shop, get: Get) -> None:
    states = [0, 1, 2, 4, 128, 264]
    sold = {state: shop.sell("shop", WOBBLER, state=state, at="2026-11-02T10:00Z") for state in states}

    shown = ids(get("/orders/", start="2026.11.02 00:00:00", end="2026.11.03 00:00:00"))

    assert sorted(shown) == sorted(order for state, order in sold.items() if state != 1)


def test_delta_returns_what_was_created_or_changed_since_a_time(shop: Shop, get: Get) -> None:
    first, second = (shop.sell("shop", WOBBLER, at=f"2026-11-02T1{hour}:00Z") for hour in (0, 1))
    shop.cancel(first, at="2026-11-02T12:00Z")

    assert ids(get("/orders/delta/", start_date="2026-11-02T12:00:00.000Z")) == [first]
    assert ids(get("/orders/delta/", start_date="2026-11-02T12:00:00.001Z")) == []
    assert ids(get("/orders/delta/", start_date="2026-11-02T11:00:00.000Z")) == [second, first]
    assert get("/orders/delta/", start_date="2026-11-02T12:00:00.000Z").json()["data"][0]["state"] == 268


def test_delta_sorts_by_change_and_then_by_what_is_asked(shop: Shop, get: Get) -> None:
    first, second, third = (shop.sell("shop", WOBBLER) for _ in range(3))
    shop.read(second)

    assert ids(get("/orders/delta/")) == [first, third, second]
    assert ids(get("/orders/delta/", order_by="id")) == [first, second, third]
    assert ids(get("/orders/delta/", order_by="state,-id")) == [third, first, second]
    assert get("/orders/delta/", order_by="colour").status_code == 400


def test_orders_sorts_by_completion(shop: Shop, get: Get) -> None:
    early = shop.sell("shop", WOBBLER, paid=False, at="2026-11-02T10:00Z")
    late = shop.sell("shop", WOBBLER, at="2026-11-02T11:00Z")
    shop.pay(early, at="2026-11-02T12:00Z")

    assert ids(get("/orders/", start="2026.11.02 00:00:00", end="2026.11.03 00:00:00")) == [late, early]


def test_orders_takes_times_of_the_shops_zone(shop: Shop, get: Get) -> None:
    order = shop.sell("shop", WOBBLER, at="2026-11-02T23:30Z")

    assert ids(get("/orders/", start="2026.11.03 00:30:00", end="2026.11.03 00:30:00")) == [order]
    assert ids(get("/orders/", start="2026.11.02 00:00:00", end="2026.11.02 23:59:59")) == []


def test_orders_needs_start_and_end(get: Get) -> None:
    answer = get("/orders/", end="2026.11.02 00:00:00")

    assert answer.status_code == 400
    assert answer.json() == {
        "error": {
            "fields": {"start": ["This field is required."]},
            "description": "Serialization error",
            "key": "common.serializer_error",
        }
    }


def test_orders_searches_names_codes_numbers_and_customers(shop: Shop, get: Get) -> None:
    order = shop.sell("shop", [("Wanderschuh Steig", "99.00", 1)], customer="Gesa Moosgruber", at="2026-11-02T10:00Z")
    shop.sell("shop", WOBBLER, at="2026-11-02T10:00Z")
    window = {"start": "2026.11.02 00:00:00", "end": "2026.11.03 00:00:00"}

    assert ids(get("/orders/", search="moosgruber WANDER", **window)) == [order]
    assert ids(get("/orders/", search="web-1001", **window)) == [order]
    assert ids(get("/orders/", search="moosgruber wobbler", **window)) == []


@pytest.mark.parametrize(("path", "cap", "first_page"), [("/orders/delta/", 100, 0), ("/orders/", 40, 1)])
def test_a_larger_limit_is_clamped_and_pages_have_their_own_base(
    shop: Shop, get: Get, path: str, cap: int, first_page: int
) -> None:
    sold = [shop.sell("shop", WOBBLER, at="2026-11-02T10:00Z") for _ in range(cap + 5)]
    window = {"start": "2026.11.02 00:00:00", "end": "2026.11.03 00:00:00"} if first_page else {}

    first = get(path, limit=1000, **window)

    assert ids(first) == sold[:cap]
    assert first.json()["total"] == cap + 5
    assert ids(get(path, page=first_page, **window)) == sold[:cap]
    assert ids(get(path, page=first_page + 1, **window)) == sold[cap:]
    assert ids(get(path, page=first_page + 2, limit=10, **window)) == sold[20:30]
    assert ids(get(path, page=first_page + 99, **window)) == []


def test_delta_may_begin_with_page_1(shop: Shop, sandbox: Sandbox, get: Get) -> None:
    sold = [shop.sell("shop", WOBBLER) for _ in range(5)]
    sandbox.switches.delta_first_page = 1

    assert get("/orders/delta/", page=0, limit=2).status_code == 400
    assert ids(get("/orders/delta/", page=1, limit=2)) == sold[:2]
    sandbox.switches.page_zero = "repeat"
    assert ids(get("/orders/delta/", page=0, limit=2)) == sold[:2]


def test_a_page_past_the_end_may_be_not_found(shop: Shop, sandbox: Sandbox, get: Get) -> None:
    shop.sell("shop", WOBBLER)
    sandbox.switches.past_end = "404"

    assert get("/orders/delta/", page=1).status_code == 404
    assert get("/orders/delta/", page=0).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "many"), ("limit", "0"), ("page", "-1"), ("start_date", "yesterday"), ("order_by", "price")],
)
def test_a_parameter_that_makes_no_sense_is_named(get: Get, name: str, value: str) -> None:
    answer = get("/orders/delta/", **{name: value})

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [name]


def test_a_path_without_its_last_slash_is_moved(sandbox: Sandbox, get: Get) -> None:
    answer = get("/orders/delta", channel="ipad")

    assert (answer.status_code, answer.content) == (301, b"")
    assert answer.headers["Location"] == f"{sandbox.base_url}/orders/delta/?channel=ipad"


def test_answers_carry_the_servers_time_a_request_id_and_the_version(shop: Shop, get: Get) -> None:
    shop.clock.set("2026-11-02T10:00:00.900Z")

    answer = get("/orders/delta/", version=11)

    assert parsedate_to_datetime(answer.headers["Date"]).isoformat() == "2026-11-02T10:00:00+00:00"
    assert answer.headers["X-Inv-Processed-Version"] == "11"
    assert answer.headers["X-Rid"] != get("/orders/delta/").headers["X-Rid"]


def test_bodies_are_compressed_for_those_who_accept_it(shop: Shop, sandbox: Sandbox, get: Get) -> None:
    order = shop.sell("shop", WOBBLER)
    sandbox.switches.gzip = True

    answer = get("/orders/delta/")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert ids(answer) == [order]


def test_delta_state_may_depend_on_the_question(shop: Shop, sandbox: Sandbox, get: Get) -> None:
    order = shop.sell("shop", WOBBLER, at="2026-11-02T10:00Z")
    shop.read(order, at="2026-11-02T12:00Z")
    sandbox.switches.relative_delta_state = True

    assert get("/orders/delta/").json()["data"][0]["delta_state"] == "created"
    later = get("/orders/delta/", start_date="2026-11-02T11:00:00.000Z")
    assert later.json()["data"][0]["delta_state"] == "updated"


def test_a_hook_may_change_the_shop_before_an_answer(shop: Shop, sandbox: Sandbox, get: Get) -> None:
    sandbox.before_request(lambda request: shop.sell("shop", WOBBLER) if request.number == 2 else None)

    assert [len(ids(get("/orders/delta/"))) for _ in range(3)] == [0, 1, 1]
    assert [request.path for request in sandbox.requests] == ["/api/orders/delta/"] * 3


def test_a_planted_record_is_sent_as_it_is(shop: Shop, get: Get) -> None:
    order = shop.sell("shop", WOBBLER)
    shop.raw("shop", '{"id": "seven", "note": "\\ud800"}')
    shop.raw("shop", b"[1,2]")

    assert get("/orders/delta/", order_by="id").content.endswith(b',{"id": "seven", "note": "\\ud800"},[1,2]]}')
    assert get("/orders/delta/", order_by="id").json()["data"][0]["id"] == order
