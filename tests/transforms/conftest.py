"""A small warehouse of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.small_project import SmallWarehouse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def small(tmp_path: Path) -> SmallWarehouse:
    """A small SQL folder with an empty landing file beside it."""
    return SmallWarehouse(tmp_path)
