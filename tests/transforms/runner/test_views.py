"""Models that only choose or join what other tables hold: views, in the build file and in the published one."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal

import duckdb

from tests.support.small_project import order
from transforms.readers.dictionary import describe

COLUMNS = "".join(
    f"\n  - {{name: {name}, description: The {name}.}}" for name in ("account", "business_date", "amount", "channel")
)
TOTALS = {
    "marts__days_sql": """
        -- grain: one row per business date with sales
        -- key: account, business_date
        -- rebuild: view
        select sales.account, sales.business_date, sales.amount, orders.channel
        from core.fct_daily_sales as sales
        left join core.fct_orders as orders using (account, business_date)
        """,
    "marts__days_yml": "name: days\ngrain: one row per day\ndescription: Days.\ncolumns:" + COLUMNS,
    "marts__total_sql": """
        -- grain: one row
        -- key: amount
        -- rebuild: full
        select cast(sum(amount) as decimal(18, 2)) as amount from marts.days
        """,
    "marts__total_yml": "name: total\ngrain: one row\ndescription: All.\ncolumns: [{name: amount, description: Sum.}]",
}


def test_a_view_and_what_reads_it_follow_the_tables(small):
    small.change(**TOTALS)
    small.load([order(1, "1.00")])
    small.build()
    assert small.rows("select amount, channel from marts.days") == [(Decimal("1.00"), "ipad")]

    small.load([order(1, "5.00", state=361)])
    report = small.build()

    assert not report.full
    assert small.rows("select amount, channel from marts.days") == [(Decimal("5.00"), "ipad")]
    assert small.rows("from marts.total") == [(Decimal("5.00"),)]
    assert "marts.days" not in report.tables


def test_a_view_is_read_in_the_published_file_whatever_it_is_attached_as(small):
    small.change(**TOTALS)
    small.load([order(1, "1.00")])
    small.build()
    small.publish()

    with closing(duckdb.connect()) as reader:
        reader.execute(f"attach '{small.files.published}' as shop (read_only)")
        reader.execute("create schema core; create table core.fct_daily_sales as select 99 as amount")
        assert reader.execute("select amount from shop.marts.days").fetchall() == [(Decimal("1.00"),)]
    with closing(duckdb.connect(small.files.published, read_only=True)) as reader:
        assert reader.execute("select amount from marts.days").fetchall() == [(Decimal("1.00"),)]


def test_a_view_is_described_as_a_table_is(small):
    small.change(**TOTALS)
    small.load([order(1, "1.00")])
    small.build()
    small.publish()

    (found,) = (table for table in describe(small.files.published) if table.name == "days")

    assert (found.grain, found.key, found.rows) == ("one row per day", ("account", "business_date"), 1)
    assert [column.description for column in found.columns][:2] == ["The account.", "The business_date."]
