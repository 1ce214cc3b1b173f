"""A failed run is told to a web address; nothing of the run depends on that."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from pipelines.commands.notify import Outcome, check_notify_url, notify, notifying
from pipelines.errors import ApiError, InventorumError, SettingsError
from pipelines.run import RunReport


class Listener(HTTPServer):
    """Keeps what it is told and answers as it is told to."""

    told: list[dict[str, Any]]
    status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?key=secret"


class Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(json.loads(body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener(("127.0.0.1", 0), Handler)
    server.told = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def report(exit_code: int) -> RunReport:
    return RunReport(
        "20261123T080000-abc",
        "sync",
        datetime(2026, 11, 23, tzinfo=UTC),
        exit_code=exit_code,
        message="Käthe Groß could not be read",
        channels=[{"channel": "ipad", "status": "incomplete", "message": "Käthe Groß"}],
        orders_new=3,
    )


def test_a_failed_run_is_told_in_words_for_chats_and_numbers_for_programs(listener: Listener) -> None:
    with notifying(listener.url, "sync") as outcome:
        outcome.finished(report(6))

    (told,) = listener.told
    assert "could not read everything from the API (exit code 6)" in told["text"]
    assert (told["exit_code"], told["orders_new"], told["channels"]) == (6, 3, {"ipad": "incomplete"})


def test_no_name_of_a_person_is_told(listener: Listener) -> None:
    with notifying(listener.url, "sync") as outcome:
        outcome.finished(report(6))

    assert "Groß" not in json.dumps(listener.told, ensure_ascii=False)


@pytest.mark.parametrize("code", [0, 4, 130])
def test_a_run_that_went_well_or_stood_aside_is_not_told(code: int, listener: Listener) -> None:
    with notifying(listener.url, "sync") as outcome:
        outcome.finished(report(code))

    assert listener.told == []


def test_an_error_is_told_and_goes_on(listener: Listener) -> None:
    with pytest.raises(ApiError, match="down"), notifying(listener.url, "sync"):
        raise ApiError("down")
    with pytest.raises(ZeroDivisionError), notifying(listener.url, "sync"):
        _ = 1 // 0
    with pytest.raises(KeyboardInterrupt), notifying(listener.url, "sync"):
        raise KeyboardInterrupt

    assert [told["exit_code"] for told in listener.told] == [6, 1]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_address_that_refuses_changes_nothing(
    status: int, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.status = status

    with notifying(listener.url, "sync") as outcome:
        outcome.finished(report(6))

    assert len(listener.told) == 1  # and no redirect was followed
    assert str(status) in caplog.text
    assert "secret" not in caplog.text


def test_an_address_where_nobody_listens_changes_nothing(listener: Listener) -> None:
    url = listener.url
    listener.shutdown()
    listener.server_close()

    assert notify(url, Outcome("sync", 6)) is False
    with pytest.raises(InventorumError, match="down"), notifying(url, "sync"):
        raise InventorumError("down")


@pytest.mark.parametrize("url", ["ftp://x/y", "hooks.example", "http://hooks.example/x", "https://", "http://[", ""])
def test_an_address_that_cannot_be_used_stops_before_the_run(url: str) -> None:
    begun = False

    with pytest.raises(SettingsError, match="Nothing was done"), notifying(url, "sync"):
        begun = True

    assert not begun


def test_encrypted_and_local_addresses_are_fine() -> None:
    check_notify_url("https://hooks.example/services/T0/B0")
    check_notify_url("http://localhost:8080/x")
    with notifying(None, "sync"):
        pass
