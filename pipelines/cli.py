"""The command line `inventorum`: parse, call, print, exit code; no logic."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines import process
from pipelines.commands import basket, export, publish, sandbox
from pipelines.commands.backfill import backfill
from pipelines.commands.build import build
from pipelines.commands.check import check
from pipelines.commands.demo import demo
from pipelines.commands.docs import docs
from pipelines.commands.doctor.command import doctor
from pipelines.commands.explain.command import explain
from pipelines.commands.forget import forget
from pipelines.commands.init import init
from pipelines.commands.orders import orders
from pipelines.commands.query import query
from pipelines.commands.reconcile import reconcile
from pipelines.commands.report import report
from pipelines.commands.schedule import schedule
from pipelines.commands.shell import shell
from pipelines.commands.status import status
from pipelines.commands.sync import sync
from pipelines.commands.tables import tables
from pipelines.terminal import (
    BY_CTRL_C,
    Common,
    HomeOption,
    JsonOption,
    QuietOption,
    VerboseOption,
    command,
    complain,
    remember,
    unwritten,
)

app = typer.Typer(
    name="inventorum",
    help="Load the orders of an Inventorum / Shore POS account into DuckDB, right to the cent.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"inventorum-warehouse {version('inventorum-warehouse')}")
        raise typer.Exit


@app.callback()
def _global_options(
    home: HomeOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    remember(Common(home, as_json, quiet, verbose))


for one in (
    demo, sync, backfill, reconcile, build, check, status, tables, query, docs, explain, report, init, doctor,
    schedule, shell, orders, forget,
):  # fmt: skip
    command(app)(one)
for name, group in (
    ("sandbox", sandbox.group), ("export", export.group), ("publish", publish.group), ("basket", basket.group),
):  # fmt: skip
    app.add_typer(group, name=name)


def main() -> None:
    """Entry point of the console script."""
    process.begin()
    try:
        app()
    except SystemExit as ended:
        if isinstance(ended.code, int):
            process.end(ended.code)
        raise
    except KeyboardInterrupt:  # before a command had begun
        complain(BY_CTRL_C)
        process.end(BY_CTRL_C.exit_code)
    except OSError as fault:  # help or a usage message could not be written
        process.end(unwritten(fault))


if __name__ == "__main__":
    main()
