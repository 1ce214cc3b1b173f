"""`inventorum check`: every check over the whole warehouse."""

from __future__ import annotations

from pipelines.terminal import Common, Ended, console, show_json, show_table


def check(common: Common) -> Ended:
    """Run every check over the whole warehouse; changes nothing.

    Example: inventorum check
    """
    from pipelines import run

    with common.progress() as progress:
        results = run.check(common.settings(), progress)
    failed = [result for result in results if result.severity == "fail" and result.failing_rows]

    def show() -> None:
        if common.as_json:
            show_json({"failed": len(failed), "checks": results})
            return
        rows = [[r.name, r.severity, r.failing_rows, r.sample] for r in results if r.failing_rows]
        if rows:
            show_table(["check", "severity", "rows", "for example"], rows)
        console().print(
            f"{len(results)} checks: {len(failed)} failed, {len(rows) - len(failed)} warned, "
            f"{len(results) - len(rows)} found nothing."
        )

    if not failed:
        return Ended(show=show)
    names = ", ".join(f"{result.name} ({result.failing_rows} rows)" for result in failed)
    return Ended(
        3, f"Checks failed: {names}. Nothing was changed. `inventorum build --full` builds the tables anew.", show
    )
