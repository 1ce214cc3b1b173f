"""Builds on a standalone cluster while workers and the driver are killed; by hand: `python -m tests.cluster`.

python -m tests.cluster                    kills: three of workers, three of the driver
python -m tests.cluster --orders 100000    seconds and memory with one and with two workers
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.landing.raw_files import export_raw
from pipelines.settings import Files
from tests.cluster.standalone import Cluster
from tests.support.landing_file import Load
from tests.support.parity import compared
from tests.support.random_shop import random_loads
from tests.support.warehouse import Warehouse

POINTS = ("staging.stg_order_items", "core.fct_orders", "marts.sales_by_day")
Seen = Callable[[str, subprocess.Popen[str]], None]


def say(text: str) -> None:
    """A line of the log."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


def build(folder: Path, master: str, seen: Seen = lambda step, driver: None) -> int:
    """The command as a user calls it; `seen` hears of each step. Gives its exit code."""
    command = [sys.executable, "-m", "pipelines.cli", "--home", str(folder), "-v", "build", "--engine", "spark"]
    command += ["--raw", str(folder / "raw"), "--out", str(folder / "out"), "--master", master]
    with subprocess.Popen(
        command,
        env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as driver:
        try:
            for line in driver.stdout or ():
                for point in POINTS:
                    if f"{point} (" in line:
                        seen(point, driver)
                if line.startswith("Error"):
                    say(line.rstrip())
        except BaseException:
            os.killpg(driver.pid, signal.SIGKILL)
            raise
    return driver.returncode


def shop(folder: Path, loads: list[Load]) -> Warehouse:
    """The loads built on DuckDB, and exported as Spark reads them."""
    warehouse = Warehouse(folder)
    warehouse.load(*loads, full=True)
    export_raw(Files(folder), folder / "raw")
    return warehouse


def same(warehouse: Warehouse) -> bool:
    """Whether the version that readers find equals DuckDB's tables."""
    found = compared(warehouse.files.build, warehouse.folder / "out" / "current").differences(without={})
    for difference in found:
        say(str(difference))
    return not found


def kills(folder: Path) -> bool:
    """Kill each in turn; whether readers found whole tables at every time."""
    warehouse = shop(folder, random_loads(5, orders=300, loads=3))
    with Cluster(folder / "cluster", workers=2) as cluster:
        turn = iter((0, 1, 0))

        def worker(step: str, driver: subprocess.Popen[str]) -> None:
            number = next(turn)
            cluster.kill_worker(number)
            say(f"killed worker {number} and its executor at {step}, began another")

        code = build(folder, cluster.master, worker)
        good = code == 0 and same(warehouse)
        say(f"the build ended with {code}, readers find {_current(folder)}, equal to DuckDB's: {good}")
        for point in POINTS:

            def driver_at(step: str, driver: subprocess.Popen[str], point: str = point) -> None:
                if step == point:
                    os.killpg(driver.pid, signal.SIGKILL)

            code = build(folder, cluster.master, driver_at)
            is_same = _current(folder) == "v=1" and same(warehouse)
            good = good and is_same and code < 0
            say(f"killed the driver at {point}: {code}; readers find {_current(folder)}, whole: {is_same}")
        code = build(folder, cluster.master)
        left = sorted(path.name for path in (folder / "out").iterdir())
        is_last = code == 0 and same(warehouse) and left == [".lock", "current", "v=1", "v=2"]
        say(f"the next build ended with {code}, readers find {_current(folder)}, in the folder lie {left}")
    return good and is_last


def sizes(folder: Path, orders: int) -> bool:
    """Seconds and memory with one and two workers."""
    good = True
    warehouse = shop(folder, random_loads(5, orders=orders, loads=2))
    for workers in (1, 2):
        with Cluster(folder / f"cluster-{workers}", workers=workers, memory="2g") as cluster:
            held = [0]

            def look(
                step: str, driver: subprocess.Popen[str], cluster: Cluster = cluster, held: list[int] = held
            ) -> None:
                held.append(cluster.peak_memory())  # executors end with the driver

            began = time.monotonic()
            code = build(folder, cluster.master, look)
            seconds, memory = time.monotonic() - began, max(held)
            good = good and code == 0 and same(warehouse)
            rows = json.loads((folder / "out" / "current" / "build.json").read_text())["rows"]["core.fct_orders"]
            say(f"{rows} orders, {workers} workers: {seconds:.0f} s, {memory / 2**30:.2f} GB in the cluster")
    return good


def _current(folder: Path) -> str:
    link = folder / "out" / "current"
    return link.readlink().name if link.is_symlink() else "nothing"


def main() -> int:
    """0 if all went as it should."""
    asked = argparse.ArgumentParser(prog="python -m tests.cluster")
    asked.add_argument("--orders", type=int, help="measure with so many orders in place of killing")
    orders = asked.parse_args().orders
    folder = Path(tempfile.mkdtemp(prefix="inventorum-cluster-"))
    try:
        return 0 if (sizes(folder / "home", orders) if orders else kills(folder / "home")) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
