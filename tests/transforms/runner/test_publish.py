"""Publishing: readers see the old warehouse or the new one, and never wait."""

from __future__ import annotations

import errno
import grp
import os
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tests.support.small_project import order
from transforms.errors import FilesHeld, PublishError, TransformError
from transforms.readers.published import open_published
from transforms.runner.publish import publish


def published_orders(small):
    return small.rows("select count(*) from core.fct_orders", small.files.published)


def files_beside(small):
    return {path.name for path in small.home.iterdir() if path.is_file()}


def test_the_published_file_is_what_was_built(small):
    small.load([order(1), order(2)])
    small.build()

    report = small.publish()

    assert small.tables(small.files.published) == small.tables()
    assert report.bytes == small.files.published.stat().st_size
    assert files_beside(small) == {"landing.duckdb", "warehouse.duckdb"}


def test_only_the_owner_can_read_it(small):
    small.load([order(1)])
    small.build()
    previous = os.umask(0)
    try:
        small.publish()
    finally:
        os.umask(previous)

    assert stat.S_IMODE(small.files.published.stat().st_mode) == 0o600


def test_a_group_can_be_let_in(small):
    group = grp.getgrgid(os.getgid()).gr_name
    small.load([order(1)])
    small.build()

    small.publish(group=group)

    there = small.files.published.stat()
    assert (stat.S_IMODE(there.st_mode), there.st_gid) == (0o640, os.getgid())


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_member_of_the_group_reads_the_file_and_nothing_else(small):
    small.load([order(1)])
    small.build()
    small.home.chmod(0o700)
    small.files.landing.chmod(0o600)
    small.publish(group=grp.getgrgid(65534).gr_name)

    for folder in small.home.parents:  # pytest's own folders are closed
        if folder.is_relative_to(tempfile.gettempdir()):
            folder.chmod(folder.stat().st_mode | 0o011)

    assert [read_by_a_member(path) for path in (small.files.published, small.files.landing)] == [True, False]
    assert stat.S_IMODE(small.home.stat().st_mode) == 0o710


def read_by_a_member(path: Path) -> bool:
    command = ["/bin/cat", str(path)]
    done = subprocess.run(command, user=65534, group=65534, extra_groups=[], capture_output=True, check=False)
    return done.returncode == 0


def test_an_unknown_group_is_said_so_and_nothing_is_left_behind(small):
    small.load([order(1)])
    small.build()

    with pytest.raises(PublishError, match="no-such-group"):
        small.publish(group="no-such-group")

    assert files_beside(small) == {"landing.duckdb"}


def test_a_reader_keeps_the_file_that_it_opened(small):
    small.load([order(1)])
    small.build()
    small.publish()
    with closing(open_published(small.files.published)) as reader:
        small.load([order(2)])
        small.build()
        small.publish()

        assert reader.execute("select count(*) from core.fct_orders").fetchall() == [(1,)]
    assert published_orders(small) == [(2,)]


def test_a_build_that_was_not_published_is_said_to_be_new(small):
    small.load([order(1)])
    small.build()
    assert small.build().changed

    small.publish()
    assert not small.build().changed


def test_what_is_published_is_known_without_the_work_folder_too(small):
    small.load([order(1)])
    small.build()
    small.publish()
    (small.files.work / "published.json").unlink()

    assert not small.build().changed
    assert (small.files.work / "published.json").is_file()


def test_a_published_file_that_was_lost_is_published_again(small):
    small.load([order(1)])
    small.build()
    small.publish()
    small.files.published.unlink()

    assert small.build().changed
    small.publish()
    assert published_orders(small) == [(1,)]


def test_nothing_built_yet_is_said_so(small):
    with pytest.raises(PublishError, match="nothing was built yet"):
        small.publish()


@pytest.mark.long
@pytest.mark.parametrize("content", ["text", "database", "folder"])
def test_a_file_in_the_way_stays(small, content):
    small.load([order(1)])
    small.build()
    if content == "text":
        small.files.published.write_text("my novel")
    elif content == "folder":
        small.files.published.mkdir()
    else:
        with duckdb.connect(small.files.published) as other:
            other.execute("create table mine as select 1 as one")

    with pytest.raises(PublishError, match=r"warehouse\.duckdb"):
        small.publish()

    assert small.files.published.exists()
    if content == "database":
        assert small.rows("select one from mine", small.files.published) == [(1,)]


def test_a_build_file_that_another_program_holds_is_named(small):
    small.load([order(1)])
    small.build()
    program = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(small.files.build)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(FilesHeld, match=f"PID {holder.pid}"):
            small.publish()
        holder.kill()


CROWDED = """
import resource, sys
from pathlib import Path
from tests.support.small_project import SmallWarehouse
from transforms.errors import PublishError
small = SmallWarehouse(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    small.publish()
except PublishError as fault:
    print(fault)
"""


@pytest.mark.long
def test_a_full_disk_leaves_the_published_file_and_no_part_of_a_new_one(small):
    small.load([order(1)])
    small.build()
    small.publish()
    small.load([order(2)])
    small.build()

    ran = subprocess.run([sys.executable, "-c", CROWDED, str(small.home)], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "The published file is as it was" in ran.stdout
    assert published_orders(small) == [(1,)]
    assert files_beside(small) == {"landing.duckdb", "warehouse.duckdb"}
    assert small.build().changed


def test_what_a_killed_publishing_left_is_removed(small):
    small.load([order(1)])
    small.build()
    left = small.home / ".warehouse.duckdb.partial"
    left.write_text("half a warehouse")

    small.publish()

    assert not left.exists()


def test_the_published_file_opens_in_duckdb_1_2(small):
    small.load([order(1)])
    small.build()
    small.publish()

    tags = small.rows(
        "select tags['storage_version'] from duckdb_databases() where not internal", small.files.published
    )

    assert tags[0][0].startswith("v1.2")


# -- what a reader can do ----------------------------------------------------------------------------

FORBIDDEN = {
    "read a file": "select * from read_text('/etc/hostname')",
    "write a file": "copy core.fct_orders to 'orders.csv'",
    "attach a database": "attach 'other.duckdb'",
    "attach in memory and write": "export database 'folder'",
    "write a table": "create table core.mine as select 1 as one",
    "delete": "delete from core.fct_orders",
    "load an extension": "install httpfs",
    "lift the limits": "set enable_external_access = true",
    "change a setting": "set threads = 1",
}


@pytest.mark.long
@pytest.mark.parametrize("case", FORBIDDEN)
def test_a_reader_cannot_leave_the_warehouse(small, case):
    small.load([order(1)])
    small.build()
    small.publish()

    with closing(open_published(small.files.published)) as reader, pytest.raises(duckdb.Error):
        reader.execute(FORBIDDEN[case]).fetchall()


def test_a_reader_sees_times_in_the_zone_that_it_names(small):
    small.load([order(1)])
    small.build()
    small.publish()

    with closing(open_published(small.files.published, "Europe/Berlin")) as reader:
        shown = reader.execute("select valid_from::varchar from core.fct_order_versions").fetchall()

    assert shown == [("2026-11-01 07:00:00+01",)]


def test_what_is_not_published_cannot_be_read(small):
    with pytest.raises(TransformError, match="nothing was published there yet"):
        open_published(small.files.published)

    small.files.published.write_text("my novel")
    with pytest.raises(TransformError, match="cannot be read as a database"):
        open_published(small.files.published)

    small.files.published.unlink()
    duckdb.connect(small.files.published).close()
    with pytest.raises(TransformError, match="no warehouse of this program"):
        open_published(small.files.published)


def test_publish_takes_the_files_alone(small):
    small.load([order(1)])
    small.build()

    assert publish(small.files).seconds >= 0


def test_a_file_system_that_cannot_share_blocks_gets_a_plain_copy(small, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    small.load([order(1), order(2)])
    small.build()

    publish(small.files)

    assert published_orders(small) == [(2,)]
    assert small.files.published.read_bytes() == small.files.build.read_bytes()
