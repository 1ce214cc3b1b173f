"""What a build on Spark foresees."""

from __future__ import annotations

from transforms.errors import TransformError


class SparkMissing(TransformError):
    """pyspark or a Java that it runs on is not there."""


class SparkUnreachable(TransformError):
    """The master does not answer, or refused the program."""


class RawUnusable(TransformError):
    """The folder of raw is none, or holds no completed load."""


class OutUnusable(TransformError):
    """The folder for the versions holds something else, or cannot be written."""

    exit_code = 2
