"""Records that no shop should send, through a whole run: loaded or quarantined, counted, and never in the way."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipelines import run
from pipelines.commands.status import read_status
from pipelines.sandbox.shop import Shop
from pipelines.settings import Settings
from tests.conftest import Rows, Sync
from tests.pipelines.inventorum.http.test_pages import NO_ORDERS, ODD_BUT_READABLE

WOBBLER = [("Wobbler", "6.99", 1)]


@pytest.mark.long
def test_odd_records_are_loaded_or_quarantined_and_the_next_orders_come_through(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    good = shop.sell("ipad", items=WOBBLER, at="2026-11-01T10:00Z")
    odd = {}
    for number, record in enumerate(ODD_BUT_READABLE.values(), 9_000_000):
        odd[number] = record.replace(b'"id":2', b'"id":%d' % number).replace(b'"id":"2"', b'"id":"%d"' % number)
        shop.raw("ipad", odd[number])
    for record, *_ in NO_ORDERS.values():
        shop.raw("shop", record)
    report = sync()

    assert (report.exit_code, report.quarantined, report.orders_new) == (7, len(NO_ORDERS), 1 + len(odd))
    assert "raw.quarantine" in report.message
    assert sorted(rows("select reason, order_id, payload from raw.quarantine", raw=True), key=str) == sorted(
        ((reason, order_id, record.decode()) for record, reason, order_id in NO_ORDERS.values()), key=str
    )
    payloads = dict(rows("select order_id, payload from raw.orders", raw=True))
    assert {number: payloads[number].encode() for number in odd} == odd
    assert {number for (number,) in rows("select order_id from core.fct_orders")} == {good, *odd}
    assert rows("select gross_amount from marts.sales_by_day where order_count > 0") == [(Decimal("6.99"),)]
    found = {name for (name,) in rows("select check_name from marts.data_quality where finding_count > 0")}
    assert {"numbers_can_be_read", "payloads_can_be_read", "times_can_be_read"} <= found

    shop.clock.set("2026-11-02T18:00:00Z")
    later = shop.sell("ipad", items=WOBBLER, at="2026-11-02T17:00Z")
    assert sync().orders_new == 1
    assert rows(f"select order_class from core.fct_orders where order_id = {later}") == [("sale",)]
    assert rows("select count(*) from raw.quarantine", raw=True) == [(2 * len(NO_ORDERS),)]
    assert read_status(settings.files).summary["quarantined"].startswith(f"{len(NO_ORDERS)} records")
    before = rows("from core.fct_orders order by order_id")
    run.build(settings, full=True)
    assert rows("from core.fct_orders order by order_id") == before
