"""What one look of `inventorum doctor` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.errors import InventorumError


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        found: What is there.
        advice: What to do about it; empty if nothing is to be done.
        exit_code: Of a failure.
    """

    topic: str
    status: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""
    exit_code: int = 0


def ok(topic: str, found: str) -> Finding:
    """All is well."""
    return Finding(topic, "ok", found)


def warn(topic: str, found: str, advice: str) -> Finding:
    """Worth a look; runs work nevertheless."""
    return Finding(topic, "warn", found, advice)


def fail(topic: str, found: str, advice: str, exit_code: int = 1) -> Finding:
    """Runs will fail."""
    return Finding(topic, "fail", found, advice, exit_code)


def said(topic: str, error: InventorumError) -> Finding:
    """A foreseen error as a failure; its message says what to do."""
    return fail(topic, str(error), "", error.exit_code)
