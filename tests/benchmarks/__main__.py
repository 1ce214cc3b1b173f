"""Measures everything and prints the table: `python -m tests.benchmarks`.

Whole processes, interleaved, CPU seconds (user + system) and peak memory of each; medians. The largest size takes
several gigabytes of disk and of memory for the server that stands in for the API.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

from tests.benchmarks import charts, dbt_project
from tests.benchmarks.measure import server
from tests.benchmarks.profile import profile
from tests.benchmarks.server import SANDBOX, SHAPES
from tests.benchmarks.table import Results, markdown, read_again, show
from tests.benchmarks.work import PACED_ORDERS, Shop, help_page, paced_crawl

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parent / "README.md"
CHANGES = (50, 500, 5_000)
GOAL_SIZES = (100_000, 1_000_000)


def measure(shop: Shop, runs: int, dbt: Path | None, dbt_runs: int, newcomer_up_to: int) -> None:
    """Each piece of work so many times, in turn."""
    for number in range(runs):
        turns: list[Callable[[], None]] = [shop.floor, shop.first_sync]
        if shop.orders <= newcomer_up_to:
            turns.append(shop.newcomer)
        for _ in range(2):
            turns += [shop.sync_without_news, shop.sync_after_change, shop.sync_again]
        turns.append(shop.full_build)
        if dbt is not None and number < dbt_runs:
            turns.append(lambda command=dbt: shop.dbt(command))
        for turn in turns:
            turn()
        help_page(shop)
    for count in CHANGES if shop.orders >= 100_000 else ():
        for _ in range(runs):
            shop.sync_after_change(count, f"change of {count}")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--runs-of-largest", type=int, help="default: as --runs")
    parser.add_argument("--dbt-runs", type=int, help="default: as the others")
    parser.add_argument("--newcomer-up-to", type=int, default=100_000, help="sizes above are left to the others")
    parser.add_argument("--no-dbt", action="store_true")
    parser.add_argument("--dbt-environment", type=Path, help="kept there; default: made anew")
    parser.add_argument("--no-crawl", action="store_true")
    parser.add_argument("--add", action="store_true", help="keep what was measured before for other sizes")
    parser.add_argument("--shape", choices=SHAPES, default=SANDBOX, help="the shop whose orders they are")
    parser.add_argument("--results", type=Path, help="default: beside this module, for each shape a folder")
    options = parser.parse_args()
    folder = options.results or (RESULTS if options.shape == SANDBOX else RESULTS / options.shape)
    results = Results()
    if options.add:
        results.take(json.loads((folder / "results.json").read_text("utf-8")))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        dbt = None if options.no_dbt else dbt_project.install(options.dbt_environment or Path(scratch) / "dbt")
        if not options.no_crawl:
            with server(PACED_ORDERS, options.shape) as address:
                paced = Shop(PACED_ORDERS, address, _folder(scratch, "paced"))
                results.requests_per_second = paced_crawl(paced)
                results.add(paced)
        for orders in options.orders:
            with server(orders, options.shape) as address:
                shop = Shop(orders, address, _folder(scratch, str(orders)))
                is_largest = orders == max(options.orders)
                runs = (is_largest and options.runs_of_largest) or options.runs
                measure(shop, runs, dbt, options.dbt_runs or runs, options.newcomer_up_to)
                results.add(shop)
    _write(results, folder)


def _folder(scratch: str, name: str) -> Path:
    folder = Path(scratch) / name
    folder.mkdir()
    return folder


def _write(results: Results, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sizes = sorted(orders for orders, costs in results.costs.items() if "first sync" in costs)
    small, large = GOAL_SIZES if set(sizes) & set(GOAL_SIZES) else (sizes[0], sizes[-1])
    table = markdown(list(results.lines(small, large)))
    packages = ", ".join(f"{name} {version(name)}" for name in ("dlt", "duckdb", "pyarrow", "msgspec"))
    places = ("--results", "--dbt-environment")  # of this machine
    given = [word for before, word in pairwise(sys.argv) if not {before, word} & set(places)]
    results.commands.append(shlex.join(["python", "-m", "tests.benchmarks", *given]))
    commands = ", then ".join(f"`{command}`" for command in results.commands)
    if sentence := read_again(results, (small, large)):
        table += f"\n{sentence}\n"
    table += f"\n{commands}: Python {platform.python_version()}, {packages}; {os.cpu_count()} cores; medians.\n"
    (folder / "table.md").write_text(table, "utf-8")
    (folder / "profile.md").write_text(profile(results), "utf-8")
    if folder == RESULTS:
        show(table, README)
    (folder / "results.json").write_text(json.dumps(results.as_json(), indent=1), "utf-8")
    charts.draw(results, folder)
    sys.stdout.write(table)


if __name__ == "__main__":
    main()
