"""The reference of all commands, written from the commands themselves into the README of this folder."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

BEGIN = "<!-- commands: begin -->"
END = "<!-- commands: end -->"
PROGRAM = "inventorum"
WIDTH = 100
KINDS = {int: "INTEGER", float: "FLOAT", Path: "PATH"}
GLOBAL = ("home", "as_json", "quiet", "verbose", "help", "version")


def reference(app: typer.Typer) -> str:
    """Every command with its purpose, its options and an example, as Markdown."""
    root = typer.main.get_command(app)
    parts = [
        "Every command takes these options, before or after its name:\n\n" + _options(root, of_all=True),
        *(_section(path, command) for path, command in _walk(root, ())),
    ]
    return "\n\n".join(parts) + "\n"


def put_into(text: str, app: typer.Typer) -> str:
    """The text with the reference between its two markers.

    Raises:
        ValueError: The text lacks a marker.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The text holds no {BEGIN} … {END}.")
    return f"{before}{BEGIN}\n\n{reference(app)}\n{END}{after}"


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Commands that do something, in the order in which the help lists them."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _walk(child, (*path, name))


def _section(path: tuple[str, ...], command: Any) -> str:
    about, example = _help(command)
    usage = " ".join([PROGRAM, *path, *(_usage(parameter) for parameter in command.params if _is_own(parameter))])
    lines = [f"#### `{' '.join(path)}`", about, f"```text\n{_folded(usage)}\n```"]
    options = _options(command, of_all=False)
    if options:
        lines.append(options)
    if example:
        lines.append(f"Example: `{example}`")
    return "\n\n".join(lines)


def _help(command: Any) -> tuple[str, str]:
    """The command's text, and the call after `Example:`."""
    about, _, example = (command.help or "").partition("Example:")
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", about)]
    return "\n\n".join(part for part in paragraphs if part), " ".join(example.split())


def _is_own(parameter: Any) -> bool:
    return parameter.name not in GLOBAL and not getattr(parameter, "hidden", False)


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _usage(parameter: Any) -> str:
    if _is_argument(parameter):
        name = parameter.metavar or parameter.name.upper()
        return name if parameter.required else f"[{name}]"
    shown = f"{_longest(parameter)}{_value(parameter)}"
    if parameter.multiple:
        return f"[{shown}]..."
    return shown if parameter.required else f"[{shown}]"


def _longest(parameter: Any) -> str:
    return str(max(parameter.opts, key=len))


def _value(parameter: Any) -> str:
    if getattr(parameter, "is_flag", False):
        return ""
    return f" {parameter.metavar or _kind(parameter)}"


def _kind(parameter: Any) -> str:
    """What a value is; Typer names it in one of two ways, depending on its version."""
    if hasattr(parameter, "type_descriptor"):
        return KINDS.get(parameter.type_descriptor.annotation, "TEXT")
    return str(parameter.type.name).upper().removesuffix(" RANGE")


def _options(command: Any, *, of_all: bool) -> str:
    """One line an option or argument that has something to say."""
    rows = []
    for parameter in command.params:
        if of_all == _is_own(parameter) or parameter.name in ("install_completion", "show_completion"):
            continue
        names = (
            (parameter.metavar or parameter.name.upper())
            if _is_argument(parameter)
            else ", ".join(sorted(parameter.opts, key=len)) + _value(parameter)
        )
        about = (parameter.help or "").strip()
        default = _default(parameter)
        rows.append(f"- `{names}`: {about}{f' Default: {default}.' if default else ''}")
    return "\n".join(rows)


def _default(parameter: Any) -> str:
    value = parameter.default
    shown = getattr(parameter, "show_default", None)
    if isinstance(shown, str):
        return shown
    if value is None or value is False or value is ... or callable(value) or value == [] or parameter.required:
        return ""
    return str(value)


def _folded(usage: str) -> str:
    return "\n".join(
        textwrap.wrap(usage, WIDTH - 10, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    )


def main() -> None:
    """Renew the reference."""
    from pipelines.cli import app

    page = Path(__file__).with_name("README.md")
    page.write_text(put_into(page.read_text(encoding="utf-8"), app), encoding="utf-8")


if __name__ == "__main__":
    main()
