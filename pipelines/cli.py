"""The command line `inventorum`: parse, call, print, exit code; no logic."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands import load, look, setup, share_exports, share_report, trace, write
from pipelines.terminal import (
    Common,
    HomeOption,
    JsonOption,
    QuietOption,
    VerboseOption,
    remember,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

# no command needs them, but pyarrow, dlt and tenacity import what they find: a third of a run without news
UNUSED = frozenset({"numpy", "pandas", "tornado"})
# Python's own 700 suits little programs: modules alone are 500,000 objects, which it would look through each time
OBJECTS_BETWEEN_COLLECTIONS = 100_000

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


class _LeftOut(MetaPathFinder):
    """Lets optional imports of other packages fail as if they were not installed."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name in UNUSED:
            raise ModuleNotFoundError(f"{name} is left out of this program", name=name)


def main() -> None:
    """Entry point of the console script."""
    sys.meta_path.insert(0, _LeftOut())
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        app()
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _leave(ended.code)
        raise


def _leave(status: int) -> None:
    """End the process without taking its memory apart object by object, a fifth of a run without news.

    Exit handlers run and output is written first. Returns if that fails or threads still work.
    """
    if threading.active_count() > 1:
        return
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(status)


if __name__ == "__main__":
    main()
