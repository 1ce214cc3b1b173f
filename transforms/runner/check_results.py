"""Checks: claims whose SELECT gives the rows that break them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.errors import CheckResult, ChecksFailed
from transforms.runner.models import FINDINGS, temporary
from transforms.runner.session import quoted, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Set
    from decimal import Decimal

    from transforms.runner.models import Check
    from transforms.runner.session import Connection

SAMPLE_ROWS = 5
FOUND = temporary("found")


def evaluate(connection: Connection, check: Check) -> CheckResult:
    """Run one check against what the connection sees."""
    with sql_of(check.path):
        rows, columns = _sample(connection, f"(\n{check.sql}\n)")
        if not rows:
            return _result(check, 0, None, None)
        total = "sum(cast(amount as decimal(38, 2)))" if "amount" in columns else "null"
        ((count, amount),) = connection.execute(f"select count(*), {total} from (\n{check.sql}\n)").fetchall()
    return _result(check, count, amount, _in_words(columns, rows))


def evaluate_warning(connection: Connection, check: Check, *, keep: bool) -> CheckResult:
    """Run a check of severity `warn`; `keep` adds what it finds to `ops.fct_findings`."""
    with sql_of(check.path):
        ((count,),) = connection.execute(
            f"create or replace temp table {FOUND} as "
            f"select {quoted(check.name)} as check_name, account, order_id, "
            "cast(detail as varchar) as detail, cast(amount as decimal(18, 2)) as amount "
            f"from (\n{check.sql}\n)"
        ).fetchall()
        if not count:
            return _result(check, 0, None, None)
        ((amount,),) = connection.execute(f"select sum(amount) from {FOUND}").fetchall()
        if keep:
            connection.execute(f"insert into {FINDINGS} select * from {FOUND}")
        rows, columns = _sample(connection, f"(select * exclude (check_name) from {FOUND})")
    return _result(check, count, amount, _in_words(columns, rows))


def _sample(connection: Connection, source: str) -> tuple[list[tuple[object, ...]], list[str]]:
    found = connection.execute(f"select * from {source} limit {SAMPLE_ROWS}")
    columns = [column[0] for column in found.description or []]
    return found.fetchall(), columns


def _result(check: Check, rows: int, amount: Decimal | None, sample: str | None) -> CheckResult:
    return CheckResult(check.name, check.severity, rows, amount, sample, check.harm, check.path)


def merged(results: Iterable[CheckResult]) -> list[CheckResult]:
    """One result for each check, over all batches, in the order of first appearance."""
    by_name: dict[str, CheckResult] = {}
    for result in results:
        before = by_name.get(result.name)
        if before is None:
            by_name[result.name] = result
            continue
        amounts = [amount for amount in (before.amount, result.amount) if amount is not None]
        by_name[result.name] = CheckResult(
            result.name,
            result.severity,
            before.failing_rows + result.failing_rows,
            sum(amounts[1:], amounts[0]) if amounts else None,
            before.sample or result.sample,
            result.harm,
            result.path,
        )
    return list(by_name.values())


def raise_failures(
    results: Iterable[CheckResult], accepted: Set[str] = frozenset(), ways_on: str | None = None
) -> None:
    """Stop the build if a check of severity `fail` found rows, other than those that are accepted as broken.

    Args:
        ways_on: What can be done, if not what there is on DuckDB.

    Raises:
        ChecksFailed: With one paragraph for each failure, and the ways on.
    """
    failures = [result for result in results if result.is_failure and result.name not in accepted]
    if not failures:
        return
    paragraphs = [
        f"{found.name}: {found.failing_rows} {'row breaks' if found.failing_rows == 1 else 'rows break'} it"
        f" (sql/{found.path}).{' ' + found.harm if found.harm else ''}\n  {found.sample}"
        for found in failures
    ]
    count = "A check" if len(failures) == 1 else f"{len(failures)} checks"
    names = sorted({found.name for found in failures} | accepted)
    ways = ways_on or (
        "This is a bug in the program, not in your data. Two ways on: `inventorum doctor --bundle` writes what its "
        f"maintainers need to mend it; `inventorum build {' '.join(f'--accept {name}' for name in names)}` publishes "
        "nevertheless and notes what is broken until it holds again."
    )
    raise ChecksFailed("\n".join([f"{count} failed; nothing was published.", *paragraphs, ways]), failures)


def _in_words(columns: list[str], rows: list[tuple[object, ...]]) -> str:
    return "; ".join(
        ", ".join(f"{name} {value}" for name, value in zip(columns, row, strict=True) if value is not None)
        for row in rows
    )
