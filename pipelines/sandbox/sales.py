"""One generated sale: what is in the basket, who buys, how it is paid and sent."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from pipelines.sandbox import payload as wire
from pipelines.sandbox.amounts import rounded
from pipelines.sandbox.assortment import Assortment, Ware
from pipelines.sandbox.clock import microseconds, wire_time
from pipelines.sandbox.lifecycle import TILL, Course, course_at_till, course_by_mail
from pipelines.sandbox.orders import Order
from pipelines.sandbox.payload import DRAFT, PARCEL, PICK_UP, SHIPPED, Discount
from pipelines.sandbox.shop import Shop

TILL_USERS = (1959, 1959, 1959, 1960, 1960, 2044, 2101)
LINES_AT_TILL = (1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 8)
LINES_BY_MAIL = (1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6)
ITEM_DISCOUNTS = tuple(Discount("percent", amount, reason) for amount, reason in (("0.1", 0), ("0.2", 1), ("0.3", 2)))
BASKET_DISCOUNTS = (Discount("percent", "0.05", 3), Discount("percent", "0.1", 3), Discount("cash", "5.00", 4))
FREE_SHIPPING_FROM = 6000
NOTES = ("Bitte als Geschenk verpacken", "Abholung durch Nachbarn möglich", "Lieferung bitte nachmittags")
LOWER_VAT = (1_593_554_400, 1_609_455_600)  # second half of 2020, German time
LOWER_RATES = {19_000: 16_000, 7_000: 5_000}


class Cashier:
    """Makes sales for a shop out of its assortment and its customers."""

    def __init__(self, shop: Shop, assortment: Assortment, regulars: list[int], rng: Random) -> None:
        self.shop, self.assortment, self.regulars, self.rng = shop, assortment, regulars, rng

    def course(self, channel: str, added: int, until: int) -> Course:
        """A new sale as far as it has come at a time; the receipt is not numbered yet."""
        if channel in TILL:
            return course_at_till(self.rng, added, until)
        return course_by_mail(self.rng, channel, added, until)

    def number(self, course: Course) -> None:
        """Gives a completed sale the next receipt number; now and then one is lost."""
        if course.has_invoice:
            if self.rng.random() < 0.002:
                self.shop.next_invoice(course.channel)
            course.invoice = self.shop.next_invoice(course.channel)

    def sell(self, course: Course, progress: float) -> int:
        """Adds the order to the shop.

        Args:
            course: How far it has come.
            progress: Share of the shop's history that has passed: how many regulars know the shop.

        Returns:
            The order's id.
        """
        rng, shop = self.rng, self.shop
        online = course.channel not in TILL
        order_id = shop.ids.order(course.added)
        lines = self._lines(course, online=online)
        rebate = None
        if rng.random() < 0.04 and all(ware.product.rate for ware, *_ in lines):
            rebate = rng.choice(BASKET_DISCOUNTS)
        items, total = self._items(order_id, lines, rebate, course.added)
        shipment, cost = self._shipment(course, total) if online else ("null", 0)
        total += cost
        paid = "" if course.state & DRAFT else self._payments(order_id, course, total)
        text = wire.order_text(
            order_id,
            items=items,
            state=course.state,
            channel=course.channel,
            amount_paid=0 if course.state & DRAFT else total,
            payments=paid,
            added=wire_time(course.added),
            completed=wire_time(course.completed),
            user=None if online else rng.choice(TILL_USERS),
            customer=self._customer(progress, online=online),
            discount=rebate.text(2 * order_id) if rebate else "null",
            receipt=wire.receipt_text(shop.receipts, course.invoice, 980 + 60 * len(lines))
            if course.invoice
            else "null",
            invoice=course.invoice,
            shipment=shipment,
            note_external=rng.choice(NOTES) if online and rng.random() < 0.03 else None,
        )
        shop.add(
            Order(
                order_id,
                course.channel,
                course.state,
                min(course.modified * 1_000_000 + rng.randrange(1000) * 1000, microseconds(shop.clock.now())),
                course.added * 1_000_000,
                course.completed * 1_000_000,
                text.encode(),
            )
        )
        return order_id

    def _lines(self, course: Course, *, online: bool) -> list[tuple[Ware, int, Discount | None]]:
        """(ware, quantity in hundredths, discount) of each line."""
        rng = self.rng
        month = datetime.fromtimestamp(course.added, UTC).month
        count = rng.choice(LINES_BY_MAIL if online else LINES_AT_TILL)
        lines = []
        for ware in self.assortment.pick(rng, count, month, online=online).values():
            quantity = 100
            if ware.most == 0:
                quantity = rng.randint(12, 85)
            elif ware.most > 1 and rng.random() < 0.3:
                quantity = 100 * rng.randint(2, ware.most)
            discount = None
            if ware.product.rate and rng.random() < 0.05:
                discount = rng.choice(ITEM_DISCOUNTS)
            lines.append((ware, quantity, discount))
        return lines

    def _items(
        self, order_id: int, lines: list[tuple[Ware, int, Discount | None]], rebate: Discount | None, added: int
    ) -> tuple[str, int]:
        """The items' JSON and what they cost after all discounts, in cents."""
        included = self.shop.discounts_in_prices
        full = [ware.product.unit_gross for ware, *_ in lines]
        units = [
            unit - discount.off(unit) if discount and included else unit
            for unit, (*_, discount) in zip(full, lines, strict=True)
        ]
        total = 0
        for unit, (_, quantity, discount) in zip(units, lines, strict=True):
            gross = rounded(unit * quantity, 100)
            total += gross - (discount.off(gross) if discount and not included else 0)
        off = rebate.off(total) if rebate else 0
        if included and off:
            units = [rounded(unit * (total - off), total) for unit in units]
        first = self.shop.ids.items(order_id, len(lines)) + 1
        lower = LOWER_VAT[0] <= added < LOWER_VAT[1]
        texts, to_pay = [], 0
        for place, (ware, quantity, discount) in enumerate(lines):
            to_pay += rounded(units[place] * quantity, 100)
            item_id = first + 2 * place
            rate = LOWER_RATES.get(ware.product.rate, 0) if lower else ware.product.rate
            reduction = discount.text(item_id - 1) if discount else "null"
            texts.append(ware.text(item_id, quantity, rate, units[place], reduction))
        return ",".join(texts), to_pay if included else total - off

    def _payments(self, order_id: int, course: Course, total: int) -> str:
        rng, ids = self.rng, self.shop.ids
        date = wire_time(course.completed + 4)
        method = course.method
        if method == "0" and total > 6000 and rng.random() < 0.5:
            method = "1"
        if course.channel in TILL and total > 2500 and rng.random() < 0.04:
            first = rng.choice((1000, 1500, 2000))  # a voucher or some cash, the rest another way
            parts = ((rng.choice("30"), first), (method if method == "1" else "1", total - first))
            return ",".join(wire.payment_text(ids.payment(order_id), *part, date) for part in parts)
        transaction = f"{rng.getrandbits(68):017X}" if method == "4" else None
        return wire.payment_text(ids.payment(order_id), method, total, date, transaction)

    def _shipment(self, course: Course, total: int) -> tuple[str, int]:
        rng = self.rng
        if course.channel == "click_and_collect":
            code = f"{rng.randrange(1_000_000):06d}" if course.state & SHIPPED else None
            return wire.shipment_text(self.shop.ids.shipment(), PICK_UP, 0, code), 0
        cost = 0 if total >= FREE_SHIPPING_FROM else PARCEL.cost
        tracking = f"00340{rng.randrange(10**15):015d}" if course.state & SHIPPED else None
        return wire.shipment_text(self.shop.ids.shipment(), PARCEL, cost, tracking), cost

    def _customer(self, progress: float, *, online: bool) -> str:
        """A walk-in, a regular (those who came first buy most), or one of the newest."""
        rng = self.rng
        if not self.regulars or (not online and rng.random() > 0.28):
            return "null"
        known = max(1, int(len(self.regulars) * (0.25 + 0.75 * progress)))
        if rng.random() < 0.25:
            place = known - 1 - int(rng.random() * 0.03 * known)
        else:
            place = int(rng.random() ** 1.5 * known)
        return self.shop.customers.text(self.regulars[place])
