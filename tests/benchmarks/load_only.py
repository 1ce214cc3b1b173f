"""The crawl as `sync` makes it, into a landing log, without build and publish.

`python -m tests.benchmarks.load_only`.
"""

from __future__ import annotations

from pipelines import process
from pipelines.landing import log as landing
from pipelines.progress import Silent
from pipelines.settings import Settings, ensure_home


def main() -> None:
    """Load what the settings in the environment name."""
    process.begin()
    settings = Settings.load()
    ensure_home(settings.files)
    landing.prepare(settings.files)
    from pipelines.connection import connect
    from pipelines.landing.load_delta import load_delta

    api = connect(settings, settings.require_login())
    load_delta(settings, api, "benchmark", None, frozenset(), Silent())


if __name__ == "__main__":
    main()
