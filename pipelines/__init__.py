"""Python that brings orders into the landing log, and the command line."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` costs nothing that is needed here
if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.landing.source import inventorum_source
    from transforms.readers.following import Following

__all__ = ["connect", "inventorum_source"]


def __getattr__(name: str) -> object:
    """The dlt source, imported by whoever asks for it: dlt takes its time."""
    if name == "inventorum_source":
        from pipelines.landing.source import inventorum_source

        return inventorum_source
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def connect(home: Path | str | None = None, timezone: str = "UTC") -> Following:
    """The published warehouse, read-only: a connection for notebooks and programs that live long.

    Each statement reads what is published at that moment, while `duckdb.connect` would keep the file that it found
    first. Tables are called `core.fct_orders`, `marts.sales_by_day`, ...; `inventorum tables` lists them.

        from pipelines import connect

        warehouse = connect()
        warehouse.sql("from marts.sales_by_day").df()

    Args:
        home: The installation's folder; default: `INVENTORUM_HOME`, else `./data`.
        timezone: Zone in which timestamps are shown.

    Raises:
        TransformError: Nothing is published there, or it cannot be read; the message says what to do.
    """
    from pathlib import Path

    from pipelines.settings import Files, home_folder
    from transforms.readers.following import Following

    files = Files(home_folder(None if home is None else Path(home)))
    return Following(files.warehouse, timezone)
