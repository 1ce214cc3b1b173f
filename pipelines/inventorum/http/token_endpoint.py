"""POST /auth/token/: a refresh token for an access token."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from pipelines.errors import ApiError, LoginError
from pipelines.inventorum.http.refusals import read_refusal
from pipelines.inventorum.http.retries import Retrying, TryAgain
from pipelines.inventorum.http.transport import Fault, RawAnswer, Transport, check_base_url

APPS_PAGE = "https://manager.shore.com (API apps)"
TRIES = 5
BUDGET_SECONDS = 120.0

Post = Callable[[str], RawAnswer | Fault]
"""Sends one refresh token."""


@dataclass(frozen=True)
class Grant:
    """New tokens.

    Attributes:
        refresh_token: None if the old one stays.
        expires_in: Seconds that the access token lives; None if the server does not say.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: float | None


class TokenEndpoint:
    """Asks for new tokens, again if the network fails.

    Args:
        post: How a refresh token is sent.
        secrets: What must not show up in messages, even if the server repeats it.
    """

    def __init__(self, post: Post, secrets: tuple[str, ...], *, sleep: Callable[[float], None]) -> None:
        self._post = post
        self._secrets = secrets
        self._sleep = sleep

    def grant(self, refresh_token: str) -> Grant | str:
        """New tokens, or in which words the API refuses this refresh token.

        Raises:
            LoginError: It refuses the client itself.
            ApiError: It gave no usable answer.
        """
        retrying = Retrying(TRIES, BUDGET_SECONDS, clock=time.monotonic, sleep=self._sleep)
        try:
            return retrying("POST /auth/token/", lambda: self._ask(refresh_token))
        except ApiError as error:
            reason = str(error)
        raise ApiError(f"{reason} The login could not be renewed; nothing more was asked.")

    def _ask(self, refresh_token: str) -> Grant | str:
        result = self._post(refresh_token)
        if isinstance(result, Fault):
            raise TryAgain(f"brought no answer ({result.reason})")
        if 200 <= result.status < 300:
            grant = read_grant(result.body)
            if grant is None:
                raise TryAgain(f"answered {result.status} without an access token")
            return grant
        if result.status in (408, 429) or result.status >= 500:
            raise TryAgain(f"answered {result.status}", result.retry_after)
        return self._refused(result, refresh_token)

    def _refused(self, result: RawAnswer, refresh_token: str) -> str:
        refusal = read_refusal(result.body)
        words = refusal.message
        for secret in (*self._secrets, refresh_token):
            words = words.replace(secret, "***") if secret else words
        if refusal.key in ("invalid_client", "unauthorized_client"):
            raise LoginError(
                f"The API does not know the client id with this client secret: {words} Nothing was asked of it. "
                f"Compare SOURCES__INVENTORUM__CLIENT_ID and ...CLIENT_SECRET with {APPS_PAGE}."
            )
        if 300 <= result.status < 400 or result.status in (404, 405):
            raise ApiError(
                f"POST /auth/token/ answered {result.status}: there is no token endpoint at this address. "
                "Nothing was asked. Check SOURCES__INVENTORUM__BASE_URL (scheme, host, path)."
            )
        return f"{result.status}, {words}"


def post_below(base_url: str, client_id: str, client_secret: str) -> Post:
    """Sends refresh tokens to the token endpoint below a base URL.

    Raises:
        SettingsError: The base URL cannot be used.
    """
    transport = Transport(check_base_url(base_url), connect_timeout=10, read_timeout=30, time_limit=60)
    basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()

    def post(refresh_token: str) -> RawAnswer | Fault:
        return transport.send(
            "POST",
            "/auth/token/",
            authorization=f"Basic {basic}",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode({"grant_type": "refresh_token", "refresh_token": refresh_token}).encode(),
            fresh=True,
        )

    return post


def read_grant(body: bytes) -> Grant | None:
    """The tokens of an answer; None if there is no access token that a header could carry."""
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, dict) or not is_token(members.get("access_token")):
        return None
    refresh_token = members.get("refresh_token")
    return Grant(
        access_token=members["access_token"],
        refresh_token=refresh_token if is_token(refresh_token) else None,
        expires_in=_seconds(members.get("expires_in")),
    )


def is_token(value: object) -> bool:
    """Whether it is text without spaces and other characters that no token has."""
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable() and " " not in value


def _seconds(value: Any) -> float | None:
    """`expires_in`, a number or its text; None for anything that is no life span."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < float("inf") else None
