"""dlt without its surroundings: no setting of anybody else's changes where rows land or what is read.

dlt listens to general names in the environment (`DEV_MODE`, `DATASET_NAME_LAYOUT`, `SCHEMA__NAMING`, ...), to
`.dlt/` of the working folder and of the user, to Airflow, to secrets of containers and to plugins. Inside of
`sealed()` it has the values below, and its own defaults for everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

SETTINGS: dict[tuple[str, ...], Any] = {
    ("runtime", "dlthub_telemetry"): False,
    ("runtime", "log_level"): "CRITICAL",  # no second copy of what we say ourselves
    ("providers", "enable_airflow_secrets"): False,
    ("pipelines", "enable_runtime_trace"): False,  # it keeps what exceptions say
    ("schema", "naming"): "snake_case",
    ("normalize", "parquet_normalizer", "add_dlt_load_id"): True,
    ("load", "delete_completed_jobs"): True,  # no loaded rows left on disk
}


class _OwnSettings(ConfigProvider):
    """Gives SETTINGS, whatever pipeline asks."""

    name = "inventorum-warehouse"
    supports_secrets = True
    supports_sections = True

    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any, str]:
        where = (*sections, key)
        return (None if pipeline_name else SETTINGS.get(where)), "__".join(where).upper()


class _Nowhere(RunContext):
    """A run that belongs to no folder."""

    def __init__(self) -> None:
        super().__init__(None)

    def initial_providers(self) -> list[ConfigProvider]:
        return [_OwnSettings()]

    @property
    def module(self) -> ModuleType | None:
        return None


@contextmanager
def sealed() -> Iterator[None]:
    """Inside of the block dlt hears of nothing but SETTINGS; what it had before comes back behind it."""
    with Container().injectable_context(PluggableRunContext(_Nowhere())):
        yield
