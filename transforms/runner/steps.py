"""Carries out the models and checks of one build on one connection, in order, and keeps count."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from transforms.errors import CheckResult
from transforms.runner import tables
from transforms.runner.broken import gather, note_findings
from transforms.runner.check_results import evaluate, evaluate_warning, merged, raise_failures
from transforms.runner.loads import Affected, stage_batch
from transforms.runner.models import BATCH, FINAL, FINDINGS, LOADS, STATIC
from transforms.runner.rebuilds import Kept, Touched, Work, kind_of, replace_all
from transforms.runner.session import sql_of, use_all_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Set

    from transforms.errors import Evidence
    from transforms.runner.models import Check, Model, Project
    from transforms.runner.session import Connection

Result = TypeVar("Result")

# What every new load changes; a load may also bring rows of raw.quarantine, raw.reconciliation, raw.absences.
FROM_LOADS = frozenset(
    {
        "raw.windows",
        "raw._dlt_loads",
        "staging.new_loads",
        "ops.loads",
        "ops.meta",
    }
)
FROM_ORDERS = frozenset({"raw.orders", "staging.affected_orders", "staging.batch_orders"})


class Steps:
    """A build in progress.

    Args:
        fresh: The tables are empty: nothing has to be deleted, and everything is built.
        on_step: Told the name of each step, its number from 1 and the number of steps.
        commit_batches: Commit after each batch; for a file that nobody sees before the end.
        accepted: Claims that may be broken; a fresh build notes what breaks them in `ops.fct_findings`.

    Attributes:
        rows: Rows that came or went, for each table.
        seconds: Wall-clock time of each step, by name.
        results: What the checks found; one for each batch where they run in batches.
        evidence: What to keep of broken claims, likewise.
    """

    def __init__(
        self,
        connection: Connection,
        project: Project,
        *,
        fresh: bool,
        on_step: Callable[[str, int, int], None] | None = None,
        commit_batches: bool = False,
        accepted: Set[str] = frozenset(),
    ) -> None:
        self.connection = connection
        self.project = project
        self.fresh = fresh
        self.commit_batches = commit_batches
        self.seconds: dict[str, float] = {}
        self.results: list[CheckResult] = []
        self.evidence: list[Evidence] = []
        self.accepted = accepted
        self._on_step = on_step
        self._steps_done = 0
        self._steps = 0
        self._models = {model.full_name: model for model in project.models}
        self._checks = {f"checks.{check.name}": check for check in project.checks}
        self._seeds = {f"seeds.{seed.name}": seed for seed in project.seeds}
        self._staged: set[str] = set()
        self._dirty: set[str] = set()
        compared = frozenset(read for model in project.models if kind_of(model).compares for read in model.reads)
        self.work = Work(connection, fresh, compared)
        self.rows = self.work.rows

    def create_tables(self) -> None:
        """Make every table that a file makes, empty and documented."""
        for schema in ("core", "ops", "marts"):
            self.connection.execute(f"create schema if not exists {schema}")
        tables.create_findings(self.connection, self.project.findings)
        # the SELECTs bind against empty tables, also the temporary ones
        stage_batch(self.connection, -1)
        for model in self.project.models:
            self._stage_reads(model.reads, binding=True)
            kind_of(model).make(self.work, model)
        self._staged.clear()

    def run(self, affected: Affected, told: Set[str]) -> None:
        """Bring the tables up to date with the affected orders, then check them.

        Args:
            told: The tables of the landing file, beside `raw.orders`, in which something is new.

        Raises:
            ModelError: A statement failed.
            ChecksFailed: A check of severity `fail` found rows.
        """
        self._count_steps(affected)
        self._dirty = set(told) | set(FROM_ORDERS if affected.orders else ())
        for model in self._kept_models(STATIC) if self.fresh else ():
            self._replace(model)
        for model in self._kept_models(LOADS):
            if self.fresh or self._any_dirty(model.reads):
                self._replace(model)
            else:
                self._steps_done += 1
        if affected.orders:
            for number in range(affected.batches):
                self._batch(number)
        if affected.batches > 1:
            use_all_cores(self.connection)
        self._finish(affected)

    def check_only(self, affected: Affected) -> None:
        """Run every check against the tables as they are; changes nothing but temporary tables."""
        for number in range(affected.batches):
            stage_batch(self.connection, number)
            for model in self.project.models:
                if model.phase == BATCH and model.is_temporary:
                    self._stage_reads(model.reads)
                    self._stage(model)
            for check in self._of_scope("batch"):
                self._check(check, keep=False)
        if affected.batches > 1:
            use_all_cores(self.connection)
        for check in self._of_scope("build"):
            self._check(check, keep=False)

    def _batch(self, number: int) -> None:
        stage_batch(self.connection, number)
        checks = self._of_scope("batch")
        warnings = [check.name for check in checks if check.severity == "warn"]
        if not self.fresh and tables.forget_findings(self.connection, warnings):
            self._dirty.add(FINDINGS)
        for model in self.project.models:
            if model.phase != BATCH:
                continue
            if model.is_temporary:
                self._stage_reads(model.reads)
                self._timed(model.full_name, partial(self._stage, model))
            else:
                self._replace(model)
        raise_failures([self._check(check, keep=True) for check in checks], self.accepted)
        if not self.fresh:
            self._touch()
        if self.commit_batches:
            self.connection.commit()
            self.connection.begin()

    def _touch(self) -> None:
        """Add the orders that the batch changed, and the keys that they left and entered."""
        for model, kind in self._touched():
            for sql in kind.of_batch(model):
                is_first = model.full_name not in self._staged
                self._timed(model.full_name, partial(kind.add, self.work, model, sql, is_first=is_first))
                self._staged.add(model.full_name)

    def _finish(self, affected: Affected) -> None:
        """The tables and warnings that follow the batches, then the claims about the whole."""
        for name in self.project.order:
            model, check = self._models.get(name), self._checks.get(name)
            kind = kind_of(model) if model is not None and model.phase == FINAL else None
            if model is not None and isinstance(kind, Kept):
                is_dirty = self._any_dirty(model.reads)
                if self.fresh or kind.is_due(has_orders=affected.orders > 0, is_dirty=is_dirty):
                    self._replace(model)
                else:
                    self._steps_done += 1
            elif check is not None and check.scope == "build" and check.severity == "warn":
                self._warn(check)
        claims = [check for check in self._of_scope("build") if check.severity == "fail"]
        due = [check for check in claims if self.fresh or self._any_dirty(check.reads)]
        self._steps_done += len(claims) - len(due)
        self._judge(due)
        self.results = merged(self.results)

    def _judge(self, claims: list[Check]) -> None:
        """Check what must hold; claims about the findings come after those that may add to them."""
        told_in = [model for model in self._kept_models(FINAL) if FINDINGS in model.reads]
        about_findings = {FINDINGS, *(model.full_name for model in told_in)}
        results: list[CheckResult] = []
        for late in (False, True):
            group = [check for check in claims if about_findings.isdisjoint(check.reads) is not late]
            found = [self._check(check, keep=True) for check in group]
            results += found
            if self.fresh and any(result.is_failure and result.name in self.accepted for result in found):
                for model in told_in:
                    replace_all(self.connection, model, empty=False)
        raise_failures(results, self.accepted)

    def _warn(self, check: Check) -> None:
        if not (self.fresh or self._any_dirty(check.reads)):
            self._steps_done += 1
            return
        if not self.fresh and tables.forget_all_findings(self.connection, check.name):
            self._dirty.add(FINDINGS)
        self._check(check, keep=True)

    def _replace(self, model: Model) -> None:
        kind = kind_of(model)
        assert isinstance(kind, Kept), model.path
        self._stage_reads(model.reads)
        changed = self._timed(model.full_name, partial(kind.replace, self.work, model))
        self.rows[model.full_name] = self.rows.get(model.full_name, 0) + changed
        if changed:
            self._dirty.add(model.full_name)

    def _check(self, check: Check, *, keep: bool) -> CheckResult:
        self._stage_reads(check.reads)
        name = f"checks.{check.name}"
        if check.severity == "warn":
            result = self._timed(name, lambda: evaluate_warning(self.connection, check, keep=keep))
            if result.failing_rows and keep:
                self._dirty.add(FINDINGS)
        else:
            result = self._timed(name, lambda: evaluate(self.connection, check))
            if result.failing_rows and keep:
                self._keep(check, result)
        self.results.append(result)
        return result

    def _keep(self, check: Check, result: CheckResult) -> None:
        self.evidence.append(gather(self.connection, check, result.failing_rows, fresh=self.fresh))
        if self.fresh and check.name in self.accepted:
            note_findings(self.connection, check)

    def _stage_reads(self, reads: Iterable[str], *, binding: bool = False) -> None:
        """Make the temporary tables that do not belong to a batch, when they are first read."""
        for read in reads:
            if read in self._staged:
                continue
            if read in self._seeds:
                with sql_of(f"seeds/{self._seeds[read].name}.csv"):
                    self.connection.execute(self._seeds[read].create)
                self._staged.add(read)
            elif read in self._models and self._models[read].is_temporary and not binding:
                model = self._models[read]
                if model.phase != BATCH:
                    self._stage_reads(model.reads)
                    self._timed(model.full_name, partial(self._stage, model), is_step=False)

    def _stage(self, model: Model) -> None:
        kind_of(model).make(self.work, model)
        self._staged.add(model.full_name)

    def _any_dirty(self, reads: Iterable[str]) -> bool:
        return any(
            read in self._dirty
            or (
                read in self._models
                and not isinstance(kind_of(self._models[read]), Kept)
                and self._any_dirty(self._models[read].reads)
            )
            for read in reads
        )

    def _kept_models(self, phase: int) -> list[Model]:
        return [model for model in self.project.models if model.phase == phase and isinstance(kind_of(model), Kept)]

    def _touched(self) -> Iterator[tuple[Model, Touched]]:
        for model in self.project.models:
            if isinstance(kind := kind_of(model), Touched):
                yield model, kind

    def _of_scope(self, scope: str) -> list[Check]:
        return [check for check in self.project.checks if check.scope == scope]

    def _count_steps(self, affected: Affected) -> None:
        in_batch = sum(model.phase == BATCH for model in self.project.models) + len(self._of_scope("batch"))
        after = len(self._kept_models(FINAL)) + len(self._of_scope("build"))
        if not self.fresh:
            in_batch += sum(len(kind.of_batch(model)) for model, kind in self._touched())
        before = len(self._kept_models(LOADS)) + (len(self._kept_models(STATIC)) if self.fresh else 0)
        self._steps = before + affected.batches * in_batch + after

    def _step(self, name: str) -> None:
        self._steps_done += 1
        if self._on_step is not None:
            self._on_step(name, self._steps_done, self._steps)

    def _timed(self, name: str, work: Callable[[], Result], *, is_step: bool = True) -> Result:
        if is_step:
            self._step(name)
        began = perf_counter()
        try:
            return work()
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - began
