"""Whole lives of small shops, drawn at random; what each of them must come through is said in README.md.

A few lives by default; INVENTORUM_LIVES=1000 draws a thousand, in rounds. A failing life is printed as the
source of its events; INVENTORUM_LIFE takes that source and lives it again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.lives import api_events, drawing, home_events, life, machine_events, operator_events, shop_events
from tests.lives.ending import ends_well
from tests.lives.life import Event, Opening, one_life
from tests.lives.neighbour import Neighbour
from tests.support.effort import of_many

LIVES = int(os.environ.get("INVENTORUM_LIVES", of_many(1, 8)))
FIRST_SEED = int(os.environ.get("INVENTORUM_LIVES_SEED", "0"))
A_ROUND = 200  # longer runs of Hypothesis in one process grow
ROUNDS = [(FIRST_SEED + number, min(A_ROUND, LIVES - first)) for number, first in enumerate(range(0, LIVES, A_ROUND))]
VOCABULARY = {
    name: value
    for module in (life, shop_events, api_events, operator_events, home_events, machine_events)
    for name, value in vars(module).items()
    if isinstance(value, type)
}
Lived = Callable[[Opening, Sequence[Event]], None]


@pytest.fixture(scope="module")
def lived() -> Iterator[Lived]:
    """Lives one life from its opening to its end."""
    neighbour = Neighbour()
    yield lambda opening, plan: one_life(opening, plan, neighbour, ends_well)
    neighbour.die()


@pytest.mark.parametrize(("number", "lives"), ROUNDS)
def test_whatever_happens_in_a_life_one_good_run_after_a_quiet_day_puts_everything_right(
    number: int, lives: int, lived: Lived
) -> None:
    @seed(number)
    @settings(
        max_examples=lives,
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(opening=drawing.openings, plan=drawing.plans)
    def some(opening: Opening, plan: list[Event]) -> None:
        lived(opening, plan)

    some()


@pytest.mark.skipif("INVENTORUM_LIFE" not in os.environ, reason="lives again what INVENTORUM_LIFE holds")
def test_a_life_that_was_printed_is_lived_again(lived: Lived) -> None:
    opening, plan = eval(f"dict({os.environ['INVENTORUM_LIFE']})", VOCABULARY).values()
    lived(opening, plan)
