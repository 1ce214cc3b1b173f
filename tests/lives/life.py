"""One life: a shop, its API, a home, and everything that is known about what may still go wrong."""

from __future__ import annotations

import atexit
import os
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol

import duckdb

from pipelines.sandbox.clock import Clock
from pipelines.sandbox.orders import Order
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.sandbox.tokens import Tokens
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
WELL: dict[Opening, Path] = {}  # homes after a good first run, without tokens: equal openings have equal shops
ROTATED: list[tuple[bytes, dict[str, Any]]] = []  # the tokens of such a home, and what the server knew of them then


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
        was_ahead: Whether the server's clock was ahead of the lives' time, so that the real time may come between.
        seen: Which published file was looked at last.
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
    was_ahead: bool = False
    seen: object = None

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
        believes: timedelta = timedelta(days=1),
        patience: float | None = None,
    ) -> Outcome:
        """One command in this home; then the published file is looked at.

        Args:
            may: Exit codes that it may have besides those of `excuses`.
            stop: A signal that it meets on the way.
            wrong_by: How far this machine's clock is from the server's.
            real: Whether it is a process that begins at the beginning, and knows the real time only.
            look: Whether the published file is looked at afterwards.
            free: Bytes that the home's disk has left for it.
            believes: How far the server's clock may be ahead of all others.
            patience: Seconds that it waits for an answer, if not as long as everywhere.

        Raises:
            AssertionError: It ended otherwise, or left a file whose tables disagree.
        """
        codes = set(may).union(*self.excuses.values()) | ({-stop.signal, 130} if stop else set())
        if real and self.was_ahead:
            codes.add(INCOMPLETE)
        clock = self.shop.clock.now() - datetime.now(UTC) + wrong_by
        outcome = self._ended(
            arguments,
            partial(program, stop=stop, clock=clock, believes=believes, patience=patience),
            real=real,
            free=free,
        )
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
        seen = _seen(self.files.warehouse)
        if seen is not None and seen != self.seen:
            found = apart(lambda: disagreements(self.files.warehouse))
            assert not found, f"the published file disagrees with itself: {found}"
            self.seen = seen

    def quiet(self) -> None:
        """The API answers, the login is good, the settings are the account's, a day passes without an event."""
        self.sandbox.faults.clear()
        self.sandbox.switches.refused_channels = frozenset()
        self.neighbour.leave()
        self.foreign.clear()
        for name in ("START_DATE", "PRICES_INCLUDE_DISCOUNT", "SHIPPING_VAT"):
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

    def give_plan(self) -> None:
        """The compiled SQL folder of an earlier life, if there was one; compiling takes longer than a small build."""
        if PLAN:
            self.files.work.mkdir(parents=True, mode=0o700, exist_ok=True)
            (self.files.work / "plan.json").write_bytes(PLAN["plan.json"])

    def copy(self, name: str) -> Life:
        """The same life with a copy of its home, to try something out."""
        folder = self.folder / name
        shutil.copytree(self.files.home, folder / "home", ignore_dangling_symlinks=True)
        return replace(self, folder=folder, told=Counter())

    def _ended(
        self,
        arguments: Sequence[str],
        as_program: Callable[..., Callable[[], int]],
        *,
        real: bool,
        free: int | None,
    ) -> Outcome:
        environment = {PREFIX + name: value for name, value in self.settings.items()} | self.foreign
        home = self.files.home
        if not real:
            run = as_program([*arguments, "--home", str(home)], environment)
            return fork(run) if free is None else with_free_space(home, free, run, self.folder / "disk")
        process = start(home, self.sandbox, *arguments, environment=environment)
        out, err = process.communicate(timeout=300)
        return Outcome(process.returncode, out, err)


def _seen(published: Path) -> object:
    """What changes with each file and each write to it, a log beside it included; None without a file."""
    if not published.exists():
        return None
    parts = (published, published.with_name(published.name + ".wal"))
    return [(part.stat().st_ino, part.stat().st_size, part.stat().st_mtime_ns) for part in parts if part.exists()]


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
    life.give_plan()
    for number in range(opening.orders):
        life.shop.sell(life.channels[number % len(life.channels)], [("Wobbler", "1.00", 1)])
    return life


def first_run(life: Life, opening: Opening) -> None:
    """One good `sync`, or what it left of an equal home."""
    static = replace(opening, rotating=False)  # the same orders; only the tokens are others
    if static not in WELL or (opening.rotating and not ROTATED):
        life.inventorum("sync")
        if opening.rotating:
            ROTATED.append((life.files.token.read_bytes(), _known_of(life.sandbox.tokens)))
            life.files.token.unlink()
        WELL[static] = Path(mkdtemp(prefix="well-")) / "home"
        atexit.register(_forget, os.getpid(), WELL[static].parent)
        shutil.copytree(life.files.home, WELL[static])
    else:
        shutil.copytree(WELL[static], life.files.home, dirs_exist_ok=True)
    if opening.rotating:
        file, tokens = ROTATED[0]
        life.files.token.write_bytes(file)
        life.files.token.chmod(0o600)
        vars(life.sandbox.tokens).update(deepcopy(tokens))


def _known_of(tokens: Tokens) -> dict[str, Any]:
    return deepcopy({name: value for name, value in vars(tokens).items() if name != "_lock"})


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
