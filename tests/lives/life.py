"""One life: a shop, its API, a home, and everything that is known about what may still go wrong."""

from __future__ import annotations

import atexit
import os
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Protocol

import duckdb

from pipelines.sandbox.clock import Clock
from pipelines.sandbox.orders import Order
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files
from tests.lives.agreement import disagreements
from tests.lives.apart import Outcome, Stop, apart, fork, program
from tests.lives.disk import with_free_space
from tests.lives.neighbour import Neighbour
from tests.support.real_command import start

BEGIN = "2026-10-23T10:00:00Z"  # a Friday; two days later the clocks go back, nine days later a month ends
PREFIX = "SOURCES__INVENTORUM__"
A_RUN = timedelta(minutes=1)
INCOMPLETE, REFUSED, QUARANTINED = 6, 5, 7
PLAN: dict[str, bytes] = {}  # the compiled SQL folder, which takes longer than a small build
WELL: dict[Opening, Path] = {}  # homes after a good first run: equal openings have equal shops


class Event(Protocol):
    """Something that happens in a life; frozen, and its repr is its source."""

    def happen(self, life: Life) -> None:
        """Let it happen; whatever it runs is held to the exit codes that it may have."""


@dataclass(frozen=True)
class Opening:
    """How a life begins.

    Attributes:
        channels: How many of CHANNELS the settings name.
        rotating: Whether the login rotates its tokens.
        start_date: The setting START_DATE, None for everything.
        orders: Sold before the first run.
        first_run: Whether it begins with a home in which everything is well.
    """

    channels: int = 2
    rotating: bool = False
    start_date: str | None = None
    orders: int = 2
    first_run: bool = False


@dataclass
class Life:
    """What events work on.

    Attributes:
        excuses: Exit codes that any run may have now, each with what stands in its way.
        settings: What the environment says, without the prefix.
        foreign: Further variables of the environment.
        odd: Whether records were planted that only we read as orders, so that figures cannot be recomputed.
        told: Runs, stops and exit codes so far, for the count of a whole test.
        vanished: Orders that the API shows no more.
    """

    folder: Path
    sandbox: Sandbox
    channels: tuple[str, ...]
    rotating: bool
    neighbour: Neighbour
    settings: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    excuses: dict[str, frozenset[int]] = field(default_factory=dict)
    odd: bool = False
    told: Counter[str] = field(default_factory=Counter)
    vanished: dict[int, Order] = field(default_factory=dict)

    @property
    def shop(self) -> Shop:
        """The account, whose clock only moves when an event moves it."""
        return self.sandbox.shop

    @property
    def files(self) -> Files:
        """Where the home keeps what."""
        return Files(self.folder / "home")

    def inventorum(
        self,
        *arguments: str,
        may: Collection[int] = (0,),
        stop: Stop | None = None,
        wrong_by: timedelta = timedelta(0),
        real: bool = False,
        look: bool = True,
        free: int | None = None,
    ) -> Outcome:
        """One command in this home; then the published file is looked at.

        Args:
            may: Exit codes that it may have besides those of `excuses`.
            stop: A signal that it meets on the way.
            wrong_by: How far this machine's clock is from the server's.
            real: Whether it is a process that begins at the beginning, and knows the real time only.
            look: Whether the published file is looked at afterwards.
            free: Bytes that the home's disk has left for it.

        Raises:
            AssertionError: It ended otherwise, or left a file whose tables disagree.
        """
        codes = set(may).union(*self.excuses.values()) | ({-stop.signal, 130} if stop else set())
        outcome = self._ended(arguments, stop, wrong_by, real=real, free=free)
        self.shop.clock.advance(A_RUN)
        self.told["runs"] += 1
        self.told[f"exit code {outcome.code}"] += 1
        said = f"inventorum {' '.join(arguments)} ended with {outcome.code}, not one of {sorted(codes)}:\n"
        assert outcome.code in codes, said + outcome.out[-1500:] + outcome.err[-3000:]
        assert "Traceback" not in outcome.err + outcome.out, outcome.err + outcome.out
        if outcome.code > 0:
            assert outcome.err.strip(), f"{said}nothing on stderr; on stdout {outcome.out[-1500:]}"
        if look:
            self.look()
        return outcome

    def look(self) -> None:
        """The published file opens, and its tables agree with each other.

        Raises:
            AssertionError: They do not.
        """
        plan = self.files.work / "plan.json"
        if not PLAN and plan.exists():
            PLAN["plan.json"] = plan.read_bytes()
        if self.files.warehouse.exists():
            found = apart(lambda: disagreements(self.files.warehouse))
            assert not found, f"the published file disagrees with itself: {found}"

    def quiet(self) -> None:
        """The API answers, the login is good, the settings are the account's, a day passes without an event."""
        self.sandbox.faults.clear()
        self.sandbox.switches.refused_channels = frozenset()
        self.neighbour.leave()
        self.foreign.clear()
        for name in ("START_DATE", "PRICES_INCLUDE_DISCOUNT"):
            self.settings.pop(name, None)
        self.settings["ACCOUNT"] = apart(lambda: account_of(self.files.landing))
        self.settings["CHANNELS"] = ",".join(self.channels)
        self.give_login()
        self.excuses = {name: codes for name, codes in self.excuses.items() if name == "odd records"}
        self.shop.clock.advance(timedelta(days=1))

    def give_login(self) -> None:
        """The operator puts a login into the settings that works now."""
        tokens = self.sandbox.tokens
        self.excuses.pop("login", None)
        if self.rotating:
            self.settings["CLIENT_ID"], self.settings["CLIENT_SECRET"] = tokens.client_id, tokens.client_secret
            self.settings["REFRESH_TOKEN"] = tokens.refresh_token
            return
        if tokens.scopes(tokens.access_token) is None:
            tokens._valid[tokens.access_token] = (float("inf"), tokens.scope)
        self.settings["ACCESS_TOKEN"] = tokens.access_token

    def copy(self, name: str) -> Life:
        """The same life with a copy of its home, to try something out."""
        folder = self.folder / name
        shutil.copytree(self.files.home, folder / "home")
        return replace(self, folder=folder, told=Counter())

    def _ended(
        self,
        arguments: Sequence[str],
        stop: Stop | None,
        wrong_by: timedelta,
        *,
        real: bool,
        free: int | None,
    ) -> Outcome:
        environment = {PREFIX + name: value for name, value in self.settings.items()} | self.foreign
        home = self.files.home
        if not real:
            clock = self.shop.clock.now() - datetime.now(UTC) + wrong_by
            run = program([*arguments, "--home", str(home)], environment, stop=stop, clock=clock)
            return fork(run) if free is None else with_free_space(home, free, run, self.folder / "disk")
        process = start(home, self.sandbox, *arguments, environment=environment)
        out, err = process.communicate(timeout=300)
        return Outcome(process.returncode, out, err)


CHANNELS = ("ipad", "shop", "ebay")


def account_of(landing: Path) -> str:
    """The account whose orders a landing log holds; "" for the default one."""
    if not landing.exists():
        return ""
    with closing(duckdb.connect(str(landing), read_only=True)) as connection:
        if not connection.execute("from duckdb_tables() where table_name = 'windows'").fetchall():
            return ""
        held = connection.execute("select account from raw.windows limit 1").fetchall()
    return str(held[0][0]) if held else ""


def begin(folder: Path, opening: Opening, neighbour: Neighbour) -> Life:
    """A life before its first run; end its sandbox afterwards."""
    sandbox = Sandbox(Shop(clock=Clock(BEGIN, running=False)), login="life")
    sandbox.start()
    life = Life(folder, sandbox, CHANNELS[: opening.channels], opening.rotating, neighbour)
    life.settings |= {
        "BASE_URL": sandbox.base_url,
        "REQUESTS_PER_SECOND": "1000",
        "CHANNELS": ",".join(life.channels),
    }
    if opening.start_date:
        life.settings["START_DATE"] = opening.start_date
    life.give_login()
    if PLAN:
        life.files.work.mkdir(parents=True, mode=0o700)
        (life.files.work / "plan.json").write_bytes(PLAN["plan.json"])
    for number in range(opening.orders):
        life.shop.sell(life.channels[number % len(life.channels)], [("Wobbler", "1.00", 1)])
    return life


def first_run(life: Life, opening: Opening) -> None:
    """One good `sync`, or what it left of an equal home."""
    if opening.rotating:  # its tokens are its own
        life.inventorum("sync")
        return
    if opening not in WELL:
        life.inventorum("sync")
        WELL[opening] = Path(mkdtemp(prefix="well-")) / "home"
        atexit.register(_forget, os.getpid(), WELL[opening].parent)
        shutil.copytree(life.files.home, WELL[opening])
        return
    shutil.copytree(WELL[opening], life.files.home, dirs_exist_ok=True)


def _forget(process: int, folder: Path) -> None:
    if os.getpid() == process:  # forks end with the same handlers
        shutil.rmtree(folder, ignore_errors=True)


def one_life(
    opening: Opening, plan: Sequence[Event], neighbour: Neighbour, end: Callable[[Life], object]
) -> Counter[str]:
    """Let everything happen in order, then `end`; what was in this life.

    Raises:
        AssertionError: Something happened that may not; a note says at which event.
    """
    folder = Path(mkdtemp(prefix="life-"))
    life = begin(folder, opening, neighbour)
    try:
        if opening.first_run:
            first_run(life, opening)
        for number, event in enumerate(plan, 1):
            try:
                event.happen(life)
            except AssertionError as fault:
                fault.add_note(f"at event {number} of {len(plan)}: {event!r}")
                raise
        end(life)
    finally:
        neighbour.leave()
        life.sandbox.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return life.told
