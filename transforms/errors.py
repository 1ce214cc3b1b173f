"""Faults of a build that a user can do something about; each class owns its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transforms.runner.broken import Evidence
    from transforms.runner.check_results import CheckResult


class TransformError(Exception):
    """Root of all foreseen faults of the transforms."""

    exit_code = 1


class ModelError(TransformError):
    """A SQL file is malformed, or its statement failed; the message names the file."""


class PublishError(TransformError):
    """The published file could not be written; the previous one is untouched."""


class FilesHeld(TransformError):
    """Another process holds a database file; the message names the process."""

    exit_code = 4


class ChecksFailed(TransformError):
    """At least one check of severity `fail` found rows; nothing was published.

    Attributes:
        failures: The results of those checks.
        evidence: What is to be kept of them for a bug report.
    """

    exit_code = 3

    def __init__(self, message: str, failures: Sequence[CheckResult] = ()) -> None:
        super().__init__(message)
        self.failures = tuple(failures)
        self.evidence: tuple[Evidence, ...] = ()


class UnknownClaim(TransformError):
    """A claim was named that there is not; the message names the nearest one."""

    exit_code = 2
