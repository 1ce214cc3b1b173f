"""What all commands share: the global options, readable errors, results on stdout as text or JSON."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.errors import InventorumError
from pipelines.settings import Settings, color_wanted, home_folder
from transforms.errors import TransformError

if TYPE_CHECKING:
    from rich.console import Console

INTERRUPTED = 130

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="Folder of the installation.", show_default="./data"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say on stderr what is being done.")]


@dataclass(frozen=True)
class Common:
    """The global options of one call."""

    home: Path | None = None
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False

    def settings(self, channels: Sequence[str] | None = None) -> Settings:
        """The settings of this call (`pipelines.settings`)."""
        return Settings.load(self.home, channels=channels)

    def folder(self) -> Path:
        """The home folder of this call, absolute."""
        return home_folder(self.home)


_before_command = Common()


def remember(common: Common) -> None:
    """Keep the options that stood before the command's name."""
    global _before_command
    _before_command = common


def command(app: typer.Typer, name: str | None = None, **settings: Any) -> Callable[..., Callable[..., None]]:
    """Register a function whose first parameter is `Common`; the global options are added to its own.

    Foreseen errors become one message on stderr and their exit code; a bug keeps its traceback. A function
    that returns an int ends the program with it.
    """

    def register(function: Callable[..., int | None]) -> Callable[..., None]:
        @functools.wraps(function)
        def call(
            *,
            home: Path | None,
            as_json: bool,
            quiet: bool,
            verbose: bool,
            **own: Any,
        ) -> None:
            outer = _before_command
            common = Common(
                home or outer.home,
                as_json or outer.as_json,
                quiet or outer.quiet,
                verbose or outer.verbose,
            )
            raise typer.Exit(guarded(lambda: function(common, **own), common))

        signature = inspect.signature(function)
        hints = typing.get_type_hints(function, include_extras=True)
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[parameter.name])
            for parameter in list(signature.parameters.values())[1:]
        ]
        shared = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=option)
            for key, default, option in (
                ("home", None, HomeOption),
                ("as_json", False, JsonOption),
                ("quiet", False, QuietOption),
                ("verbose", False, VerboseOption),
            )
        ]
        call.__signature__ = signature.replace(parameters=[*own, *shared], return_annotation=None)  # type: ignore[attr-defined]
        call.__annotations__ = {p.name: p.annotation for p in [*own, *shared]}
        del call.__wrapped__  # Typer would follow it to the short signature
        app.command(name, **settings)(call)
        return call

    return register


def guarded(call: Callable[[], int | None], common: Common) -> int:
    """Run `call`; foreseen errors are printed and become the exit code that is returned."""
    if common.verbose:
        import logging

        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    try:
        return call() or 0
    except (InventorumError, TransformError) as error:
        complain(error, common)
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. What was published before stays as it was; run the command again.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has seen enough; nothing more may be written when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def complain(error: Exception, common: Common) -> None:
    """Print a foreseen error: text on stderr, or an object with `error` and `exit_code` on stdout."""
    if common.as_json:
        code = getattr(error, "exit_code", 1)
        show_json({"error": str(error), "kind": type(error).__name__, "exit_code": code})
        return
    from rich.text import Text

    stderr = console(stderr=True)
    stderr.print(Text.assemble(("Error: ", "bold red"), str(error)), soft_wrap=not stderr.is_terminal)


def console(*, stderr: bool = False) -> Console:
    """A Rich console without highlighting; plain text when piped or NO_COLOR is set."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # `guarded` ends the program; Rich would with exit code 1

    return Plain(stderr=stderr, highlight=False, no_color=not color_wanted())


def show_json(result: Any) -> None:
    """Print one JSON document on stdout: decimals as text, times in ISO 8601."""
    sys.stdout.write(json_text(result, sys.stdout.encoding))


def json_text(result: Any, encoding: str = "utf-8") -> str:
    """One JSON document; ASCII with escapes if the encoding lacks a letter, as all do halves of surrogate pairs."""
    write = functools.partial(json.dumps, result, default=plain, indent=2)
    text = write(ensure_ascii=False)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = write()
    return text + "\n"


def plain(value: Any) -> Any:
    """A value that JSON has no word for, as text; money never becomes a float."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | tuple | frozenset):
        return list(value)
    return str(value)


def show_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str | None = None,
    right: Iterable[str] = (),
) -> None:
    """Print rows as a table on stdout, numbers to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    numeric = set(right)
    listed = [list(row) for row in rows]
    for index, name in enumerate(columns):
        if listed and all(isinstance(row[index], int | Decimal) or row[index] is None for row in listed):
            numeric.add(name)
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*(Text("" if value is None else cell(value)) for value in row))
    console().print(table)


def cell(value: Any) -> str:
    """A value as a person reads it: times to the second in UTC, decimals as they are."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def show_pairs(pairs: Mapping[str, Any]) -> None:
    """Print `name  value` lines on stdout, aligned."""
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        console().print(f"{name:<{width}}  {cell(value)}", markup=False, soft_wrap=True)
