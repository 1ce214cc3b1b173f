"""The login of the sandbox: access tokens, and refresh tokens that each work once."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a token request is refused, in OAuth's words."""

    status: int
    error: str
    description: str


class Tokens:
    """What the server knows of tokens; the first access token never expires, later ones do.

    Attributes:
        access_token: The newest access token.
        refresh_token: The newest refresh token.
        refreshes: How often a refresh was granted.
        grace: Whether the refresh token before the newest one still works.
    """

    def __init__(self, *, scope: str, life: float, rotate: bool, name: str | None = None) -> None:
        """Prepares the login.

        Args:
            scope: What access tokens allow, separated by spaces.
            life: Seconds until a refreshed access token expires.
            rotate: Whether each refresh ends the refresh token that it used.
            name: Makes the first tokens <name>-access, <name>-secret and <name>-refresh; default: random.
        """

        def first(kind: str) -> str:
            return f"{name}-{kind}" if name else secrets.token_urlsafe(24)

        self.client_id = f"{name or 'sandbox'}-client"
        self.client_secret = first("secret")
        self.scope, self.life, self.rotate = scope, life, rotate
        self.grace = False
        self.refreshes = 0
        self.access_token = first("access")
        self.refresh_token = first("refresh")
        self._before = ""
        self._valid: dict[str, tuple[float, str]] = {self.access_token: (float("inf"), scope)}
        self._lock = threading.Lock()

    def scopes(self, token: str) -> set[str] | None:
        """What the token allows; None if it is unknown or expired."""
        expires, scope = self._valid.get(token, (0.0, ""))
        return set(scope.split()) if time.monotonic() < expires else None

    def expire(self) -> None:
        """Ends the life of every access token; refresh tokens stay."""
        self._valid.clear()

    def revoke(self) -> None:
        """Ends the login: no access token and no refresh token works any more."""
        self.expire()
        self.refresh_token, self._before = secrets.token_urlsafe(24), ""

    def refresh(self, authorization: str, body: bytes) -> dict[str, Any] | Refused:
        """Answers POST /auth/token/."""
        expected = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        with self._lock:
            if authorization != f"Basic {expected}":
                return Refused(401, "invalid_client", "Client authentication failed.")
            if form.get("grant_type") != "refresh_token":
                return Refused(400, "unsupported_grant_type", "Only refresh_token is supported.")
            if not self._accepts(form.get("refresh_token", "")):
                return Refused(400, "invalid_grant", "The refresh token is invalid or was used before.")
            if self.rotate:
                self._before, self.refresh_token = self.refresh_token, secrets.token_urlsafe(24)
            self.refreshes += 1
            self.access_token = secrets.token_urlsafe(24)
            self._valid[self.access_token] = (time.monotonic() + self.life, self.scope)
            return {
                "access_token": self.access_token,
                "expires_in": int(self.life),
                "token_type": "Bearer",
                "scope": self.scope,
                "refresh_token": self.refresh_token,
            }

    def _accepts(self, token: str) -> bool:
        return token == self.refresh_token or (self.grace and bool(token) and token == self._before)
