"""`python -m tests.mutants`: change the SQL one thing at a time and count who notices."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.mutants.operators import Mutant, changes_of, mutant_of
from tests.mutants.trial import Bench, Verdict
from transforms.runner.models import MODEL_FOLDERS, OF_SPARK, sql_folder

NOTICED = ("check", "full", "oracle", "test")
_bench: list[Bench] = []


def main() -> None:
    """Try mutants and print what became of them; the exit code says nothing about the score."""
    arguments = _arguments()
    console = Console(stderr=True)
    mutants = list(_chosen(arguments.per_file, arguments.seed, arguments.path))
    verdicts: list[Verdict] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(arguments.workers, initializer=_open_bench, initargs=(folder,)) as pool,
        Progress(console=console, redirect_stdout=False) as progress,
    ):
        task = progress.add_task(f"{len(mutants)} mutants", total=len(mutants))
        running = [pool.submit(_try, mutant, not arguments.no_tests) for mutant in mutants]
        for done in as_completed(running):
            verdicts.append(done.result())
            progress.advance(task)
            if arguments.log:
                with arguments.log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(_row(verdicts[-1]), ensure_ascii=False) + "\n")
    sys.stdout.write(report(verdicts))


def report(verdicts: list[Verdict]) -> str:
    """The score and the survivors, in Markdown."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    noticed = sum(counts[outcome] for outcome in NOTICED)
    changed = noticed + counts["survived"]
    lines = [
        f"{len(verdicts)} mutants: {changed} change a table, {counts['same']} change none on this shop, "
        f"{counts['invalid']} do not run, {counts['endless']} never end.",
        "",
        "| noticed by | mutants | share |",
        "|---|---|---|",
    ]
    lines += [f"| {outcome} | {counts[outcome]} | {_share(counts[outcome], changed)} |" for outcome in NOTICED]
    lines += [f"| together | {noticed} | {_share(noticed, changed)} |", "", "Survivors:", ""]
    lines += [
        f"- `{verdict.mutant.path}` ({verdict.mutant.place}, {verdict.mutant.operator}): `{verdict.mutant.before}` "
        f"to `{verdict.mutant.after}`; changed {verdict.by}"
        for verdict in sorted(verdicts, key=lambda verdict: (verdict.mutant.path, verdict.mutant.place))
        if verdict.outcome == "survived"
    ]
    return "\n".join(lines) + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--per-file", type=int, default=8, help="changes of each file, chosen by the seed; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="which changes are chosen")
    parser.add_argument("--path", default="", help="only files whose path below sql/ contains this")
    parser.add_argument("--no-tests", action="store_true", help="ask checks and the oracle only")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--log", type=Path, help="append one JSON line for each mutant to this file")
    return parser.parse_args()


def _chosen(per_file: int, seed: int, part: str) -> list[Mutant]:
    folder = sql_folder()
    paths = sorted(
        path
        for path in folder.rglob("*.sql")
        if (path.parent == folder or path.parent.name in (*MODEL_FOLDERS, "macros"))
        and part in path.as_posix()
        and not path.name.endswith(OF_SPARK)
    )
    found: list[Mutant] = []
    for path in paths:
        name, text = path.relative_to(folder).as_posix(), path.read_text("utf-8")
        places = changes_of(text)
        random.Random(f"{seed} {name}").shuffle(places)
        wanted = (per_file * (5 if len(places) > 150 else 1)) or len(places)
        made = (mutant for place in places if (mutant := mutant_of(name, text, place)) is not None)
        found += [mutant for mutant, _ in zip(made, range(wanted), strict=False)]
    return found


def _open_bench(folder: str) -> None:
    _bench.append(Bench(Path(tempfile.mkdtemp(dir=folder))))


def _try(mutant: Mutant, with_tests: bool) -> Verdict:
    return _bench[0].try_one(mutant, with_tests=with_tests)


def _row(verdict: Verdict) -> dict[str, str]:
    mutant = verdict.mutant
    return {
        "outcome": verdict.outcome,
        "path": mutant.path,
        "place": str(mutant.place),
        "operator": mutant.operator,
        "before": mutant.before,
        "after": mutant.after,
        "by": verdict.by,
    }


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


if __name__ == "__main__":
    main()
