"""The disk runs full at any point of a run: it is said so, readers keep what they had, the next run is right.

The home lies on a tmpfs of a namespace of its own, so that no other program meets the full disk. Four amounts
of free space by default; INVENTORUM_FULL_DISKS=40 takes forty, spread over all that a run needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.sandbox import trading
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from tests.support.real_command import copied, finish, start, visible

AMOUNTS = int(os.environ.get("INVENTORUM_FULL_DISKS", "4"))
SIZE = 128 * 1024 * 1024
KIB = 1024

ORDERS = """
select account, order_id, state, content_hash, version_count, items_gross_amount, amount_paid, business_date
from core.fct_orders order by all
"""
DAYS = "select * from marts.sales_by_day order by all"
DISAGREEMENTS = """
select
    (select count(*) from core.fct_orders) - (select count(distinct order_id) from core.fct_orders),
    (select coalesce(sum(items_gross_amount), 0) from core.fct_orders where order_class = 'sale')
    - (select coalesce(sum(gross_amount), 0) from marts.sales_by_day)
"""


class Disk:
    """A file system of a fixed size, seen by the programs that are started through it.

    Attributes:
        path: Where those programs find it.
        outside: Where this process finds it.
        through: Starts a program that sees it.
    """

    def __init__(self, path: Path, holder: int) -> None:
        self.path = path
        self.outside = Path(f"/proc/{holder}/root{path}")
        self.through = ("nsenter", f"--target={holder}", "--user", "--mount", "--preserve-credentials", "--")

    @property
    def home(self) -> Path:
        return self.outside / "home"

    def free(self) -> int:
        """Bytes that can be written."""
        found = os.statvfs(self.outside)
        return found.f_bavail * found.f_frsize

    def leave(self, size: int) -> None:
        """Take all space but so many bytes."""
        with (self.outside / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, self.free() - size)

    def empty(self, template: Path | None) -> None:
        """Give the space back; the home becomes a copy of the template."""
        shutil.rmtree(self.home, ignore_errors=True)
        (self.outside / "ballast").unlink(missing_ok=True)
        if template is not None:
            shutil.copytree(template, self.home)

    @contextmanager
    def watched(self) -> Iterator[list[int]]:
        """Collect how much space the block needs at most, as the only entry of a list."""
        before, least, done = self.free(), [SIZE], threading.Event()

        def look() -> None:
            while not done.wait(0.002):
                least[0] = min(least[0], self.free())

        needed: list[int] = []
        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield needed
        finally:
            done.set()
            watcher.join()
            needed.append(before - least[0])


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """A tmpfs that lives as long as the process that mounted it."""
    folder = tmp_path_factory.mktemp("disk")
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("a disk of a known size needs unshare and nsenter (util-linux)")
    script = f"mount -t tmpfs -o size={SIZE} none '{folder}' && echo mounted && exec cat"
    holder = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        if holder.stdout.readline() != "mounted\n":
            words = holder.communicate("")[1].strip()
            pytest.skip(f"this process may not mount a tmpfs in a namespace of its own: {words}")
        yield Disk(folder, holder.pid)
        holder.communicate("")


class Installation:
    """A home on the disk, and the shop that it reads."""

    def __init__(self, disk: Disk, sandbox: Sandbox, copies: Path) -> None:
        self.disk = disk
        self._sandbox = sandbox
        self._copies = copies

    def sync(self, *, exit_code: int = 0) -> dict[str, Any]:
        """One `inventorum sync` that ends as expected."""
        process = start(self.disk.path / "home", self._sandbox, "sync", "--json", through=self.disk.through)
        return finish(process, exit_code=exit_code)

    def published(self) -> bytes | None:
        """What readers open."""
        path = self.disk.home / "warehouse.duckdb"
        return path.read_bytes() if path.exists() else None

    def contents(self) -> list[Any]:
        """Orders and days of the published file, which agree with each other."""
        copy = copied(self.disk.home / "warehouse.duckdb", self._copies)
        with closing(duckdb.connect(str(copy), read_only=True)) as connection:
            assert connection.execute(DISAGREEMENTS).fetchall() == [(0, 0)]
            return [connection.execute(sql).fetchall() for sql in (ORDERS, DAYS)]

    def loads(self) -> int:
        """Complete loads in the landing log."""
        copy = copied(self.disk.home / "landing.duckdb", self._copies)
        if not copy.exists():
            return 0
        with closing(duckdb.connect(str(copy))) as connection:
            if not connection.execute("from duckdb_tables() where table_name = '_dlt_loads'").fetchall():
                return 0
            return int(connection.execute("select count(*) from raw._dlt_loads where status = 0").fetchall()[0][0])


@pytest.mark.long
@pytest.mark.parametrize("number", ["first", "second"])
def test_a_disk_that_runs_full_anywhere_in_a_run_costs_nothing_but_that_run(
    number: str, disk: Disk, tmp_path: Path
) -> None:
    shop = make_shop(seed=3, orders=300, days=30, samples=False)
    template = None
    with Sandbox(shop) as sandbox:
        installation = Installation(disk, sandbox, tmp_path)
        disk.empty(None)
        if number == "second":
            installation.sync()
            template = tmp_path / "template"
            shutil.copytree(disk.home, template)
            trading.trade(shop, sales=5, seed=9)
            disk.empty(template)
        with disk.watched() as needed:
            installation.sync()
        right = installation.contents()
        assert {order_id: state for _, order_id, state, *_ in right[0]} == visible(shop)

        steps = [fault(installation, template, size, right) for size in amounts(needed[0])]

    assert {"load", "build"} <= set(steps)
    assert "publish" in steps or number == "first"  # a first build needs about as much as the copy for readers


def amounts(needed: int) -> list[int]:
    """Free bytes: a few pages, for the beginning of a run, then even steps up to what it needs in all."""
    few = [8 * KIB, 16 * KIB, 100 * KIB][: max(1, AMOUNTS // 3)]
    rest = AMOUNTS - len(few)
    return few + [needed * (2 * step + 1) // (2 * rest) for step in range(rest)]


def fault(installation: Installation, template: Path | None, size: int, right: list[Any]) -> str:
    """One run with so many free bytes, and one with enough of them; the step that met the full disk."""
    installation.disk.empty(template)
    before, loads = installation.published(), 0 if template is None else installation.loads()
    installation.disk.leave(size)
    refusal = installation.sync(exit_code=1)

    message = refusal["error"]
    assert "space" in message
    assert "run" in message.rpartition("ree some space")[2]
    assert installation.published() == before
    (installation.disk.outside / "ballast").unlink()
    step = "publish" if "Publishing" in message else "build" if "build.duckdb" in message else "load"
    assert installation.loads() - loads in ((0, 1) if step == "load" else (1,))
    installation.sync()
    assert installation.contents() == right
    return step
