"""What else may stand where a home's files are: those of an earlier release, links to another disk, nothing."""

from __future__ import annotations

import json
import shutil
import tarfile
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from tests.lives.apart import apart
from tests.lives.life import A_RUN, INCOMPLETE, REFUSED, Life

FROZEN = Path(__file__).parents[1] / "data" / "home_of_27_november.tar.xz"
"""Written by the release of that day (commit 3686922): four orders on two channels and two runs, a table that never
got a row made by dlt's object normalizer, no ledger of clocks, an older file to build in, an older published one."""
ITS_ORDERS = "select channel, payload from raw.orders order by _watermark, _read_seq"
ITS_LAST_RUN = "2026-10-21T09:01:00Z"


@dataclass(frozen=True)
class EarlierRelease:
    """The home is one that an earlier release has written, of two runs some days before the lives begin."""

    def happen(self, life: Life) -> None:
        shutil.rmtree(life.files.home, ignore_errors=True)
        with TemporaryDirectory() as folder:
            with tarfile.open(FROZEN) as archive:
                archive.extractall(folder, filter="data")
            shutil.move(Path(folder) / "home", life.files.home)
        life.give_plan()
        known = life.shop.orders.keys() | life.vanished.keys()
        for channel, payload in apart(lambda: rows_of(life.files.landing, ITS_ORDERS)):
            if json.loads(payload)["id"] not in known:
                key = life.shop.raw(channel, payload, ITS_LAST_RUN)
                life.shop.add(replace(life.shop.orders[key], planted=False))
        if life.rotating:
            life.give_login()


def rows_of(database: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in a database; call it in a process of its own."""
    with closing(duckdb.connect(str(database), read_only=True)) as connection:
        return connection.execute(query).fetchall()


@dataclass(frozen=True)
class BelievedAhead:
    """The server's clock is ahead for one run of a release that believes any; its times stay in the home."""

    minutes: int = 1440 * 400

    def happen(self, life: Life) -> None:
        right = life.shop.clock.now()
        ahead = timedelta(minutes=self.minutes)
        life.shop.clock.advance(ahead)
        life.shop.sell(life.channels[0], [("Wobbler", "1.00", 1)])
        life.inventorum("sync", may={0, INCOMPLETE}, wrong_by=-ahead, believes=ahead * 2)
        life.shop.clock.set(right + A_RUN)
        life.was_ahead = True


@dataclass(frozen=True)
class Elsewhere:
    """A file of the home lies on another disk, and a link stands where it was; it stays one, and is followed."""

    name: str = "warehouse.duckdb"

    def happen(self, life: Life) -> None:
        place, there = life.files.home / self.name, life.folder / "elsewhere" / self.name
        if not life.files.home.exists() or place.is_symlink():
            return
        there.parent.mkdir(exist_ok=True)
        there.unlink(missing_ok=True)
        if place.exists():
            shutil.move(place, there)
        place.symlink_to(there)
        life.sandbox.tokens.expire()
        if not life.rotating:
            life.give_login()
        life.shop.sell(life.channels[0], [("Wobbler", "1.00", 1)])
        ended = life.inventorum("sync")
        assert place.is_symlink(), f"{self.name} is no link any more"
        if ended.code == 0 and self.name == life.files.token.name and life.rotating:
            assert json.loads(there.read_text())["refresh_token"] == life.sandbox.tokens.refresh_token


@dataclass(frozen=True)
class TokensLost:
    """Somebody deletes the rotated tokens; those of the settings may be spent."""

    def happen(self, life: Life) -> None:
        if life.rotating and life.files.token.exists():
            life.files.token.unlink()
            life.excuses["login"] = frozenset({REFUSED})
