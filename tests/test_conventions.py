"""The rules of this repository that a machine can hold."""

from __future__ import annotations

import ast
import re
from contextlib import closing
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from tests import ROOT
from tests.support.landing_file import write_landing
from transforms.readers.published import open_published
from transforms.runner import ledger
from transforms.runner.build import Files, Rules, build
from transforms.runner.loads import new_loads, stage_all
from transforms.runner.models import MODEL_FOLDERS, TEMPORARY
from transforms.runner.project import load_project
from transforms.runner.publish import publish
from transforms.runner.reader import read_head
from transforms.runner.session import attach_landing, connect, prepare
from transforms.runner.steps import Steps
from transforms.runner.tables import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

SQL = ROOT / "sql"
PYTHON = sorted(path for part in ("pipelines", "transforms") for path in (ROOT / part).rglob("*.py"))
MODELS = sorted(path for layer in MODEL_FOLDERS for path in (SQL / layer).glob("*.sql"))
KEPT_MODELS = [path for path in MODELS if read_head(path.read_text("utf-8")).get("rebuild") not in (None, *TEMPORARY)]
CHECKS = sorted((SQL / "checks").glob("*.sql"))
PORTABLE = [path for path in MODELS if path.parent.name in ("increments", "core", "ops", "marts")]

MAY_READ = {
    "staging": {"raw", "seeds", "staging"},
    "increments": {"staging", "increments", "core", "ops"},  # of core what a batch removed and wrote, see below
    "core": {"staging", "increments", "seeds", "core", "ops", "stored"},
    "ops": {"staging", "increments", "seeds", "core", "ops", "stored"},
    "stored": {"core", "ops"},
    "marts": {"increments", "core", "ops"},
}
NO_SPARK = {
    "isodow": r"\bisodow\b",
    "hash()": r"\bhash\s*\(",
    "quantile_cont": r"\bquantile_cont\b",
    "asof": r"\basof\b",
    "* replace": r"\*\s*replace\b",
}


def imports(path: Path) -> Iterator[str]:
    """Top-level names of the packages that a module imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def without_comments_and_texts(sql: str) -> str:
    return re.sub(r"--[^\n]*|'(?:[^']|'')*'", " ", sql.lower())


# -- Python ------------------------------------------------------------------------------------------


def test_transforms_never_import_pipelines():
    for path in (ROOT / "transforms").rglob("*.py"):
        assert "pipelines" not in set(imports(path)), path


def test_what_speaks_to_the_api_knows_neither_dlt_nor_duckdb_nor_settings():
    for path in (ROOT / "pipelines" / "inventorum").rglob("*.py"):
        assert not {"dlt", "duckdb"} & set(imports(path)), path
        assert "pipelines.settings" not in path.read_text("utf-8"), path


def test_the_runner_never_imports_what_people_read():
    for path in (ROOT / "transforms" / "runner").rglob("*.py"):
        assert "transforms.readers" not in path.read_text("utf-8"), path


def test_extraction_never_reads_what_was_published():
    for folder in ("inventorum", "landing"):
        for path in (ROOT / "pipelines" / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            assert "transforms.readers" not in text, path
            assert ".warehouse" not in text, path


def test_what_is_inside_of_dlt_is_used_in_one_module():
    documented = {"dlt.common.runtime.collector_base", "dlt.destinations.impl.duckdb.configuration", "dlt.sources"}
    for path in (ROOT / "pipelines").rglob("*.py"):
        if path.name != "dlt_internals.py":
            inside = set(re.findall(r"^\s*(?:from|import) (dlt\.[\w.]+)", path.read_text("utf-8"), re.MULTILINE))
            assert inside <= documented, path


def test_no_imports_run_in_a_circle():
    modules = {module_name(path): path for path in PYTHON}
    graph = {name: {read for read in names_imported(path) if read in modules} for name, path in modules.items()}
    assert sum(map(len, graph.values())) > len(graph)
    assert list(TopologicalSorter(graph).static_order())  # CycleError names the circle


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def names_imported(path: Path) -> Iterator[str]:
    """What a module imports anywhere in it, for types only, too; a name of a module stands for that module."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                inner = ROOT.joinpath(*node.module.split("."), name.name)
                is_module = inner.with_suffix(".py").exists() or (inner / "__init__.py").exists()
                yield f"{node.module}.{name.name}" if is_module else node.module


def test_the_environment_is_read_in_settings_only():
    for path in PYTHON:
        if path != ROOT / "pipelines" / "settings.py":
            assert not re.search(
                r"\bos\.(environ|getenv)\b|from os import .*(environ|getenv)", path.read_text("utf-8")
            ), path


def test_nothing_is_printed():
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
            assert called != "print", f"{path}:{getattr(node, 'lineno', 0)}"


def test_no_module_is_an_attic():
    attics = {"utils", "util", "helpers", "helper", "common", "misc"}

    assert [path for path in PYTHON if path.stem in attics] == []


def test_sql_is_data_and_no_package():
    assert list(SQL.rglob("*.py")) == []


# -- SQL files ---------------------------------------------------------------------------------------


def test_a_kept_table_says_its_grain_key_and_rebuild():
    for path in KEPT_MODELS:
        assert {"grain", "key", "rebuild"} <= set(read_head(path.read_text("utf-8"))), path


def test_each_yml_has_its_sql_and_each_kept_table_its_yml():
    documented = {
        path.with_suffix("") for layer in ("staging", "core", "ops", "marts") for path in (SQL / layer).glob("*.yml")
    }
    written = {path.with_suffix("") for path in MODELS}

    assert documented - written == {SQL / "ops" / "fct_findings"}  # filled by the warning checks
    assert {path.with_suffix("") for path in KEPT_MODELS} - documented == set()


def test_what_several_tables_say_of_a_column_is_said_once():
    import yaml

    def said(column: Any) -> tuple[str, str]:
        return column["name"], " ".join(column["description"].split())

    shared = dict(said(column) for column in yaml.safe_load((SQL / "columns.yml").read_text("utf-8"))["columns"])
    own: list[tuple[str, str]] = []
    named: list[str] = []
    for path in (path for layer in MODEL_FOLDERS for path in (SQL / layer).glob("*.yml")):
        for column in yaml.safe_load(path.read_text("utf-8"))["columns"]:
            if isinstance(column, str):
                named.append(column)
            else:
                own.append(said(column))

    assert [name for name, words in own if shared.get(name) == words] == []
    assert {name for name, words in own if own.count((name, words)) > 1} - set(shared) == set()
    assert {name for name in shared if named.count(name) < 2} == set()


def test_each_mart_answers_two_questions():
    import yaml

    for path in sorted((SQL / "marts").glob("*.yml")):
        assert len(yaml.safe_load(path.read_text("utf-8")).get("questions", [])) >= 2, path.name


def test_a_check_says_what_it_is_for():
    for path in CHECKS:
        head = read_head(path.read_text("utf-8"))

        assert head.get("severity") in ("fail", "warn"), path
        assert head.get("scope") in ("batch", "build"), path
        assert head.get("harm"), path


def test_a_model_reads_only_layers_to_its_left():
    for model in load_project(SQL).models:
        for read in model.reads:
            assert read.partition(".")[0] in MAY_READ[model.schema], f"{model.path} reads {read}"


def test_what_a_batch_touches_is_told_from_what_it_removed_and_wrote():
    models = {model.full_name: model for model in load_project(SQL).models}
    for model in models.values():
        read = [models[name] for name in model.reads if model.schema == "increments" and name in models]
        kept = [one for one in read if one.schema in ("core", "ops")]
        assert {one.path for one in kept if one.rebuild != "order"} == set(), model.path


@pytest.mark.parametrize("word", NO_SPARK)
def test_core_and_marts_use_nothing_that_spark_reads_otherwise(word):
    found = [
        path for path in PORTABLE if re.search(NO_SPARK[word], without_comments_and_texts(path.read_text("utf-8")))
    ]

    assert PORTABLE
    assert found == []


def test_group_by_names_columns():
    for path in [*MODELS, *CHECKS]:
        for group in sqlglot.parse_one(path.read_text("utf-8"), dialect="duckdb").find_all(exp.Group):
            assert not group.args.get("all"), path
            assert not any(isinstance(column, exp.Literal) for column in group.expressions), path


# -- The warehouse ---------------------------------------------------------------------------------


def test_staging_is_what_its_yml_says(tmp_path):
    files = Files(tmp_path / "landing.duckdb", tmp_path / "build.duckdb", tmp_path / "warehouse.duckdb", tmp_path)
    write_landing(files.landing, [[ORDER]])
    project = load_project(SQL)
    with closing(connect(files.build, files)) as connection:
        attach_landing(connection, files)
        new_loads(connection, set())
        stage_all(connection)
        prepare(connection, Rules(), project.macros)
        ledger.create_tables(connection)
        Steps(connection, project, fresh=True).create_tables()
        for model in project.models:
            if model.columns:
                compare(connection, model)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published warehouse with one order."""
    home = tmp_path_factory.mktemp("warehouse")
    files = Files(home / "landing.duckdb", home / "work" / "build.duckdb", home / "warehouse.duckdb", home / "work")
    write_landing(files.landing, [[ORDER]])
    build(files, Rules())
    publish(files)
    return files.published


@pytest.fixture(scope="module")
def columns(published: Path) -> list[tuple[str, str, str, str | None]]:
    """(schema, table, column, type, comment) of what was published."""
    with closing(open_published(published)) as connection:
        return connection.execute(
            "select schema_name, table_name, column_name, data_type, comment from duckdb_columns() "
            "where not internal order by all"
        ).fetchall()


def test_a_plain_duckdb_reads_every_table_and_view_of_a_published_file(published):
    """A view that used a macro of ours would fail in the hands of its readers alone."""
    with closing(duckdb.connect()) as reader:
        reader.execute(f"attach '{published}' as shop (read_only)")
        for schema, name in reader.execute(
            "select table_schema, table_name from information_schema.tables where table_catalog = 'shop'"
        ).fetchall():
            reader.execute(f'from shop.{schema}."{name}"').fetchall()


def test_every_column_is_commented(columns):
    assert [(table, name) for _, table, name, _, comment in columns if not comment] == []


def test_no_column_is_a_floating_point_number(columns):
    assert [(table, name, kind) for _, table, name, kind, _ in columns if re.search("DOUBLE|FLOAT|REAL", kind)] == []


ENDINGS = {
    "_at": r"TIMESTAMP WITH TIME ZONE",
    "_date": r"DATE",
    "_amount": r"DECIMAL\(18,2\)",
    "_count": r"BIGINT|INTEGER",
    "_ratio": r"DECIMAL\(\d+,\d+\)",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_end_of_a_name_says_its_type(columns, ending):
    assert [
        (table, name, kind)
        for schema, table, name, kind, _ in columns
        if schema in ("core", "ops", "marts") and name.endswith(ending) and not re.fullmatch(ENDINGS[ending], kind)
    ] == []


def test_is_and_has_are_yes_or_no(columns):
    assert [
        (table, name, kind)
        for schema, table, name, kind, _ in columns
        if schema in ("core", "ops", "marts") and re.match("is_|has_", name) and kind != "BOOLEAN"
    ] == []


def test_a_name_means_one_kind_of_value(columns):
    """Sums may be wider than what they sum; text, whole numbers, decimals of a scale and times stay apart."""
    kinds: dict[str, set[str]] = {}
    for schema, _, name, kind, _ in columns:
        if schema in ("core", "ops", "marts"):
            family = re.sub(r"INTEGER|BIGINT|HUGEINT", "whole number", re.sub(r"\(\d+,(\d+)\)", r"(\1)", kind))
            kinds.setdefault(name, set()).add(family)

    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


MEASURES = re.compile(r"(_amount|_count|quantity)$")
NEVER_ADDED = re.compile(r"(_ratio|_score|_rank)$|^(average_|unit_)|^lift$")


def test_what_three_tables_measure_is_listed_with_its_one_name(columns):
    """Another name for the same quantity shows up here until it is given up, or listed as a quantity of its own."""
    found: dict[str, set[str]] = {}
    for schema, table, name, _, _ in columns:
        if schema in ("core", "marts") and MEASURES.search(name):
            found.setdefault(name, set()).add(table)
    _, _, rest = (SQL / "README.md").read_text("utf-8").partition("## One name, one quantity")
    rows = [line.split("|")[1] for line in rest.partition("\n## ")[0].splitlines() if line.startswith("| `")]

    assert {name for name, tables in found.items() if len(tables) > 2} == set(re.findall(r"`(\w+)`", " ".join(rows)))


def test_a_payment_has_a_day_of_its_own(columns):
    days = {(table, name) for _, table, name, _, _ in columns}

    assert {table for table, name in days if name == "paid_date"} == {"fct_payments", "fct_payment_bookings"}
    assert ("fct_payments", "business_date") not in days


def test_what_must_not_be_added_up_says_so(columns):
    assert [
        (table, name)
        for schema, table, name, kind, comment in columns
        if schema in ("core", "marts") and NEVER_ADDED.search(name) and "not to be added up" not in comment.lower()
    ] == []


def test_names_are_lower_case_with_underscores(columns):
    assert [name for _, table, name, _, _ in columns if not re.fullmatch(r"[a-z][a-z0-9_]*", f"{table}_{name}")] == []


ORDER = {
    "id": 1,
    "state": 360,
    "channel": "ipad",
    "time_added": "2026-11-01T09:00:00+00:00",
    "completed_at": "2026-11-01T09:01:00+00:00",
    "amount_paid": "6.9900000000",
    "user_id": 7,
    "customer": None,
    "shipment": None,
    "basket": {
        "note_internal": None,
        "note_external": None,
        "discount": None,
        "receipt": None,
        "invoice_number": "630",
        "items": [
            {
                "id": 2,
                "name": "Wobbler",
                "discount": None,
                "original_quantity": "1.00",
                "price": "5.8739495798",
                "product": 3,
                "quantity": 1,
                "tax_rate": "19.000",
                "gross_price": "6.99",
                "unit_gross_price": "6.99",
                "product_code": "72060235",
            }
        ],
    },
    "payments": [
        {
            "id": 4,
            "payment_method": "0",
            "payment_amount": "6.9900000000",
            "date": "2026-11-01T09:01:00+00:00",
            "transaction_id": None,
            "transaction_duration": None,
            "paypal_invoice_id": None,
            "paypal_tab_id": None,
            "external_payment_method": None,
        }
    ],
}
