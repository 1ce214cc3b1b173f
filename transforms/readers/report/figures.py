"""The figures of the page, read from the marts and from nothing else. Amounts are exact decimals throughout."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from transforms.readers.report.periods import Period, monday_of
from transforms.readers.report.records import (
    ZERO,
    ChannelSales,
    ClosingDay,
    ClosingLine,
    ClosingRate,
    DiscountSums,
    OpenOrder,
    OpenOrders,
    PaymentSums,
    ProductSales,
    Refund,
    Totals,
    VatLine,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.readers.report.formats import Lang

TOTALS = """
    coalesce(sum(order_count), 0),
    coalesce(sum(quantity), 0),
    coalesce(sum(gross_amount), 0),
    coalesce(sum(net_amount), 0),
    coalesce(sum(vat_amount), 0),
    coalesce(sum(shipping_gross_amount), 0),
    coalesce(sum(discount_amount), 0),
    coalesce(sum(refund_count), 0),
    coalesce(sum(refund_amount), 0)
"""


class Figures:
    """Reads the marts over a connection to the published file."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self.connection = connection

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(values)).fetchall()

    def names_of_payment_methods(self, lang: Lang) -> dict[str, tuple[str, str]]:
        """Names and their certainty by code, as the warehouse was built with."""
        found = self.rows(f"select payment_method, label_{lang}, certainty from core.dim_payment_method")
        return {code: (label, certainty) for code, label, certainty in found}

    def totals(self, period: Period) -> Totals:
        """The sums of a period."""
        found = self.rows(
            f"select {TOTALS} from marts.sales_by_day where business_date between ? and ?",
            period.start,
            period.end,
        )
        return _totals(found[0])

    def by_channel(self, period: Period) -> list[ChannelSales]:
        """The sums of each channel that sold or took back anything."""
        found = self.rows(
            f"select channel, {TOTALS} from marts.sales_by_day where business_date between ? and ? "
            "group by channel having sum(order_count) > 0 or sum(refund_count) > 0 "
            "order by sum(gross_amount) desc, channel",
            period.start,
            period.end,
        )
        return [ChannelSales(channel, _totals(rest)) for channel, *rest in found]

    def gross_by_day(self, period: Period) -> dict[date, dict[str, Decimal]]:
        """Day to channel to gross turnover; days that the warehouse does not cover are missing."""
        found = self.rows(
            "select business_date, channel, sum(gross_amount) from marts.sales_by_day "
            "where business_date between ? and ? group by business_date, channel order by business_date",
            period.start,
            period.end,
        )
        days: dict[date, dict[str, Decimal]] = {}
        for day, channel, amount in found:
            days.setdefault(day, {})[channel] = amount
        return days

    def gross_by_week(self, period: Period) -> dict[date, dict[str, Decimal]]:
        """Monday to channel to gross turnover of the days of the period in that ISO week."""
        weeks: dict[date, dict[str, Decimal]] = {}
        for day, channels in self.gross_by_day(period).items():
            week = weeks.setdefault(monday_of(day), {})
            for channel, amount in channels.items():
                week[channel] = week.get(channel, ZERO) + amount
        return weeks

    def by_weekday_and_hour(self, period: Period) -> dict[tuple[int, int], tuple[int, Decimal]]:
        """Weekday (Monday is 1) and hour to sales and gross turnover."""
        found = self.rows(
            "select weekday, hour_of_day, sum(order_count), sum(gross_amount) from ops.sales_by_day_and_hour "
            "where business_date between ? and ? group by weekday, hour_of_day",
            period.start,
            period.end,
        )
        return {(weekday, hour): (int(count), amount) for weekday, hour, count, amount in found}

    def best_sellers(self, period: Period, limit: int = 10) -> list[ProductSales]:
        """The products with the highest gross turnover."""
        found = self.rows(
            """
            with sold as (
                select
                    account,
                    product_id,
                    sum(order_count) as order_count,
                    sum(quantity) as quantity,
                    sum(gross_amount) as gross_amount,
                    sum(refund_amount) as refund_amount
                from marts.product_sales_by_day
                where business_date between ? and ?
                group by account, product_id
                having sum(order_count) > 0
            )

            select
                products.product_name,
                products.product_code,
                sold.order_count,
                sold.quantity,
                sold.gross_amount,
                sold.refund_amount
            from sold
            left join marts.sales_by_product as products
                on sold.account = products.account
                and sold.product_id is not distinct from products.product_id
            order by sold.gross_amount desc, sold.account, sold.product_id nulls last
            limit ?
            """,
            period.start,
            period.end,
            limit,
        )
        return [
            ProductSales(name, code, int(orders), quantity, gross, refund)
            for name, code, orders, quantity, gross, refund in found
        ]

    def payment_methods(self, period: Period) -> list[PaymentSums]:
        """The sums of each payment method, the greatest first."""
        found = self.rows(
            "select payment_method, sum(payment_count), sum(payment_amount), sum(refund_amount) "
            "from marts.daily_closing where booking_date between ? and ? group by payment_method "
            "having sum(payment_count) > 0 or sum(payment_amount) <> 0 or sum(refund_amount) <> 0 "
            "order by sum(payment_amount) desc, payment_method",
            period.start,
            period.end,
        )
        return [PaymentSums(method, int(count), amount, refund) for method, count, amount, refund in found]

    def vat(self, period: Period) -> list[VatLine]:
        """VAT of every month that the period touches, whole months, as booked."""
        found = self.rows(
            "select month, tax_rate, sum(gross_amount), sum(net_amount), sum(vat_amount) from marts.vat_return "
            "where month between ? and ? group by month, tax_rate order by month desc, tax_rate desc nulls last",
            period.start.replace(day=1),
            period.end,
        )
        return [VatLine(*row) for row in found]

    def closings(self, period: Period) -> list[ClosingDay]:
        """The daily closing of each day on which something was booked, latest first."""
        booked = self.rows(
            "select booking_date, channel, tax_rate, order_count, sale_gross_amount, "
            "cancellation_gross_amount + correction_gross_amount, refund_gross_amount, shipping_gross_amount, "
            "net_amount, vat_amount from marts.daily_closing_vat "
            "where booking_date between ? and ? order by booking_date desc, account, channel, tax_rate desc nulls last",
            period.start,
            period.end,
        )
        paid = self.rows(
            "select booking_date, channel, payment_method, payment_count, payment_amount, refund_amount, "
            "order_count, first_receipt_number, last_receipt_number from marts.daily_closing "
            "where booking_date between ? and ? order by account, channel, payment_method",
            period.start,
            period.end,
        )
        rates: dict[date, list[ClosingRate]] = {}
        for day, *rest in booked:
            rates.setdefault(day, []).append(ClosingRate(*rest))
        lines: dict[date, list[ClosingLine]] = {}
        for day, *rest in paid:
            lines.setdefault(day, []).append(ClosingLine(*rest))
        tests = dict(
            self.rows(
                "select business_date, sum(test_order_count) from marts.sales_by_day "
                "where business_date between ? and ? group by business_date",
                period.start,
                period.end,
            )
        )
        return [
            ClosingDay(day, tuple(found), tuple(lines.get(day, ())), int(tests.get(day, 0)))
            for day, found in rates.items()
        ]

    def refunds(self, period: Period, limit: int = 10) -> list[Refund]:
        """The latest refunds that were booked in the period."""
        found = self.rows(
            "select order_id, receipt_number, channel, business_date, refund_date, refund_amount from marts.refunds "
            "where refund_date between ? and ? order by refund_date desc, refund_amount desc, order_id limit ?",
            period.start,
            period.end,
            limit,
        )
        return [Refund(*row) for row in found]

    def refunds_of_unknown_day(self, period: Period) -> tuple[int, Decimal]:
        """Number and amount of refunds of sales of the period that had been made before those were first read."""
        [(count, amount)] = self.rows(
            "select count(*), coalesce(sum(refund_amount), 0) from marts.refunds "
            "where business_date between ? and ? and refund_date is null",
            period.start,
            period.end,
        )
        return int(count), amount

    def discounts(self, period: Period) -> list[DiscountSums]:
        """Discounts by level and kind."""
        found = self.rows(
            "select discount_level, discount_type, sum(order_count), sum(discount_amount), sum(gross_amount), "
            "sum(unknown_amount_count) from marts.discounts where business_date between ? and ? "
            "group by discount_level, discount_type order by discount_level, discount_type",
            period.start,
            period.end,
        )
        return [
            DiscountSums(level, kind, int(orders), amount, gross, int(unknown))
            for level, kind, orders, amount, gross, unknown in found
        ]

    def open_orders(self, limit: int = 10) -> OpenOrders:
        """Orders that wait for money, as of the data; not bound to the period."""
        [(count, amount)] = self.rows(
            "select count(*), coalesce(sum(gross_amount + shipping_gross_amount), 0) from marts.open_orders"
        )
        found = self.rows(
            "select order_id, receipt_number, channel, business_date, age_days, gross_amount + shipping_gross_amount, "
            "payment_amount, is_pending from marts.open_orders order by business_date, order_id limit ?",
            limit,
        )
        return OpenOrders(count, amount, tuple(OpenOrder(*row) for row in found))


def _totals(row: Any) -> Totals:
    orders, quantity, gross, net, vat, shipping, discount, refunds, refund = row
    return Totals(
        int(orders),
        quantity,
        gross,
        net,
        vat,
        shipping,
        discount,
        int(refunds),
        refund,
    )
