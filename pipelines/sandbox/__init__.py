"""A local server that behaves as the API is documented, with a shop that trades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.sandbox.clock import Clock
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.shop import Shop

if TYPE_CHECKING:
    from pipelines.sandbox.server import Sandbox, serve

__all__ = ["Clock", "Sandbox", "Shop", "make_shop", "serve"]


def __getattr__(name: str) -> Any:
    """Imports the web server only where it is used."""
    if name in ("Sandbox", "serve"):
        from pipelines.sandbox import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
