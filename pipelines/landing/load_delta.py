"""From the API into the landing log: puts client, reading protocol and dlt source together for one run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from pipelines.inventorum.http.client import InventorumClient
from pipelines.landing import log as landing
from pipelines.progress import Progress, timed
from pipelines.settings import Settings, prepare_dlt

prepare_dlt()

from pipelines.landing.clocks import in_order  # noqa: E402
from pipelines.landing.crawl import FETCH_THREADS, Ledger, RunContext  # noqa: E402
from pipelines.landing.dlt_internals import sealed  # noqa: E402
from pipelines.landing.source import Crawls, crawls_source  # noqa: E402


def load_delta(
    settings: Settings,
    api: InventorumClient,
    run_id: str,
    since: datetime | None,
    named_channels: frozenset[str],
    progress: Progress,
) -> Ledger:
    """Crawl every channel of the settings and append what came, with its ledger, as one load.

    A channel whose crawl could not be completed lands nothing but its ledger row.

    Raises:
        SettingsError: The landing log is another account's; nothing was asked.
        LoginError: The API refused the token; nothing was loaded.
        InventorumError: The landing log could not be written; nothing was loaded.
    """
    ledger = Ledger(expected=len(settings.channels))
    with timed(ledger.seconds, "connect"), landing.kept_open(settings.files), sealed():
        landing.refuse_another_account(settings.files, settings.account)
        landing.complete(settings.files)
        known = in_order(settings, api)
        pipeline = landing.pipeline(settings.files, progress, known.cursors)
    with (
        sealed(),
        ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetch") as executor,
        ThreadPoolExecutor(len(settings.channels), thread_name_prefix="crawl") as crawlers,
    ):
        context = RunContext.of(settings, run_id, known, executor, progress, since=since, required=named_channels)
        crawls = Crawls(api, context, ledger, crawlers)
        source = crawls_source(crawls, settings.channels)
        ledger.seconds |= landing.load(settings.files, source, crawls.extracted, progress, pipeline)
    return ledger
