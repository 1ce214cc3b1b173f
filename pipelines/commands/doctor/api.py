"""What `inventorum doctor` asks of the API: a few small requests that load nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.commands.doctor.finding import Finding, fail, ok, warn
from pipelines.errors import ApiError, CrawlError, EmptyPage, InventorumError, LoginError, RequestRefused
from pipelines.landing import log as landing
from pipelines.landing.clocks import foreseen, refuse_time
from pipelines.landing.cursors import KnownTimes, known_times
from pipelines.settings import RotatingLogin, Settings, StaticLogin

if TYPE_CHECKING:
    from pipelines.inventorum.http.client import InventorumClient
    from pipelines.inventorum.http.pages import Answer
    from pipelines.progress import Progress

CAP = 100
ASKED = 1000
UNHEARD_OF = 99
SKEW = timedelta(minutes=2)
NO_SUCH_PAGE = frozenset({400, 404})


@dataclass
class _Channel:
    name: str
    first_page: int
    answer: Answer

    @property
    def total(self) -> int:
        return self.answer.page.total or 0


def examine_api(settings: Settings, login: StaticLogin | RotatingLogin, progress: Progress) -> Iterator[Finding]:
    """Reachable, allowed, on time, which channels, which paging, which version."""
    from pipelines.connection import credentials

    progress.update("asking the API", 0)
    try:
        keys = credentials(settings, login)
        api = _client(settings, keys, settings.api_version)
        begin = datetime.now(UTC)
        answers = list(_channels(api, settings, progress))
    except LoginError as error:
        yield fail("API", str(error), "", error.exit_code)
        return
    except InventorumError as error:
        yield fail("API", str(error), "Check the network and base_url, then try again.", error.exit_code)
        return
    found = [each for each in answers if isinstance(each, _Channel)]
    refused = [each for each in answers if isinstance(each, str)]
    if not found:
        yield fail("API", f"refuses every channel: {'; '.join(refused)}", "Check base_url and channels.", 6)
        return
    first = found[0]
    yield ok("API", f"answers in {first.answer.seconds * 1000:.0f} ms; the token has the scope `orders`")
    yield from _times(api, settings, found, begin)
    counts = ", ".join(f"{each.name} {each.total}" for each in found)
    if refused:
        yield warn(
            "channels", f"{counts}; refused: {'; '.join(refused)}", "Leave these out with `channels` in config.toml."
        )
    else:
        yield ok("channels", f"orders in each: {counts}")
    yield _paging(api, max(found, key=lambda each: each.total), settings)
    yield _history(api, first.name, settings)
    yield _version(settings, keys, first)


def _client(settings: Settings, keys: object, version: int) -> InventorumClient:
    from pipelines.inventorum.http.client import InventorumClient

    return InventorumClient(
        settings.base_url,
        keys,  # type: ignore[arg-type]
        api_version=version,
        requests_per_second=settings.requests_per_second,
        read_timeout=20,
        time_limit=40,
        tries=3,
        retry_budget=60,
    )


def _channels(api: InventorumClient, settings: Settings, progress: Progress) -> Iterator[_Channel | str]:
    """Per channel its first page; for one that is refused the API's words."""
    base = settings.delta_first_page
    for number, name in enumerate(settings.channels, 1):
        try:
            found = _first_page(api, name, base)
            base = found.first_page if found.total > 1 else base
            yield found
        except RequestRefused as error:
            yield f"{name} ({error})"
        progress.update("asking the API", number, len(settings.channels))


def _first_page(api: InventorumClient, channel: str, base: int | None) -> _Channel:
    if base is not None:
        return _Channel(channel, base, api.orders_delta(channel=channel, page=base, limit=1))
    try:
        return _Channel(channel, 0, api.orders_delta(channel=channel, page=0, limit=1))
    except EmptyPage:
        pass
    except RequestRefused as error:
        if error.status not in NO_SUCH_PAGE:
            raise
    return _Channel(channel, 1, api.orders_delta(channel=channel, page=1, limit=1))


def _times(api: InventorumClient, settings: Settings, channels: list[_Channel], begin: datetime) -> Iterator[Finding]:
    """What a sync would make of the server's clock, and of times that it has told before."""
    known = KnownTimes()
    with suppress(InventorumError):  # what is wrong with the landing log has been told
        known = foreseen(settings, api)
        if settings.files.landing.exists():
            with landing.opened(settings.files) as connection:
                if known != known_times(connection):
                    yield warn(
                        "times",
                        "the server's clock was ahead in earlier loads, and is right again",
                        "The next sync corrects what it had said then, and builds everything.",
                    )
    refused: dict[str, list[str]] = {}
    for channel in channels:
        try:
            refuse_time(settings, known, channel.name, channel.answer)
        except CrawlError as error:
            refused.setdefault(str(error), []).append(channel.name)
    for words, names in refused.items():
        yield fail("clock", words, f"A sync ends so for {', '.join(names)}.", CrawlError.exit_code)
    if not refused:
        yield _skew(channels[0].answer, begin, settings)


def _skew(answer: Answer, begin: datetime, settings: Settings) -> Finding:
    """The server's clock against ours; its header has whole seconds, and the answer took its time."""
    ahead = answer.date - begin - timedelta(seconds=answer.seconds)
    seconds = ahead.total_seconds()
    found = f"the server's clock is {abs(seconds):.0f} s {'ahead of' if seconds >= 0 else 'behind'} this machine's"
    if abs(ahead) <= SKEW:
        return ok("clock", found)
    advice = "Set this machine's clock (NTP). Loading goes by the server's clock and is not harmed"
    rotating = isinstance(settings.login, RotatingLogin)
    return warn("clock", found, advice + ("; tokens may be renewed late." if rotating else "."))


def _paging(api: InventorumClient, channel: _Channel, settings: Settings) -> Finding:
    """Number of the first page and rows of an answer at most, as the channel with most orders shows them."""
    base = channel.first_page
    try:
        if base == 0 and settings.delta_first_page is None and channel.total > 1:
            following = api.orders_delta(channel=channel.name, page=1, limit=1)
            if following.page.keys == channel.answer.page.keys:
                base = 1  # page 0 was answered as if it were page 1
        rows = len(api.orders_delta(channel=channel.name, page=base, limit=ASKED).page.keys)
    except ApiError as error:
        return warn("paging", f"first page {base}; asking for {ASKED} rows failed: {error}", "Runs ask for 100.")
    known = f"the first page is {base}" if channel.total > 1 else "too few orders to see the number of the first page"
    cap = f"an answer brings at most {rows} orders" if rows < channel.total else f"all {rows} orders fit one answer"
    if rows < min(CAP, channel.total):
        return warn("paging", f"{known}; {cap}", f"Fewer than the documented {CAP}: runs need more requests.")
    return ok("paging", f"{known}; {cap}")


def _history(api: InventorumClient, channel: str, settings: Settings) -> Finding:
    """Whether /orders/, which backfill and `orders` use, answers."""
    now = datetime.now(UTC)
    try:
        answer = api.orders(
            now - timedelta(days=1), now, tz=ZoneInfo(settings.timezone), channel=channel, page=1, limit=1
        )
    except InventorumError as error:
        return warn("history", f"GET /orders/ fails: {error}", "`backfill`, `reconcile` and `orders` need it.")
    return ok("history", f"GET /orders/ answers: {answer.page.total or 0} orders of {channel} in 24 hours")


def _version(settings: Settings, keys: object, channel: _Channel) -> Finding:
    used = channel.answer.processed_version
    found = f"asks with {settings.api_version}" + (f", answered with {used}" if used is not None else "")
    try:
        newest = (
            _client(settings, keys, UNHEARD_OF)
            .orders_delta(channel=channel.name, page=channel.first_page, limit=1)
            .processed_version
        )
    except InventorumError:
        newest = None
    if newest is None or newest == UNHEARD_OF:
        return ok("version", f"{found}; the newest is not told")
    if newest > settings.api_version:
        return ok("version", f"{found}; the newest is {newest}, which `api_version` may try")
    if used is not None and used != settings.api_version:
        return warn("version", f"{found}; the newest is {newest}", f"Set api_version to {used} in config.toml.")
    return ok("version", f"{found}, the newest")
