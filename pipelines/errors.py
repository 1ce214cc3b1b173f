"""Errors that a user can do something about; each class owns its exit code (`pipelines/commands/README.md`)."""

from __future__ import annotations

from transforms.errors import InventorumError

__all__ = [
    "ApiError",
    "CrawlError",
    "EmptyPage",
    "HomeError",
    "InventorumError",
    "LockedError",
    "LoginError",
    "RequestRefused",
    "SettingsError",
    "is_ctrl_c",
]


class HomeError(InventorumError):
    """A file or folder of the installation cannot be read or written."""


class SettingsError(InventorumError):
    """A setting or argument is missing, half given or wrong."""

    exit_code = 2


class LockedError(InventorumError):
    """Another run or program holds the files."""

    exit_code = 4


class LoginError(InventorumError):
    """The API refused the token, its refresh or its scope."""

    exit_code = 5


class ApiError(InventorumError):
    """The API could not be reached or did not give a usable answer within the budget of tries."""

    exit_code = 6


class RequestRefused(ApiError):
    """The API refused one request with a 4xx of its own.

    Attributes:
        status: HTTP status code.
        fields: The API's messages per field, as it sent them (may be empty).
    """

    exit_code = 1

    def __init__(self, message: str, *, status: int, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.fields = fields or {}


class EmptyPage(ApiError):
    """A page stays empty although the answer says that more orders match.

    Attributes:
        total: How many orders match, by the answer.
    """

    def __init__(self, message: str, total: int) -> None:
        super().__init__(message)
        self.total = total


class CrawlError(ApiError):
    """A crawl broke an assumption of the reading protocol; its cursor stays where it was."""


def is_ctrl_c(error: BaseException) -> bool:
    """Whether DuckDB says with it that Ctrl-C ended a statement."""
    return isinstance(error, RuntimeError) and "Query interrupted" in str(error)
