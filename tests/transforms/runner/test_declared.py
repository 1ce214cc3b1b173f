"""Claims that heads declare: keys of models, equal figures, copied names."""

from __future__ import annotations

from contextlib import closing

import duckdb
import pytest

from tests.support.small_project import order
from transforms.errors import ModelError
from transforms.runner.build import Rules
from transforms.runner.check import run_checks
from transforms.runner.declared import read_equality
from transforms.runner.project import load_project

DAYS = """
    -- grain: one row per business date
    -- key: account, business_date
    -- rebuild: full
    -- equals: core.fct_daily_sales by account, business_date where order_count > 0
    -- harm: A day would be wrong.
    select account, business_date, order_count, amount from core.fct_daily_sales
    """
DAYS_YML = """
    name: days
    description: Days.
    columns:
      - {name: account, description: account}
      - {name: business_date, description: day}
      - {name: order_count, description: orders}
      - {name: amount, description: money}
    """


def failing(small) -> dict[str, int]:
    return {found.name: found.failing_rows for found in run_checks(small.files, Rules(), sql_dir=small.sql)}


def execute(small, statement: str) -> None:
    with closing(duckdb.connect(small.files.build)) as connection:
        connection.execute(statement)


def test_an_equality_is_read():
    read = read_equality("core.x by account, month = date_trunc('month', day), channel where a = b", "marts/y.sql")

    assert read.table == "core.x"
    assert read.keys == {"account": "account", "month": "date_trunc('month', day)", "channel": "channel"}
    assert read.where == "a = b"


def test_a_head_that_cannot_be_read_names_its_file():
    with pytest.raises(ModelError, match=r"marts/y\.sql: `equals: core\.x` is not of the form"):
        read_equality("core.x", "marts/y.sql")


def test_every_kept_table_with_a_key_has_a_claim_about_it(small):
    claims = [check for check in load_project(small.sql).checks if "_unique_key" in check.name]

    for model in load_project(small.sql).models:
        if model.key and not model.is_temporary:
            names = {model.full_name, f"stored.{model.name}"}
            assert [claim.name for claim in claims if names & set(claim.reads)], model.full_name


def test_a_key_that_comes_twice_is_found(small):
    small.load([order(1)])
    small.build()
    execute(small, "insert into core.fct_orders from core.fct_orders")

    assert failing(small)["fct_orders_has_a_unique_key"] == 1


@pytest.mark.long
@pytest.mark.parametrize(
    "statement",
    [
        "update marts.days set amount = amount + 1",
        "update marts.days set order_count = 0",
        "delete from marts.days",
        "insert into marts.days select account, business_date + 1, 1, 1 from marts.days",
    ],
)
def test_figures_that_differ_are_found(small, statement):
    small.change(marts__days_sql=DAYS, marts__days_yml=DAYS_YML)
    small.load([order(1)])
    small.build()
    assert failing(small)["days_equals_fct_daily_sales"] == 0
    execute(small, statement)

    assert failing(small)["days_equals_fct_daily_sales"] == 1
    (claim,) = (check for check in load_project(small.sql).checks if check.name == "days_equals_fct_daily_sales")
    assert (claim.severity, claim.path, claim.harm) == ("fail", "marts/days.sql", "A day would be wrong.")


def test_a_table_that_nobody_makes_is_refused(small):
    small.change(
        marts__days_sql=DAYS.replace("core.fct_daily_sales by", "core.fct_weekly by"), marts__days_yml=DAYS_YML
    )

    with pytest.raises(ModelError, match=r"marts/days\.sql is compared with core\.fct_weekly, which no file makes"):
        load_project(small.sql)


def test_a_check_that_compares_what_is_not_there_is_refused(small):
    small.change(
        checks__days_are_right_sql="-- severity: fail\n-- scope: build\n-- harm: None.\n"
        "-- equals: core.fct_daily_sales by account, business_date\n"
        "select account, business_date, count(*) as visits from core.fct_orders group by account, business_date"
    )

    with pytest.raises(ModelError, match=r"checks/days_are_right\.sql and core\.fct_daily_sales .* visits"):
        load_project(small.sql)
