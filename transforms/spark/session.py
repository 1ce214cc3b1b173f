"""A Spark session of a build: what has to be there first, and the settings on which its answers depend."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from transforms.spark.errors import SparkMissing, SparkUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

JAVA = 17  # Spark 4
DEFAULT_MASTER = "local[*]"
REACH_SECONDS = 5.0
BYTES_OF_PARTITION = 16_000_000  # of raw, compressed: some 150 MB of JSON
FEW_BYTES = 10_000_000  # some 50,000 orders: to compile their plans costs more than it saves
FOR_FEW = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}

# Other values would give other figures.
MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # a sum that does not fit is a fault and no other number
    "spark.sql.variant.allowDuplicateKeys": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}


def refuse_missing(java: str | None) -> None:
    """Make sure that pyspark and a Java for it are there.

    Args:
        java: The program; None: there is none.

    Raises:
        SparkMissing: One is not, or the Java is too old.
    """
    try:
        import pyspark  # noqa: F401
    except ImportError as fault:
        raise SparkMissing(
            "`--engine spark` needs pyspark, which is not installed. Nothing was built. "
            "Install it with `pip install 'inventorum-warehouse[spark]'`."
        ) from fault
    how = f"Install Java {JAVA} or newer (Debian: `apt-get install openjdk-17-jre-headless`), or set JAVA_HOME to one."
    if java is None:
        raise SparkMissing(f"Spark runs on Java, and there is no `java` on this machine. Nothing was built. {how}")
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise SparkMissing(f"{java} cannot be run: {fault}. Nothing was built. {how}") from fault
    words = (told.stderr or told.stdout).strip().splitlines()
    found = re.search(r'version "(?:1\.)?(\d+)', words[0]) if words else None
    if told.returncode or found is None or int(found[1]) < JAVA:
        said = words[0] if words else f"exit code {told.returncode}"
        raise SparkMissing(f"{java} says {said}, but Spark 4 needs Java {JAVA}. Nothing was built. {how}")


def refuse_unreachable(master: str) -> None:
    """Make sure that a standalone master answers, which Spark itself takes minutes to find out.

    Raises:
        SparkUnreachable: It does not, or its address is none.
    """
    if re.fullmatch(r"local(\[(\d+|\*)(,\s*\d+)?\])?|yarn|k8s://.+", master):
        return
    if not master.startswith("spark://"):
        raise SparkUnreachable(
            f"--master {master} is no master that Spark knows. Nothing was built. "
            "Give local[4], spark://HOST:7077, yarn or k8s://URL."
        )
    for address in master.removeprefix("spark://").split(","):
        with suppress(OSError, ValueError):
            parts = urlsplit(f"//{address}")
            socket.create_connection((parts.hostname or "", parts.port or 7077), REACH_SECONDS).close()
            return
    raise SparkUnreachable(
        f"No master answers at {master}. Nothing was built. Start it, or name the one that its log shows."
    )


@contextmanager
def settled(spark: SparkSession) -> Iterator[SparkSession]:
    """A session of somebody else's, with the settings on which answers depend, for the length of the block."""
    before = {name: spark.conf.get(name) for name in MEANING}
    for name, value in MEANING.items():
        spark.conf.set(name, value)
    try:
        yield spark
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


@contextmanager
def session(master: str, *, raw_bytes: int) -> Iterator[SparkSession]:
    """A session that ends with the block.

    Args:
        raw_bytes: Size of the orders' files: how finely the work is split.

    Raises:
        SparkUnreachable: Spark could not begin.
    """
    from pyspark.sql import SparkSession

    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # it prints stacks of Java
    logging.getLogger().addFilter(_is_not_of_py4j)
    of_ctrl_c = signal.getsignal(signal.SIGINT)
    settings = {
        **MEANING,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.sql.shuffle.partitions": str(max(2, -(-raw_bytes // BYTES_OF_PARTITION))),
        "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    }
    if master.startswith("local"):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    if raw_bytes < FEW_BYTES:
        settings |= FOR_FEW
    builder = SparkSession.builder.appName("inventorum").master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        with _unheard():
            made = builder.getOrCreate()
        with suppress(ValueError):  # not in the main thread, where pyspark leaves Ctrl-C alone, too
            signal.signal(signal.SIGINT, of_ctrl_c)
    except Exception as fault:
        raise SparkUnreachable(
            f"Spark could not begin on {master}: {first_line(fault)} Nothing was built. Its own settings, from "
            "spark-defaults.conf and SPARK_HOME, hold beside ours."
        ) from fault
    try:
        yield made
    finally:
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that Java has ended already, with Ctrl-C
            made.stop()
        logging.getLogger().removeFilter(_is_not_of_py4j)


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """It tells the root logger of each exception that it passes on, Ctrl-C among them."""
    return record.module not in ("java_gateway", "clientserver")


@contextmanager
def _unheard() -> Iterator[None]:
    """Whatever is written to stderr meanwhile goes nowhere, and so does what programs write that begin meanwhile.

    Java greets and warns there, before any setting of ours can keep it from that.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def first_line(fault: BaseException) -> str:
    """What Spark says of a fault, without stacks."""
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    said = next((line for line in lines if "Exception:" in line or line.startswith("[")), lines[0] if lines else "")
    return said[:500]
