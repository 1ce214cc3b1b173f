"""What stands in the way of a build on Spark is told before Spark is started, and nothing is written."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.errors import FilesHeld, TransformError
from transforms.runner.session import Rules
from transforms.spark.build import build
from transforms.spark.errors import OutUnusable, RawUnusable, SparkMissing, SparkUnreachable
from transforms.spark.versions import hold

Build = Callable[..., Any]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder with an order and its load, as dlt's filesystem destination names them."""
    folder = tmp_path / "raw"
    (folder / "orders").mkdir(parents=True)
    (folder / "_dlt_loads").mkdir()
    pq.write_table(pa.table({"order_id": [1]}), folder / "orders" / "1795877855.4642026.76c32cf1c4.parquet")
    (folder / "_dlt_loads" / "shop__1.jsonl").write_text(json.dumps({"load_id": "1795877855.4642026", "status": 0}))
    return folder


@pytest.fixture
def fails(raw: Path, tmp_path: Path) -> Callable[..., str]:
    """Try a build of that folder; gives what is said, once it is sure that nothing was written."""

    def attempt(kind: type[TransformError], **changed: Any) -> str:
        given = {"raw_folder": raw, "out": tmp_path / "out", "rules": Rules(), **changed}
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(kind) as failure:
            build(**given)
        assert sorted(tmp_path.rglob("*")) == before
        assert "Nothing was built." in str(failure.value)
        return str(failure.value)

    return attempt


def java(folder: Path, version: str) -> str:
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2018-10-16' >&2\n")
    program.chmod(0o755)
    return str(program)


@pytest.fixture(autouse=True)
def _pyspark() -> None:
    pytest.importorskip("pyspark", reason="the extra `spark`")


def test_no_java_is_told_with_what_to_install(fails: Callable[..., str]) -> None:
    assert "there is no `java` on this machine" in fails(SparkMissing, java=None)


@pytest.mark.parametrize("version", ["1.8.0_292", "11.0.2"])
def test_a_java_that_is_too_old_is_told_with_its_version(
    fails: Callable[..., str], tmp_path: Path, version: str
) -> None:
    said = fails(SparkMissing, java=java(tmp_path, version))

    assert f'openjdk version "{version}"' in said
    assert "Spark 4 needs Java 17" in said


def test_a_java_that_cannot_be_run_is_told(fails: Callable[..., str], tmp_path: Path) -> None:
    assert "cannot be run" in fails(SparkMissing, java=str(tmp_path / "nowhere" / "java"))


def test_a_master_that_does_not_answer_is_told_at_once(fails: Callable[..., str], tmp_path: Path) -> None:
    with closing(socket.socket()) as unheard:
        unheard.bind(("127.0.0.1", 0))  # bound, but nobody listens
        master = f"spark://127.0.0.1:{unheard.getsockname()[1]}"
        said = fails(SparkUnreachable, java=java(tmp_path, "17.0.1"), master=master)

    assert f"No master answers at {master}" in said


def test_an_address_that_is_none_is_told(fails: Callable[..., str], tmp_path: Path) -> None:
    assert "no master that Spark knows" in fails(SparkUnreachable, java=java(tmp_path, "21"), master="localhost:7077")


def test_a_folder_without_a_completed_load_is_told(fails: Callable[..., str], raw: Path) -> None:
    (raw / "_dlt_loads" / "shop__1.jsonl").write_text(json.dumps({"load_id": "1795877855.4642026", "status": 1}))

    assert "does not hold a completed load" in fails(RawUnusable)


def test_a_folder_that_is_none_or_holds_no_orders_is_told(fails: Callable[..., str], raw: Path, tmp_path: Path) -> None:
    assert "is no folder" in fails(RawUnusable, raw_folder=tmp_path / "elsewhere")
    assert "does not hold Parquet files in orders/" in fails(RawUnusable, raw_folder=raw / "_dlt_loads")


def test_a_file_that_is_damaged_is_told(fails: Callable[..., str], raw: Path) -> None:
    (raw / "orders" / "part-1.parquet").write_bytes(b"PAR1 half of a file")

    assert "cannot be read as what was loaded" in fails(RawUnusable)


def test_orders_of_unknown_loads_are_told(fails: Callable[..., str], raw: Path) -> None:
    (raw / "orders" / "1795877855.4642026.76c32cf1c4.parquet").rename(raw / "orders" / "part-1.parquet")

    assert "names no load" in fails(RawUnusable)


def test_a_folder_that_holds_something_else_is_not_touched(fails: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")

    assert "holds notes.txt, which no build on Spark has made" in fails(OutUnusable, java=java(tmp_path, "17.0.1"))
    assert "is no folder" in fails(OutUnusable, java=java(tmp_path, "17.0.1"), out=tmp_path / "file")


def test_two_builds_into_one_folder_do_not_meet(fails: Callable[..., str], tmp_path: Path) -> None:
    program = java(tmp_path, "17.0.1")
    with hold(tmp_path / "out"):
        assert "Another build writes to" in fails(FilesHeld, java=program)


def version(folder: Path, keep: int = 3) -> int:
    """Publish an empty version."""
    with hold(folder) as versions:
        versions.draft.mkdir()
        (versions.draft / "build.json").write_text("{}")
        versions.publish(keep=keep)
        return versions.number


def test_readers_are_led_to_the_newest_version_and_old_ones_are_kept_by_number(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number in range(1, 6):
        assert version(out, keep=2) == number
        assert (out / "current").readlink() == Path(f"v={number}")

    assert sorted(path.name for path in out.iterdir()) == [".lock", "current", "v=4", "v=5"]


def test_what_a_killed_build_has_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    out = tmp_path / "out"
    version(out)
    (out / ".v=2.part" / "core").mkdir(parents=True)
    (out / ".current.new").symlink_to("v=2")

    assert version(out) == 2
    assert sorted(path.name for path in out.iterdir()) == [".lock", "current", "v=1", "v=2"]
