"""Faults of a build that a user can do something about; each class owns its exit code."""

from __future__ import annotations


class TransformError(Exception):
    """Root of all foreseen faults of the transforms."""

    exit_code = 1


class ModelError(TransformError):
    """A SQL file is malformed, or its statement failed; the message names the file."""


class PublishError(TransformError):
    """The published file could not be written; the previous one is untouched."""


class ChecksFailed(TransformError):  # noqa: N818 - reads as a sentence where it is caught
    """At least one check of severity `fail` found rows; nothing was published."""

    exit_code = 3
