"""The models and checks of `sql/` as a dbt project, for dbt-duckdb in an environment of its own.

The same SELECTs in the same database; a check becomes a test, what a warning finds a table. dbt builds everything
each time and has neither batches nor one transaction.
"""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from pathlib import Path

from transforms.runner.models import Check, Model, sql_folder
from transforms.runner.project import load_project
from transforms.runner.reader import read_head
from transforms.runner.session import Rules

PACKAGES = ("dbt-core>=1.11,<1.12", "dbt-duckdb>=1.10", "duckdb>=2.0,<2.1")
RUNNER_TABLES = {
    "raw._dlt_loads": "select load_id, schema_name, status, inserted_at from landing.raw._dlt_loads where status = 0",
    "staging.affected_orders": "select distinct account, order_id, 0 as batch_number from landing.raw.orders",
    "staging.batch_orders": "select account, order_id from staging.affected_orders",
    "staging.new_loads": (
        "select load_id, max(_watermark) as watermark from raw._dlt_loads "
        "left join landing.raw.orders on _dlt_load_id = load_id group by load_id"
    ),
    "ops.loads": (
        "select load_id, max(_watermark) as watermark, current_timestamp as built_at, "
        "count(_dlt_load_id) as order_rows "
        "from raw._dlt_loads left join landing.raw.orders on _dlt_load_id = load_id group by load_id"
    ),
    "ops.runs": (
        "select ''::varchar as run_id, ''::varchar as command, now() as started_at, now() as finished_at, "
        "0 as exit_code, ''::varchar as message, 0 as orders_new, 0 as orders_changed, 0 as orders_reread, "
        "0 as quarantined, 0 as requests, ''::varchar as seconds, ''::varchar as rows where false"
    ),
    "ops.checks": (
        "select ''::varchar as run_id, now() as checked_at, ''::varchar as check_name, ''::varchar as severity, "
        "0 as failing_rows, 0::decimal(18, 2) as amount, ''::varchar as sample where false"
    ),
    "ops.meta": "select ''::varchar as key, ''::varchar as value where false",
}
PROJECT = """
name: warehouse
version: '1.0'
profile: warehouse
model-paths: [models]
test-paths: [tests]
macro-paths: [macros]
on-run-start: ["{{ project_macros() }}"]
models:
  warehouse:
    +materialized: table
flags:
  send_anonymous_usage_stats: false
"""
PROFILE = """
warehouse:
  target: here
  outputs:
    here:
      type: duckdb
      path: {path}
      schema: main
      threads: 2
      settings:
        TimeZone: UTC
      attach:
        - path: {landing}
          alias: landing
          read_only: true
"""
SCHEMA_MACRO = """
{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or target.schema }}{% endmacro %}
{% macro generate_alias_name(custom_alias_name, node) %}{{ custom_alias_name or node.name }}{% endmacro %}
"""


def install(folder: Path) -> Path | None:
    """dbt's command in a fresh environment; None if it cannot be installed."""
    dbt = folder / "bin" / "dbt"
    if not dbt.is_file():
        venv.create(folder, with_pip=True)
        done = subprocess.run([folder / "bin" / "pip", "install", "-q", *PACKAGES], capture_output=True, check=False)
        if done.returncode:
            sys.stderr.write(f"dbt-duckdb could not be installed; it is left out.\n{done.stderr.decode()[-500:]}\n")
            return None
    return dbt


def write(folder: Path, landing: Path) -> None:
    """Write the project."""
    sql_dir = sql_folder()
    project = load_project(sql_dir)
    for name in ("models", "tests", "macros"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "dbt_project.yml").write_text(PROJECT, "utf-8")
    (folder / "profiles.yml").write_text(PROFILE.format(path=folder / "dbt.duckdb", landing=landing), "utf-8")
    macros = re.sub(r"create or replace temp macro", "create or replace macro", "\n".join(project.macros.values()))
    (folder / "macros" / "schema.sql").write_text(SCHEMA_MACRO, "utf-8")
    (folder / "macros" / "project.sql").write_text(
        "{% macro project_macros() %}{% raw %}\n" + _with_rules(macros) + "\n{% endraw %}{% endmacro %}", "utf-8"
    )
    for full_name, select in RUNNER_TABLES.items():
        _write_model(folder, full_name, _referring(select, ["staging.affected_orders", "raw._dlt_loads"]))
    for seed in project.seeds:
        _write_model(folder, f"seeds.{seed.name}", seed.create.partition(" as\n")[2])
    for model in project.models:
        is_stored = model.schema == "stored"  # a table that is kept by order, of which dbt always builds the whole
        text = f"select * from {model.reads[0]}" if is_stored else _body((sql_dir / model.path).read_text("utf-8"))
        _write_model(folder, model.full_name, _model(model, text))
    findings = []
    for check in project.checks:
        select = _referring(_select_of(check, sql_dir), check.reads)
        if check.severity == "warn":
            findings.append(check)
            _write_model(folder, f"checks.{check.name}", select)
        else:
            (folder / "tests" / f"{check.name}.sql").write_text(_with_rules(select), "utf-8")
    _write_model(folder, "ops.fct_findings", "\nunion all\n".join(_finding(check) for check in findings))


def _write_model(folder: Path, full_name: str, select: str) -> None:
    schema, _, name = full_name.partition(".")
    head = f"{{{{ config(schema='{schema}', alias='{name}') }}}}\n"
    (folder / "models" / f"{schema}__{name}.sql").write_text(head + _with_rules(select), "utf-8")


def _model(model: Model, text: str) -> str:
    select = _referring(text, model.reads)
    if model.rebuild == "newest":
        key, newest = ", ".join(model.key), ", ".join(model.newest)
        place = f"row_number() over (partition by {key} order by ({newest}) desc)"
        return f"select * from (\n{select}\n) qualify {place} = 1"
    return select


def _select_of(check: Check, sql_dir: Path) -> str:
    """Its file's SELECT; of a claim that heads declare what the runner wrote, tables under their own names."""
    if check.path == f"checks/{check.name}.sql":
        text = (sql_dir / check.path).read_text("utf-8")
        if "equals" not in read_head(text):
            return _body(text)
    return re.sub(r'temp\."(\w+\.\w+)"', r"\1", check.sql)


def _finding(check: Check) -> str:
    return (
        f"select '{check.name}' as check_name, account, order_id, cast(detail as varchar) as detail, "
        f"cast(amount as decimal(18, 2)) as amount from {{{{ ref('checks__{check.name}') }}}}"
    )


def _body(text: str) -> str:
    assert read_head(text)
    return re.sub(r"--[^\n]*", "", text).rstrip().rstrip(";")


def _referring(select: str, reads: tuple[str, ...] | list[str]) -> str:
    """The SELECT with dbt's references in the place of table names."""
    for read in reads:
        schema, _, name = read.partition(".")
        if schema == "raw" and name != "_dlt_loads":
            target = f"landing.raw.{name}"
        else:
            target = f"{{{{ ref('{schema}__{name}') }}}}"
        select = re.sub(rf"\b(from|join)(\s+){schema}\.{name}\b", rf"\1\2{target}", select)
    return select


def _with_rules(sql: str) -> str:
    rules = Rules()
    return re.sub(
        r"getvariable\('(\w+)'\)",
        lambda found: "'" + v + "'" if isinstance(v := getattr(rules, found[1]), str) else str(v).lower(),
        sql,
    )
