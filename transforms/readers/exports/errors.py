"""Faults of an export; after each of them no file was written or replaced."""

from __future__ import annotations

from transforms.errors import TransformError


class ExportRefused(TransformError):
    """What was asked for does not exist or does not fit the form; the message says what does."""

    exit_code = 2


class ExportFailed(TransformError):
    """A file could not be written."""


class BooksDisagree(TransformError):
    """Bookings do not add up to the report tables; nothing was written."""

    exit_code = 3
