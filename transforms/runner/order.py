"""The order of the models: each after those that it reads, in the phase in which its rows are there."""

from __future__ import annotations

from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from transforms.errors import ModelError
from transforms.runner.models import (
    BATCH,
    FINAL,
    FINDINGS,
    LOADS,
    STATIC,
    Check,
    Model,
    Seed,
)
from transforms.runner.rebuilds import Reads, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MADE_BY_RUNNER = {
    "raw.orders": BATCH,
    "raw.windows": LOADS,
    "raw.quarantine": LOADS,
    "raw.reconciliation": LOADS,
    "raw.absences": LOADS,
    "raw._dlt_loads": LOADS,
    "staging.new_loads": LOADS,
    "staging.affected_orders": LOADS,
    "staging.batch_orders": BATCH,
    FINDINGS: FINAL,
    "ops.loads": LOADS,
    "ops.runs": LOADS,
    "ops.checks": LOADS,
    "ops.meta": LOADS,
}


def in_order(
    models: Sequence[Model], checks: Sequence[Check], seeds: Sequence[Seed]
) -> tuple[tuple[Model, ...], tuple[str, ...]]:
    """The models with their phases, and the names of models and checks, each after those that it reads.

    Raises:
        ModelError: A model reads a table that nobody makes, reads itself in a circle, or reads a batch's
            staging although it is evaluated when only the last batch is there.
    """
    by_name = {model.full_name: model for model in models}
    known = set(by_name) | set(MADE_BY_RUNNER) | {f"seeds.{seed.name}" for seed in seeds}
    parts: list[Model | Check] = [*models, *checks]
    for part in parts:
        for read in part.reads:
            if read not in known:
                raise ModelError(f"{part.path} reads {read}, which no file makes.")
    ordered = _sorted(models, checks)
    placed: dict[str, Model] = {}
    for name in ordered:
        if name in by_name:
            model = by_name[name]
            placed[name] = replace(model, phase=kind_of(model).phase(model, _reads(model, placed)))
    ours = [name for name in ordered if name in placed or name.startswith("checks.")]
    return tuple(placed.values()), tuple(ours)


def _sorted(models: Sequence[Model], checks: Sequence[Check]) -> list[str]:
    graph: dict[str, set[str]] = {model.full_name: {*model.reads, *kind_of(model).needs(model)} for model in models}
    graph[FINDINGS] = {f"checks.{check.name}" for check in checks if check.severity == "warn"}
    for check in checks:
        graph[f"checks.{check.name}"] = set(check.reads)
    # equal ranks in alphabetical order, so that every machine builds in the same order
    sorter = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)})
    try:
        return list(sorter.static_order())
    except CycleError as fault:
        raise ModelError(f"These read each other in a circle: {' <- '.join(fault.args[1])}.") from fault


def _reads(model: Model, placed: dict[str, Model]) -> Reads:
    return Reads(
        phases={read: _phase_of(read, placed) for read in model.reads},
        of_batch=sorted(read for read in model.reads if _is_one_batch(read, placed)),
        placed=placed,
    )


def _is_one_batch(read: str, placed: dict[str, Model]) -> bool:
    if read in placed:
        return placed[read].is_temporary and placed[read].phase == BATCH
    return MADE_BY_RUNNER.get(read) == BATCH


def _phase_of(read: str, placed: dict[str, Model]) -> int:
    if read in placed:
        return placed[read].phase
    return MADE_BY_RUNNER.get(read, STATIC)
