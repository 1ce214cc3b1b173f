"""Each fault that a test can order does what its name says."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests.pipelines.sandbox.conftest import Get, ids


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 504])
def test_an_error_status_comes_once(sandbox: Sandbox, get: Get, status: int) -> None:
    sandbox.faults.push(str(status))

    assert [get("/orders/delta/").status_code for _ in range(2)] == [status, 200]


def test_faults_come_in_their_order_and_can_wait(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.push("503", times=2, after=0)
    sandbox.faults.push("500", after=1)

    assert [get("/orders/delta/").status_code for _ in range(5)] == [503, 503, 200, 500, 200]


def test_a_fault_waits_for_its_path(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.push("503", on="/auth/token/")

    assert get("/orders/delta/").status_code == 200
    assert requests.post(f"{sandbox.base_url}/auth/token/", timeout=2).status_code == 503
    assert len(sandbox.faults) == 0


def test_retry_after_is_seconds_a_date_or_missing(shop: Shop, sandbox: Sandbox, get: Get) -> None:
    shop.clock.set("2026-11-02T10:00:00Z")
    shop.clock.running = False
    for retry_after in (3, "date", None):
        sandbox.faults.push("429", retry_after=retry_after)

    seconds, date, missing = (get("/orders/delta/").headers.get("Retry-After") for _ in range(3))

    assert seconds == "3"
    assert parsedate_to_datetime(date or "").isoformat() == "2026-11-02T10:00:01+00:00"
    assert missing is None


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", requests.ConnectionError),
        ("close", requests.ConnectionError),
        ("cut", requests.exceptions.ChunkedEncodingError),
        ("hang", requests.ReadTimeout),
    ],
)
def test_a_broken_connection_breaks_one_request(
    shop: Shop, sandbox: Sandbox, get: Get, kind: str, error: type[Exception]
) -> None:
    order = shop.sell("shop", [("Wobbler", "6.99", 10)])
    sandbox.faults.push(kind)

    with pytest.raises(error):
        get("/orders/delta/")
    assert ids(get("/orders/delta/")) == [order]


def test_a_drip_never_runs_into_a_read_timeout(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.push("drip", pause=0.02)
    began = time.monotonic()

    assert ids(get("/orders/delta/")) == []
    assert time.monotonic() - began > 20 * 0.02


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("broken_json", b'{"total":1,"data":[{"id":'),
        ("html", b"<!doctype html>"),
        ("list", b'[{"id":'),
        ("null", b"null"),
        ("empty_body", b""),
        ("empty_page", b'{"total":1,"data":[]}'),
    ],
)
def test_a_body_can_be_wrong_with_status_200(shop: Shop, sandbox: Sandbox, get: Get, kind: str, body: bytes) -> None:
    shop.sell("shop", [("Wobbler", "6.99", 10)])
    sandbox.faults.push(kind)

    answer = get("/orders/delta/")

    assert answer.status_code == 200
    assert answer.content.startswith(body)
    assert answer.content == body or kind in ("broken_json", "html", "list")
    assert get("/orders/delta/").json()["total"] == 1


def test_redirects_lead_to_this_host_or_another(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.push("redirect")
    sandbox.faults.push("redirect_away")

    same, other = (get("/orders/delta/").headers["Location"] for _ in range(2))

    assert same.startswith(sandbox.base_url)
    assert other.startswith("https://elsewhere.example.com/")


def test_an_answer_may_lack_its_date(sandbox: Sandbox, get: Get) -> None:
    sandbox.faults.push("no_date")

    assert ["Date" in get("/orders/delta/").headers for _ in range(2)] == [False, True]


def test_a_request_may_take_effect_although_its_answer_is_lost(sandbox: Sandbox) -> None:
    before = sandbox.refresh_token
    sandbox.faults.push("reset", on="/auth/token/", processed=True)

    with pytest.raises(requests.ConnectionError):
        requests.post(
            f"{sandbox.base_url}/auth/token/",
            auth=(sandbox.client_id, sandbox.client_secret),
            data={"grant_type": "refresh_token", "refresh_token": before},
            timeout=2,
        )
    assert sandbox.refresh_token != before


def test_more_requests_in_a_second_than_allowed_are_throttled(sandbox: Sandbox, get: Get) -> None:
    sandbox.switches.rate_limit = 3

    answers = [get("/orders/delta/") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["Retry-After"] == "1"


def test_answers_may_take_their_time(sandbox: Sandbox, get: Get) -> None:
    sandbox.switches.latency = 0.1
    began = time.monotonic()
    get("/orders/delta/")

    assert time.monotonic() - began >= 0.1


def test_an_unknown_fault_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no fault 'earthquake'"):
        sandbox.faults.push("earthquake")


def test_what_a_hook_raises_is_not_swallowed(shop: Shop) -> None:
    with pytest.raises(ZeroDivisionError), Sandbox(shop) as sandbox:
        sandbox.before_request(lambda _: 1 / 0)
        answer = requests.get(f"{sandbox.base_url}/orders/delta/", timeout=2)
        assert answer.status_code == 400
