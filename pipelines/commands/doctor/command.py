"""`inventorum doctor`: a checked installation, or the file for a bug report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.terminal import Common, Ended, console, show_json

if TYPE_CHECKING:
    from pipelines.commands.doctor.finding import Finding


def doctor(
    common: Common,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing of the API or a database server.")] = False,
    bundle: Annotated[
        bool, typer.Option("--bundle", help="Write what a maintainer needs to mend a broken claim to a new file here.")
    ] = False,
) -> Ended:
    """Check this installation, the login and the API; say what to do about each finding.

    Loads nothing. Ends with 0, or with the exit code of the worst failure.

    With --bundle it asks nothing of the API and writes one JSON file into this folder, for its owner only (0600):
    the rows that broke claims, the orders that they speak of as they were sent (letters of texts and numbers of
    unknown fields masked), versions, settings without the login, the SQL's fingerprint, the tables' columns.
    Its --json names the file (`bundle`), the `claims` and the number of `payloads`.

    --json: `exit_code`, `findings` (`topic`, `status`: ok, warn or fail, `found`, `advice`, `exit_code`).

    Example: inventorum doctor
    """
    from pipelines.commands.doctor.examine import examine, exit_code

    with common.progress() as progress:
        findings = examine(common.home, offline=offline or bundle, progress=progress)
    if bundle:
        return Ended(show=partial(_show_bundle, common, findings))
    code = exit_code(findings)
    failed = [finding for finding in findings if finding.status == "fail"]
    reasons = [f"{finding.topic}: {finding.found} {finding.advice}".rstrip() for finding in failed]
    return Ended(code, "\n".join(reasons), lambda: _show_findings(findings, code, as_json=common.as_json))


def _show_bundle(common: Common, findings: list[Finding]) -> None:
    """Write the file for a bug report and say what it holds."""
    from pipelines.commands.doctor.bundle import write_bundle

    written = write_bundle(common.settings(), findings, Path.cwd())
    if common.as_json:
        show_json(written)
        return
    claims = f"{', '.join(written.claims)} and {written.payloads} payloads" if written.claims else "no broken claim"
    console().print(f"wrote  {written.bundle}", markup=False, soft_wrap=True)
    console().print(
        f"It tells of {claims}. Names, addresses and free texts are masked; look through it before you send it.",
        markup=False,
    )


def _show_findings(findings: list[Finding], code: int, *, as_json: bool) -> None:
    """All findings, and how many there are of each kind."""
    if as_json:
        show_json({"exit_code": code, "findings": findings})
        return
    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    for finding in findings:
        _show_finding(finding, styles[finding.status])
    count = {status: sum(finding.status == status for finding in findings) for status in styles}
    console().print(f"{count['ok']} ok, {count['warn']} to look at, {count['fail']} failed.")


def _show_finding(finding: Finding, style: str) -> None:
    """Status and topic, and beside them what was found and what to do, folded."""
    import textwrap

    from rich.text import Text

    out = console()
    indent = " " * 17
    said = textwrap.wrap(finding.found, max(40, out.width - 1), initial_indent=indent, subsequent_indent=indent)
    if finding.advice:
        said += textwrap.wrap(
            f"-> {finding.advice}", max(40, out.width - 1), initial_indent=indent, subsequent_indent=indent + "   "
        )
    head = Text.assemble((f"{finding.status:<6}", style), f"{finding.topic:<11}")
    out.print(head + said[0][17:], soft_wrap=True)
    for line in said[1:]:
        out.print(line, markup=False, soft_wrap=True)
