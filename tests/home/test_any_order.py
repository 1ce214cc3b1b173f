"""Whatever JSON stands in an order: no traceback, no load that blocks the next, no change of the others' figures.

`INVENTORUM_FUZZ=300 pytest -n 0 -m long tests/home/test_any_order.py` tries 300 shops instead of a few: 90,000 orders,
about an hour.
"""

from __future__ import annotations

import json
import os
import random
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import run
from pipelines.settings import Files, Settings, StaticLogin
from tests.support.any_order import any_order, changed, listing
from tests.support.odd_payloads import FIRST_DAY, ordinary

SHOPS = int(os.environ.get("INVENTORUM_FUZZ", "2"))
ORDINARY, ODD = 30, 150
FIGURES = (
    "select * exclude (last_seen_at) from core.fct_orders",
    "select * from core.fct_order_items",
    "select * from core.fct_payments",
    "select * from core.fct_order_vat",
    "select * from core.fct_bookings",
)


def figures(files: Files) -> list[list[tuple[Any, ...]]]:
    """All that is told of the ordinary orders."""
    with closing(duckdb.connect(str(files.warehouse), read_only=True)) as connection:
        return [
            connection.execute(f"from ({sql}) where order_id <= {ORDINARY} order by all").fetchall() for sql in FIGURES
        ]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SHOPS))
def test_an_order_of_any_json_disturbs_no_other(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    plain = [json.dumps(ordinary(number, FIRST_DAY + timedelta(days=number))) for number in range(1, ORDINARY + 1)]
    listed = list(plain)
    files = Files(tmp_path / "home")
    with listing(listed) as base_url:
        settings = Settings(
            files, base_url=base_url, login=StaticLogin("token"), channels=("ipad",), requests_per_second=1000.0
        )
        assert run.sync(settings).exit_code == 0
        right = figures(files)
        odd = [any_order(dice, ORDINARY + number) for number in range(1, ODD + 1)]
        for texts in (odd, [changed(dice, text) if number % 3 == 0 else text for number, text in enumerate(odd)]):
            listed[ORDINARY:] = texts
            report = run.sync(settings)

            assert report.exit_code in (0, 7), report.message
            assert not report.full_build
            assert figures(files) == right
            known = report.orders_new + report.orders_changed + report.orders_unchanged
            assert known + report.quarantined == len(set(listed))  # rejected texts are kept once
