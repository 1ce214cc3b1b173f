"""Tells somebody when a run fails: one POST to a web address; whatever happens to it changes nothing."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pipelines.errors import InventorumError, SettingsError
from pipelines.settings import LOOPBACK

logger = logging.getLogger(__name__)

SECONDS = 10
FINE = frozenset({0, 4, 130})  # done, another run was at work, interrupted by hand
MEANINGS = {
    1: "failed",
    2: "stopped: a setting is missing or wrong",
    3: "did not publish: a check failed",
    5: "stopped: the login or its scope was refused",
    6: "could not read everything from the API",
    7: "published, but put records into quarantine",
}
COUNTS = ("orders_new", "orders_changed", "orders_unchanged", "quarantined", "requests", "published")


@dataclass
class Outcome:
    """How a run ended, in words and numbers that name no person.

    Attributes:
        details: Counts of the run; whatever else a report holds is left out.
    """

    command: str
    exit_code: int = 1
    details: dict[str, Any] = field(default_factory=dict)

    def finished(self, report: Any) -> None:
        """Take exit code and counts from the run's report."""
        self.exit_code = report.exit_code
        self.details = {name: getattr(report, name) for name in COUNTS if hasattr(report, name)}
        self.details["channels"] = {window["channel"]: window["status"] for window in getattr(report, "channels", [])}

    @property
    def is_worth_telling(self) -> bool:
        """Whether somebody should look."""
        return self.exit_code not in FINE

    def message(self) -> dict[str, Any]:
        """What is sent; `text` is what chat services (Slack, Mattermost, Teams, Google Chat) show."""
        host = socket.gethostname()
        meaning = MEANINGS.get(self.exit_code, "failed")
        return {
            "text": f"inventorum {self.command} on {host} {meaning} (exit code {self.exit_code}). "
            "Run `inventorum status` there.",
            "command": self.command,
            "host": host,
            "exit_code": self.exit_code,
            **self.details,
        }


def check_notify_url(url: str) -> None:
    """Refuse an address before the run begins.

    Raises:
        SettingsError: It is no web address, or unencrypted and not on this machine.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(f"--notify {url!r} is not a web address. Nothing was done. Give one like https://…")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise SettingsError(f"--notify {parts.scheme}://{host} is not encrypted. Nothing was done. Use https.")


@contextmanager
def notifying(url: str | None, command: str) -> Iterator[Outcome]:
    """Tell the address if the block fails, or if the outcome that it sets is worth telling.

    The block's own error goes on as it was; a notification that cannot be sent is only logged.

    Raises:
        SettingsError: The address cannot be used; the block did not begin.
    """
    if url is not None:
        check_notify_url(url)
    outcome = Outcome(command)
    try:
        yield outcome
    except InventorumError as error:
        outcome.exit_code = error.exit_code
        raise
    except KeyboardInterrupt:
        outcome.exit_code = 130
        raise
    finally:
        if url is not None and outcome.is_worth_telling:
            notify(url, outcome)


def notify(url: str, outcome: Outcome) -> bool:
    """Send the outcome; whether it arrived. Never raises; the address itself is not logged, it may hold a key."""
    import requests

    host = urlsplit(url).hostname
    try:
        answer = requests.post(url, json=outcome.message(), timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        logger.warning("The notification to %s could not be sent: %s", host, type(error).__name__)
        return False
    if not answer.ok or answer.is_redirect:
        logger.warning("The notification to %s was answered with %s", host, answer.status_code)
        return False
    return True
