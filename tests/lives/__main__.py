"""Lives by hand: `python -m tests.lives 200` lives two hundred, goes on after failures, and tells what was in them.

python -m tests.lives 200 --seed 7            failures as source for INVENTORUM_LIFE, at the end the counts
python -m tests.lives 200 --claims            also the table of claims and the lives in which they had rows
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.lives import drawing
from tests.lives.apart import apart
from tests.lives.claims import files_of, spoken_of, table_of
from tests.lives.ending import ends_well
from tests.lives.life import Event, Life, Opening, one_life
from tests.lives.neighbour import Neighbour
from transforms.runner.build import Rules


def main(arguments: Sequence[str]) -> int:
    """Live, and print what came of it; 1 if a life failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.lives", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lives", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--claims", action="store_true")
    options = parser.parse_args(arguments)
    spoke: Counter[str] = Counter()
    told: Counter[str] = Counter()

    def end(life: Life) -> None:
        ends_well(life)
        if options.claims:
            found = apart(lambda: spoken_of(files_of(life.files.home), Rules()))
            spoke.update({name: int(rows > 0) for name, rows in found.items()})

    begin = time.monotonic()
    draw(options.lives, options.seed, end, told)
    sys.stdout.write(f"{dict(told)} in {time.monotonic() - begin:.0f} s\n")
    if options.claims:
        sys.stdout.write(table_of(told["lives"] - told["failures"], dict(spoke)))
    return int(told["failures"] > 0)


def draw(lives: int, number: int, end: Callable[[Life], object], told: Counter[str]) -> None:
    """Live so many lives; a failure is printed and counted.

    Each is drawn anew: within one test Hypothesis varies what it has drawn before.
    """
    neighbour = Neighbour()
    for life in range(lives):
        _draw_one(number * 100_000 + life, neighbour, end, told)
    neighbour.die()


def _draw_one(number: int, neighbour: Neighbour, end: Callable[[Life], object], told: Counter[str]) -> None:
    drawn = count()

    @seed(number)
    @settings(
        max_examples=2,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(opening=drawing.openings, plan=drawing.plans)
    def some(opening: Opening, plan: list[Event]) -> None:
        if next(drawn) == 0:  # the simplest life that there is, whatever the seed
            return
        told["lives"] += 1
        told["events"] += len(plan)
        sys.stderr.write(f"life {told['lives']}, {told['failures']} failed so far\n")
        try:
            told.update(one_life(opening, plan, neighbour, end))
        except AssertionError as fault:
            told["failures"] += 1
            notes = "\n".join(getattr(fault, "__notes__", []))
            sys.stdout.write(f"life {told['lives']}: {fault}\n{notes}\nINVENTORUM_LIFE='{opening=}, {plan=}'\n\n")
            sys.stdout.flush()

    some()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
