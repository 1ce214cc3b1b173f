"""The SQL files as a reader sees them; a file that cannot be read is left out, never a reason to fail."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from transforms.runner.models import MODEL_FOLDERS
from transforms.runner.reader import read_head

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class SqlFile:
    """One SQL file.

    Attributes:
        name: `schema.name` of the table that it makes; its folder and stem where it makes none.
        path: File below the SQL folder.
        head: Its `-- name: value` lines.
        text: The whole file.
    """

    name: str
    path: str
    head: dict[str, str]
    text: str

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that name a row."""
        return tuple(part.strip() for part in self.head.get("key", "").split(",") if part.strip())

    @property
    def question(self) -> str:
        """What a sample query answers: its head, else its name in words."""
        return self.head.get("question") or self.name.partition(".")[2].replace("_", " ").capitalize()

    @property
    def statement(self) -> str:
        """The file without its head."""
        lines = self.text.splitlines()
        while lines and lines[0].startswith("--"):
            lines.pop(0)
        return "\n".join(lines).strip()


@dataclass(frozen=True)
class Metric:
    """A measure that people talk about, with its one definition.

    Attributes:
        definition: What it is, in a sentence or two.
        table: Where it stands.
        sql: The expression over that table, or a whole SELECT.
    """

    name: str
    title: str
    definition: str
    unit: str
    table: str
    date_basis: str
    sql: str


def read_models(sql_dir: Path) -> dict[str, SqlFile]:
    """The models by `schema.name`, staging first."""
    found = {}
    for folder in MODEL_FOLDERS:
        for path in sorted((sql_dir / folder).glob("*.sql")):
            read = read_sql(path, sql_dir)
            found[read.name] = read
            if read.head.get("rebuild") == "by order":
                of_batch = f"stored.{path.stem}"
                found[of_batch] = SqlFile(of_batch, read.path, {}, f"select * from {read.name}")
    return found


def read_samples(sql_dir: Path) -> list[SqlFile]:
    """The sample queries, by file name."""
    return [read_sql(path, sql_dir) for path in sorted((sql_dir / "samples").glob("*.sql"))]


def read_sql(path: Path, sql_dir: Path) -> SqlFile:
    """One SQL file."""
    text = path.read_text("utf-8")
    return SqlFile(f"{path.parent.name}.{path.stem}", path.relative_to(sql_dir).as_posix(), read_head(text), text)


def read_metrics(sql_dir: Path) -> list[Metric]:
    """The definitions in `metrics.yml`, in its order; none without that file."""
    path = sql_dir / "metrics.yml"
    if not path.is_file():
        return []
    documented: dict[str, Any] = yaml.safe_load(path.read_bytes()) or {}
    return [
        Metric(**{name: _text(metric.get(name, ""), lines=name == "sql") for name in Metric.__dataclass_fields__})
        for metric in documented.get("metrics", [])
    ]


def seed_columns(sql_dir: Path) -> dict[str, list[str]]:
    """The columns of each `seeds.name`."""
    found = {}
    for path in sorted((sql_dir / "seeds").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            found[f"seeds.{path.stem}"] = next(csv.reader(lines), [])
    return found


def _text(value: Any, *, lines: bool) -> str:
    text = str(value).strip()
    return text if lines else " ".join(text.split())
