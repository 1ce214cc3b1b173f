"""Every fault that is foreseen has one root, and the exit code that the page of the commands gives its kind."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType

import pipelines
import transforms
from pipelines.errors import InventorumError, SettingsError
from pipelines.terminal import Common, guarded
from transforms.errors import ChecksFailed

PACKAGES = (pipelines, transforms)
EXIT_CODES = {
    "InventorumError": 1,
    "HomeError": 1,
    "RequestRefused": 1,
    "TransformError": 1,
    "ModelError": 1,
    "PublishError": 1,
    "UnreadableFile": 1,
    "ReportError": 1,
    "ExportFailed": 1,
    "ServerFailed": 1,
    "SparkMissing": 1,
    "SparkUnreachable": 1,
    "RawUnusable": 1,
    "Untranslatable": 1,
    "SettingsError": 2,
    "UnknownClaim": 2,
    "ExportRefused": 2,
    "AddressRefused": 2,
    "OutUnusable": 2,
    "ChecksFailed": 3,
    "BooksDisagree": 3,
    "LockedError": 4,
    "FilesHeld": 4,
    "ServerBusy": 4,
    "LoginError": 5,
    "ServerRefused": 5,
    "ApiError": 6,
    "CrawlError": 6,
    "EmptyPage": 6,
    "ServerUnreachable": 6,
}
# Raised and caught within one room: nobody outside ever meets them. Each with its room.
SIGNALS = {
    "BrokenBody": "pipelines.inventorum.http",
    "TryAgain": "pipelines.inventorum.http",
    "Unbalanced": "pipelines.inventorum.http",
    "_TooLargeError": "pipelines.inventorum.http",
    "_Restart": "pipelines.inventorum.reading",
    "RefusedError": "pipelines.sandbox",
    "NotDerivable": "transforms.readers.docs",
    "NoRule": "transforms.spark",
}


def modules() -> list[ModuleType]:
    names = [
        found.name
        for package in PACKAGES
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.endswith("__main__")
    ]
    return [importlib.import_module(name) for name in names]


def own_exceptions() -> list[type[BaseException]]:
    """Those that the two packages define, each once."""
    return [
        value
        for module in modules()
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, BaseException) and value.__module__ == module.__name__
    ]


def test_every_error_derives_from_the_root_and_has_the_exit_code_of_its_kind():
    found = {error.__name__: error for error in own_exceptions() if error.__name__ not in SIGNALS}

    assert {name: getattr(error, "exit_code", None) for name, error in found.items()} == EXIT_CODES
    assert [name for name, error in found.items() if not issubclass(error, InventorumError)] == []


def test_a_signal_stays_in_its_room_and_is_caught_there():
    signals = {error.__name__: error for error in own_exceptions() if not issubclass(error, InventorumError)}
    assert {name: error.__module__.startswith(SIGNALS[name]) for name, error in signals.items()} == dict.fromkeys(
        SIGNALS, True
    )

    for name, room in SIGNALS.items():
        places = {path: text for path in sources() if name in (text := path.read_text(encoding="utf-8"))}
        assert [path for path in places if not dotted(path).startswith(room)] == []
        assert any(caught_in(text) & bases(signals[name]) for text in places.values()), f"nobody catches {name}"


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in Path(package.__path__[0]).rglob("*.py")]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(Path(pipelines.__path__[0]).parent).with_suffix("").parts)


def bases(error: type[BaseException]) -> set[str]:
    """Its name, and those under which it may be caught as well; `Exception` is no answer to it."""
    return {base.__name__ for base in error.__mro__} - {"Exception", "BaseException", "object"}


def caught_in(text: str) -> set[str]:
    """The names in `except` clauses, and those that are handed to tenacity or `suppress`."""
    caught: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            caught |= {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)}
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
            "retry_if_exception_type",
            "suppress",
        ):
            caught |= {part.id for argument in node.args for part in ast.walk(argument) if isinstance(part, ast.Name)}
    return caught


def test_no_clause_names_two_errors_that_the_root_would_catch():
    """Where every foreseen fault is meant, the root says so."""
    roots = {"InventorumError", "TransformError"}
    both = [
        f"{dotted(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Tuple) and roots <= {part.id for part in node.elts if isinstance(part, ast.Name)}
    ]
    assert both == []


def test_the_terminal_ends_with_the_code_of_whatever_is_raised(capsys):
    def fails(error: InventorumError) -> int:
        raise error

    for error, code in ((SettingsError("a setting"), 2), (ChecksFailed("a check"), 3), (InventorumError("any"), 1)):
        assert guarded(lambda error=error: fails(error), Common()) == code
        assert str(error) in capsys.readouterr().err
