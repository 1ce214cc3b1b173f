"""A client that knows nothing but HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox

Get = Callable[..., requests.Response]


@pytest.fixture
def get(sandbox: Sandbox) -> Get:
    """GET a path below /api with the sandbox's token; version and token can be given."""

    def ask(path: str, *, version: int = 12, token: str | None = None, **params: Any) -> requests.Response:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {sandbox.access_token if token is None else token}",
            "X-Api-Version": str(version),
        }
        return requests.get(sandbox.base_url + path, params=params, headers=headers, timeout=2, allow_redirects=False)

    return ask


def ids(answer: requests.Response) -> list[int]:
    """The ids of a list's rows."""
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]
