"""Where access tokens come from: a fixed one, or OAuth refresh tokens that rotate."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from pipelines.errors import ApiError, LoginError
from pipelines.inventorum.refusal import read_refusal
from pipelines.inventorum.token_file import StoredTokens, TokenFile
from pipelines.inventorum.transport import Fault, RawAnswer, Transport, check_base_url

logger = logging.getLogger(__name__)

APPS_PAGE = "https://manager.shore.com (API apps)"
SHARE_OF_LIFE = 0.8
CLOCK_SLACK = 60.0
TRIES = 5
MOST_WAIT = 30.0

Post = Callable[[str], RawAnswer | Fault]
"""Sends one refresh token to the token endpoint."""


class Credentials(Protocol):
    """What the client needs to know of a login; safe to use from many threads."""

    def token(self) -> str:
        """The access token to send now."""
        ...

    def refresh(self, rejected: str) -> str:
        """Another token, after the API answered 401 to `rejected`."""
        ...

    def lost(self, what_happened: str) -> str:
        """A message that says what happened and how to log in again."""
        ...


class StaticToken:
    """An access token from the settings; nothing can renew it."""

    def __init__(self, token: str) -> None:
        self._token = token.strip()

    def __repr__(self) -> str:
        return "StaticToken(***)"

    def token(self) -> str:
        """The token."""
        return self._token

    def refresh(self, rejected: str) -> str:
        """Nothing can renew it.

        Raises:
            LoginError: Always.
        """
        raise LoginError(self.lost("The API answered 401: the access token is wrong or has expired"))

    def lost(self, what_happened: str) -> str:
        """A message that says how to log in again."""
        return (
            f"{what_happened}. Nothing more was asked. Make a new token at {APPS_PAGE} and put it in "
            "SOURCES__INVENTORUM__ACCESS_TOKEN (or `access_token` in .dlt/secrets.toml); with a client id, a "
            "client secret and a refresh token instead it is renewed by itself."
        )


class RotatingToken:
    """Access tokens that are renewed before they expire, by refresh tokens of which each works once.

    A new refresh token is on disk before the access token that came with it is used. The configured refresh
    token is only the seed: once the file exists, it counts, until another seed is configured.

    Args:
        refresh_token: The seed.
        file: Where tokens are kept, shared by all processes of one installation.
        base_url: Of the API; not needed with `post`.
        post: How to send a refresh token, instead of POST /auth/token/ below the base URL.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        file: Path,
        *,
        base_url: str = "",
        post: Post | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seed = refresh_token.strip()
        self._seed_hash = hashlib.sha256(f"{client_id}\0{self._seed}".encode()).hexdigest()
        self._secrets = (client_secret, self._seed)
        self._post = post or token_endpoint(base_url, client_id, client_secret)
        self._file = TokenFile(file, sleep=sleep)
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens: StoredTokens | None = None
        self._not_before = 0.0
        self._jitter = random.Random()  # noqa: S311 - spreads waits, guards nothing

    def __repr__(self) -> str:
        return f"RotatingToken({str(self._file.path)!r})"

    def token(self) -> str:
        """The access token, renewed when 80 % of its life are over.

        Raises:
            LoginError: No refresh token works any more; the message says how to log in again.
            ApiError: The token endpoint cannot be reached, and there is no token that still lives.
            HomeError: The tokens cannot be stored; the refresh token was not used up.
        """
        with self._lock:
            tokens = self._tokens
            if tokens is None:
                tokens = self._tokens = self._ours(self._file.load())
            if tokens is not None and (self._is_young(tokens) or self._now() < self._not_before):
                return tokens.access_token
            try:
                return self._renew(rejected=None)
            except ApiError as error:
                if tokens is None or not self._is_alive(tokens):
                    raise
                logger.warning("The token lives on although its refresh failed: %s", error)
                self._not_before = self._now() + 60
                return tokens.access_token

    def refresh(self, rejected: str) -> str:
        """Another access token than the rejected one; threads that come together share one refresh.

        Raises: As token.
        """
        with self._lock:
            if self._tokens is not None and self._tokens.access_token != rejected:
                return self._tokens.access_token
            return self._renew(rejected)

    def lost(self, what_happened: str) -> str:
        """A message that says how to log in again."""
        return (
            f"{what_happened}. Nothing more was asked. Log in again: make a new refresh token at {APPS_PAGE} and "
            "put it in SOURCES__INVENTORUM__REFRESH_TOKEN (or `refresh_token` in .dlt/secrets.toml). The next "
            f"command uses it instead of {self._file.path}, which may stay where it is."
        )

    def _renew(self, rejected: str | None) -> str:
        with self._file.locked():
            stored = self._file.load()
            ours = self._ours(stored)
            if ours is not None and ours.access_token != rejected and self._is_young(ours):
                self._tokens = ours  # another process was faster
                return ours.access_token
            with self._file.reserved() as store:
                tokens = self._exchange(stored)
                store(tokens)
            self._tokens = tokens
            return tokens.access_token

    def _exchange(self, stored: StoredTokens | None) -> StoredTokens:
        """New tokens for the first refresh token that works."""
        words = ""
        ours = self._ours(stored)
        candidates = [self._seed] if ours is None else [ours.refresh_token, ours.previous_refresh_token]
        for candidate in filter(None, candidates):
            began = self._now()
            reply = self._ask(candidate)
            if isinstance(reply, str):
                words = reply
                continue
            refresh_token = reply.refresh_token or candidate
            previous = ours.previous_refresh_token if ours else None
            if refresh_token != candidate:
                previous = candidate
            return StoredTokens(
                generation=1 + (stored.generation if stored else 0),
                access_token=reply.access_token,
                refresh_token=refresh_token,
                previous_refresh_token=previous,
                obtained_at=began,
                expires_in=reply.expires_in,
                seed_hash=self._seed_hash,
            )
        if self._file.is_damaged:
            words += f" {self._file.path} holds no readable tokens, so the configured refresh token was tried."
        raise LoginError(self.lost(f"The API refused to renew the login: {words.rstrip('.')}"))

    def _ask(self, refresh_token: str) -> _Grant | str:
        """What the token endpoint grants, or in which words it refuses this refresh token.

        Raises:
            LoginError: It refuses the client itself.
            ApiError: It gave no usable answer.
        """
        reason = ""
        for number in range(1, TRIES + 1):
            result = self._post(refresh_token)
            wait = None
            if isinstance(result, Fault):
                reason = f"brought no answer ({result.reason})"
            elif 200 <= result.status < 300:
                grant = _read_grant(result.body)
                if grant is not None:
                    return grant
                reason = f"answered {result.status} without an access token"
            elif result.status in (408, 429) or result.status >= 500:
                reason, wait = f"answered {result.status}", result.retry_after
            else:
                return self._refused(result)
            if number < TRIES:
                back_off = 2.0 ** (number - 1) * self._jitter.uniform(0.5, 1.0)
                self._sleep(min(MOST_WAIT, back_off if wait is None else wait))
        raise ApiError(
            f"POST /auth/token/ {reason} on try {TRIES} of {TRIES}: the login could not be renewed. "
            "Nothing more was asked. Run the command again in a few minutes."
        )

    def _refused(self, result: RawAnswer) -> str:
        refusal = read_refusal(result.body)
        words = refusal.message
        for secret in (*self._secrets, *self._known()):
            words = words.replace(secret, "***")
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

    def _known(self) -> list[str]:
        tokens = self._tokens
        if tokens is None:
            return []
        known = (tokens.access_token, tokens.refresh_token, tokens.previous_refresh_token)
        return [text for text in known if text]

    def _ours(self, stored: StoredTokens | None) -> StoredTokens | None:
        """The stored tokens, unless another seed was configured since."""
        return stored if stored is not None and stored.seed_hash == self._seed_hash else None

    def _is_young(self, tokens: StoredTokens) -> bool:
        return self._age_is_below(tokens, SHARE_OF_LIFE)

    def _is_alive(self, tokens: StoredTokens) -> bool:
        return self._age_is_below(tokens, 1.0)

    def _age_is_below(self, tokens: StoredTokens, share: float) -> bool:
        """Whether less than this share of a token's life is over; a clock set back counts as too old."""
        age = self._now() - tokens.obtained_at
        return age > -CLOCK_SLACK and (tokens.expires_in is None or age < share * tokens.expires_in)


@dataclass(frozen=True)
class _Grant:
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: float | None


def token_endpoint(base_url: str, client_id: str, client_secret: str) -> Post:
    """Sends refresh tokens to POST /auth/token/ below the base URL.

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


def _read_grant(body: bytes) -> _Grant | None:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, dict) or not _is_text(members.get("access_token")):
        return None
    refresh_token = members.get("refresh_token")
    return _Grant(
        access_token=members["access_token"],
        refresh_token=refresh_token if _is_text(refresh_token) else None,
        expires_in=_seconds(members.get("expires_in")),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _seconds(value: Any) -> float | None:
    """`expires_in`, a number or its text; None for anything that is no life span."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return seconds if 0 < seconds < float("inf") else None
