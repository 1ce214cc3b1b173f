"""Builds every table from a folder of raw on Spark, checks the claims there, and publishes the tables as Parquet."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from transforms.errors import CheckResult, ModelError, TransformError
from transforms.runner.check_results import raise_failures
from transforms.runner.models import FINDINGS, sql_folder
from transforms.runner.project import load_project
from transforms.spark import raw
from transforms.spark.errors import OutUnusable
from transforms.spark.seeds import seed_selects
from transforms.spark.session import DEFAULT_MASTER, first_line, refuse_missing, refuse_unreachable, session, settled
from transforms.spark.translate import Translator, read_own_macros, view_name
from transforms.spark.versions import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import DataFrame, SparkSession

    from transforms.runner.models import Check, Model, Project
    from transforms.runner.session import Rules

CLAIMS_AT_ONCE = 4  # each costs most of a second, whatever it reads, and most of that on one core
SAMPLE_ROWS = 5
FOR_READERS = ("core", "ops", "marts")
SCRATCH = "scratch"


@dataclass
class SparkReport:
    """What a build on Spark did.

    Attributes:
        folder: The version that was made.
        version: Its number.
        loads: Completed loads that it holds.
        rows: Rows of each table.
        checks: What each check found.
        seconds: Wall-clock time of each step.
        kept: The versions that are there now, oldest first.
    """

    folder: Path
    version: int
    loads: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Translated:
    """The project in Spark's words: the SELECT of each model and check, by `schema.name` or `checks.name`."""

    project: Project
    selects: dict[str, str]
    seeds: dict[str, str]


def translate(sql_dir: Path, rules: Rules) -> Translated:
    """Everything that the SQL folder says, translated; needs neither Spark nor Java.

    Raises:
        Untranslatable: A file uses a construct that no rule knows.
        ModelError: A file is malformed.
    """
    project = load_project(sql_dir)
    translator = Translator(project.macros, read_own_macros(sql_dir), rules)
    selects = {model.full_name: translator.select(model.sql, model.path) for model in project.models}
    selects |= {f"checks.{check.name}": translator.select(check.sql, check.path) for check in project.checks}
    return Translated(project, selects, seed_selects(project.seeds))


def build(
    raw_folder: Path,
    out: Path,
    rules: Rules,
    *,
    master: str = DEFAULT_MASTER,
    java: str | None = "java",
    keep: int = 3,
    on_step: Callable[[str, int, int], None] | None = None,
    sql_dir: Path | None = None,
    spark: SparkSession | None = None,
) -> SparkReport:
    """Build all tables into a new version and lead readers to it; after any fault they find the previous one.

    Args:
        raw_folder: What `inventorum export raw` or dlt's filesystem destination wrote, seen by every worker.
        out: Where the versions lie, likewise.
        master: The cluster; `local[*]`: this machine.
        java: The program that runs Spark; None: there is none.
        keep: How many versions stay, the new one included.
        spark: A session of the caller's own, as managed services give one; it stays open, with its own settings.

    Raises:
        SparkMissing, SparkUnreachable, RawUnusable, OutUnusable, FilesHeld: Before anything was built.
        Untranslatable: Likewise.
        ChecksFailed: A claim does not hold.
        TransformError: A statement failed.
    """
    raw_folder, out = raw_folder.expanduser().absolute(), out.expanduser().absolute()
    began = perf_counter()
    raw_bytes = raw.refuse_unusable(raw_folder)
    if spark is None:
        refuse_missing(java)
        refuse_unreachable(master)
    with hold(out) as versions:
        translated = translate(sql_dir or sql_folder(), rules)
        report = SparkReport(out / f"v={versions.number}", versions.number)
        report.seconds["translation"] = perf_counter() - began
        still = f"{out}/current stays at {versions.current}." if versions.current else f"{out} holds no version yet."
        try:
            versions.draft.mkdir(mode=0o700)
            with settled(spark) if spark is not None else session(master, raw_bytes=raw_bytes) as given:
                _Run(given, translated, versions.draft, report, on_step, still).run(raw_folder)
            _note(versions.draft, report, translated, rules)
            versions.publish(keep=keep)
            report.kept = versions.numbers()
        except OSError as fault:
            raise OutUnusable(
                f"{fault.filename or out} could not be written: {fault.strerror or fault}. {still} Free space or "
                "choose another folder with --out, then run the command again."
            ) from fault
        finally:
            shutil.rmtree(versions.draft, ignore_errors=True)
    return report


class _Run:
    """One build on one session."""

    def __init__(
        self,
        spark: SparkSession,
        translated: Translated,
        draft: Path,
        report: SparkReport,
        on_step: Callable[[str, int, int], None] | None,
        still: str,
    ) -> None:
        self.spark = spark
        self.translated = translated
        self.draft = draft
        self.report = report
        self._on_step = on_step
        self._still = still
        self._done = 0
        self._lasting = {FINDINGS, *(m.full_name for m in translated.project.models if not m.is_temporary)}
        reads = [model.reads for model in translated.project.models]
        reads += [check.reads for check in translated.project.checks]
        self._read = Counter(read for of_one in reads for read in of_one)
        self._steps = sum(not self._is_view(model) for model in translated.project.models) + 3

    def run(self, raw_folder: Path) -> None:
        self._timed("raw", lambda: self._begin(raw_folder))
        models = {model.full_name: model for model in self.translated.project.models}
        pending = [name for name in self.translated.project.order if name in models]
        has_findings = False
        for name in pending:
            model = models[name]
            if FINDINGS in model.reads and not has_findings:
                self._timed(FINDINGS, self._findings)
                has_findings = True
            if name in raw.OF_RUNNER:
                continue
            self._make(model)
        if not has_findings:
            self._timed(FINDINGS, self._findings)
        self._timed("claims", self._claims)
        shutil.rmtree(self.draft / SCRATCH)

    def _begin(self, raw_folder: Path) -> None:
        with self._faults("raw"):
            raw.make_views(self.spark, raw_folder)
            for name, select in self.translated.seeds.items():
                self.spark.sql(f"create or replace temp view {view_name(name)} as {select}")
            self.report.loads = self.spark.table("raw___dlt_loads").count()

    def _make(self, model: Model) -> None:
        select = self.translated.selects[model.full_name]
        if self._is_view(model):
            with self._faults(model.path):
                self.spark.sql(f"create or replace temp view {view_name(model.full_name)} as {select}")
            return
        self._timed(model.full_name, lambda: self._keep(model, select))

    def _is_view(self, model: Model) -> bool:
        return model.rebuild == "stored" or (model.is_temporary and self._read[model.full_name] < 2)

    def _keep(self, model: Model, select: str) -> None:
        with self._faults(model.path):
            if model.rebuild == "newest":
                key, newest = ", ".join(model.key), ", ".join(f"{name} desc nulls last" for name in model.newest)
                select = (
                    "select * except (recency) from (select *, row_number() over "
                    f"(partition by {key} order by {newest}) as recency from ({select})) where recency = 1"
                )
            made = self.spark.sql(select)
            if not model.is_temporary and made.columns != [column.name for column in model.columns]:
                raise ModelError(f"sql/{model.path} gives other columns on Spark: {', '.join(made.columns)}.")
            self._write(model.full_name, made)

    def _write(self, full_name: str, made: DataFrame) -> None:
        """As Parquet; whoever reads the table from now on reads the files.

        So are staging and the like, which are deleted at the end: as views of views their plans would grow until
        Spark needs minutes to read them, and what a lost worker kept in memory would have to be computed again.
        """
        schema, _, name = full_name.partition(".")
        is_for_readers = schema in FOR_READERS and full_name in self._lasting
        path = self.draft / schema / name if is_for_readers else self.draft / SCRATCH / full_name
        made.write.parquet(str(path), compression="zstd")
        self.spark.read.schema(made.schema).parquet(raw.literal(path)).createOrReplaceTempView(view_name(full_name))

    def _findings(self) -> None:
        """What the warnings found, as one table."""
        selects = [
            f"select '{check.name}' as check_name, account, order_id, cast(detail as string) as detail, "
            f"cast(amount as decimal(18, 2)) as amount from ({self.translated.selects[f'checks.{check.name}']})"
            for check in self._checks("warn")
        ]
        with self._faults("checks"):
            self._write(FINDINGS, self.spark.sql(" union all ".join(selects)))
            found = self.spark.sql(
                f"select check_name, count(*), sum(amount) from {view_name(FINDINGS)} group by check_name"
            ).collect()
        by_name = {name: (rows, amount) for name, rows, amount in found}
        for check in self._checks("warn"):
            rows, amount = by_name.get(check.name, (0, None))
            self.report.checks.append(_result(check, rows, amount, None))

    def _claims(self) -> None:
        """Every claim; of those that do not hold, some rows.

        Raises:
            ChecksFailed: At least one does not.
        """
        with ThreadPoolExecutor(CLAIMS_AT_ONCE) as pool:
            results = list(pool.map(self._claim, self._checks("fail")))
        self.report.checks += results
        raise_failures(
            results, ways_on=f"This is a bug in the program: please report it with these lines. {self._still}"
        )

    def _claim(self, check: Check) -> CheckResult:
        """One statement each: Spark reads the plan of twelve together more slowly than twelve plans."""
        select, sample = self.translated.selects[f"checks.{check.name}"], None
        with self._faults(check.path):
            ((rows,),) = self.spark.sql(f"select count(*) from ({select})").collect()
            if rows:
                found = [row.asDict().items() for row in self.spark.sql(select).limit(SAMPLE_ROWS).collect()]
                words = [[f"{name} {value}" for name, value in row if value is not None] for row in found]
                sample = "; ".join(", ".join(row) for row in words)
        return _result(check, rows, None, sample)

    def _checks(self, severity: str) -> list[Check]:
        return [check for check in self.translated.project.checks if check.severity == severity]

    @contextmanager
    def _faults(self, path: str) -> Iterator[None]:
        """Turn what Spark raises into one message that names the file and what readers find now."""
        try:
            yield
        except (TransformError, OSError):
            raise
        except Exception as fault:
            raise TransformError(f"sql/{path} failed on Spark: {first_line(fault)} {self._still}") from fault

    def _timed(self, name: str, work: Callable[[], None]) -> None:
        self._done += 1
        if self._on_step is not None:
            self._on_step(name, self._done, self._steps)
        began = perf_counter()
        work()
        self.report.seconds[name] = perf_counter() - began


def _result(check: Check, rows: int, amount: object, sample: str | None) -> CheckResult:
    return CheckResult(check.name, check.severity, rows, amount, sample, check.harm, check.path)  # type: ignore[arg-type]


def _note(draft: Path, report: SparkReport, translated: Translated, rules: Rules) -> None:
    """Count the rows by the files' own figures, and write down what was built from what."""
    import pyarrow.parquet as pq

    for table in sorted(path for path in draft.glob("*/*") if path.is_dir()):
        rows = sum(pq.read_metadata(part).num_rows for part in table.glob("*.parquet"))
        report.rows[f"{table.parent.name}.{table.name}"] = rows
    facts = {
        "version": report.version,
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sql": translated.project.fingerprint,
        "rules": asdict(rules),
        "loads": report.loads,
        "rows": report.rows,
        "findings": {found.name: found.failing_rows for found in report.checks if found.failing_rows},
    }
    (draft / "build.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False), "utf-8")
