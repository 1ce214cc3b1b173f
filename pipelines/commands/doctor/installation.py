"""What `inventorum doctor` looks at on this machine."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import duckdb

from pipelines.commands.doctor.finding import Finding, fail, ok, said, warn
from pipelines.conditions import CONDITIONS, transform_files
from pipelines.errors import HomeError, InventorumError, LockedError
from pipelines.settings import Files, RotatingLogin, Settings, refuse_home
from transforms.errors import FilesHeld, TransformError
from transforms.runner.database_file import logs_of, no_writer

DISTRIBUTION = "inventorum-warehouse"
MEGABYTE, GIGABYTE = 1_000_000, 1_000_000_000
LITTLE_SPACE = 200 * MEGABYTE
# A full build holds the landing log, the build file and two published copies at once.
COPIES = 3
PLACES = 5
BROKEN_CLAIM = 3
LAST_RUN = "select exit_code, message from ops.runs where exit_code in (0, 3, 6, 7) order by finished_at desc limit 1"
ANEW = "The next run publishes it anew, without those changes; tables of your own belong into a file of your own."
OLD_TOKEN = timedelta(days=30)


def examine_installation(settings: Settings) -> Iterator[Finding]:
    """What would keep a run from working, and what is worth knowing of the rest."""
    failed = list(_conditions(settings))
    yield from failed
    told = {finding.topic for finding in failed}
    looks = {
        "settings": _settings,
        "secrecy": _secrecy,
        "disk": _disk,
        "lock": _lock,
        "token": _token,
        "landing": _landing,
        "columns": _columns,
        "times": _times,
        "warehouse": _warehouse,
        "claims": _last_run,
    }
    for topic, look in looks.items():
        if topic not in told:
            yield from look(settings)


def _conditions(settings: Settings) -> Iterator[Finding]:
    """Each condition of a sync that does not hold, but the home folder's (`examine_home`)."""
    for condition in CONDITIONS:
        try:
            condition.refuse(settings)
        except LockedError as error:  # it ends by itself
            yield warn(condition.topic, str(error), "Until then a run stops with exit code 4.")
        except InventorumError as error:
            if condition.topic != "home":
                yield said(condition.topic, error)
        else:
            continue
        if condition.topic in ("home", "landing"):
            return  # what follows would be the same fault again


def examine_versions() -> Iterator[Finding]:
    """Python, this program, and whether its requirements are in their ranges."""
    python = ".".join(map(str, sys.version_info[:3]))
    try:
        required = metadata.requires(DISTRIBUTION) or []
        version = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        yield warn(
            "versions",
            f"Python {python}; {DISTRIBUTION} runs from a folder without being installed",
            "Install it: pip install .",
        )
        return
    wrong = list(_out_of_range(required))
    if wrong:
        yield fail("versions", "; ".join(wrong), f"Install it again: pip install --upgrade {DISTRIBUTION}")
    else:
        yield ok("versions", f"{DISTRIBUTION} {version}, Python {python}, {len(required)} requirements in range")


def _out_of_range(required: list[str]) -> Iterator[str]:
    from packaging.requirements import Requirement

    for text in required:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield f"{requirement.name} is missing"
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name} is {version}, but {requirement.specifier} is needed"


def examine_home(folder: Path) -> Iterator[Finding]:
    """Whether the home folder can be written, or made."""
    try:
        refuse_home(Files(folder))
    except InventorumError as error:
        yield said("home", error)
        return
    if folder.exists():
        yield ok("home", f"{folder} can be written")
    else:
        yield ok("home", f"{folder} does not exist yet; the first run makes it")


def _settings(settings: Settings) -> Iterator[Finding]:
    yield ok(
        "settings",
        f"{settings.base_url}, API version {settings.api_version}, {len(settings.channels)} channels, "
        f"{settings.timezone}, day starts at {settings.day_starts_at}:00, {settings.currency}",
    )


def _secrecy(settings: Settings) -> Iterator[Finding]:
    shared = {settings.files.warehouse} if settings.published_group else set()
    paths = [
        Path(".dlt/secrets.toml").absolute(),
        settings.files.token,
        settings.files.landing,
        settings.files.warehouse,
        settings.files.build,
    ]
    there = [path for path in paths if path.is_file()]
    open_files = [path for path in there if _is_open(path, group_allowed=path in shared)]
    if open_files:
        names = " ".join(map(str, open_files))
        yield warn("secrecy", f"Other users of this machine can read {names}", f"chmod 600 {names}")
    elif there:
        yield ok("secrecy", f"{len(there)} files are closed to other users")


def _is_open(path: Path, *, group_allowed: bool) -> bool:
    mode = path.stat().st_mode
    return bool(mode & (stat.S_IRWXO if group_allowed else stat.S_IRWXO | stat.S_IRWXG))


def _disk(settings: Settings) -> Iterator[Finding]:
    files = settings.files
    existing = next(folder for folder in (files.home, *files.home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    used = sum(path.stat().st_size for path in (files.landing, files.warehouse, files.build) if path.is_file())
    needed = COPIES * max(files.warehouse.stat().st_size if files.warehouse.is_file() else 0, used // 2)
    found = f"{_size(free)} free, {_size(used)} used"
    if free < LITTLE_SPACE:
        yield fail("disk", found, "Free some space: runs stop when the disk is full.")
    elif free < needed:
        yield warn("disk", found, f"A full build may need {_size(needed)}: free some space.")
    else:
        yield ok("disk", found)


def _size(count: float) -> str:
    return f"{count / GIGABYTE:.1f} GB" if count >= GIGABYTE else f"{count / MEGABYTE:.1f} MB"


def _lock(settings: Settings) -> Iterator[Finding]:
    yield ok("lock", "no run is at work")


def _token(settings: Settings) -> Iterator[Finding]:
    if not isinstance(settings.login, RotatingLogin):
        if settings.login is not None:
            yield warn(
                "token",
                "a fixed access token, which nothing can renew",
                "For scheduled runs set client_id, client_secret and refresh_token instead.",
            )
        return
    from pipelines.inventorum.http.token_file import TokenFile

    file = TokenFile(settings.files.token)
    try:
        tokens = file.load()
    except HomeError as error:
        yield said("token", error)
        return
    if tokens is None:
        if file.is_damaged:
            yield warn("token", f"{file.path} cannot be read", "Log in with a new refresh token, or delete the file.")
        else:
            yield ok("token", "none kept yet; the next command uses the configured refresh token")
        return
    try:
        file.refuse_unwritable()
    except HomeError as error:  # the login that is kept is still young, or this were a condition
        yield warn("token", str(error), "Runs work until the access token ends, and are refused from then on.")
        return
    age = datetime.now(UTC) - datetime.fromtimestamp(tokens.obtained_at, UTC)
    found = f"renewed {age_in_words(age)} ago, {tokens.generation} times so far"
    if age > OLD_TOKEN:
        yield warn("token", found, "An unused refresh token may end: let `sync` run more often.")
    else:
        yield ok("token", found)


def age_in_words(age: timedelta) -> str:
    """Minutes, hours or days."""
    hours = max(age, timedelta()).total_seconds() / 3600
    return (
        f"{hours * 60:.0f} minutes" if hours < 2 else f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
    )


def _landing(settings: Settings) -> Iterator[Finding]:
    """Who holds the landing log, and what it has that is not published yet."""
    from pipelines.landing import log as landing
    from transforms.runner.pending import pending_loads

    if not settings.files.landing.exists():
        if logs := logs_of(settings.files.landing):
            yield warn(
                "landing",
                f"{logs[0]} is left of a landing log that is gone",
                "If there is a backup, put it in place before the next run, which begins anew without this log.",
            )
        else:
            yield ok("landing", "nothing loaded yet")
        return
    try:
        with landing.opened(settings.files) as connection:
            loads = (
                connection.execute("select load_id from raw._dlt_loads where status = 0").fetchall()
                if (landing.has_table(connection, "_dlt_loads"))
                else []
            )
            quarantined = (
                connection.execute("select count(*) from raw.quarantine").fetchall()[0][0]
                if (landing.has_table(connection, "quarantine"))
                else 0
            )
    except LockedError as error:
        yield warn("landing", str(error), "Close it there before the next run.")
        return
    except InventorumError as error:
        yield said("landing", error)
        return
    pending = pending_loads(transform_files(settings.files), [load for (load,) in loads])
    if pending:
        yield warn("pending", f"{len(pending)} of {len(loads)} loads are not published yet", "`inventorum build`")
    else:
        yield ok("pending", f"what {len(loads)} loads brought is published")
    if quarantined:
        yield warn(
            "quarantine",
            f"{quarantined} records could not be stored as orders",
            f"Look at raw.quarantine in {settings.files.landing}.",
        )


def _columns(settings: Settings) -> Iterator[Finding]:
    """Columns of `raw` that another release made otherwise; those that cannot be mended are a condition."""
    from pipelines.landing import log as landing
    from pipelines.landing.columns import to_mend

    if not settings.files.landing.exists():
        return
    with suppress(InventorumError), landing.opened(settings.files) as connection:  # told as `landing`
        if places := to_mend(connection):
            shown = ", ".join(places[:PLACES]) + (f" and {len(places) - PLACES} more" if len(places) > PLACES else "")
            yield warn(
                "columns",
                f"{shown} of the landing log are not as this release makes them",
                "They will be mended by the next run; no row is lost.",
            )


def _times(settings: Settings) -> Iterator[Finding]:
    """Times in the landing log that have not come yet: some clock is or was wrong."""
    from pipelines.landing import log as landing
    from pipelines.landing.clocks import not_come
    from pipelines.landing.cursors import KnownTimes, known_times

    known, now = KnownTimes(), datetime.now(UTC)
    if settings.files.landing.exists():
        with suppress(InventorumError), landing.opened(settings.files) as connection:  # told as `landing`
            known = known_times(connection)
    if not known.is_believed(now):
        yield warn(
            "times",
            f"this machine's clock says {now:%Y-%m-%d %H:%M} UTC, which has certainly passed",
            "Set it (NTP): until then a server's clock that is ahead is not noticed.",
        )
    elif not_come(settings, known, now):
        yield warn(
            "times",
            f"the landing log holds times until {known.newest:%Y-%m-%d %H:%M} UTC, which have not come yet: the "
            "server's clock was ahead",
            "If the server's clock is right again, the next sync corrects them and builds everything; else it reads "
            "on from there.",
        )


def _warehouse(settings: Settings) -> Iterator[Finding]:
    from transforms.readers.published import open_published
    from transforms.runner.publish import is_as_published

    if not settings.files.warehouse.exists():
        yield ok("warehouse", "nothing published yet")
        return
    try:
        with no_writer(settings.files.warehouse):
            pass
    except FilesHeld as error:  # it ends by itself
        yield warn("warehouse", str(error), "Until then a run that has news to publish stops with exit code 4.")
        return
    if logs := logs_of(settings.files.warehouse):
        yield warn("warehouse", f"{logs[0]} holds changes that another program made to the published file", ANEW)
        return
    try:
        with closing(open_published(settings.files.warehouse)) as connection:
            if not is_as_published(connection, settings.files.warehouse, unsealed=True):
                yield warn("warehouse", "another program has changed the published file", ANEW)
                return
            yield from _accepted(connection)
            orders = connection.execute("select count(*) from core.fct_orders").fetchall()[0][0]
            last = connection.execute(
                "select command, finished_at, exit_code from ops.runs order by finished_at desc limit 1"
            ).fetchall()
    except TransformError as error:
        yield said("warehouse", error)
        return
    found = f"{orders} orders"
    if last:
        name, finished, code = last[0]
        found += f"; last run published: {name}, {finished:%Y-%m-%d %H:%M} UTC, exit code {code}"
    yield ok("warehouse", found)


def _accepted(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Claims with which readers see the warehouse although they are broken."""
    from transforms.runner.broken import read_accepted

    if accepted := read_accepted(connection).values():
        claims = ", ".join(f"{claim.check_name} ({claim.failing_rows} rows)" for claim in accepted)
        yield warn(
            "accepted",
            f"published although it does not hold, as was accepted: {claims}",
            "`inventorum doctor --bundle` writes what a maintainer needs to mend it; until then each run with news "
            "builds everything.",
        )


def _last_run(settings: Settings) -> Iterator[Finding]:
    """The newest run that the build file knows, if a broken claim kept it from being published."""
    from transforms.runner.session import connect

    files = transform_files(settings.files)
    if not files.build.is_file():
        return
    with (
        suppress(TransformError, duckdb.Error),  # made anew by the next run
        closing(connect(files.build, files, read_only=True)) as connection,
    ):
        for code, message in connection.execute(LAST_RUN).fetchall():
            if code == BROKEN_CLAIM:
                yield fail("claims", message, "", code)
