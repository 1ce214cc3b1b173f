"""Commands for setting up and everyday help: init, doctor, schedule, shell."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.terminal import Common, Ended, command, console, show_json

if TYPE_CHECKING:
    from pipelines.commands.doctor.finding import Finding


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app)(init)
    command(app)(doctor)
    command(app)(schedule)
    command(app)(shell)


def init(
    common: Common,
    chart: Annotated[
        str, typer.Option("--chart", metavar="SKR03|SKR04", help="Chart of accounts of the DATEV template.")
    ] = "SKR03",
) -> int:
    """Write templates into this folder: settings, login, accounts for DATEV.

    The files are for you only (0600); those that exist already stay as they are.

    --json: `written`, `kept`, `hints`.

    Example: inventorum init
    """
    from pipelines.commands.init_files import write_templates

    done = write_templates(Path.cwd(), chart)
    if common.as_json:
        show_json(done)
        return 0
    out = console()
    for path in done.written:
        out.print(f"wrote  {path.relative_to(Path.cwd())}", markup=False)
    for path in done.kept:
        out.print(f"kept   {path.relative_to(Path.cwd())}, which exists already", markup=False)
    for hint in done.hints:
        out.print(f"Next: {hint}", markup=False)
    return 0


def doctor(
    common: Common,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing of the API.")] = False,
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


def schedule(
    common: Common,
    target: Annotated[str, typer.Argument(metavar="cron|systemd|github|airflow|dagster", help="For what.")],
    every: Annotated[
        int, typer.Option("--every", metavar="MINUTES", help="Minutes between two runs; 1440: each night.")
    ] = 15,
    notify: Annotated[
        str | None, typer.Option("--notify", metavar="URL", help="Address that is told when a run fails.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write the files there instead.")
    ] = None,
) -> int:
    """Print what makes `sync` run by itself, with the paths of this installation.

    --json: `files` (name to content), `output`.

    Example: inventorum schedule systemd --every 60 --output ~/.config/systemd/user
    """
    from pipelines.commands.notify import check_notify_url
    from pipelines.commands.schedule import TARGETS, plan
    from pipelines.errors import HomeError, SettingsError
    from pipelines.outputs import checked
    from pipelines.settings import Files
    from transforms.readers.whole_file import write_whole

    if target not in TARGETS:
        raise SettingsError(f"There is no schedule {target!r}. Choose one of {', '.join(TARGETS)}.")
    if notify is not None:
        check_notify_url(notify)
    files = TARGETS[target](plan(common.folder(), Path.cwd(), every, notify))
    if output is not None:
        home = Files(common.folder())
        targets = {checked(home, output / name): text for name, text in files.items()}
        try:
            output.expanduser().mkdir(parents=True, exist_ok=True)
            for path, text in targets.items():
                write_whole(path, text.encode())
        except OSError as error:
            raise HomeError(f"{output} could not be written: {error.strerror}. Choose another --output.") from None
    if common.as_json:
        show_json({"files": files, "output": output})
    elif output is not None:
        for name in files:
            console().print(f"wrote  {output / name}", markup=False, soft_wrap=True)
    else:
        for name, text in files.items():
            heading = f"# --- {name}\n" if len(files) > 1 else ""
            typer.echo(heading + text, nl=name != list(files)[-1])
    return 0


def shell(
    common: Common,
    simple: Annotated[
        bool, typer.Option("--simple", help="Take the built-in prompt, whatever else is installed.")
    ] = False,
) -> int:
    """Open an SQL prompt on the published warehouse, read-only.

    Takes the program `duckdb` or `harlequin` if one is installed, else a prompt of its own.

    Example: echo "select sum(gross_amount) from marts.sales_by_day;" | inventorum shell --simple
    """
    from pipelines.commands.shell import installed, run_shell
    from transforms.readers.published import open_published

    settings = common.settings()
    warehouse = settings.files.warehouse
    found = None if simple else installed(warehouse)
    if found is not None:
        open_published(warehouse).close()  # a missing or foreign file is named before the other program starts
        os.execv(found[0], found)  # noqa: S606 - the user's own program, without a shell
    run_shell(warehouse, settings.timezone)
    return 0
