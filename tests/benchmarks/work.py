"""The pieces of work that are measured, each a whole process."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import dbt_project
from tests.benchmarks.measure import Cost, control, run

CHANGED = 500
PACED_ORDERS = 40_000
ENVIRONMENT = {
    "SOURCES__INVENTORUM__ACCESS_TOKEN": "token",
    "SOURCES__INVENTORUM__REQUESTS_PER_SECOND": "100000",  # what it costs, not how long it waits
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
}


@dataclass
class Shop:
    """A running server and the folder for what is loaded from it.

    Attributes:
        costs: For each piece of work, what each run of it cost.
        steps: For each piece of our own work, the seconds of its steps in its last run.
    """

    orders: int
    address: str
    folder: Path
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    steps: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def environment(self) -> dict[str, str]:
        return {
            **ENVIRONMENT,
            "SOURCES__INVENTORUM__BASE_URL": f"{self.address}/api",
            "INVENTORUM_HOME": str(self.home),
        }

    def note(self, name: str, cost: Cost) -> Cost:
        """Keep a cost and show it."""
        self.costs.setdefault(name, []).append(cost)
        sys.stderr.write(f"{self.orders:>9,} {name:<22} {cost.cpu:8.2f} CPU s {cost.wall:8.2f} s {cost.peak:7.0f} MB\n")
        sys.stderr.flush()
        return cost

    def inventorum(self, name: str, *arguments: str) -> dict[str, Any]:
        """Run a command of ours; gives what it reports."""
        command = [sys.executable, "-m", "pipelines.cli", "--json", *arguments]
        cost = self.note(name, run(command, self.environment(), cwd=self.folder))
        report: dict[str, Any] = json.loads(cost.output[cost.output.index("{") :])
        self.steps[name] = report["seconds"]
        return report

    def first_sync(self) -> None:
        """Everything, into an empty home folder."""
        shutil.rmtree(self.home, ignore_errors=True)
        report = self.inventorum("first sync", "sync")
        assert report["orders_new"] >= self.orders * 0.95, report["orders_new"]

    def sync_without_news(self) -> None:
        """As the scheduler runs it most of the time: nothing was changed for longer than the overlap."""
        control(self.address, "settle")
        report = self.inventorum("nothing new", "sync")
        assert not report["published"], "something was new"
        assert report["rows_read"] == 0, report["rows_read"]

    def sync_again(self) -> None:
        """Straight after a change: it lies within the overlap, so it is read once more and found to be known."""
        report = self.inventorum("read again", "sync")
        assert not report["published"], "something was new"
        assert report["rows_read"] >= CHANGED, report["rows_read"]

    def sync_after_change(self, count: int = CHANGED, name: str = "change") -> None:
        """So many orders are in another state; earlier changes lie outside the overlap."""
        control(self.address, "settle")
        control(self.address, f"change?count={count}")
        report = self.inventorum(name, "sync")
        assert report["published"], "nothing was published"
        assert report["orders_changed"] == count, report["orders_changed"]

    def full_build(self) -> None:
        """All models and all checks, from the landing log."""
        self.inventorum("full build", "build", "--full")

    def floor(self) -> None:
        """The least that loading can cost."""
        path = self.folder / "floor.duckdb"
        path.unlink(missing_ok=True)
        self._module("floor", f"{self.address}/api", str(path))

    def newcomer(self) -> None:
        """dlt from its documentation."""
        folder = self.folder / "newcomer"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._module("newcomer", f"{self.address}/api", str(folder))

    def dbt(self, command: Path) -> None:
        """The same models and checks by dbt-duckdb."""
        project = self.folder / "dbt"
        shutil.rmtree(project, ignore_errors=True)
        dbt_project.write(project, self.home / "landing.duckdb")
        build = [str(command), "build", "--profiles-dir", "."]
        try:
            self.note("dbt", run(build, self.environment(), cwd=project))
        except RuntimeError as error:
            sys.stderr.write(f"{error}\ndbt is left out of this run.\n")

    def _module(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
        self.note(name, run(command, self.environment(), cwd=self.folder))


def paced_crawl(shop: Shop) -> float:
    """Load at the API's rate limit over a slow line; gives the requests per second that arrived."""
    control(shop.address, "latency?seconds=0.1")
    control(shop.address, "arrivals")
    shutil.rmtree(shop.home, ignore_errors=True)
    environment = {**shop.environment(), "SOURCES__INVENTORUM__REQUESTS_PER_SECOND": "20"}
    shop.note("paced crawl", run([sys.executable, "-m", "tests.benchmarks.load_only"], environment, cwd=shop.folder))
    control(shop.address, "latency?seconds=0")
    arrivals = json.loads(control(shop.address, "arrivals"))
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


def help_page(shop: Shop) -> None:
    """`inventorum --help`."""
    shop.note("help", run([sys.executable, "-m", "pipelines.cli", "--help"], shop.environment(), cwd=shop.folder))
