"""The shop goes on trading between two loads."""

from __future__ import annotations

from datetime import timedelta

from pipelines.sandbox import Clock, Shop, make_shop, trading
from pipelines.sandbox.payload import CANCELED, REFUNDED

END = "2026-11-23T13:00Z"


def test_a_round_has_everything_and_ends_later() -> None:
    shop = make_shop(orders=2000, end=END)
    began = shop.clock.now()

    trade = trading.trade(shop)

    assert shop.clock.now() >= trade.end > began
    assert len(shop.orders) == 2002 + trade.sales
    assert min(trade.sales, trade.shipped, trade.delivered, trade.canceled, trade.refunded) >= 1
    assert str(trade).startswith(f"{trade.sales} sales, ")


def test_every_change_lies_within_the_round() -> None:
    shop = make_shop(orders=2000, end=END, clock=Clock(END, running=False))
    before = {key: order.payload for key, order in shop.orders.items()}

    trade = trading.trade(shop, hours=20)

    changed = [order for key, order in shop.orders.items() if before.get(key) != order.payload]
    first, last = trade.start.timestamp() * 1_000_000, trade.end.timestamp() * 1_000_000
    assert len(changed) >= trade.sales + 2
    assert all(first - 1_000_000 < order.modified <= last + 1 for order in changed)
    assert set(before) <= set(shop.orders)


def test_the_documentations_orders_are_left_alone() -> None:
    shop = make_shop(orders=50, end=END)
    before = {key: shop.payload(key) for key in (5011967, 8791312)}
    for _ in range(20):
        trading.trade(shop, hours=24)

    assert {key: shop.payload(key) for key in before} == before


def test_rounds_differ_and_repeat_with_the_seed() -> None:
    def history() -> list[bytes]:
        shop = make_shop(orders=300, end=END, clock=Clock(END, running=False))
        trading.trade(shop, sales=5, hours=5)
        trading.trade(shop, sales=5, hours=5)
        return [order.payload for order in shop.orders.values()]

    assert history() == history()


def test_as_many_sales_as_are_asked_for() -> None:
    shop = make_shop(orders=300, end=END)

    assert [trading.trade(shop, sales=count, hours=3).sales for count in (0, 1, 25)] == [0, 1, 25]
    assert trading.trade(shop, hours=24 * 7).sales > 7


def test_a_day_at_the_till_reaches_into_the_next_opening_hours() -> None:
    shop = make_shop(orders=300, end="2026-11-21T15:00Z")  # Saturday, closing time

    trade = trading.trade(shop)

    assert trade.end - trade.start > timedelta(days=1, hours=20)
    assert any(order.channel == "ipad" for order in list(shop.orders.values())[-trade.sales :])


def test_open_orders_are_settled_in_the_end() -> None:
    shop = make_shop(orders=500, end=END, samples=False)
    for _ in range(3):
        trading.trade(shop, sales=0, hours=24 * 60)

    waiting = [o.state for o in shop.orders.values() if o.state & 256 == 0 and not o.state & (CANCELED | REFUNDED)]
    assert waiting == []


def test_a_shop_of_its_own_trades_too() -> None:
    shop = Shop(clock=Clock(END))
    shop.sell("ipad", [("Wobbler", "6.99", 10)])

    assert trading.trade(shop, sales=4).sales == 4
