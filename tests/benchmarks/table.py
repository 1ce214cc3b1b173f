"""The results beside the goals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.work import CHANGED, Shop

BEGIN, END = "<!-- benchmark -->", "<!-- end of benchmark -->"


@dataclass(frozen=True)
class Line:
    """One goal: what was measured, and whether that is good enough; None: it was not measured."""

    work: str
    measured: str
    ratio: float | None
    goal: str
    is_met: bool | None


class Results:
    """What was measured: for each size and piece of work, what each run of it cost."""

    def __init__(self) -> None:
        self.costs: dict[int, dict[str, list[dict[str, float]]]] = {}
        self.steps: dict[int, dict[str, dict[str, float]]] = {}
        self.requests_per_second: float | None = None
        self.commands: list[str] = []

    def add(self, shop: Shop) -> None:
        """Take a size in, in the place of an earlier measurement."""
        self.costs[shop.orders] = {
            name: [{"cpu": cost.cpu, "wall": cost.wall, "peak": cost.peak} for cost in costs]
            for name, costs in shop.costs.items()
        }
        self.steps[shop.orders] = shop.steps

    def median(self, orders: int, name: str, what: str = "cpu") -> float | None:
        """Of what each run of a piece of work cost."""
        costs = self.costs.get(orders, {}).get(name)
        return median(cost[what] for cost in costs) if costs else None

    def as_json(self) -> dict[str, Any]:
        """Everything that was measured."""
        return {
            "commands": self.commands,
            "requests_per_second": self.requests_per_second,
            "costs": {str(orders): costs for orders, costs in sorted(self.costs.items())},
            "steps": {str(orders): steps for orders, steps in sorted(self.steps.items())},
        }

    def take(self, earlier: dict[str, Any]) -> None:
        """Take in what an earlier run has written with `as_json`."""
        self.commands += earlier.get("commands", [])
        self.requests_per_second = earlier["requests_per_second"] or self.requests_per_second
        self.costs |= {int(orders): costs for orders, costs in earlier["costs"].items()}
        self.steps |= {int(orders): steps for orders, steps in earlier["steps"].items()}

    def lines(self, small: int, large: int) -> Iterator[Line]:
        """The goals in their order."""
        first, floor = (self.median(small, name) for name in ("first sync", "floor"))
        yield _ratio(f"first `sync` of {small:,} orders, against the floor", first, floor, 2.0)
        newcomer = self.median(small, "newcomer")
        yield _ratio(f"first `sync` of {small:,} orders, against a newcomer's dlt", first, newcomer, 0.35)
        first_large, floor = (self.median(large, name) for name in ("first sync", "floor"))
        yield _ratio(f"first `sync` of {large:,} orders, against the floor", first_large, floor, 2.0)
        yield _most(f"first `sync` of {large:,} orders, peak", self.median(large, "first sync", "peak"), 1536, "MB")
        for orders in (small, large):
            yield _most(f"`sync` with nothing new, {orders:,} orders", self.median(orders, "nothing new"), 1.5, "CPU s")
        change = self.median(large, "change")
        nothing = self.median(large, "nothing new")
        yield _ratio(f"`sync` after {CHANGED} of {large:,} changed, against nothing new", change, nothing, 2.0)
        full, dbt = (self.median(large, name) for name in ("full build", "dbt"))
        yield _ratio(f"`build --full`, {large:,} orders, against dbt-duckdb", full, dbt, 0.7)
        yield from self._crawl()
        yield _most("`inventorum --help`", self.median(small, "help"), 0.3, "CPU s")
        yield _ratio(f"growth: first `sync`, {large:,} against {small:,}", first_large, first, 11)
        yield _ratio(f"growth: change run, {large:,} against {small:,}", change, self.median(small, "change"), 1.3)

    def _crawl(self) -> Iterator[Line]:
        for orders in self.costs:
            cpu, wall = self.median(orders, "paced crawl"), self.median(orders, "paced crawl", "wall")
            rate = self.requests_per_second
            if cpu is not None and wall is not None and rate is not None:
                work = "crawl at 20 requests/s and 100 ms latency"
                yield Line(work, f"{rate:.1f} requests/s", None, "≥ 19 requests/s", rate >= 19)
                share = 100 * cpu / wall
                yield Line(f"{work}, whole process", f"{share:.0f} % of one core", None, "≤ 30 %", share <= 30)


def markdown(lines: list[Line]) -> str:
    """The table for the README."""
    rows = ["| work | measured | ratio | goal | |", "|---|---|---|---|---|"]
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        verdict = {True: "met", False: "**missed**", None: "not measured"}[line.is_met]
        rows.append(f"| {line.work} | {line.measured} | {ratio} | {line.goal} | {verdict} |")
    return "\n".join(rows) + "\n"


def read_again(results: Results, sizes: Iterable[int]) -> str:
    """What a run costs with nothing new but the last change still in the overlap; empty: not measured."""
    costs = [
        f"{cpu:.2f} CPU s at {orders:,} orders"
        for orders in dict.fromkeys(sizes)
        if (cpu := results.median(orders, "read again")) is not None
    ]
    if not costs:
        return ""
    return (
        f"Nothing new means that the API has no row to give. Straight after a change its {CHANGED} orders lie within "
        f"the overlap of 15 minutes and are read again, to find that they are known: {', '.join(costs)}."
    )


def show(table: str, readme: Path) -> None:
    """Put the table between its marks in the README."""
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{table}{END}{after}", "utf-8")


def _ratio(work: str, ours: float | None, theirs: float | None, goal: float) -> Line:
    if ours is None or theirs is None:
        return Line(work, "", None, f"≤ {goal:g} ×", None)
    ratio = ours / theirs
    return Line(work, f"{ours:.1f} against {theirs:.1f} CPU s", ratio, f"≤ {goal:g} ×", ratio <= goal)


def _most(work: str, measured: float | None, goal: float, unit: str) -> Line:
    if measured is None:
        return Line(work, "", None, f"≤ {goal:g} {unit}", None)
    shown = f"{measured:.2f}" if measured < 10 else f"{measured:,.0f}"
    return Line(work, f"{shown} {unit}", None, f"≤ {goal:g} {unit}", measured <= goal)
