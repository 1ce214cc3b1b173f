"""One frozen settings object; the only reader of the environment and of `.dlt/`.

A setting is looked up as a flag, then in the environment (`SOURCES__INVENTORUM__BASE_URL`), then in
`.dlt/secrets.toml` and `.dlt/config.toml` of the current folder (`[sources.inventorum]`), as dlt does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pipelines.errors import HomeError, SettingsError

CHANNELS = ("ipad", "shop", "ebay", "ece", "backoffice", "atalanda", "click_and_collect")
DEFAULT_BASE_URL = "https://app.inventorum.com/api"
DEFAULT_HOME = Path("data")
DEMO_HOME = Path("demo")  # never the home of a real account, whatever INVENTORUM_HOME says
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

_PREFIX = "SOURCES__INVENTORUM__"
_KNOWN = frozenset(
    {
        "base_url",
        "access_token",
        "client_id",
        "client_secret",
        "refresh_token",
        "channels",
        "api_version",
        "overlap_minutes",
        "start_date",
        "requests_per_second",
        "timezone",
        "day_starts_at",
        "account",
        "currency",
        "prices_include_discount",
        "shipping_vat",
        "payment_methods",
        "shop_name",
        "delta_first_page",
        "published_group",
        "postgres_url",
        "skr",
    }
)
NAMES = "names by code, like 1=Card, 2=Voucher"
LONGEST_NAME = 100
_CODE = re.compile(r"[\w.-]+")
_FORMER = frozenset({"orders_per_slice"})  # stood in earlier templates, read by nobody


@dataclass(frozen=True)
class Files:
    """Where one installation keeps what (`pipelines/commands/README.md`, "Files").

    All paths are absolute; nothing is created here.
    """

    home: Path

    @property
    def warehouse(self) -> Path:
        """The published star schema: what readers open."""
        return self.home / "warehouse.duckdb"

    @property
    def landing(self) -> Path:
        """The landing log, written by dlt."""
        return self.home / "landing.duckdb"

    @property
    def work(self) -> Path:
        """Disposable: the build file, dlt's working folder, the lock."""
        return self.home / "work"

    @property
    def build(self) -> Path:
        """The star schema while it is being built."""
        return self.work / "build.duckdb"

    @property
    def token(self) -> Path:
        """Rotated OAuth tokens, mode 0600."""
        return self.home / "token.json"

    @property
    def lock(self) -> Path:
        """Held by one run from token refresh to publish."""
        return self.work / "lock"

    @property
    def forgetting(self) -> Path:
        """A note while a person is being forgotten; whatever run comes next finishes that."""
        return self.home / "forgetting.json"

    @property
    def report(self) -> Path:
        """The report page that `demo` and `sync --report` write."""
        return self.home / "report.html"


@dataclass(frozen=True)
class StaticLogin:
    """A fixed access token."""

    access_token: str = field(repr=False)


@dataclass(frozen=True)
class RotatingLogin:
    """An OAuth client with the refresh token that seeds the rotation."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything a run depends on besides the files themselves.

    Attributes:
        start_date: Read orders changed since then on the first crawl; None reads everything.
        overlap: How far each crawl goes back behind its cursor; must exceed the API's own delay.
        day_starts_at: Hour (0-23) of the shop's local time at which a business day begins.
        prices_include_discount: Whether the API's line prices are already discounted.
        shipping_vat: `follows_goods`: shipping bears the VAT of the goods; `none`: it bears none.
        payment_methods: What the shop calls payment methods, by their codes.
        shop_name: Stands on what is handed on: report page and workbook; None: the account.
        delta_first_page: 0 or 1 where the server is known to start there; None finds out.
        postgres_url: Database to which each run that publishes brings what it published; a password may be in it.
    """

    files: Files
    base_url: str = DEFAULT_BASE_URL
    login: StaticLogin | RotatingLogin | None = None
    channels: tuple[str, ...] = CHANNELS
    api_version: int = 12
    overlap: timedelta = timedelta(minutes=15)
    start_date: datetime | None = None
    requests_per_second: float = 20.0
    timezone: str = "Europe/Berlin"
    day_starts_at: int = 0
    account: str = "default"
    currency: str = "EUR"
    prices_include_discount: bool = True
    shipping_vat: str = "follows_goods"
    payment_methods: Mapping[str, str] = field(default_factory=dict)
    shop_name: str | None = None
    delta_first_page: int | None = None
    published_group: str | None = None
    postgres_url: str | None = field(default=None, repr=False)
    skr: str = "SKR03"

    @classmethod
    def load(
        cls,
        home: Path | None = None,
        *,
        channels: Sequence[str] | None = None,
        project: Path | None = None,
    ) -> Settings:
        """Read flags, environment and `.dlt/`; `home` and `channels` are the flags.

        Raises:
            SettingsError: A value is malformed, half given or unknown; the message names where it stands.
        """
        values = _Values.read(project or Path.cwd(), os.environ)
        _refuse_unknown(values)
        return cls._of(values, Files(home_folder(home)), channels)

    @classmethod
    def given(cls, home: Path | None = None, *, where: str, **values: Any) -> Settings:
        """The same of values that the caller has by their names; None stands for a value that is not set.

        Args:
            where: Where they come from, for messages.

        Raises: As load.
        """
        found = {key: (value, where) for key, value in values.items() if value is not None}
        return cls._of(_Values(found), Files(home_folder(home)))

    @classmethod
    def _of(cls, values: _Values, files: Files, channels: Sequence[str] | None = None) -> Settings:
        return cls(
            files=files,
            base_url=_base_url(values),
            login=_login(values),
            channels=_channels(channels or values.words("channels")),
            api_version=values.integer("api_version", 12, low=3),
            overlap=timedelta(minutes=values.number("overlap_minutes", 15.0, low=0.0)),
            start_date=values.moment("start_date"),
            requests_per_second=values.number("requests_per_second", 20.0, low=0.1),
            timezone=_timezone(values),
            day_starts_at=values.integer("day_starts_at", 0, low=0, high=23),
            account=values.text("account") or "default",
            currency=(values.text("currency") or "EUR").upper(),
            prices_include_discount=values.boolean("prices_include_discount", default=True),
            shipping_vat=values.choice("shipping_vat", ("follows_goods", "none")),
            payment_methods=values.names("payment_methods"),
            shop_name=values.text("shop_name"),
            delta_first_page=values.optional_integer("delta_first_page", low=0, high=1),
            published_group=values.text("published_group"),
            postgres_url=_postgres_url(values),
            skr=(values.text("skr") or "SKR03").upper(),
        )

    @property
    def clock_tolerance(self) -> timedelta:
        """How far the API's clock may be ahead of all others; on loopback a shop may trade faster than time passes."""
        return timedelta(days=31 if urlsplit(self.base_url).hostname in LOOPBACK else 1)

    def require_login(self) -> StaticLogin | RotatingLogin:
        """The login to use.

        Raises:
            SettingsError: None is configured.
        """
        if self.login is None:
            raise SettingsError(
                "No login is configured, so nothing was asked of the API. Set "
                f"{_PREFIX}ACCESS_TOKEN, or {_PREFIX}CLIENT_ID, {_PREFIX}CLIENT_SECRET and "
                f"{_PREFIX}REFRESH_TOKEN, in the environment or in .dlt/secrets.toml "
                "(`inventorum init` writes a template). `inventorum demo` needs no account."
            )
        return self.login


def home_folder(flag: Path | None) -> Path:
    """The installation's folder: flag, then `INVENTORUM_HOME`, then `./data`; absolute, not created.

    Raises:
        SettingsError: DuckDB could not take its path, or `~NAME` is nobody.
    """
    chosen = flag or Path(os.environ.get("INVENTORUM_HOME") or DEFAULT_HOME)
    try:
        folder = chosen.expanduser().absolute()
    except RuntimeError as error:
        raise SettingsError(f"The folder {chosen} cannot be found: {error}. Nothing was done.") from None
    if not is_text(str(folder)):
        raise SettingsError(
            f"The folder {str(folder)!r} has bytes in its path that are no UTF-8, which DuckDB cannot take in names "
            "of its files. Nothing was done. Choose another with --home or INVENTORUM_HOME."
        )
    return folder


def is_text(given: str) -> bool:
    """Whether all bytes of what the system gave could be read: Python keeps the others as halves of letters."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


# dlt puts paths into SQL and into templates of names as they are, DuckDB reads the last ones as patterns
DLT_CANNOT_TAKE = frozenset("'%*?[")


def refuse_home(files: Files) -> None:
    """Make sure that the home folder can be made or written; makes nothing.

    Raises:
        SettingsError: dlt could not work there.
        HomeError: A file stands in the way, or the folder cannot be written.
    """
    for character in DLT_CANNOT_TAKE.intersection(str(files.home.absolute())):
        raise SettingsError(
            f"The folder {files.home.absolute()} has {character} in its path, which dlt and DuckDB cannot take in the "
            "names of their files. Nothing was written. Choose another folder with --home or INVENTORUM_HOME."
        )
    for folder in (files.home, files.work):
        there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        if not there.is_dir():
            found = f"a link to {os.path.realpath(there)}, where nothing is" if there.is_symlink() else "a file"
            raise HomeError(
                f"{there} is {found}, but a folder is needed there. Nothing was written. "
                "Move it away or choose another folder with --home."
            )
        if not os.access(there, os.W_OK | os.X_OK | os.R_OK):
            raise HomeError(
                f"The folder {there} cannot be written. Nothing was changed. "
                "Choose another with --home or INVENTORUM_HOME, or change its permissions."
            )
    for path in (files.warehouse, files.landing, files.build):
        if path.exists() and not path.is_file():
            raise HomeError(f"{path} is not a file. Nothing was written. Move it away or choose another --home.")
    for path in (files.warehouse, files.landing):
        _refuse_lost_link(path, files)


def _refuse_lost_link(path: Path, files: Files) -> None:
    """A link that leads nowhere is where a file is to be made, unless a disk seems to be missing."""
    if not path.is_symlink() or path.exists():
        return
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir() or (path == files.landing and files.warehouse.exists()):
        raise HomeError(
            f"{path} is a link to {target}, where nothing is. Nothing was written. Mount the disk that holds it, or "
            "remove the link if that file is gone for good; the next sync then reads everything that the API shows."
        )


def ensure_home(files: Files) -> None:
    """Create the home folder and `work/` for this user only.

    Raises: As refuse_home.
    """
    refuse_home(files)
    for folder in (files.home, files.work):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise HomeError(
                f"The folder {folder} could not be created: {error.strerror}. Nothing was written. "
                "Choose a folder that you may write with --home or INVENTORUM_HOME."
            ) from None


def refuse_group(name: str | None) -> None:
    """Make sure that this machine has the group that may read the published file.

    Raises:
        SettingsError: It does not.
    """
    if name is None:
        return
    import grp

    try:
        grp.getgrnam(name)
    except KeyError:
        raise SettingsError(
            f"`published_group` is {name!r}, a group that this machine does not have. Nothing was changed. "
            "Correct it, or make the group."
        ) from None


def prepare_dlt() -> None:
    """Take from the environment what dlt would hear of while it is imported; call before `import dlt`.

    Its variables without sections (`DLT_…`) decide about names and folders for the whole process. Everything else
    is kept from it by `landing.dlt_internals.sealed`. Arrow's own allocator would ask the kernel for new pages again
    and again.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    for name in [name for name in os.environ if name.startswith("DLT_")]:
        del os.environ[name]


def java_program() -> str | None:
    """The Java that Spark would run on: that of JAVA_HOME, else the first one on the path; None: there is none."""
    if home := os.environ.get("JAVA_HOME"):
        return str(Path(home) / "bin" / "java")
    return shutil.which("java")


def color_wanted() -> bool:
    """Whether the user has not asked for plain output (https://no-color.org)."""
    return not os.environ.get("NO_COLOR")


def terminal_can_redraw() -> bool:
    """Whether a terminal can write a line over the one before."""
    return os.environ.get("TERM", "") not in ("", "dumb", "unknown")


@dataclass(frozen=True)
class _Values:
    """Raw settings with the place each one came from, for messages.

    Attributes:
        unknown: Names that are none of ours, likewise.
    """

    found: Mapping[str, tuple[Any, str]]
    unknown: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, project: Path, environment: Mapping[str, str]) -> _Values:
        found: dict[str, tuple[Any, str]] = {}
        unknown: dict[str, str] = {}
        for name in ("config.toml", "secrets.toml"):
            path = project / ".dlt" / name
            for key, value in _toml_section(path).items():
                if key in _KNOWN:
                    found[key] = (value, str(path))
                elif key not in _FORMER and not isinstance(value, dict):  # a table is for one of dlt's resources
                    unknown[key] = f"`{key}` in {path}"
        for key, value in environment.items():
            if key.upper().startswith(_PREFIX) and value != "":
                if not is_text(value):
                    raise SettingsError(f"{key} holds bytes that are no UTF-8. Nothing was done. Correct it there.")
                name, _, part = key[len(_PREFIX) :].partition("__")
                name = name.lower()
                if name == "payment_methods" and part:  # one of the names, as dlt writes members of a table
                    names, _ = found.get(name, ({}, ""))
                    found[name] = ({**(names if isinstance(names, dict) else {}), part: value}, key)
                elif part:
                    continue
                elif name in _KNOWN:
                    found[name] = (value, key)
                elif name not in _FORMER:
                    unknown[name] = key
        return cls(found, unknown)

    def text(self, key: str) -> str | None:
        value, _ = self.found.get(key, (None, ""))
        return None if value is None or str(value).strip() == "" else str(value).strip()

    def words(self, key: str) -> list[str] | None:
        value, _ = self.found.get(key, (None, ""))
        if value is None or value == "":
            return None
        parts = value if isinstance(value, list | tuple) else str(value).strip("[] ").replace('"', "").split(",")
        return [str(part).strip() for part in parts if str(part).strip()]

    def names(self, key: str) -> dict[str, str]:
        """Names by code: a TOML table, a JSON object, or `1=Card, 2=Voucher`."""
        value, _ = self.found.get(key, (None, ""))
        if isinstance(value, str):
            value = self._parsed_names(key, value)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self._malformed(key, NAMES)
        found = {str(code).strip(): name.strip() for code, name in value.items() if isinstance(name, str)}
        if len(found) < len(value) or not all(_CODE.fullmatch(code) for code in found):
            raise self._malformed(key, NAMES)
        if not all(name.isprintable() and 0 < len(name) <= LONGEST_NAME for name in found.values()):
            raise self._malformed(key, f"{NAMES}, each name at most {LONGEST_NAME} letters in one line")
        return found

    def _parsed_names(self, key: str, text: str) -> Any:
        if not text.strip():
            return None
        if text.strip().startswith("{"):
            try:
                return json.loads(text)
            except (ValueError, RecursionError):
                raise self._malformed(key, NAMES) from None
        pairs = [part.split("=", 1) for part in text.split(",") if part.strip()]
        if any(len(pair) < 2 for pair in pairs):
            raise self._malformed(key, NAMES)
        named = {code.strip(): name for code, name in pairs}
        if len(named) < len(pairs):
            raise self._malformed(key, f"{NAMES}, each code once")
        return named

    def integer(self, key: str, default: int, *, low: int | None = None, high: int | None = None) -> int:
        number = self.number(key, float(default), low=low, high=high)
        if number != int(number):
            raise self._malformed(key, "a whole number")
        return int(number)

    def optional_integer(self, key: str, *, low: int, high: int) -> int | None:
        return None if self.text(key) is None else self.integer(key, low, low=low, high=high)

    def number(self, key: str, default: float, *, low: float | None = None, high: float | None = None) -> float:
        text = self.text(key)
        if text is None:
            return default
        try:
            number = float(text)
        except ValueError:
            raise self._malformed(key, "a number") from None
        if not (float("-inf") < number < float("inf")):
            raise self._malformed(key, "a number")
        if (low is not None and number < low) or (high is not None and number > high):
            bounds = f"at least {low:g}" if high is None else f"between {low:g} and {high:g}"
            raise self._malformed(key, f"a number {bounds}")
        return number

    def boolean(self, key: str, *, default: bool) -> bool:
        text = self.text(key)
        if text is None:
            return default
        if text.lower() in ("true", "1", "yes", "on"):
            return True
        if text.lower() in ("false", "0", "no", "off"):
            return False
        raise self._malformed(key, "true or false")

    def choice(self, key: str, known: Sequence[str]) -> str:
        """One of the known words; the first by default."""
        text = (self.text(key) or known[0]).lower()
        if text not in known:
            raise self._malformed(key, " or ".join(known))
        return text

    def moment(self, key: str) -> datetime | None:
        text = self.text(key)
        return None if text is None else parse_moment(text, what=self._where(key))

    def _where(self, key: str) -> str:
        return f"`{key}` in {self.found[key][1]}"

    def _malformed(self, key: str, wanted: str) -> SettingsError:
        return SettingsError(
            f"{self._where(key)} is {self.text(key)!r}, but must be {wanted}. Nothing was done. Correct it there."
        )


def parse_moment(text: str, *, what: str) -> datetime:
    """A date or ISO 8601 time as an aware datetime; without an offset it is taken as UTC.

    Raises:
        SettingsError: It is neither; `what` says where it stood.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"{what} is {text!r}, which is no date or time. Write it like 2026-11-23 or 2026-11-23T08:00:00Z."
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _toml_section(path: Path) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingsError(f"{path} could not be read: {error.strerror}. Nothing was done.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML ({error}). Nothing was done. Correct it there.") from None
    sources = document.get("sources", {})
    section = sources.get("inventorum", {}) if isinstance(sources, dict) else {}
    if not isinstance(section, dict):
        raise SettingsError(f"[sources.inventorum] in {path} must be a table. Nothing was done.")
    return section


def _refuse_unknown(values: _Values) -> None:
    """A name that is none of ours would change nothing, and nobody would notice.

    Raises:
        SettingsError: It names each with the nearest one that is ours.
    """
    if not values.unknown:
        return
    import difflib

    told = []
    for name, where in values.unknown.items():
        nearest = difflib.get_close_matches(name, _KNOWN, n=1)
        wanted = f" Do you mean {nearest[0]}?" if nearest else ""
        told.append(f"{where} is no setting of this program.{wanted}")
    raise SettingsError(
        f"{' '.join(told)} Nothing was done. Correct or remove it; the template of `inventorum init` has all names."
    )


def _base_url(values: _Values) -> str:
    text = (values.text("base_url") or DEFAULT_BASE_URL).rstrip("/")
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(
            f"The base URL {text!r} is not a web address. Nothing was asked. "
            f"Set {_PREFIX}BASE_URL like {DEFAULT_BASE_URL}."
        )
    if parts.username or parts.password:
        raise SettingsError("The base URL contains a user name or password. Nothing was asked. Remove it.")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise SettingsError(
            f"The base URL {text} is not encrypted, and {host} is not this machine: the token would be "
            "readable on the way. Nothing was asked. Use https."
        )
    return text


def _postgres_url(values: _Values) -> str | None:
    """The URL as it stands; a password may be anywhere in it, so that no message repeats it."""
    text = values.text("postgres_url")
    if text is not None and not text.startswith(("postgresql://", "postgres://")):
        _, where = values.found["postgres_url"]
        raise SettingsError(
            f"`postgres_url` in {where} is no URL like postgresql://USER@HOST:5432/DATABASE. Nothing was done. "
            "Correct it there."
        )
    return text


def _login(values: _Values) -> StaticLogin | RotatingLogin | None:
    parts = {key: values.text(key) for key in ("client_id", "client_secret", "refresh_token")}
    client_id, client_secret, refresh_token = parts.values()
    if client_id and client_secret and refresh_token:
        return RotatingLogin(client_id, client_secret, refresh_token)
    token = values.text("access_token")
    if token:
        return StaticLogin(token)
    if any(parts.values()):
        missing = [_PREFIX + key.upper() for key, value in parts.items() if not value]
        raise SettingsError(
            f"The login is only half configured: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            "missing. Nothing was asked of the API. Add what is missing to the environment or to .dlt/secrets.toml."
        )
    return None


def _channels(chosen: Sequence[str] | None) -> tuple[str, ...]:
    if not chosen:
        return CHANNELS
    unknown = [name for name in chosen if name not in CHANNELS]
    if unknown:
        raise SettingsError(
            f"Unknown channel {', '.join(map(repr, unknown))}. Nothing was asked. "
            f"The API has these: {', '.join(CHANNELS)}."
        )
    return tuple(name for name in CHANNELS if name in chosen)


def _timezone(values: _Values) -> str:
    name = values.text("timezone") or "Europe/Berlin"
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f"The time zone {name!r} is unknown. Nothing was done. Use a name like Europe/Berlin."
        ) from None
    return name
