"""The root of all foreseen faults, and those of the transforms; each class owns its exit code.

The root stands here and not in `pipelines`, which the transforms know nothing of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal


class InventorumError(Exception):
    """Root of all foreseen faults: the message says what was tried, what came back and what to do next."""

    exit_code = 1


class TransformError(InventorumError):
    """What the transforms foresee: of SQL, checks, and the files that are built and published."""


class ModelError(TransformError):
    """A SQL file is malformed, or its statement failed; the message names the file."""


class PublishError(TransformError):
    """The published file could not be written; the previous one is untouched."""


class FilesHeld(TransformError):
    """Another process holds a database file; the message names the process."""

    exit_code = 4


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes:
        failing_rows: Rows that break the claim; 0 is good.
        amount: Money that these rows concern, if the check names any.
        sample: Some of the rows in words; null: none.
    """

    name: str
    severity: str
    failing_rows: int
    amount: Decimal | None
    sample: str | None
    harm: str
    path: str

    @property
    def is_failure(self) -> bool:
        """Whether it stops publishing."""
        return self.severity == "fail" and self.failing_rows > 0


@dataclass(frozen=True)
class Evidence:
    """What is kept of a claim that broke.

    Attributes:
        build: `incremental` or `full`.
        rows: Up to 100 of the rows that break it, values as text; null stays null.
        orders: Account and id of up to 50 orders that these rows speak of, or that the build changed.
    """

    check_name: str
    build: str
    failing_rows: int
    rows: tuple[dict[str, str | None], ...]
    orders: tuple[tuple[str, int], ...]


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
