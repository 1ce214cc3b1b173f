"""The command line `inventorum`: parse, call, print, exit code; no logic."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines import process
from pipelines.commands import load, look, setup, share_exports, share_report, trace, write
from pipelines.terminal import (
    Common,
    HomeOption,
    JsonOption,
    QuietOption,
    VerboseOption,
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


for group in (load, look, trace, share_exports, share_report, setup, write):
    group.register(app)


def main() -> None:
    """Entry point of the console script."""
    process.begin()
    try:
        app()
    except SystemExit as ended:
        if isinstance(ended.code, int):
            process.end(ended.code)
        raise
    except OSError as fault:  # help or a usage message could not be written
        process.end(unwritten(fault))


if __name__ == "__main__":
    main()
