"""Where access tokens come from: a fixed one, or OAuth refresh tokens that rotate."""

from __future__ import annotations

from typing import Protocol

from pipelines.errors import LoginError

APPS_PAGE = "https://manager.shore.com (API apps)"


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
            f"{what_happened}. Nothing more was read. Make a new token at {APPS_PAGE} and put it in "
            "SOURCES__INVENTORUM__ACCESS_TOKEN (or `access_token` in .dlt/secrets.toml); with a client id, a "
            "client secret and a refresh token instead it is renewed by itself."
        )
