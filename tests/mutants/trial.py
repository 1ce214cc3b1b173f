"""Tries one mutant: does it change a table, and who notices?"""

from __future__ import annotations

import ast
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests import ROOT
from tests.mutants.operators import Mutant
from tests.mutants.shop import mutants_shop
from tests.sql.test_oracle import BOOKINGS, CLOSING, CUSTOMERS, DAYS, PRODUCTS, VAT
from tests.support import oracle
from tests.support.oracle_books import keep_books, reads_and_crawls
from tests.support.warehouse import MADE_FROM_FILES, Warehouse
from transforms.errors import ChecksFailed, TransformError
from transforms.runner.build import build
from transforms.runner.models import sql_folder

SECONDS = 120  # of CPU; a changed join may never end
TESTS = (
    "test_odd_records",
    "test_marts",
    "test_facts",
    "test_dims",
    "test_versions",
    "test_books",
    "test_claims_hold",
    "test_incremental_is_full",
)
Prints = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Attributes:
        outcome: `check`, `full`, `oracle`, `test` (the first that noticed it), `survived`, `same` (no table
            changed), `invalid` (the statement does not run), `endless`.
        by: The check or test that noticed it; else the tables that it changed.
    """

    mutant: Mutant
    outcome: str
    by: str


class _ClaimsBroke(Exception):
    """Claims that an incremental build broke, before a full one took its place."""


class Bench:
    """A folder in which one worker tries one mutant after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loads = mutants_shop()
        self._sql = folder / "sql"
        shutil.copytree(sql_folder(), self._sql, dirs_exist_ok=True)
        self._first = self._landing("first", len(self._loads) - 1)
        self._all = self._landing("all", len(self._loads))
        self._expected = self._prints()
        assert not self._oracle_objects(), "the shop as it is does not pass"
        assert not self._full_differs(self._expected[-1]), "the shop as it is does not pass"

    def try_one(self, mutant: Mutant, *, with_tests: bool) -> Verdict:
        """What becomes of a mutant; the folder is as before when this returns."""
        path = self._sql / mutant.path
        text = path.read_text("utf-8")
        path.write_text(mutant.text, "utf-8")
        try:
            with _limited(SECONDS):
                return self._judge(mutant, with_tests=with_tests)
        except TimeoutError:
            return Verdict(mutant, "endless", "")
        finally:
            path.write_text(text, "utf-8")

    def _judge(self, mutant: Mutant, *, with_tests: bool) -> Verdict:
        try:
            made = self._prints()
        except ChecksFailed as failed:
            return Verdict(mutant, "check", ", ".join(sorted({result.name for result in failed.failures})))
        except _ClaimsBroke as broke:
            return Verdict(mutant, "check", ", ".join(broke.args[0]))
        except (TransformError, duckdb.Error) as fault:
            return Verdict(mutant, "invalid", str(fault).splitlines()[0])
        if made == self._expected:
            return Verdict(mutant, "same", "")
        if by := self._oracle_objects():
            return Verdict(mutant, "oracle", by)
        if by := self._full_differs(made[-1]):
            return Verdict(mutant, "full", by)
        pairs = zip(made, self._expected, strict=True)
        changed = sorted({table for one, other in pairs for table in _differing(one, other)})
        if with_tests and (failed_test := self._test_that_fails(mutant, changed)):
            return Verdict(mutant, "test", failed_test)
        return Verdict(mutant, "survived", ", ".join(changed))

    def _full_differs(self, later: Prints) -> str:
        """The tables that a full build over everything makes otherwise than the incremental one did."""
        home = Warehouse(self._folder / "home")
        try:
            self._build(home, full=True)
        except ChecksFailed as failed:
            return ", ".join(sorted({result.name for result in failed.failures}))
        return ", ".join(_differing(later, prints(home)))

    def _landing(self, name: str, loads: int) -> Path:
        warehouse = Warehouse(self._folder / name)
        warehouse.append(*self._loads[:loads])
        return warehouse.files.landing

    def _prints(self) -> tuple[Prints, Prints]:
        """Of a first build, and of one that went on from it."""
        shutil.rmtree(self._folder / "home", ignore_errors=True)
        home = Warehouse(self._folder / "home")
        home.files.work.mkdir(parents=True)
        shutil.copy(self._first, home.files.landing)
        self._build(home, full=False)
        first = prints(home)
        shutil.copy(self._all, home.files.landing)
        self._build(home, full=False)
        return first, prints(home)

    def _build(self, home: Warehouse, *, full: bool) -> None:
        report = build(home.files, home.rules, full=full, sql_dir=self._sql)
        if report.mended:
            raise _ClaimsBroke(report.mended)

    def _oracle_objects(self) -> str:
        """The first table that an independent recomputation from the payloads finds otherwise."""
        home = Warehouse(self._folder / "home")
        shop = oracle.read_shop(self._loads)
        books = keep_books(*reads_and_crawls(self._loads))
        for sql, width, answer in (
            (DAYS, 2, oracle.sales_by_day),
            (VAT, 3, oracle.vat_by_month),
            (CLOSING, 3, lambda _: books.closing()),
            (BOOKINGS, 4, lambda _: books.by_day()),
            (PRODUCTS, 1, oracle.sales_by_product),
            (CUSTOMERS, 1, oracle.customers),
        ):
            found = {row[:width]: row[width:] for row in home.rows(sql)}
            if found != answer(shop):
                return sql.rpartition(" ")[2]
        return ""

    def _test_that_fails(self, mutant: Mutant, changed: list[str]) -> str:
        """A test over the SQL that names a changed table and fails with the mutant."""
        chosen = [f"tests/sql/{name}" for name in tests_about({table.partition(".")[2] for table in changed})]
        if not chosen:
            return ""
        checkout = self._folder / "checkout"
        if not checkout.exists():
            for part in ("pipelines", "transforms", "tests", "pyproject.toml"):
                if (ROOT / part).is_dir():
                    shutil.copytree(ROOT / part, checkout / part)
                else:
                    shutil.copy(ROOT / part, checkout / part)
        shutil.rmtree(checkout / "sql", ignore_errors=True)
        shutil.copytree(self._sql, checkout / "sql")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-m", "", "-p", "no:cacheprovider", *chosen]
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=10 * SECONDS, check=False)
        failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return failed[0].split(" - ")[0].partition(" ")[2] if failed else ""


def prints(home: Warehouse) -> Prints:
    """Of each table that files of sql/ make: its number of rows and a hash over them, whatever their order."""
    with closing(duckdb.connect(str(home.files.build), read_only=True)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            f"where {MADE_FROM_FILES} order by all"
        ).fetchall()
        return {
            name: connection.execute(f"select count(*), coalesce(sum(hash(t)), 0) from {name} as t").fetchall()[0]
            for (name,) in names
        }


def tests_about(tables: set[str]) -> list[str]:
    """The tests over the SQL that name one of the tables, or a constant of their file does, as `file.py::test`."""
    found = []
    for name in TESTS:
        text = (ROOT / "tests" / "sql" / f"{name}.py").read_text("utf-8")
        body = ast.parse(text).body
        meant = tables | {
            target.id
            for node in body
            if isinstance(node, ast.Assign) and any(table in ast.unparse(node.value) for table in tables)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                source: Any = ast.get_source_segment(text, node)
                if any(re.search(rf"\b{table}\b", source) for table in meant):
                    found.append(f"{name}.py::{node.name}")
    return found


def _differing(one: Prints, other: Prints) -> list[str]:
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
