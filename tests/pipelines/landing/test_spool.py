"""Rows that wait for the end of their crawl: nothing gets lost between memory and disk."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipelines.landing.spool import Room, Spool


def numbers(first, count=1_000):
    return pa.table({"order_id": pa.array(range(first, first + count), pa.int64())})


SIZE = numbers(0).nbytes


def ids(spool):
    return [order_id for table in spool.tables() for order_id in table["order_id"].to_pylist()]


@pytest.mark.parametrize("held", [0, 1, 3, 9], ids=["none", "one", "some", "all"])
def test_tables_come_back_in_order_however_many_of_them_memory_holds(tmp_path, held):
    with Spool(tmp_path / "spool" / "ipad.arrow", Room(held * SIZE)) as spool:
        for first in range(0, 5_000, 1_000):
            spool.add(numbers(first))

        assert (tmp_path / "spool" / "ipad.arrow").exists() == (held < 5)
        assert ids(spool) == list(range(5_000))

    assert not (tmp_path / "spool" / "ipad.arrow").exists()


def test_spools_share_the_room_and_give_it_back(tmp_path):
    room = Room(2 * SIZE)
    with Spool(tmp_path / "ipad.arrow", room) as ipad, Spool(tmp_path / "shop.arrow", room) as shop:
        for first in (0, 1_000):
            ipad.add(numbers(first))
        shop.add(numbers(7))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.arrow"]

        ipad.add(numbers(2_000))  # it goes to disk as a whole, and others may have its room
        assert sorted(path.name for path in tmp_path.iterdir()) == ["ipad.arrow", "shop.arrow"]
        assert room.take(2 * SIZE)
        room.give_back(2 * SIZE)

        assert ids(ipad) == list(range(3_000))
        assert ids(shop) == list(range(7, 1_007))

    with Spool(tmp_path / "ebay.arrow", room) as ebay:
        for first in (0, 1_000):
            ebay.add(numbers(first))
        assert list(tmp_path.iterdir()) == []
