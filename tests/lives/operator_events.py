"""What an operator or a careless neighbour does to a home."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from pipelines.lock import exclusive
from tests.lives.life import Life

BUSY, USAGE, CHECKS = 4, 2, 3
NOTHING_YET = 1

WORDS: dict[str, tuple[str, ...]] = {
    "sync": ("sync",),
    "sync of one channel": ("sync", "--channel", "ipad"),
    "sync from a day": ("sync", "--from", "2026-10-01"),
    "sync, dry": ("sync", "--dry-run"),
    "sync and report": ("sync", "--report"),
    "backfill": ("backfill", "--from", "2026-10-01", "--to", "2026-11-20"),
    "reconcile": ("reconcile", "--days", "60"),
    "build": ("build",),
    "build --full": ("build", "--full"),
    "check": ("check",),
    "status": ("status",),
    "tables": ("tables",),
    "query": ("query", "select * from marts.sales_by_day"),
    "report": ("report",),
    "export": ("export", "csv"),
    "doctor": ("doctor",),
}
READING = {"check", "status", "tables", "query", "report", "export", "build", "build --full"}


@dataclass(frozen=True)
class Run:
    """A command; see WORDS.

    Attributes:
        real: Whether in a process that begins at the beginning.
    """

    what: str
    real: bool = False

    def happen(self, life: Life) -> None:
        may = {0}
        if self.what in READING and not life.files.warehouse.exists():
            may.add(NOTHING_YET)
        if self.what == "reconcile":
            may.add(1)  # it found what delta had not brought
        if self.what == "doctor":
            may.add(1)
        life.inventorum(*WORDS[self.what], may=may, real=self.real)


@dataclass(frozen=True)
class TwoAtOnce:
    """A run while another one holds the home."""

    def happen(self, life: Life) -> None:
        if life.files.work.exists():
            with exclusive(life.files.lock, "sync"):
                life.inventorum("sync", may={BUSY})


@dataclass(frozen=True)
class WorkDeleted:
    """Somebody deletes `work/`."""

    def happen(self, life: Life) -> None:
        shutil.rmtree(life.files.work, ignore_errors=True)


@dataclass(frozen=True)
class Visitor:
    """Somebody opens the published file: how they leave is `way`.

    Attributes:
        writes: Whether they open it for writing.
        way: They stay while a run publishes, leave properly, or are killed.
    """

    writes: bool = False
    way: str = "stays"

    def happen(self, life: Life) -> None:
        if not life.files.warehouse.exists():
            return
        (life.neighbour.write if self.writes else life.neighbour.read)(life.files.warehouse)
        if self.way == "is killed":
            life.neighbour.die()
        if self.way == "leaves":
            life.neighbour.leave()
        life.shop.sell(life.channels[0], [("Wobbler", "1.00", 1)])
        life.inventorum("sync", may={0, BUSY} if self.writes and self.way == "stays" else {0}, look=not self.writes)
        life.neighbour.leave()
        life.look()


@dataclass(frozen=True)
class SettingChanges:
    """A setting has another value from now on; "" is the default."""

    name: str
    value: str

    def happen(self, life: Life) -> None:
        life.settings[self.name] = self.value
        if self.name == "ACCOUNT":
            life.excuses["another account"] = frozenset({USAGE})
            if not self.value:
                del life.excuses["another account"]


SETTINGS = (
    ("TIMEZONE", "America/New_York"),
    ("TIMEZONE", "Europe/Berlin"),
    ("DAY_STARTS_AT", "4"),
    ("DAY_STARTS_AT", "0"),
    ("CURRENCY", "CHF"),
    ("PRICES_INCLUDE_DISCOUNT", "false"),
    ("PRICES_INCLUDE_DISCOUNT", "true"),
    ("SHIPPING_VAT", "none"),
    ("SHIPPING_VAT", "follows_goods"),
    ("CHANNELS", "ipad"),
    ("CHANNELS", "ipad,shop,ebay,backoffice"),
    ("START_DATE", "2026-10-01"),
    ("START_DATE", "2027-06-01"),
    ("OVERLAP_MINUTES", "60"),
    ("API_VERSION", "13"),
    ("ACCOUNT", "other"),
    ("ACCOUNT", ""),
)


@dataclass(frozen=True)
class NewLogin:
    """The operator puts a good login into the settings."""

    def happen(self, life: Life) -> None:
        life.give_login()


@dataclass(frozen=True)
class HomeCopied:
    """A copy of the home is kept, in place of the one before."""

    def happen(self, life: Life) -> None:
        if life.files.home.exists():
            shutil.rmtree(life.folder / "kept", ignore_errors=True)
            shutil.copytree(life.files.home, life.folder / "kept", symlinks=True)


@dataclass(frozen=True)
class HomePutBack:
    """The copy takes the home's place, with tokens of its time."""

    def happen(self, life: Life) -> None:
        if (life.folder / "kept").exists():
            shutil.rmtree(life.files.home, ignore_errors=True)
            shutil.copytree(life.folder / "kept", life.files.home, symlinks=True)
            if life.rotating:
                life.give_login()
