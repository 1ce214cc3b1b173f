"""Tests: folders mirror the code; `home/` and `lives/` try a whole installation, `support/` is what tests share."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The checkout."""
