"""The client against the sandbox: every fault of the network and the API, over real HTTP."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.errors import ApiError, EmptyPage, LoginError, RequestRefused, SettingsError
from pipelines.inventorum.http.basket import Basket, BasketItem
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.login import StaticToken
from pipelines.inventorum.http.retries import RETRY_AFTER_MOST
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests.support.scripted import DATE, EMPTY_PAGE, Scripted, answer, closed_port, drip

BERLIN = ZoneInfo("Europe/Berlin")
Connect = Callable[..., InventorumClient]


class Naps:
    """Stands in for sleeping: remembers, and moves the client's clock."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.now = 0.0
        self._lock = threading.Lock()

    def __call__(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds

    def clock(self) -> float:
        return self.now

    @property
    def long(self) -> list[float]:
        """Waits that are not the rate limit's."""
        return [seconds for seconds in self.slept if seconds > 0.06]


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(Shop(clock=Clock("2026-11-23T08:00:00Z"))) as server:
        yield server


@pytest.fixture
def shop(server: Sandbox) -> Shop:
    """Three orders at the till, with no fault ordered yet."""
    shop = Shop(clock=Clock("2026-11-23T08:00:00Z"))
    for hour in range(5, 8):
        shop.sell("ipad", [("Wobbler", "6.99", 10)], at=f"2026-11-23T{hour:02}:00:00Z")
    server.reset(shop)
    server.switches.gzip = False
    return shop


@pytest.fixture
def connect(server: Sandbox, naps: Naps) -> Connect:
    def connect(base_url: str | None = None, token: str | None = None, **changes: Any) -> InventorumClient:
        options: dict[str, Any] = {"sleep": naps, "clock": naps.clock} | changes
        return InventorumClient(base_url or server.base_url, StaticToken(token or server.access_token), **options)

    return connect


def ids(client: InventorumClient, **options: Any) -> list[int]:
    return [row.order_id for row in client.orders_delta(channel="ipad", **options).page.orders]


def test_a_page_comes_with_what_the_answer_says_of_itself(shop: Shop, connect: Connect, server: Sandbox) -> None:
    answer = connect(api_version=11).orders_delta(
        channel="ipad", start_date=datetime(2026, 11, 23, 6, 0, 0, 643_999, UTC), page=0, limit=50
    )

    assert answer.page.total == len(answer.page.orders) == 1
    assert answer.date == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert answer.processed_version == 11
    assert answer.rid
    assert answer.bytes > 500
    assert 0 < answer.seconds < 10
    request = server.requests[-1]
    assert request.params == {
        "channel": "ipad",
        "start_date": "2026-11-23T06:00:00.643Z",
        "page": "0",
        "limit": "50",
        "order_by": "id",
    }
    assert request.headers["accept"] == "application/json"
    assert request.headers["x-api-version"] == "11"
    assert request.headers["authorization"] == f"Bearer {server.access_token}"
    assert request.path == "/api/orders/delta/"


def test_orders_are_asked_for_by_the_clocks_of_the_account(shop: Shop, connect: Connect, server: Sandbox) -> None:
    answer = connect().orders(
        datetime(2026, 11, 23, 4, 30, tzinfo=UTC),
        datetime(2026, 11, 23, 6, 0, tzinfo=UTC),
        tz=BERLIN,
        channel="ipad",
        search="wobbler",
    )

    assert server.requests[-1].params == {
        "start": "2026.11.23 05:30:00",
        "end": "2026.11.23 07:00:00",
        "page": "1",
        "limit": "40",
        "channel": "ipad",
        "search": "wobbler",
    }
    assert answer.page.total == 2


def test_a_time_without_a_zone_is_a_programming_error(connect: Connect) -> None:
    with pytest.raises(ValueError, match="zone"):
        connect().orders_delta(start_date=datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="zone"):
        connect().orders(datetime(2026, 1, 1), datetime(2026, 1, 1), tz=BERLIN)


PASSING = [
    ("429", {"retry_after": 3}),
    ("429", {"retry_after": "date"}),
    ("429", {}),
    ("500", {}),
    ("502", {}),
    ("503", {"retry_after": 3}),
    ("504", {}),
    ("408", {}),
    ("reset", {}),
    ("close", {}),
    ("cut", {}),
    ("broken_json", {}),
    ("html", {}),
    ("list", {}),
    ("null", {}),
    ("empty_body", {}),
    ("empty_page", {}),
    ("no_date", {}),
]


@pytest.mark.parametrize(("kind", "details"), PASSING, ids=[f"{kind}-{details}" for kind, details in PASSING])
@pytest.mark.usefixtures("shop")
def test_a_fault_that_passes_costs_a_retry(
    kind: str, details: dict[str, Any], connect: Connect, server: Sandbox, naps: Naps
) -> None:
    client = connect()
    expected = ids(client)
    server.faults.push(kind, times=2, **details)
    server.requests.clear()

    assert ids(client) == expected
    assert len(expected) == len(server.requests) == 3
    assert len(naps.long) >= 2
    if details.get("retry_after") == 3:
        assert all(3 <= seconds <= 3.25 for seconds in naps.long)
    if details.get("retry_after") == "date":
        assert all(0.9 <= seconds <= 1.25 for seconds in naps.long)


@pytest.mark.parametrize(("kind", "details"), PASSING, ids=[f"{kind}-{details}" for kind, details in PASSING])
@pytest.mark.usefixtures("shop")
def test_a_fault_that_stays_ends_in_a_message_that_says_what_was_tried(
    kind: str, details: dict[str, Any], connect: Connect, server: Sandbox
) -> None:
    server.faults.push(kind, times=6, **details)
    with pytest.raises(ApiError) as caught:
        ids(connect())
    message = str(caught.value)
    assert caught.value.exit_code == 6
    assert message.startswith("GET /orders/delta/?page=0&limit=100&channel=ipad&order_by=id ")
    if kind == "empty_page":
        assert isinstance(caught.value, EmptyPage)
        assert "empty page, although it says that 3 orders match, on each of 3 tries" in message
    else:
        assert message.endswith("on try 6 of 6.")
    if kind.isdigit():
        assert f" answered {kind} " in message
    assert server.access_token not in message
    server.faults.clear()


@pytest.mark.usefixtures("shop")
def test_waits_grow_and_differ(connect: Connect, server: Sandbox, naps: Naps) -> None:
    server.faults.push("503", times=5)
    ids(connect())
    waits = naps.long
    assert len(waits) == 5
    assert all(0.25 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(waits))


@pytest.mark.parametrize("value", ["999999", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_retry_after_beyond_reason_is_capped(value: str, connect: Connect, naps: Naps) -> None:
    with Scripted(answer(status="429 Too Many Requests", Retry_After=value), answer()) as server:
        connect(server.base_url).orders_delta()
    assert max(naps.long) <= RETRY_AFTER_MOST + 0.25


@pytest.mark.parametrize("value", ["soon", "-5", "", "Mon, 99 Nov 2026", "Sun, 22 Nov 2026 08:00:00 GMT", "1e3", "١"])
def test_a_retry_after_that_means_nothing_or_lies_behind_is_no_obstacle(
    value: str, connect: Connect, naps: Naps
) -> None:
    raw = answer(status="429 Too Many Requests", Retry_After="X").replace(b": X", f": {value}".encode())
    with Scripted(raw, answer()) as server:
        connect(server.base_url).orders_delta()
    assert sum(naps.slept) < 2


@pytest.mark.usefixtures("shop")
def test_a_429_pauses_all_threads(connect: Connect, server: Sandbox) -> None:
    client = connect(clock=time.monotonic, sleep=time.sleep, requests_per_second=100)
    times: list[float] = []
    server.before_request(lambda request: times.append(time.monotonic()))
    server.faults.push("429", retry_after=1)
    with ThreadPoolExecutor(4) as executor:
        first = executor.submit(ids, client)
        while not times:
            time.sleep(0.005)
        time.sleep(0.1)
        for future in [first, *(executor.submit(ids, client) for _ in range(3))]:
            future.result()
    gaps = [later - times[0] for later in times[1:]]
    assert len(gaps) == 4
    assert min(gaps) >= 1


@pytest.mark.usefixtures("shop")
def test_the_budget_ends_retries_before_the_tries_do(connect: Connect, server: Sandbox, naps: Naps) -> None:
    client = connect(retry_budget=10)
    server.faults.push("503", times=20, retry_after=6)
    with pytest.raises(ApiError, match=r"on try 3 of 6, and the 10 s that retries may cost are used up"):
        ids(client)
    with pytest.raises(ApiError, match=r"on try 1 of 6"):
        ids(client)
    assert sum(naps.long) < 13
    server.faults.clear()


def test_a_silent_server_is_left_after_the_read_timeout(connect: Connect) -> None:
    with Scripted(lambda connection, _: connection.recv(1)) as server, pytest.raises(ApiError, match="fell silent"):
        connect(server.base_url, read_timeout=0.2, tries=1).orders_delta()


DRIPS = {
    "body": lambda: drip(answer(EMPTY_PAGE * 20), 0.02),
    "head": lambda: drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500, 0.02),
    "chunks": lambda: iter([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *drip(b"1\r\n{\r\n" * 99, 0.01)]),
}


@pytest.mark.parametrize("pieces", DRIPS.values(), ids=DRIPS.keys())
def test_a_slow_drip_is_left_when_the_time_limit_is_over(pieces: Any, connect: Connect) -> None:
    begin = time.monotonic()
    with Scripted(pieces) as server, pytest.raises(ApiError, match="did not end within the time limit"):
        connect(server.base_url, read_timeout=5, time_limit=0.4, tries=1).orders_delta()
    assert time.monotonic() - begin < 5


def test_a_drip_that_ends_in_time_is_read(connect: Connect) -> None:
    with Scripted(lambda: drip(answer(), 0.001)) as server:
        assert connect(server.base_url, time_limit=10).orders_delta().page.total == 0


def test_a_body_that_ends_before_its_length_is_cut(connect: Connect) -> None:
    with Scripted(lambda: [answer(length=100)]) as server, pytest.raises(ApiError, match="the body was cut"):
        connect(server.base_url, tries=1).orders_delta()


def test_a_body_that_promises_too_much_is_not_read(connect: Connect) -> None:
    with Scripted(answer(length=2**40)) as server, pytest.raises(ApiError, match="the body is larger than 256 MB"):
        connect(server.base_url, tries=1).orders_delta()


def test_a_body_in_chunks_is_read(connect: Connect) -> None:
    head = f"HTTP/1.1 200 OK\r\nDate: {DATE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(EMPTY_PAGE), EMPTY_PAGE)
    with Scripted(head + body) as server:
        assert connect(server.base_url).orders_delta().page.total == 0


def test_a_body_that_cannot_be_unpacked_is_a_fault(connect: Connect) -> None:
    with (
        Scripted(answer(b"\x1f\x8bnonsense", Content_Encoding="gzip")) as server,
        pytest.raises(ApiError, match="could not be unpacked"),
    ):
        connect(server.base_url, tries=1).orders_delta()


@pytest.mark.usefixtures("shop")
def test_a_compressed_body_is_unpacked(connect: Connect, server: Sandbox) -> None:
    server.switches.gzip = True
    assert len(ids(connect())) == 3


def test_an_unreachable_host_is_named_as_such(connect: Connect) -> None:
    with closed_port() as base_url, pytest.raises(ApiError, match="the connection was refused") as caught:
        connect(base_url, tries=2).orders_delta()
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["redirect", "redirect_away"])
@pytest.mark.usefixtures("shop")
def test_a_redirect_is_refused_without_following_it(kind: str, connect: Connect, server: Sandbox) -> None:
    server.faults.push(kind)
    server.requests.clear()
    with pytest.raises(ApiError, match="answered 302, a redirect, which is not followed"):
        ids(connect())
    assert len(server.requests) == 1


@pytest.mark.usefixtures("shop")
def test_another_4xx_fails_at_once_with_the_words_of_the_api(connect: Connect, server: Sandbox) -> None:
    server.requests.clear()
    with pytest.raises(RequestRefused) as caught:
        connect().orders_delta(channel="moon")
    assert caught.value.status == 400
    assert caught.value.fields == {"channel": ['"moon" is not a valid choice.']}
    assert 'was refused with 400: Serialization error; channel: "moon" is not a valid choice.' in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.usefixtures("shop")
def test_a_wrong_token_ends_in_a_login_error_that_says_what_to_do(connect: Connect) -> None:
    with pytest.raises(LoginError, match="SOURCES__INVENTORUM__ACCESS_TOKEN") as caught:
        ids(connect(token="wrong-token"))
    assert caught.value.exit_code == 5
    assert "wrong-token" not in str(caught.value)


def test_a_missing_scope_is_named(shop: Shop, connect: Connect, server: Sandbox) -> None:
    server.faults.push("403", on="/", times=2)
    with pytest.raises(LoginError, match="scope `orders`"):
        ids(connect())
    with pytest.raises(LoginError, match="scope `checkout`"):
        connect().create_basket(Basket(items=[BasketItem(product=1, price=Decimal(1), quantity=1)]))


class Renewing:
    """Credentials whose token is renewed once."""

    def __init__(self, fresh: str) -> None:
        self.current = "stale"
        self.fresh = fresh
        self.rejected: list[str] = []

    def token(self) -> str:
        return self.current

    def refresh(self, rejected: str) -> str:
        self.rejected.append(rejected)
        self.current = self.fresh
        return self.current

    def lost(self, what_happened: str) -> str:
        return f"{what_happened}. Log in again."


@pytest.mark.usefixtures("shop")
def test_a_401_is_repaired_by_one_refresh(server: Sandbox) -> None:
    credentials = Renewing(server.access_token)
    assert len(ids(InventorumClient(server.base_url, credentials))) == 3
    assert credentials.rejected == ["stale"]


@pytest.mark.usefixtures("shop")
def test_a_401_to_a_fresh_token_too_is_a_lost_login(server: Sandbox) -> None:
    credentials = Renewing("also-stale")
    with pytest.raises(LoginError, match="Log in again"):
        ids(InventorumClient(server.base_url, credentials))
    assert credentials.rejected == ["stale"]


@pytest.mark.parametrize(
    "base_url",
    [
        "http://app.inventorum.com/api",
        "http://127.0.0.1.example.com/api",
        "http://[::2]/api",
        "ftp://127.0.0.1/api",
        "app.inventorum.com/api",
        "https://user:secret@app.inventorum.com/api",
        "https://app.inventorum.com/api?token=secret",
        "https://[broken/api",
        "https://app.inventorum.com:port/api",
        "",
    ],
)
def test_an_address_that_would_leak_or_lead_nowhere_is_a_setting_to_correct(base_url: str, connect: Connect) -> None:
    with pytest.raises(SettingsError, match="BASE_URL") as caught:
        InventorumClient(base_url, StaticToken("t"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("slashes", ["", "/", "//"])
@pytest.mark.usefixtures("shop")
def test_slashes_at_the_end_of_the_address_do_not_matter(slashes: str, connect: Connect, server: Sandbox) -> None:
    assert len(ids(connect(server.base_url + slashes))) == 3


def test_a_rate_of_nothing_is_a_setting_to_correct(connect: Connect) -> None:
    with pytest.raises(SettingsError, match="REQUESTS_PER_SECOND"):
        connect(requests_per_second=0)


@pytest.mark.usefixtures("shop")
def test_a_page_with_a_damaged_record_is_asked_for_again_and_then_taken(connect: Connect) -> None:
    damaged = answer(b'{"total":2,"data":[{"id":1 "state":1},{"id":2}]}')
    whole = answer(b'{"total":2,"data":[{"id":1,"state":1},{"id":2}]}')
    with Scripted(damaged, whole) as server:
        assert connect(server.base_url).orders_delta().page.keys == [1, 2]
    with Scripted(damaged) as server:
        page = connect(server.base_url).orders_delta().page
        assert len(server.requests) == 3
    assert [row.order_id for row in page.orders] == [2]
    assert page.rejected[0].payload == '{"id":1 "state":1}'


def test_an_odd_record_is_no_reason_to_ask_again(connect: Connect) -> None:
    with Scripted(answer(b'{"total":2,"data":[{"id":1,"x":NaN},null]}')) as server:
        page = connect(server.base_url).orders_delta().page
        assert len(server.requests) == 1
    assert (len(page.orders), len(page.rejected)) == (1, 1)


def test_a_closed_client_wakes_threads_that_wait_and_sends_nothing_more() -> None:
    with Scripted(answer(status="503 Busy", Retry_After="100")) as server:
        client = InventorumClient(server.base_url, StaticToken("t"))
        with ThreadPoolExecutor(2) as executor:
            futures = [executor.submit(client.orders_delta) for _ in range(2)]
            while len(server.requests) < 2:
                time.sleep(0.01)
            client.close()
            for future in futures:
                with pytest.raises(ApiError, match="was stopped"):
                    future.result(timeout=10)
        with pytest.raises(ApiError, match="was stopped"):
            client.orders_delta()
        assert len(server.requests) == 2


BASKET = Basket(items=[BasketItem(product=1, price=Decimal("15.99"), quantity=2)])


def test_a_basket_becomes_an_order(shop: Shop, connect: Connect, server: Sandbox) -> None:
    payload = json.loads(shop.payload(ids(connect())[0]))
    product = payload["basket"]["items"][0]["product"]
    created = connect().create_basket(Basket(items=[BasketItem(product=product, price=Decimal("15.99"), quantity=2)]))
    assert created.state == 1
    assert created.id > 0
    assert json.loads(server.requests[-1].body)["items"] == [{"product": product, "price": 15.99, "quantity": 2}]


@pytest.mark.usefixtures("shop")
def test_a_refused_basket_shows_the_messages_of_the_fields(connect: Connect, server: Sandbox) -> None:
    server.requests.clear()
    with pytest.raises(RequestRefused) as caught:
        connect().create_basket(Basket(items=[BasketItem(product=10**15, price=Decimal(1), quantity=1)]))
    assert caught.value.status == 400
    assert caught.value.fields
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "kind", ["reset", "close", "cut", "500", "502", "504", "408", "html", "empty_body", "broken_json"]
)
@pytest.mark.usefixtures("shop")
def test_a_basket_that_may_have_arrived_is_never_sent_twice(kind: str, connect: Connect, server: Sandbox) -> None:
    server.requests.clear()
    server.faults.push(kind, times=3, on="/basket/")
    with pytest.raises(ApiError, match="may exist or not"):
        connect().create_basket(BASKET)
    assert len(server.requests) == 1
    server.faults.clear()


def test_a_basket_that_timed_out_is_never_sent_twice(connect: Connect) -> None:
    with Scripted(lambda connection, _: connection.recv(1)) as server:
        with pytest.raises(ApiError, match="may exist or not"):
            connect(server.base_url, read_timeout=0.2).create_basket(BASKET)
        assert len(server.requests) == 1


def test_a_basket_that_could_not_be_sent_is_tried_again(connect: Connect, naps: Naps) -> None:
    with closed_port() as base_url, pytest.raises(ApiError, match=r"could not be sent .* on try 3 of 3"):
        connect(base_url, tries=3).create_basket(BASKET)
    assert len(naps.long) == 2


@pytest.mark.usefixtures("shop")
def test_a_basket_that_was_turned_away_for_its_rate_is_sent_again(connect: Connect) -> None:
    created = answer(b'{"id": 5, "state": "01"}', status="201 Created")
    with Scripted(answer(b"", status="429 Too Many Requests"), created) as server:
        assert connect(server.base_url).create_basket(BASKET).id == 5
        assert len(server.requests) == 2
        head = server.requests[1].lower()
    assert b"content-type: application/json" in head
    assert b"post /api/basket/ http" in head


def test_a_netrc_or_a_proxy_of_the_environment_does_not_come_between(
    shop: Shop, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, server: Sandbox
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password pw\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert len(ids(connect())) == 3
    assert server.requests[-1].headers["authorization"].startswith("Bearer ")


@pytest.mark.usefixtures("shop")
def test_neither_tokens_nor_search_words_reach_logs_messages_and_reprs(
    connect: Connect, server: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(tries=2)
    day = datetime(2026, 11, 23, tzinfo=UTC)
    with caplog.at_level(logging.DEBUG, logger="pipelines"):
        for kind in ("503", "cut", "reset", "html", "empty_page"):
            server.faults.push(kind, times=2)
            with pytest.raises(ApiError) as caught:
                client.orders(day, day + timedelta(days=1), tz=BERLIN, channel="ipad", search="Schmidt")
            assert "Schmidt" not in str(caught.value)
            assert caught.value.__context__ is None
            server.faults.clear()
    assert "Schmidt" not in caplog.text
    assert server.access_token not in caplog.text
    assert server.access_token not in repr(client) + repr(vars(client)["_credentials"])
    assert "/orders/" in caplog.text
