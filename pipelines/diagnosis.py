"""What `-v` says on stderr: this program's own log, without the secrets of the settings."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.settings import RotatingLogin, Settings, StaticLogin
from pipelines.steering import visible

PACKAGES = ("pipelines", "transforms")
MASK = "***"


class Masked(logging.Formatter):
    """Time and message on one line, each secret replaced."""

    def __init__(self, secrets: frozenset[str]) -> None:
        super().__init__("%(asctime)s %(message)s", "%H:%M:%S")
        self._secrets = sorted(secrets, key=len, reverse=True)  # one may begin like another

    def format(self, record: logging.LogRecord) -> str:
        """The record as it may be shown."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return visible(text)


@contextmanager
def told_on_stderr(settings: Settings | None) -> Iterator[None]:
    """The log from INFO on, for the length of the block; other packages keep theirs to themselves.

    Args:
        settings: Whose login is masked; None if they cannot be read.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Masked(frozenset() if settings is None else secrets_of(settings)))
    loggers = [logging.getLogger(name) for name in PACKAGES]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)


def secrets_of(settings: Settings) -> frozenset[str]:
    """The words of the login that nobody else may read."""
    login = settings.login
    if isinstance(login, StaticLogin):
        return frozenset({login.access_token})
    if isinstance(login, RotatingLogin):
        return frozenset({login.client_secret, login.refresh_token})
    return frozenset()
