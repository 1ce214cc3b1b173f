"""Reads the SQL folder: the head of each statement, the `.yml` beside it, the seeds."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from transforms.errors import ModelError
from transforms.runner import declared
from transforms.runner.compile import Compiler, Lasting
from transforms.runner.models import MODEL_FOLDERS, TEMPORARY, Check, Column, Documented, Model, Seed, temporary
from transforms.runner.rebuilds import KINDS, read_rebuild
from transforms.runner.session import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where it was compiled
HEAD_LINE = re.compile(r"--\s*([a-z_]+):\s*(.*)")
FINDINGS: dict[str, Any] = {
    "description": "What the warning checks found.",
    "grain": "one row per finding",
    "columns": [
        {"name": "check_name", "description": "Name of the check, as its file in sql/checks."},
        {
            "name": "account",
            "description": "Account of the order; null: the finding concerns no single order.",
        },
        {"name": "order_id", "description": "Id of the order in the API; null: it concerns no single order."},
        {"name": "detail", "description": "What was found."},
        {
            "name": "amount",
            "description": "Money that it concerns, account currency; null: none can be named.",
        },
    ],
}


def read_folder(sql_dir: Path) -> tuple[list[Model], list[Check], list[Seed]]:
    """Every model, check and seed, in alphabetical order of layers and names."""
    compiler, shared = Compiler(_lasting(sql_dir)), _shared_columns(sql_dir)
    models = [
        read_model(path, sql_dir, compiler, shared)
        for schema in MODEL_FOLDERS
        for path in sorted((sql_dir / schema).glob("*.sql"))
    ]
    models = [_seen_through(model, models) if model.rebuild == "view" else model for model in models]
    models += [_stored(model) for model in models if model.rebuild == "order"]
    by_name = {model.full_name: model for model in models}
    checks = [read_check(path, sql_dir, compiler, by_name) for path in sorted((sql_dir / "checks").glob("*.sql"))]
    checks += [_claim(claim, compiler) for claim in declared.claims(models)]
    checks.sort(key=lambda check: check.name)
    seeds = [read_seed(path) for path in sorted((sql_dir / "seeds").glob("*.csv"))]
    return models, checks, seeds


def read_model(path: Path, sql_dir: Path, compiler: Compiler, shared: Mapping[str, Column]) -> Model:
    """One model file with the `.yml` beside it, which may give columns that many tables share by name alone."""
    name, schema, shown = path.stem, path.parent.name, path.relative_to(sql_dir).as_posix()
    text = path.read_text("utf-8")
    head = read_head(text)
    rebuild, by = _rebuild(head.get("rebuild", "temporary" if schema == "staging" else ""), shown)
    if schema == "staging" and rebuild != "temporary":
        raise ModelError(f"{shown}: staging is temporary, not `rebuild: {head['rebuild']}`.")
    key, newest = _names(head.get("key", "")), _names(head.get("newest", ""))
    if rebuild == "newest" and not (key and newest):
        raise ModelError(f"{shown}: `rebuild: newest` needs the heads `key` and `newest`.")
    documented = _read_yml(path.with_suffix(".yml"), shown, required=rebuild not in TEMPORARY)
    grain = head.get("grain") or documented.get("grain", "")
    compiled = compiler.compile(text, shown)
    return Model(
        name=name,
        schema=schema,
        path=shown,
        rebuild=rebuild,
        by=by,
        grain=grain,
        key=key,
        newest=newest,
        comment=_table_comment(documented, grain, key),
        columns=_columns(documented, path.with_suffix(".yml").name, shown, shared),
        reads=compiled.reads,
        sql=compiled.sql,
        sql_of_written=compiled.sql_of_written if KINDS[rebuild].compares else "",
        equals=_names(head.get("equals", ""), ";"),
        copies=_names(head.get("copies", ""), ";"),
        harm=head.get("harm", ""),
    )


def _seen_through(view: Model, models: Sequence[Model]) -> Model:
    """A view changes where what it reads does."""
    found = {model.by for model in models if model.full_name in view.reads and model.by}
    return replace(view, by=found.pop()) if len(found) == 1 else view


def _stored(model: Model) -> Model:
    """What a batch's orders have in a table that is kept by order."""
    return replace(
        model,
        schema="stored",
        rebuild="stored",
        grain=f"{model.grain}, of the batch's orders",
        reads=(model.full_name,),
        sql=f"from {model.relation}",
        equals=(),
        copies=(),
    )


def read_check(path: Path, sql_dir: Path, compiler: Compiler, models: Mapping[str, Model]) -> Check:
    """One check file."""
    shown = path.relative_to(sql_dir).as_posix()
    text = path.read_text("utf-8")
    head = read_head(text)
    severity, scope = head.get("severity", ""), head.get("scope", "build")
    if severity not in ("fail", "warn") or scope not in ("batch", "build"):
        raise ModelError(f"{shown}: the head needs `severity: fail|warn` and `scope: batch|build`.")
    if "equals" in head:
        equality = declared.read_equality(head["equals"], shown)
        text = declared.equal_to_select(equality, text, compiler.columns(text, shown), models, shown)
    compiled = compiler.compile(text, shown)
    return Check(path.stem, shown, severity, scope, head.get("harm", ""), compiled.reads, compiled.sql)


def _claim(claim: declared.Claim, compiler: Compiler) -> Check:
    compiled = compiler.compile(claim.sql, claim.path)
    return Check(claim.name, claim.path, "fail", claim.scope, claim.harm, compiled.reads, compiled.sql)


def read_head(text: str) -> dict[str, str]:
    """The `-- name: value` lines before the statement; an indented comment continues the value above it."""
    head: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        if found := HEAD_LINE.match(line):
            name = found.group(1)
            head[name] = found.group(2).strip()
        elif name and line.startswith("--  "):
            head[name] = f"{head[name]} {line[2:].strip()}"
        else:
            name = ""
    return head


def _lasting(sql_dir: Path) -> Lasting:
    """How the models of core and marts are kept, as far as those that read them must know."""
    found: dict[str, set[str]] = {kind: set() for kind in (*TEMPORARY, "by order")}
    for schema in MODEL_FOLDERS[1:]:
        for path in (sql_dir / schema).glob("*.sql"):
            with path.open(encoding="utf-8") as lines:
                head = read_head("".join(line for _, line in zip(range(12), lines, strict=False)))
            if (rebuild := head.get("rebuild", "")) in found:
                found[rebuild].add(f"{schema}.{path.stem}")
    by_order = found.pop("by order")
    return Lasting(frozenset().union(*found.values()), frozenset(by_order))


def _rebuild(text: str, shown: str) -> tuple[str, str | None]:
    try:
        return read_rebuild(text)
    except LookupError as fault:
        raise ModelError(f"{shown}: `rebuild: {text}` is none of {fault.args[0]}.") from None


def _names(text: str, separator: str = ",") -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(separator) if name.strip())


def _load_yml(path: Path, shown: str) -> Any:
    try:
        return yaml.load(path.read_bytes(), Loader=Loader)  # noqa: S506
    except yaml.YAMLError as fault:
        raise ModelError(f"{shown} is no YAML: {fault}") from fault


def _read_yml(path: Path, shown: str, *, required: bool) -> dict[str, Any]:
    if not path.is_file():
        if required:
            raise ModelError(f"{shown} has no {path.name} beside it.")
        return {}
    documented = _load_yml(path, f"{path.name} beside {shown}")
    columns = documented.get("columns") if isinstance(documented, dict) else None
    if not isinstance(columns, list) or not all(
        isinstance(column, str) or (isinstance(column, dict) and column.get("name") and column.get("description"))
        for column in columns
    ):
        raise ModelError(f"{path.name} beside {shown}: `columns` must be a list of `name` and `description`.")
    if documented.get("name") != path.stem:
        raise ModelError(f"{path.name} beside {shown}: `name` must be {path.stem}.")
    return dict(documented)


def _shared_columns(sql_dir: Path) -> dict[str, Column]:
    """What `columns.yml` says of columns that mean the same in several tables, by name."""
    path = sql_dir / "columns.yml"
    documented = _load_yml(path, path.name) if path.is_file() else {}
    return {column["name"]: _column(column) for column in documented.get("columns", [])}


def _columns(documented: dict[str, Any], yml: str, shown: str, shared: Mapping[str, Column]) -> tuple[Column, ...]:
    columns = documented.get("columns", [])
    if unknown := [column for column in columns if isinstance(column, str) and column not in shared]:
        raise ModelError(f"{yml} beside {shown} says nothing of {', '.join(unknown)}, and neither does columns.yml.")
    return tuple(shared[column] if isinstance(column, str) else _column(column) for column in columns)


def _column(documented: dict[str, Any]) -> Column:
    return Column(documented["name"], " ".join(str(documented["description"]).split()))


def read_findings(sql_dir: Path) -> Documented:
    """The documentation of `ops.fct_findings`, which has no SELECT."""
    documented = _read_yml(sql_dir / "ops" / "fct_findings.yml", "ops.fct_findings", required=False) or FINDINGS
    return Documented(
        _table_comment(documented, "", ("check_name", "account", "order_id", "detail")),
        _columns(documented, "fct_findings.yml", "ops.fct_findings", _shared_columns(sql_dir)),
    )


def _table_comment(documented: dict[str, Any], grain: str, key: tuple[str, ...]) -> str:
    lines = [" ".join(str(documented.get("description", "")).split())]
    lines += [f"Grain: {documented.get('grain') or grain}."]
    lines += [f"Key: {', '.join(key)}."] if key else []
    lines += [f"Answers: {' | '.join(documented['questions'])}"] if documented.get("questions") else []
    return "\n".join(line for line in lines if line)


def read_seed(path: Path) -> Seed:
    """A CSV file; its `.yml` may give a `type` for a column, else it is text. An empty cell is null."""
    yml = path.with_suffix(".yml")
    documented = yaml.load(yml.read_bytes(), Loader=Loader) if yml.is_file() else {}  # noqa: S506
    types = {column["name"]: column.get("type", "varchar") for column in documented.get("columns", [])}
    with path.open(encoding="utf-8", newline="") as lines:
        names, *rows = list(csv.reader(lines))
    for row in rows:
        if len(row) != len(names):
            raise ModelError(f"seeds/{path.name}: {row} has not the {len(names)} values of the first line.")
    # one literal, since DuckDB's parser takes a tenth of a second for some hundred rows of values
    values = json.dumps([[cell or None for cell in row] for row in rows], ensure_ascii=False)
    casts = ", ".join(
        f'cast(cells[{place}] as {types.get(name, "varchar")}) as "{name}"' for place, name in enumerate(names, 1)
    )
    return Seed(
        path.stem,
        f"create or replace temp table {temporary('seeds.' + path.stem)} as\n"
        f"select {casts} from (select unnest(from_json({quoted(values)}, '[[\"VARCHAR\"]]')) as cells)",
    )
