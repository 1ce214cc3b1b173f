"""What all commands share: the global options, readable errors, results on stdout as text or JSON."""

from __future__ import annotations

import functools
import inspect
import json
import sys
import typing
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import process
from pipelines.errors import HomeError, InventorumError, SettingsError, is_ctrl_c
from pipelines.settings import Settings, color_wanted, home_folder, is_text
from pipelines.steering import visible

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rich.console import Console
    from rich.text import Text

    from pipelines.progress import Progress

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

    def progress(self) -> AbstractContextManager[Progress]:
        """Where the steps of this call report to."""
        from pipelines.progress import shown

        return shown(quiet=self.quiet or self.as_json, verbose=self.verbose)

    def folder(self) -> Path:
        """The home folder of this call, absolute."""
        return home_folder(self.home)


@dataclass(frozen=True)
class Ended:
    """How a command ended: results are shown on stdout, what makes the code other than 0 is said on stderr.

    Attributes:
        reason: What is wrong, what state is left, what to do next; a code other than 0 has one.
        show: Prints the results.
        is_error: The command did not do what it was asked for.
    """

    exit_code: int = 0
    reason: str = ""
    show: Callable[[], None] = lambda: None
    is_error: bool = False

    def __post_init__(self) -> None:
        if self.exit_code and not self.reason:
            raise ValueError(f"exit code {self.exit_code} without a reason")


BY_CTRL_C = Ended(INTERRUPTED, "\nInterrupted. What was published before stays as it was; run the command again.")

_before_command = Common()


def remember(common: Common) -> None:
    """Keep the options that stood before the command's name."""
    global _before_command
    _before_command = common


def command(app: typer.Typer, name: str | None = None, **settings: Any) -> Callable[..., Callable[..., None]]:
    """Register a function whose first parameter is `Common`; the global options are added to its own.

    Foreseen errors become one message on stderr and their exit code; a bug keeps its traceback. A function
    whose results are there but not well returns `Ended`.
    """

    def register(function: Callable[..., int | Ended | None]) -> Callable[..., None]:
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


def guarded(call: Callable[[], int | Ended | None], common: Common) -> int:
    """Run `call` and show its results; the exit code, whose reason is said on stderr unless it is 0.

    Whoever reads the results may close the pipe whenever it likes: that alone is no fault, and the code of a
    run that has one stays what it is.
    """
    ended = Ended()
    try:
        _refuse_broken_surroundings()
        with _diagnosis(common):
            returned = call()
        ended = returned if isinstance(returned, Ended) else Ended(returned or 0)
    except InventorumError as error:
        ended = _failed(error, common)
    except KeyboardInterrupt:
        ended = BY_CTRL_C
    except RuntimeError as error:
        if not is_ctrl_c(error):
            raise
        ended = BY_CTRL_C
    except BrokenPipeError:
        process.leave(sys.stdout)
    except UnicodeError as error:
        ended = _failed(SettingsError(f"Something that was given is no text in UTF-8 ({error}). Correct it."), common)
    except OSError as error:
        # without a name it is of a stream: what was opened by its name is told with it
        ended = _unshown(error, ended) if error.filename is None else _failed(_refused_by_the_system(error), common)
    try:
        ended.show()
        sys.stdout.flush()
    except BrokenPipeError:
        process.leave(sys.stdout)
    except OSError as error:
        ended = _unshown(error, ended)
    if ended.reason:
        complain(ended)
    return ended.exit_code


def _unshown(error: OSError, ended: Ended) -> Ended:
    """The end of a command whose results have no room; what would follow them leads nowhere."""
    process.leave(sys.stdout)
    told = f"The results could not be written: {error.strerror or error}. {ended.reason}".strip()
    return Ended(ended.exit_code or 1, told, is_error=True)


def unwritten(fault: OSError) -> int:
    """Say that output could not be written, if stderr lives; the exit code."""
    process.leave(sys.stdout)
    complain(Ended(1, f"The output could not be written: {fault.strerror}.", is_error=True))
    return 1


def _refuse_broken_surroundings() -> None:
    """What no command can work with: a folder that is gone, arguments that are no text.

    Raises:
        HomeError: There is no current folder.
        SettingsError: An argument holds bytes that are no UTF-8.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise HomeError(
            f"The current folder cannot be read: {error.strerror}. Settings and paths are looked up from there, so "
            "nothing was done. Change to a folder that exists."
        ) from None
    for argument in sys.argv[1:]:
        if not is_text(argument):
            raise SettingsError(
                f"The argument {argument!r} holds bytes that are no UTF-8. Nothing was done. Write it in UTF-8, in a "
                "shell whose locale is UTF-8."
            )


def _refused_by_the_system(error: OSError) -> HomeError:
    return HomeError(
        f"{error.filename} could not be used: {error.strerror or error}. What was published before stays as it was. "
        "Check that there is room and that you may write there, then run the command again."
    )


def _diagnosis(common: Common) -> AbstractContextManager[None]:
    """With `-v` the log on stderr."""
    if not common.verbose:
        return nullcontext()
    from pipelines.diagnosis import told_on_stderr

    settings = None
    with suppress(SettingsError):  # the command itself says what is wrong with them
        settings = common.settings()
    return told_on_stderr(settings)


def _failed(error: InventorumError, common: Common) -> Ended:
    """A foreseen error as an end: its message on stderr, with --json an object on stdout too."""
    told = {"error": str(error), "kind": type(error).__name__, "exit_code": error.exit_code}
    return Ended(error.exit_code, str(error), lambda: show_json(told) if common.as_json else None, is_error=True)


def complain(ended: Ended) -> None:
    """Say on stderr why a command did not end with 0."""
    from rich.text import Text

    stderr = console(stderr=True)
    head = ("Error: ", "bold red") if ended.is_error else ""
    try:
        stderr.print(Text.assemble(head, visible(ended.reason)), soft_wrap=not stderr.is_terminal)
    except OSError:  # nobody can be told
        process.leave(sys.stderr)


def print_exactly(texts: Iterable[str]) -> None:
    """Write text on stdout: to files and pipes as it is, to a terminal without what would steer it."""
    is_terminal = sys.stdout.isatty()
    for text in texts:
        sys.stdout.write(visible(text) if is_terminal else text)


def console(*, stderr: bool = False) -> Console:
    """A Rich console without highlighting; plain text when piped or NO_COLOR is set."""
    from rich.console import Console

    from pipelines.progress import USUAL_COLUMNS

    class Plain(Console):
        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(visible(text), **options)

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # `guarded` ends the program; Rich would with exit code 1

    made = Plain(stderr=stderr, highlight=False, no_color=not color_wanted())
    if made.width < 1:  # COLUMNS=0: nothing at all would be shown
        made.width = USUAL_COLUMNS
    return made


def program() -> str:
    """How this program is called from the current folder: `inventorum`, or its path as it was typed."""
    import shlex
    import shutil

    typed = Path(sys.argv[0])
    if typed.name != "inventorum" or shutil.which("inventorum") == str(typed):
        return "inventorum"
    return shlex.quote(str(typed))


def short(path: Path) -> str:
    """A path as it can be typed here: relative to the current folder where it lies below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, FileNotFoundError):  # elsewhere, or the current folder was deleted
        return str(path)


def show_json(result: Any) -> None:
    """Print one JSON document on stdout: decimals as text, times in ISO 8601."""
    print_exactly([json_text(result, sys.stdout.encoding)])


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
    whole: Container[str] = (),
) -> None:
    """Print rows as a table on stdout, numbers to the right.

    Args:
        whole: Columns that are not broken into lines, however narrow the terminal is.
    """
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
        table.add_column(name, justify="right" if name in numeric else "left", overflow="fold", no_wrap=name in whole)
    for row in listed:
        table.add_row(*(Text("" if value is None else visible(cell(value))) for value in row))
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
