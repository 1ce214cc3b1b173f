"""From settings to the API: a client, and the login that it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.settings import RotatingLogin, Settings, StaticLogin

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.inventorum.http.client import InventorumClient
    from pipelines.inventorum.http.login import Credentials
    from pipelines.inventorum.http.pages import Page


def connect(
    settings: Settings, login: StaticLogin | RotatingLogin, clean: Callable[[Page], Page] | None = None
) -> InventorumClient:
    """A client for the account; asks nothing yet.

    Args:
        clean: Given each page of orders before anybody else sees it.
    """
    from pipelines.inventorum.http.client import InventorumClient

    return InventorumClient(
        settings.base_url,
        credentials(settings, login),
        api_version=settings.api_version,
        requests_per_second=settings.requests_per_second,
        clean=clean,
    )


def credentials(settings: Settings, login: StaticLogin | RotatingLogin) -> Credentials:
    """The login as the client uses it; a rotating one keeps its tokens in the home folder."""
    from pipelines.inventorum.http import login as auth

    if isinstance(login, StaticLogin):
        return auth.StaticToken(login.access_token)
    return auth.RotatingToken(
        client_id=login.client_id,
        client_secret=login.client_secret,
        refresh_token=login.refresh_token,
        base_url=settings.base_url,
        file=settings.files.token,
    )
