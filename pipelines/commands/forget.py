"""`inventorum forget`: a person out of every file of the home."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.terminal import Common, Ended, console, show_json, show_pairs

if TYPE_CHECKING:
    from pipelines.run import ForgetReport

SHOWN = 10
YOURS = (
    "Copies outside of the home (backups, snapshots, exports, a program that has the old file open) are yours to look "
    "after, and so is the customer in the POS itself."
)


def forget(
    common: Common,
    customer_id: Annotated[
        int, typer.Argument(metavar="CUSTOMER_ID", min=0, help="As in core.dim_customer.customer_id.")
    ],
    email: Annotated[
        list[str] | None,
        typer.Option("--email", metavar="ADDRESS", help="Also orders with this address; repeat for more."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be cleaned; change nothing.")] = False,
) -> Ended:
    """Take a person out of every file of the home; orders and figures stay to the cent.

    Names, addresses, e-mail, notes, links to receipts, numbers of parcels and payments go from every reading of the
    person's orders, and their whole name from what else these orders say. landing.duckdb, warehouse.duckdb and the
    report are written anew, so that nothing of the old ones survives; exports in the home are removed, work/ is
    emptied. No later load brings the person back. The customer's id and country stay. There is no way back;
    `pipelines/commands/README.md` says what is found by id and what by text.

    --json: `customer_id`, `orders`, `payloads`, `quarantined`, `mentioned_in`, `removed`, `left`, `is_dry_run`.

    Example: inventorum forget 408367 --dry-run
    """
    from pipelines import run

    with common.progress() as progress:
        report = run.forget(common.settings(), customer_id, emails=email or [], dry_run=dry_run, progress=progress)

    def show() -> None:
        if common.as_json:
            show_json(report)
        else:
            _show(report)

    reasons = [report.message if report.exit_code else "", *_warnings(report)]
    return Ended(report.exit_code, "\n".join(filter(None, reasons)), show)


def _show(report: ForgetReport) -> None:
    show_pairs(
        {
            "orders": f"{report.orders}, in {report.payloads} readings",
            "quarantine": f"{report.quarantined} records",
        }
    )
    out = console()
    word = "would be removed" if report.is_dry_run else "removed"
    for folder, files in Counter(str(Path(path).parent) for path in report.removed).items():
        out.print(f"{word} from {folder}: {files} exported or half-written", markup=False, soft_wrap=True)
    if report.is_dry_run:
        out.print("Nothing was changed: --dry-run. Without it they are cleaned, for good.", markup=False)
    else:
        out.print(f"Customer {report.customer_id} is forgotten; every figure is as it was. {YOURS}", markup=False)


def _warnings(report: ForgetReport) -> list[str]:
    """What is left to its owner."""
    found = []
    if report.mentioned_in:
        others = _listed([str(number) for number in report.mentioned_in])
        found.append(
            "The whole name or an e-mail address of the customer also stands in orders of others or of nobody: "
            f"{others}. "
            "They may be of a namesake and were left as they are; `inventorum explain ORDER_ID --personal` shows them."
        )
    if report.left:
        found.append(
            f"The program did not make these files of the home and leaves them as they are: {_listed(report.left)}. "
            "Look whether they hold something of the person."
        )
    return found


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
