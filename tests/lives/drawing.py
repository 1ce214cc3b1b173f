"""How lives are drawn: events that make others interesting come often, odd ones now and then."""

from __future__ import annotations

from itertools import chain
from typing import Any

from hypothesis import strategies as st

from tests.lives import api_events as api
from tests.lives import home_events as home
from tests.lives import machine_events as machine
from tests.lives import operator_events as operator
from tests.lives import shop_events as shop
from tests.lives.life import Event, Opening

MOST_SCENES = 9
few = st.integers(0, 3)


def any_of(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One of these; what is named more often comes more often, while `one_of` takes each branch once."""
    return st.sampled_from(strategies).flatmap(lambda strategy: strategy)


openings = st.builds(
    Opening,
    channels=st.integers(1, 3),
    rotating=st.sampled_from([False, False, True]),
    start_date=st.sampled_from([None, None, None, "2026-10-01", "2027-06-01"]),
    orders=st.integers(0, 3),
    first_run=st.sampled_from([True, True, False]),
)
sales = st.builds(
    shop.RingUp,
    channel=few,
    price=few,
    product=st.integers(0, 2),
    person=st.integers(0, 2),
    lines=st.integers(1, 3),
    quantity=st.sampled_from([1, 1, 2, 3]),
    extra=st.sampled_from([0, 0, 1, 2, 3]),
    paid=st.sampled_from([True, True, True, False]),
)
befalls = st.builds(
    shop.Befall,
    what=st.sampled_from(shop.WHAT),
    which=few,
    other=st.integers(0, 5),
)
bursts = st.builds(shop.Burst, size=st.integers(2, 4))
together = st.builds(shop.SoldTogether, baskets=st.integers(3, 4), product=st.integers(0, 2))
passing = st.builds(shop.TimePasses, minutes=st.sampled_from([1, 10, 60, 700, 1440, 3000, 12_000]))
syncs = st.just(operator.Run("sync"))
runs = st.builds(operator.Run, what=st.sampled_from(sorted(operator.WORDS)), real=st.sampled_from([False] * 9 + [True]))
odd = st.builds(api.Odd, what=st.sampled_from(sorted(api.RECORDS)), channel=few)
troubles = st.builds(
    api.Trouble,
    kind=st.sampled_from([*api.PASSING, *api.LASTING, *api.SLOW]),
    after=st.integers(0, 3),
    times=st.sampled_from([1, 1, 50]),
    command=st.just("sync"),
)
behaviours = st.sampled_from([api.Behaves(*switch) for switch in api.SWITCHES])
apis = any_of(
    troubles,
    troubles,
    behaviours,
    st.builds(api.LoginEnds, revoked=st.booleans()),
    st.builds(api.ClockJumps, minutes=st.sampled_from([-5, 5, -60, -3000, 60, 1000, 1440 * 400])),
    st.builds(api.ChannelRefused, channel=few, refused=st.booleans()),
)
homes = any_of(
    st.just(home.EarlierRelease()),
    st.builds(home.BelievedAhead, minutes=st.sampled_from([1200, 1440 * 20, 1440 * 400])),
    st.builds(home.Elsewhere, name=st.sampled_from(["warehouse.duckdb", "token.json"])),
    st.just(home.TokensLost()),
)
operators = any_of(
    runs,
    runs,
    runs,
    st.just(operator.TwoAtOnce()),
    st.just(operator.WorkDeleted()),
    st.builds(operator.Visitor, writes=st.booleans(), way=st.sampled_from(["stays", "leaves", "is killed"])),
    st.sampled_from([operator.SettingChanges(*setting) for setting in operator.SETTINGS]),
    st.just(operator.NewLogin()),
    st.just(operator.HomeCopied()),
    st.just(operator.HomePutBack()),
    homes,
)
machines = any_of(
    st.builds(
        machine.Stopped,
        what=st.sampled_from(["sync", "sync", "build --full", "reconcile", "backfill"]),
        step=st.integers(1, 6000),
        signal=st.sampled_from(["SIGKILL", "SIGKILL", "SIGTERM", "SIGINT"]),
    ),
    st.builds(
        machine.DiskFull,
        what=st.sampled_from(["sync", "sync", "build --full"]),
        free=st.sampled_from([0, 16, 100, 500, 1000, 2000, 4000, 8000, 16_000]),
    ),
    st.builds(
        machine.ClockWrong,
        what=st.sampled_from(["sync", "build --full", "reconcile"]),
        minutes=st.sampled_from([-1440 * 400, -1440, -60, 60, 1440, 1440 * 400]),
    ),
    st.sampled_from([machine.Foreign(*variable) for variable in machine.VARIABLES]),
)
shops = any_of(sales, sales, befalls, befalls, befalls, befalls, befalls, befalls, bursts, together, passing)
events: st.SearchStrategy[Event] = any_of(shops, syncs, operators, operators, apis, apis, odd, machines, machines)
some_time = st.sampled_from([10, 700, 1440, 1440, 3000])


def _a_day(befallen: list[Event], minutes: int) -> list[Event]:
    return [*befallen, shop.TimePasses(minutes), operator.Run("sync")]


days = st.builds(_a_day, st.lists(shops, min_size=1, max_size=3), some_time)
scenes = any_of(
    days, days, events.map(lambda event: [event]), events.map(lambda event: [event]), events.map(lambda event: [event])
)
plans = st.lists(scenes, min_size=1, max_size=MOST_SCENES).map(lambda scenes: [*chain.from_iterable(scenes)])
