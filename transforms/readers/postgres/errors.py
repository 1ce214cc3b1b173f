"""Faults of publishing to a server; after each of them the database is as it was."""

from __future__ import annotations

from transforms.errors import TransformError


class ServerFailed(TransformError):
    """The server did not carry out what was asked of it."""


class AddressRefused(ServerFailed):
    """The URL names no database."""

    exit_code = 2


class ServerBusy(ServerFailed):
    """Another publish, or a session of somebody else, holds what is needed."""

    exit_code = 4


class ServerRefused(ServerFailed):
    """The server refused the login, or the role may not do what is needed."""

    exit_code = 5


class ServerUnreachable(ServerFailed):
    """Nobody answered, or the connection broke off."""

    exit_code = 6
