"""The SQL files as data: what each model makes, reads and promises.

A model is one SELECT. Its head says how the runner keeps it up to date:

    -- grain: one row per basket item of an order's latest version
    -- key: account, order_id, item_id
    -- rebuild: by order | by date | by <name> | newest | touched | temporary | full
    -- newest: seen_at, seen_load_id, ...       (only with `rebuild: newest`)

A check is one SELECT of the rows that break its claim:

    -- severity: fail | warn
    -- scope: batch | build
    -- harm: what goes wrong for whom
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL_FOLDERS = ("staging", "core", "marts")
RUNNER_VERSION = 1  # raise it when the same SQL files would give other tables
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
HEAD_LINE = re.compile(r"--\s*([a-z_]+):\s*(.*)")


@dataclass(frozen=True)
class Column:
    """A column as documented: its name and what it means."""

    name: str
    description: str


@dataclass(frozen=True)
class Model:
    """One table.

    Attributes:
        schema: `staging`, `core` or `marts`.
        path: File below the SQL folder, for messages.
        rebuild: `order`, `by`, `newest`, `touched`, `temporary` or `full`.
        by: With `rebuild == "by"`: the name that the key table `core.affected_<by>s` is called after.
        newest: With `rebuild == "newest"`: the columns whose greatest tuple wins.
        comment: What the catalogue says about the table; grain and key included.
        columns: Documented columns in order; empty for undocumented temporary tables.
        reads: Tables that the SELECT names, as `schema.name`.
        sql: The SELECT in terms of the attached databases.
        phase: When in a build it is evaluated, see `transforms.plan`.
    """

    name: str
    schema: str
    path: str
    rebuild: str
    by: str | None
    grain: str
    key: tuple[str, ...]
    newest: tuple[str, ...]
    comment: str
    columns: tuple[Column, ...]
    reads: tuple[str, ...]
    sql: str
    phase: int = 0

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def is_temporary(self) -> bool:
        return self.rebuild in ("temporary", "touched")

    @property
    def relation(self) -> str:
        """The table's name in SQL that the runner writes."""
        return temporary(self.full_name) if self.is_temporary else f'{self.schema}."{self.name}"'


@dataclass(frozen=True)
class Check:
    """One claim; its SELECT gives the rows that break it."""

    name: str
    path: str
    severity: str
    scope: str
    harm: str
    reads: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class Seed:
    """A small code table; `create` makes its temporary table."""

    name: str
    create: str


@dataclass(frozen=True)
class Documented:
    """What the catalogue says about a table that the runner makes."""

    comment: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Project:
    """Everything that the SQL folder says, ready to run.

    Attributes:
        models: In an order in which each model follows those that it reads.
        order: The names of models and checks (`checks.<name>`) together, in such an order.
        fingerprint: Changes when any file that shapes the tables changes.
    """

    models: tuple[Model, ...]
    order: tuple[str, ...]
    checks: tuple[Check, ...]
    seeds: tuple[Seed, ...]
    findings: Documented
    macros: str
    fingerprint: str


def sql_folder() -> Path:
    """The SQL files of this installation: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "sql", package.parent / "sql"):
        if (folder / "macros.sql").is_file():
            return folder
    raise ModelError(f"No SQL files beside {package}. Install inventorum-warehouse again.")


def fingerprint(sql_dir: Path) -> str:
    """A hash over every file that shapes the tables."""
    digest = hashlib.blake2b(f"runner {RUNNER_VERSION}".encode(), digest_size=16)
    for path in _project_files(sql_dir):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(sql_dir).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def load_project(sql_dir: Path) -> Project:
    """Read, order and compile the SQL folder.

    Raises:
        ModelError: A file breaks a rule of its kind; the message names it.
    """
    from transforms import plan

    findings = sql_dir / "core" / "fct_findings.yml"
    seeds = tuple(_read_seed(path) for path in sorted((sql_dir / "seeds").glob("*.csv")))
    models = [
        read_model(path, sql_dir) for schema in MODEL_FOLDERS for path in sorted((sql_dir / schema).glob("*.sql"))
    ]
    checks = [read_check(path, sql_dir) for path in sorted((sql_dir / "checks").glob("*.sql"))]
    macros = sql_dir / "macros.sql"
    ordered, order = plan.in_order(models, checks, seeds)
    return Project(
        models=ordered,
        order=order,
        checks=tuple(checks),
        seeds=seeds,
        findings=_read_findings(findings),
        macros=macros.read_text("utf-8") if macros.is_file() else "",
        fingerprint=fingerprint(sql_dir),
    )


def read_model(path: Path, sql_dir: Path) -> Model:
    """One model file with the `.yml` beside it."""
    from transforms.compile import compile_select

    name, schema, shown = path.stem, path.parent.name, path.relative_to(sql_dir).as_posix()
    text = path.read_text("utf-8")
    head = read_head(text)
    rebuild, by = _rebuild(head.get("rebuild", "temporary" if schema == "staging" else ""), shown)
    if schema == "staging" and rebuild != "temporary":
        raise ModelError(f"{shown}: staging is temporary, not `rebuild: {head['rebuild']}`.")
    key, newest = _names(head.get("key", "")), _names(head.get("newest", ""))
    if rebuild == "newest" and not (key and newest):
        raise ModelError(f"{shown}: `rebuild: newest` needs the heads `key` and `newest`.")
    documented = _read_yml(path.with_suffix(".yml"), shown, required=rebuild not in ("temporary", "touched"))
    grain = head.get("grain") or documented.get("grain", "")
    sql, reads = compile_select(text, shown, temporary_core=_temporary_core(sql_dir))
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
        columns=tuple(_column(column) for column in documented.get("columns", [])),
        reads=reads,
        sql=sql,
    )


def read_check(path: Path, sql_dir: Path) -> Check:
    """One check file."""
    from transforms.compile import compile_select

    shown = path.relative_to(sql_dir).as_posix()
    text = path.read_text("utf-8")
    head = read_head(text)
    severity, scope = head.get("severity", ""), head.get("scope", "build")
    if severity not in ("fail", "warn") or scope not in ("batch", "build"):
        raise ModelError(f"{shown}: the head needs `severity: fail|warn` and `scope: batch|build`.")
    sql, reads = compile_select(text, shown, temporary_core=_temporary_core(sql_dir))
    return Check(path.stem, shown, severity, scope, head.get("harm", ""), reads, sql)


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


def temporary(full_name: str) -> str:
    """The temporary table that stands for `schema.name`."""
    return f'temp."{full_name}"'


def _project_files(sql_dir: Path) -> Iterator[Path]:
    yield from sorted(sql_dir.glob("*.sql"))
    for folder in (*MODEL_FOLDERS, "checks", "seeds"):
        for suffix in ("sql", "yml", "csv"):
            yield from sorted((sql_dir / folder).glob(f"*.{suffix}"))


def _temporary_core(sql_dir: Path) -> frozenset[str]:
    """Core and marts models that are temporary tables; a SELECT must find them under another name."""
    found = set()
    for schema in ("core", "marts"):
        for path in (sql_dir / schema).glob("*.sql"):
            with path.open(encoding="utf-8") as lines:
                head = read_head("".join(line for _, line in zip(range(12), lines, strict=False)))
            if head.get("rebuild") in ("temporary", "touched"):
                found.add(f"{schema}.{path.stem}")
    return frozenset(found)


def _rebuild(text: str, shown: str) -> tuple[str, str | None]:
    if text == "by order":
        return "order", None
    if found := re.fullmatch(r"by ([a-z_]+)", text):
        return "by", found.group(1)
    if text in ("newest", "touched", "temporary", "full"):
        return text, None
    raise ModelError(f"{shown}: `rebuild: {text}` is none of by order, by <name>, newest, touched, temporary, full.")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _read_yml(path: Path, shown: str, *, required: bool) -> dict[str, Any]:
    import yaml

    if not path.is_file():
        if required:
            raise ModelError(f"{shown} has no {path.name} beside it.")
        return {}
    try:
        documented = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as fault:
        raise ModelError(f"{path.name} beside {shown} is no YAML: {fault}") from fault
    columns = documented.get("columns") if isinstance(documented, dict) else None
    if not isinstance(columns, list) or not all(isinstance(c, dict) and "name" in c for c in columns):
        raise ModelError(f"{path.name} beside {shown}: `columns` must be a list of `name` and `description`.")
    if documented.get("name", documented.get("model")) != path.stem:
        raise ModelError(f"{path.name} beside {shown}: `name` must be {path.stem}.")
    return dict(documented)


def _column(documented: dict[str, Any]) -> Column:
    parts = [str(documented.get("description", documented.get("meaning", ""))).rstrip(". ") + "."]
    parts += [f"Unit: {documented['unit']}."] if documented.get("unit") else []
    parts += [f"Null: {documented['null_means']}."] if documented.get("null_means") else []
    return Column(documented["name"], " ".join(" ".join(parts).split()))


def _read_findings(path: Path) -> Documented:
    """The documentation of `core.fct_findings`, which has no SELECT."""
    documented = _read_yml(path, "core.fct_findings", required=False) or FINDINGS
    return Documented(
        _table_comment(documented, "", ("check_name", "account", "order_id", "detail")),
        tuple(_column(column) for column in documented["columns"]),
    )


def _table_comment(documented: dict[str, Any], grain: str, key: tuple[str, ...]) -> str:
    lines = [" ".join(str(documented.get("description", documented.get("meaning", ""))).split())]
    lines += [f"Grain: {documented.get('grain') or grain}."]
    lines += [f"Key: {', '.join(key)}."] if key else []
    lines += [f"Answers: {' | '.join(documented['questions'])}"] if documented.get("questions") else []
    return "\n".join(line for line in lines if line)


def _read_seed(path: Path) -> Seed:
    """A CSV file; its `.yml` may give a `type` for a column, else it is text. An empty cell is null."""
    import yaml

    yml = path.with_suffix(".yml")
    documented = yaml.safe_load(yml.read_bytes()) if yml.is_file() else {}
    types = {column["name"]: column.get("type", "varchar") for column in documented.get("columns", [])}
    with path.open(encoding="utf-8", newline="") as lines:
        names, *rows = list(csv.reader(lines))
    for row in rows:
        if len(row) != len(names):
            raise ModelError(f"seeds/{path.name}: {row} has not the {len(names)} values of the first line.")
    values = ",\n".join("(" + ", ".join(_literal(cell) for cell in row) + ")" for row in rows)
    casts = ", ".join(f'cast("{name}" as {types.get(name, "varchar")}) as "{name}"' for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    return Seed(
        path.stem,
        f"create or replace temp table {temporary('seeds.' + path.stem)} as\n"
        f"select {casts} from (values\n{values}\n) as seed({columns})",
    )


def _literal(cell: str) -> str:
    return "null" if cell == "" else "'" + cell.replace("'", "''") + "'"
