"""Where access tokens come from: a fixed one, or OAuth refresh tokens that rotate."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from pipelines.errors import ApiError, LoginError
from pipelines.inventorum.http.refusals import read_refusal
from pipelines.inventorum.http.retries import Retrying, TryAgain
from pipelines.inventorum.http.token_file import StoredTokens, TokenFile
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
    """

    def __init__(self, post: Post, *, sleep: Callable[[float], None]) -> None:
        self._post = post
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
        return self._refused(result)

    def _refused(self, result: RawAnswer) -> str:
        refusal = read_refusal(result.body)
        words = refusal.message
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
            grants=True,
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


logger = logging.getLogger(__name__)

SHARE_OF_LIFE = 0.8
CLOCK_SLACK = 60.0


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
        """The token.

        Raises:
            LoginError: It cannot be one.
        """
        if not is_token(self._token):
            raise LoginError(self.lost("The access token is empty or holds characters that no token has"))
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
        post = post or post_below(base_url, client_id, client_secret)
        self._endpoint = TokenEndpoint(post, sleep=sleep)
        self._file = TokenFile(file, sleep=sleep)
        self._now = now
        self._lock = threading.Lock()
        self._tokens: StoredTokens | None = None
        self._not_before = 0.0

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

    def refuse_unwritable(self) -> None:
        """Make sure that new tokens could be stored, if some are needed now; asks and changes nothing.

        Raises:
            HomeError: The kept tokens cannot be read, or new ones not be written.
        """
        tokens = self._ours(self._file.load())
        if tokens is None or not self._is_young(tokens):
            self._file.refuse_unwritable()

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
            reply = self._endpoint.grant(candidate)
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
