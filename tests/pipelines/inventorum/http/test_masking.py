"""A server that repeats the secrets of a request has told them to nobody."""

from __future__ import annotations

import base64
import json
import re
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from pipelines import run
from pipelines.errors import InventorumError
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.login import RotatingToken, StaticToken
from pipelines.inventorum.http.masking import masked, secrets_of
from pipelines.settings import Files, Settings, StaticLogin
from tests.support.payloads import sale
from tests.support.scripted import Script, Scripted, answer

TOKEN = "a-token/of+fine=characters"
WORDS = re.compile(rb"(?i)^authorization: (?:\w+ )?(.*)\r$", re.MULTILINE)


def echo(status: str, *, body: str = '{"detail": "{} was sent"}', content: str = "application/json") -> Script:
    """An answer whose body, headers and reason repeat what authorized the request, and what it posted."""

    def call(connection: socket.socket, request: bytes) -> None:
        found = WORDS.search(request)
        sent = (found.group(1) if found else b"").decode() + request.partition(b"\r\n\r\n")[2].decode()
        told = {"X_Rid": sent, "Location": f"http://127.0.0.1/{sent}", "X_Inv_Processed_Version": sent}
        text = body.replace("{}", sent).encode()
        connection.sendall(answer(text, status=f"{status} {sent}", Content_Type=content, **told))

    return call


@pytest.mark.parametrize("status", ["302", "400", "401", "403", "404", "405", "409", "429", "500", "200"])
@pytest.mark.parametrize("content", ["application/json", "text/html"])
def test_no_message_repeats_the_token(status: str, content: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    body = "<title>{}</title>{}" if content == "text/html" else '{"detail": "{} was sent", "key": "{}"}'
    with Scripted(echo(status, body=body, content=content)) as server:
        client = InventorumClient(server.base_url, StaticToken(TOKEN), tries=2, sleep=lambda _: None)
        with pytest.raises(InventorumError) as caught:
            client.orders_delta(channel="ipad")

    assert TOKEN in server.requests[0].decode()
    assert TOKEN not in str(caught.value) + repr(caught.value) + caplog.text


@pytest.mark.parametrize("status", ["302", "400", "401", "403", "404", "500", "200"])
def test_no_message_repeats_what_a_login_is_made_of(
    status: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secrets = ("a client's secret", "a-refresh/token+of=its-own")
    with Scripted(echo(status, body='{"error": "invalid_grant", "error_description": "{}"}')) as server:
        login = RotatingToken("id", *secrets, tmp_path / "token.json", base_url=server.base_url, sleep=lambda _: None)
        with pytest.raises(InventorumError) as caught:
            login.token()

    told = str(caught.value) + repr(caught.value) + caplog.text
    basic = base64.b64encode(f"id:{secrets[0]}".encode()).decode()
    assert basic in server.requests[0].decode()
    for secret in (*secrets, basic, quote(secrets[1], safe="")):
        assert secret not in told


def test_a_token_that_comes_with_an_order_is_in_no_file_of_the_home(tmp_path: Path) -> None:
    page = json.dumps({"total": 1, "data": [sale(user_note="AUTHORIZATION")]}).replace("AUTHORIZATION", "{}")
    files = Files(tmp_path / "home")
    with Scripted(echo("200", body=page)) as server:
        report = run.sync(Settings(files, base_url=server.base_url, login=StaticLogin(TOKEN), channels=("ipad",)))

    assert report.rows_read > 0
    with closing(duckdb.connect(str(files.landing), read_only=True)) as connection:
        [(payload,)] = connection.execute("select distinct payload from raw.orders").fetchall()
    assert "***" in payload
    assert TOKEN not in payload
    for file in filter(Path.is_file, files.home.rglob("*")):
        assert TOKEN.encode() not in file.read_bytes(), file


def test_a_secret_is_found_however_it_is_written() -> None:
    secrets = secrets_of("Basic " + base64.b64encode(b"id:top secret/&+").decode())
    for written in (
        "top secret/&+",
        "top%20secret/%26%2B",
        "top+secret%2F%26%2B",
        "top secret\\/&+",
        "top secret/&amp;+",
    ):
        assert masked(f"<{written}>".encode(), secrets) == b"<***>"


def test_a_short_token_does_not_change_the_words_of_an_order() -> None:
    assert masked(b"a wobbler", ("wobbler",), shortest=16) == b"a wobbler"
