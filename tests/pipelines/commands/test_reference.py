"""Help and reference: every command has a purpose, a call that it understands, and its place on the page of all."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands.reference import BEGIN, END, put_into, reference
from tests import ROOT
from transforms.readers.docs import model_page
from transforms.runner.models import sql_folder
from transforms.runner.project import load_project

PAGE = ROOT / "pipelines" / "commands" / "README.md"


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, child in command.commands.items():
        if hasattr(child, "commands"):
            yield from commands(child, (*path, name))
        else:
            yield (*path, name), child


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_and_shows_a_call_that_parses(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    about, _, example = command.help.partition("Example:")
    call = shlex.split(" ".join(example.split()).rpartition("| ")[2])

    assert about.strip().endswith((".", "?"))
    assert call[: len(path) + 1] == ["inventorum", *path]
    command.make_context("x", call[len(path) + 1 :]).close()  # refuses options that do not exist


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_explained_and_json_is_one_of_them(path: tuple[str, ...]) -> None:
    options = [parameter for parameter in COMMANDS[path].params if parameter.param_type_name == "option"]

    assert all(option.help for option in options)
    assert {"home", "as_json", "quiet", "verbose"} <= {option.name for option in options}


def keys_of(value: Any) -> set[str]:
    """Names in a JSON document, but not file names."""
    if isinstance(value, dict):
        return {name for name in value if "." not in name and name != "crontab"}.union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("words", [("init",), ("doctor", "--offline"), ("schedule", "cron")], ids=" ".join)
def test_the_json_of_a_command_holds_what_its_help_says(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("SOURCES__", "INVENTORUM"))]:
        monkeypatch.delenv(name)

    shown = CliRunner().invoke(app, [*words, "--json"])

    documented = COMMANDS[words[:1]].help.partition("--json:")[2]
    assert keys_of(json.loads(shown.stdout)) == set(re.findall(r"`(\w+)`", documented.partition("Example:")[0]))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_fits_80_columns(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})

    assert shown.exit_code == 0
    assert max(map(len, shown.output.splitlines())) <= 80


def test_the_reference_names_every_command_and_option() -> None:
    text = reference(app)

    for path, command in COMMANDS.items():
        assert f"#### `{' '.join(path)}`" in text
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert max(parameter.opts, key=len) in text


def test_the_reference_is_put_between_its_marks_and_stays_there() -> None:
    page = f"# Title\n\n{BEGIN}\nan older text\n{END}\n\nEnd.\n"

    once = put_into(page, app)

    assert "an older text" not in once
    assert once.startswith("# Title\n\n")
    assert once.endswith("\n\nEnd.\n")
    assert put_into(once, app) == once
    with pytest.raises(ValueError, match="holds no"):
        put_into("# Title", app)


def test_the_page_of_the_commands_holds_their_reference() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert put_into(text, app) == text, "run: python -m pipelines.commands.reference"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands(shell: str) -> None:
    words = "inventorum ex"
    environment = {
        "_INVENTORUM_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": words,
        "COMP_WORDS": words,
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }

    shown = CliRunner().invoke(app, [], env=environment, prog_name="inventorum")

    assert "export" in shown.output
    assert "sync" not in shown.output


def test_the_page_of_the_data_model_lists_the_tables_as_they_are() -> None:
    page = sql_folder() / "README.md"
    text = page.read_text(encoding="utf-8")

    assert model_page.put_into(text, load_project(sql_folder())) == text, (
        "run: python -m transforms.readers.docs.model_page"
    )
