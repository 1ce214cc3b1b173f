"""Each check of dimensions, daily figures and reports finds the violation that is planted for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.support.landing_file import Load
from tests.support.random_shop import random_loads
from tests.support.warehouse import Warehouse, item, order
from transforms.runner import ledger
from transforms.runner.check_results import evaluate
from transforms.runner.loads import keep_loads, new_loads, stage_all
from transforms.runner.models import Check, sql_folder
from transforms.runner.project import cached_project
from transforms.runner.rebuilds import Temporary
from transforms.runner.session import Connection, attach_landing, connect, prepare
from transforms.runner.steps import Steps

ONE = "rowid = (select min(rowid) from {table})"


def twice(table: str) -> str:
    """A row that stands there twice."""
    return f"insert into {table} select * from {table} where {ONE.format(table=table)}"


def more(table: str, column: str, condition: str = "true") -> str:
    """One row has more than is true."""
    return (
        f"update {table} set {column} = {column} + 1 where rowid = (select min(rowid) from {table} where {condition})"
    )


def less(table: str, condition: str = "true") -> str:
    """A row is missing."""
    return f"delete from {table} where rowid = (select min(rowid) from {table} where {condition})"


PLANTED = {
    # keys
    "dimensions_have_unique_keys": [
        twice(name)
        for name in (
            "core.dim_date",
            "core.dim_holiday",
            "ops.dim_year",
            "core.dim_channel",
            "core.dim_payment_method",
            "core.dim_order_state",
            "core.dim_tax_rate",
            "ops.dim_product_attributes",
            "core.dim_product",
            "core.dim_customer",
            "core.dim_address",
            "core.dim_shipping_service",
            "core.dim_user",
        )
    ],
    "daily_figures_have_unique_keys": [
        twice(f"ops.{name}")
        for name in (
            "fct_daily_sales",
            "fct_daily_vat",
            "fct_hourly_sales",
            "fct_daily_product_sales",
            "fct_daily_customer_sales",
            "fct_basket_pairs",
            "sales_by_day_and_hour",
        )
    ],
    "fct_receipts_has_a_unique_key": [twice("ops.fct_receipts")],
    "fct_fulfilment_has_a_unique_key": [twice("ops.fct_fulfilment")],
    "bookkeeping_has_unique_keys": [
        twice(f"ops.{name}")
        for name in (
            "fct_loads",
            "fct_crawl_status",
            "fct_receipt_blocks",
            "fct_receipt_findings",
            "walk_in_sales",
            "receipt_circles",
        )
    ],
    "reports_by_day_have_unique_keys": [
        twice(f"marts.{name}")
        for name in (
            "sales_by_day",
            "discounts",
            "refunds",
            "product_sales_by_day",
        )
    ],
    "reports_have_unique_keys": [
        twice(f"marts.{name}")
        for name in (
            "vat_by_month",
            "sales_by_product",
            "sales_by_hour",
            "customers",
            "cohorts",
            "basket_affinity",
            "open_orders",
            "fulfilment",
            "receipt_numbers",
            "freshness",
            "data_quality",
        )
    ],
    # members
    "orders_point_to_known_members": [
        "update core.fct_order_items set product_id = 999999",
        "update core.fct_orders set customer_id = 999999",
        "update core.fct_orders set user_id = 999999",
        "update core.fct_orders set billing_address_id = 999999",
        "update core.fct_orders set shipping_address_id = 999999",
        "update core.fct_shipments set service_id = 999999",
    ],
    "daily_figures_point_to_known_members": [
        "delete from core.dim_date where business_date = (select min(business_date) from ops.fct_daily_sales)",
        "delete from core.dim_date where business_date = (select max(paid_date) from core.fct_payments)",
        "delete from core.dim_channel where channel = 'ipad'",
        "delete from core.dim_payment_method where payment_method = '0'",
        "delete from core.dim_tax_rate where tax_rate = 19",
        "delete from core.dim_product where product_id = 501",
    ],
    "set_states_are_known_members": ["delete from core.dim_order_state where state_bit = 256"],
    # calendar
    "the_calendar_has_no_gap": [
        "delete from core.dim_date where business_date = '2026-05-17'",
        "delete from core.dim_date where business_date = '2026-12-31'",
        "delete from core.dim_date where business_date = '2026-01-01'",
    ],
    # daily figures
    "fct_daily_sales_equals_fct_orders": [
        *(
            more("ops.fct_daily_sales", column, "order_count > 0")
            for column in (
                "order_count",
                "quantity",
                "gross_amount",
                "net_amount",
                "vat_amount",
                "shipping_gross_amount",
                "payment_amount",
                "customer_order_count",
                "customer_gross_amount",
                "item_count",
                "unnumbered_order_count",
                "discount_amount",
                "open_order_count",
                "canceled_order_count",
                "draft_order_count",
                "test_order_count",
            )
        ),
        less("ops.fct_daily_sales", "order_count > 0"),
        less("core.fct_orders", "order_class = 'sale'"),
    ],
    "refunds_of_days_equal_fct_orders": [
        more("ops.fct_daily_sales", "refund_amount"),
        more("ops.fct_daily_sales", "refund_count"),
        less("ops.fct_daily_sales", "refund_count > 0"),
    ],
    "refunds_of_customers_equal_fct_orders": [
        more("ops.fct_daily_customer_sales", "refund_amount"),
        more("ops.fct_daily_customer_sales", "refund_count"),
        less("ops.fct_daily_customer_sales", "refund_count > 0"),
    ],
    "refunds_of_products_equal_fct_order_items": [
        more("ops.fct_daily_product_sales", "refund_amount"),
        more("ops.fct_daily_product_sales", "refund_quantity"),
        less("ops.fct_daily_product_sales", "refund_amount > 0"),
    ],
    "fct_daily_vat_equals_fct_order_vat": [
        more("ops.fct_daily_vat", "vat_amount"),
        more("ops.fct_daily_vat", "line_count"),
        more("ops.fct_daily_vat", "order_count"),
        less("ops.fct_daily_vat", "order_count > 0"),
    ],
    "fct_daily_product_sales_equals_fct_order_items": [
        more("ops.fct_daily_product_sales", "gross_amount"),
        more("ops.fct_daily_product_sales", "quantity"),
        more("ops.fct_daily_product_sales", "order_count"),
        more("ops.fct_daily_product_sales", "discount_amount"),
        less("ops.fct_daily_product_sales", "line_count > 0"),
        less("core.fct_order_items", "order_class = 'sale'"),
    ],
    "fct_daily_customer_sales_equals_fct_orders": [
        more("ops.fct_daily_customer_sales", "gross_amount"),
        more("ops.fct_daily_customer_sales", "quantity"),
        less("ops.fct_daily_customer_sales", "order_count > 0"),
    ],
    "fct_hourly_sales_equals_fct_orders": [
        more("ops.fct_hourly_sales", "hour_of_day"),
        more("ops.fct_hourly_sales", "gross_amount"),
        more("ops.fct_hourly_sales", "net_amount"),
        more("ops.fct_hourly_sales", "quantity"),
    ],
    "baskets_are_sales_with_a_product": [
        "update ops.fct_basket_pairs set first_basket_count = 0",
        "update ops.fct_basket_pairs set first_basket_count = 100",
    ],
    # reports
    "sales_by_day_equals_fct_daily_sales": [
        *(
            more("marts.sales_by_day", column, "order_count > 0")
            for column in (
                "order_count",
                "quantity",
                "gross_amount",
                "net_amount",
                "vat_amount",
                "refund_amount",
                "shipping_gross_amount",
                "discount_amount",
                "payment_amount",
            )
        ),
        less("marts.sales_by_day", "order_count > 0"),
    ],
    "sales_by_day_has_every_day": [
        less("marts.sales_by_day"),
        less("marts.sales_by_day", "order_count = 0 and business_date between '2021-01-01' and '2025-01-01'"),
        "delete from marts.sales_by_day",
    ],
    "vat_by_month_equals_fct_daily_vat": [
        more("marts.vat_by_month", "vat_amount"),
        more("marts.vat_by_month", "tax_rate"),
        less("marts.vat_by_month"),
    ],
    "sales_by_product_equals_fct_daily_product_sales": [
        more("marts.sales_by_product", "gross_amount"),
        less("marts.sales_by_product"),
        less("marts.sales_by_product", "product_id is null"),
    ],
    "product_sales_by_day_equals_fct_daily_product_sales": [
        more("marts.product_sales_by_day", "gross_amount"),
        less("marts.product_sales_by_day"),
    ],
    "sales_by_hour_equals_fct_hourly_sales": [
        more("marts.sales_by_hour", "order_count", "order_count > 0"),
        less("marts.sales_by_hour", "order_count > 0"),
    ],
    "sales_by_day_and_hour_equals_fct_hourly_sales": [
        more("ops.sales_by_day_and_hour", "gross_amount"),
        less("ops.sales_by_day_and_hour"),
    ],
    "customers_equals_fct_daily_customer_sales": [
        more("marts.customers", "gross_amount"),
        more("marts.customers", "order_count"),
        less("marts.customers"),
    ],
    "walk_in_sales_equals_fct_daily_sales": [
        more("ops.walk_in_sales", "customer_gross_amount"),
        more("ops.walk_in_sales", "gross_amount"),
        less("ops.walk_in_sales"),
    ],
    "cohorts_equal_customers": [
        more("marts.cohorts", "order_count"),
        more("marts.cohorts", "customer_count", "month_number = 0"),
    ],
    "cohorts_equal_fct_daily_customer_sales": [
        more("marts.cohorts", "order_count"),
        more("marts.cohorts", "gross_amount"),
        more("marts.cohorts", "active_customer_count"),
        less("marts.cohorts", "order_count > 0"),
    ],
    "copies_say_what_was_copied": [
        "update core.dim_product set unit_gross_amount = unit_gross_amount + 1",
        "update marts.basket_affinity set product_name = 'another'",
        "update marts.customers set customer_name = null where customer_name is not null",
        "update marts.fulfilment set service_name = 'another' where service_id > 0",
        "update marts.open_orders set ordered_at = ordered_at + interval 1 second",
        "update marts.open_orders set customer_name = 'another' where customer_name is not null",
        "update marts.refunds set refund_date = refund_date + 1",
        "update marts.sales_by_product set last_sold_date = last_sold_date + 1",
    ],
    "affinities_are_possible": [
        "update marts.basket_affinity set basket_count = product_basket_count + 1",
        "update marts.basket_affinity set basket_count = other_product_basket_count + 1",
        "update marts.basket_affinity set all_basket_count = 0",
        "update marts.basket_affinity set support_ratio = 1.1",
        "update marts.basket_affinity set confidence_ratio = -0.1",
        "update marts.basket_affinity set lift = 0",
    ],
    "discounts_equal_fct_daily_sales": [
        "update marts.discounts set discount_amount = discount_amount + 1",
        "delete from marts.discounts",
    ],
    "refunds_equals_fct_daily_sales": [
        more("marts.refunds", "refund_amount", "refund_date is not null"),
        less("marts.refunds", "refund_date is not null"),
    ],
    "open_orders_equals_fct_daily_sales": [less("marts.open_orders"), twice("marts.open_orders")],
    "fct_fulfilment_equals_fct_shipments": [
        less("ops.fct_fulfilment"),
        more("ops.fct_fulfilment", "shipping_gross_amount"),
        "update ops.fct_fulfilment set customer_id = order_id",
        "update ops.fct_fulfilment set is_shipped = not is_shipped",
    ],
    "fulfilment_equals_fct_fulfilment": [
        more("marts.fulfilment", "waiting_order_count"),
        more("marts.fulfilment", "delivered_order_count"),
        more("marts.fulfilment", "timed_shipment_count"),
        more("marts.fulfilment", "shipping_gross_amount"),
        less("marts.fulfilment"),
    ],
    "fct_receipts_holds_every_receipt_number": [
        less("ops.fct_receipts"),
        "update core.fct_orders set invoice_number = 'X' where invoice_number is null",
        "update ops.fct_receipts set business_date = business_date + 1",
    ],
    "fct_receipt_blocks_equals_fct_receipts": [
        more("ops.fct_receipt_blocks", "receipt_count"),
        more("ops.fct_receipt_blocks", "last_counter"),
        more("ops.fct_receipt_blocks", "number_count"),
        "update ops.fct_receipt_blocks set first_date = first_date - 1",
        less("ops.fct_receipt_blocks"),
    ],
    "receipt_circles_equal_their_findings": [
        less("marts.receipt_numbers", "finding = 'gap'"),
        less("marts.receipt_numbers", "finding = 'duplicate'"),
        more("ops.receipt_circles", "duplicate_count"),
    ],
    "receipt_circles_equals_fct_receipt_blocks": [
        more("ops.receipt_circles", "receipt_count"),
        less("ops.receipt_circles"),
    ],
    # closings
    # operations
    # what was sent
    "orders_say_what_was_sent": [
        "update core.fct_orders set completed_at = completed_at + interval 1 second",
        "update core.fct_orders set customer_id = order_id where customer_id is not null",
        "update core.fct_orders set amount_paid = shipping_gross_amount where shipping_gross_amount > 0",
        "update core.fct_orders set invoice_number = 'X' where invoice_number is not null",
        "update core.fct_orders set invoice_number = null where invoice_number is not null",
    ],
    "lines_say_what_was_sent": [
        "update core.fct_order_items set item_id = order_id",
        "update core.fct_order_items set product_name = product_code",
        "update core.fct_order_items set published_gross_amount = unit_gross_amount + 1",
    ],
    "payments_say_what_was_sent": [
        "update core.fct_payments set payment_id = order_id",
        "update core.fct_payments set payment_method = 'another'",
        "update core.fct_payments set paid_at = paid_at + interval 1 second",
    ],
    "shipments_say_what_was_sent": [
        "update core.fct_shipments set shipment_name = service_name",
        "update core.fct_shipments set time_min_seconds = time_max_seconds",
    ],
    "customers_say_what_was_sent": [
        "update core.dim_customer set city = 'another' where customer_id = 301",
        "update core.dim_customer set billing_address_id = customer_id where customer_id = 301",
    ],
    "addresses_say_what_was_sent": [
        "update core.dim_address set customer_id = address_id where address_id in (41, 42)",
        "update core.dim_address set city = null where address_id = 41",
        "update core.dim_address set address_kind = 'billing' where address_id = 42",
    ],
    "freshness_names_every_channel": [less("marts.freshness")],
    "data_quality_equals_fct_findings": [
        more("marts.data_quality", "finding_count"),
        less("marts.data_quality"),
        "update ops.fct_findings set amount = amount + 1",
    ],
    "fct_loads_holds_every_crawl": [less("ops.fct_loads"), more("ops.fct_loads", "crawl_count")],
}
CASES = [
    pytest.param(name, statement, id=f"{name} {number}")
    for name, statements in PLANTED.items()
    for number, statement in enumerate(statements, 1)
]


@dataclass
class Checked:
    """A warehouse in whose open transaction everything that checks read is staged."""

    connection: Connection
    steps: Steps
    checks: dict[str, Check]

    def failing_rows(self, name: str) -> int:
        """What the check finds now."""
        check = self.checks[name]
        for model in self.steps.project.models:
            if model.full_name in check.reads and model.schema == "stored":
                # from the table in which something was planted
                Temporary().stage(self.steps.work, model, model.sql)
        return evaluate(self.connection, check).failing_rows


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A shop in which every report has rows."""
    warehouse = Warehouse(tmp_path_factory.mktemp("shop"))
    loads = random_loads(21, orders=120, loads=3)
    lines = [item("1.00", product=501), item("2.00", product=502)]
    person = {"id": 301, "billing_address": {"id": 41, "city": "Berlin"}, "shipping_address": [{"id": 42}]}
    extra = [order(number, "2026-10-01T10:00:00Z", lines, number="7", customer=301) for number in range(1, 4)]
    extra[0]["customer"] = person
    late = order(4, "2026-10-02T10:00:00Z", lines, number="9", shipping="4.90")
    loads.append(Load(extra, watermark=loads[-1].watermark + timedelta(days=1)))
    loads.append(Load([late, extra[0] | {"state": 4}], watermark=loads[-1].watermark + timedelta(days=1)))
    warehouse.load(*loads)
    return warehouse


@pytest.fixture(scope="module")
def staged(shop: Warehouse) -> Iterator[Checked]:
    """Everything that the checks read, staged once."""
    with closing(connect(shop.files.build, shop.files)) as connection:
        attach_landing(connection, shop.files)
        new_loads(connection, set())
        keep_loads(connection, ledger.seen_loads(connection))
        project = cached_project(sql_folder(), shop.files.work)
        prepare(connection, shop.rules, project.macros)
        steps = Steps(connection, project, fresh=False)
        steps.check_only(stage_all(connection))
        for model in project.models:
            if model.rebuild == "view":  # something can be planted in a table only
                connection.execute(f"create temp table shown as from {model.relation}; drop view {model.relation}")
                connection.execute(f"create table {model.relation} as from shown; drop table shown")
        yield Checked(connection, steps, {check.name: check for check in project.checks})


@pytest.fixture
def checked(staged: Checked) -> Iterator[Checked]:
    """What a test changes is undone."""
    staged.connection.begin()
    yield staged
    staged.connection.rollback()


@pytest.mark.parametrize(("name", "statement"), CASES)
def test_a_planted_violation_is_found(checked: Checked, name: str, statement: str) -> None:
    assert checked.failing_rows(name) == 0

    ((changed_rows,),) = checked.connection.execute(statement).fetchall()

    assert changed_rows > 0
    assert checked.failing_rows(name) > 0


def test_nothing_is_found_where_nothing_is_wrong(staged: Checked) -> None:
    assert [result for result in staged.steps.results if result.is_failure] == []
    assert {result.name for result in staged.steps.results} >= set(PLANTED)
