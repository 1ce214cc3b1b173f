"""The dictionary says what the catalogue says."""

from __future__ import annotations

import pytest

from tests.support.small_project import order
from transforms.errors import TransformError
from transforms.readers.dictionary import Column, describe


@pytest.fixture
def tables(small):
    small.change(
        marts__sales_yml="""
        name: sales
        grain: one row per business date with sales
        description: >
          Turnover per day: everything that was sold,
          whoever bought it.
        questions:
          - How was yesterday?
          - "Which day was best: a Saturday?"
        columns:
          - {name: account, description: Account of the API.}
          - {name: business_date, description: Day in the shop's zone.}
          - {name: order_count, description: Number of orders.}
          - {name: amount, description: "Turnover: gross, EUR; never null."}
        """
    )
    small.load([order(1), order(2, "5.00", channel="ebay")])
    small.build()
    small.publish()
    return {table.full_name: table for table in describe(small.files.published)}


def test_a_table_has_its_grain_key_and_questions(tables):
    sales = tables["marts.sales"]

    assert sales.grain == "one row per business date with sales"
    assert sales.key == ("account", "business_date")
    assert sales.description == "Turnover per day: everything that was sold, whoever bought it."
    assert sales.questions == ("How was yesterday?", "Which day was best: a Saturday?")
    assert sales.rows == 1


def test_columns_come_in_order_with_type_and_meaning(tables):
    assert tables["marts.sales"].columns == (
        Column("account", "VARCHAR", "Account of the API."),
        Column("business_date", "DATE", "Day in the shop's zone."),
        Column("order_count", "BIGINT", "Number of orders."),
        Column("amount", "DECIMAL(38,2)", "Turnover: gross, EUR; never null."),
    )


def test_marts_come_first_and_every_table_is_there(tables):
    names = list(tables)

    assert names[0].startswith("marts.")
    assert names[-1].startswith("ops.")
    assert {"ops.fct_findings", "core.fct_orders", "ops.runs", "ops.loads", "ops.checks", "ops.meta"} <= set(names)


def test_everything_says_what_it_means(tables):
    for table in tables.values():
        assert table.description
        assert table.grain
        assert all(column.description for column in table.columns)


def test_without_a_published_file_there_is_no_dictionary(small):
    with pytest.raises(TransformError, match="nothing was published there yet"):
        describe(small.files.published)
