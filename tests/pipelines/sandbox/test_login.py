"""Tokens: bearer check, scopes, rotation."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests.pipelines.sandbox.conftest import Get


def refresh(sandbox: Sandbox, token: str, **form: str) -> requests.Response:
    """POST /auth/token/."""
    return requests.post(
        f"{sandbox.base_url}/auth/token/",
        auth=(sandbox.client_id, sandbox.client_secret),
        data={"grant_type": "refresh_token", "refresh_token": token} | form,
        timeout=2,
    )


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_missing_or_wrong_token_is_refused(get: Get, token: str) -> None:
    answer = get("/orders/delta/", token=token)

    assert answer.status_code == 401
    assert "detail" in answer.json()


def test_a_token_without_the_scope_is_refused() -> None:
    with Sandbox(Shop(), scope="customers:create orders:read") as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.access_token}", "Content-Type": "application/json"}
        listed = requests.get(f"{sandbox.base_url}/orders/delta/", headers=headers, timeout=2)
        created = requests.post(f"{sandbox.base_url}/basket/", headers=headers, data="{}", timeout=2)

    assert (listed.status_code, created.status_code) == (200, 403)


def test_a_refresh_gives_new_tokens_and_ends_the_old_refresh_token(sandbox: Sandbox, get: Get) -> None:
    old = sandbox.refresh_token

    granted: dict[str, Any] = refresh(sandbox, old).json()

    assert granted["token_type"] == "Bearer"
    assert granted["expires_in"] == 36000
    assert granted["scope"] == "orders checkout"
    assert granted["refresh_token"] == sandbox.refresh_token != old
    assert get("/orders/delta/", token=granted["access_token"]).status_code == 200
    refused = refresh(sandbox, old)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert refresh(sandbox, sandbox.refresh_token).status_code == 200


def test_the_refresh_token_before_may_still_work(sandbox: Sandbox) -> None:
    old = sandbox.refresh_token
    refresh(sandbox, old)
    sandbox.tokens.grace = True

    assert refresh(sandbox, old).status_code == 200


def test_a_wrong_client_or_grant_is_refused_in_oauths_words(sandbox: Sandbox) -> None:
    wrong_grant = refresh(sandbox, sandbox.refresh_token, grant_type="password")
    sandbox.tokens.client_secret, secret = "another", sandbox.client_secret
    wrong_client = requests.post(
        f"{sandbox.base_url}/auth/token/", auth=(sandbox.client_id, secret), data={}, timeout=2
    )

    assert (wrong_grant.status_code, wrong_grant.json()["error"]) == (400, "unsupported_grant_type")
    assert (wrong_client.status_code, wrong_client.json()["error"]) == (401, "invalid_client")


def test_an_access_token_expires(get: Get, sandbox: Sandbox) -> None:
    sandbox.tokens.life = 0
    token = refresh(sandbox, sandbox.refresh_token).json()["access_token"]

    assert get("/orders/delta/", token=token).status_code == 401


def test_access_tokens_can_be_ended_while_the_login_lasts(get: Get, sandbox: Sandbox) -> None:
    sandbox.tokens.expire()

    assert get("/orders/delta/").status_code == 401
    assert refresh(sandbox, sandbox.refresh_token).status_code == 200
    assert get("/orders/delta/").status_code == 200
