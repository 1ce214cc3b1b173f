"""What a sandbox keeps and whom it answers has bounds."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest
import requests

from pipelines.sandbox import server
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop


@pytest.fixture
def api() -> Iterator[Sandbox]:
    with Sandbox(Shop(clock=Clock("2026-11-01T18:00:00Z"))) as sandbox:
        yield sandbox


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "127.0.0.1@evil"])
def test_a_page_that_was_led_here_under_another_name_gets_no_order(api: Sandbox, host: str) -> None:
    line = http.client.HTTPConnection(api.base_url.split("/")[2])
    line.putrequest("GET", "/api/orders/delta/", skip_host=True)
    line.putheader("Host", host)
    line.putheader("Authorization", f"Bearer {api.access_token}")
    line.endheaders()

    assert line.getresponse().status in (400, 421)
    assert api.requests == []


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_it_answers_under_the_names_of_this_machine(api: Sandbox, name: str) -> None:
    address = api.base_url.replace("127.0.0.1", name)
    answer = requests.get(
        f"{address}/orders/delta/", headers={"Authorization": f"Bearer {api.access_token}"}, timeout=9
    )
    assert answer.status_code == 200


def test_a_body_of_many_megabytes_is_neither_read_nor_kept(api: Sandbox) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 65_536

    for body in (b"x" * (server.MOST_BYTES + 1), pieces()):
        try:
            answer = requests.post(f"{api.base_url}/basket/", data=body, timeout=9)
        except requests.ConnectionError:  # it may stop listening before all was sent
            continue
        assert answer.status_code == 413
    assert api.requests == []


def test_of_many_requests_the_newest_are_remembered(api: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REMEMBERED", 5)
    with requests.Session() as session:
        for _ in range(23):
            session.get(f"{api.base_url}/orders/delta/", timeout=9)

    assert 5 <= len(api.requests) <= 10
    assert api.requests[-1].number == 23
