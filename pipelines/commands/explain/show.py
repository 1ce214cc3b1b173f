"""Prints what is known about an order, to be read at 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.commands.explain.changes import HIDDEN
from pipelines.commands.explain.gather import MISSING
from pipelines.steering import visible
from pipelines.terminal import cell, console, show_table

if TYPE_CHECKING:
    from pipelines.commands.explain.gather import Explained, Version
    from pipelines.commands.explain.landed import Landed
    from transforms.readers.fed_marts import FedRow

SIGNS = {(False, True): "+", (True, False): "-"}
LONGEST_VALUE = 200


def show(explained: Explained) -> None:
    """Print one order: what it is, its history, its parts, where its figures go, where its bytes are."""
    parts = explained.published.parts
    console().print(f"Order {explained.order_id} of account {clean(explained.account)}", style="bold", markup=False)
    for note in explained.notes:
        _say(f"! {note}", hanging=2)
    if explained.published.order is not None:
        _show_order(explained.published.order, parts)
        _show_parts(parts)
    _show_versions(explained)
    if parts.get("states"):
        _table(
            ["observed (UTC)", "version", "change", "state"],
            [[at(s["observed_at"]), s["version_number"], s["change"], s["state_name"]] for s in parts["states"]],
            "State timeline",
        )
    if parts.get("findings"):
        _show_findings(parts["findings"])
    if explained.published.fed.rows:
        _show_marts(explained)
    _show_places(explained)


def _show_order(order: Mapping[str, Any], parts: Mapping[str, list[dict[str, Any]]]) -> None:
    bits = [name[3:].upper() for name, value in order.items() if name.startswith("is_") and value]
    customer = parts.get("customer") or [{}]
    named = ", ".join(str(v) for k, v in customer[0].items() if k != "customer_id" and v not in (None, HIDDEN))
    currency = order["currency_code"]
    pairs = {
        "class": f"{order['order_class']} (state {order['state']}: {', '.join(bits) or 'none'})",
        "channel": order["channel"],
        "receipt number": order["invoice_number"] or "none",
        "receipt": order["receipt_pdf_url"] or "none",
        "business date": order["business_date"],
        "ordered": at(order["ordered_at"]),
        "completed": at(order["completed_at"]),
        "customer": "walk-in" if order["customer_id"] is None else f"{order['customer_id']} {named or HIDDEN}",
        "till user": order["user_id"],
        "items gross": money(order["items_gross_amount"], currency),
        "items net + VAT": f"{money(order['items_net_amount'])} + {money(order['items_vat_amount'])}",
        "shipping": money(order["shipping_gross_amount"], currency) if parts["shipments"] else None,
        "discounts": _discounts(order, currency),
        "payments": money(order["payments_amount"], currency),
        "amount_paid": f"{money(order['amount_paid'], currency)}, balance {order['balance_class']}",
        "refunded": _refunded(order),
    }
    _pairs({name: value for name, value in pairs.items() if value is not None})


def _refunded(order: Mapping[str, Any]) -> str | None:
    if order["refund_observed_until_at"] is None:
        return None
    until = at(order["refund_observed_until_at"])
    if order["refund_date"] is None:
        return f"before it was first read ({until}), on a day that nobody knows"
    return f"between {at(order['refund_observed_after_at'])} and {until}, counts on {order['refund_date']}"


def _discounts(order: Mapping[str, Any], currency: str) -> str | None:
    whole, lines = order["discount_amount"], order["item_discount_amount"]
    if not whole and not lines:
        return None
    return f"{money(whole, currency)} on the order, {money(lines, currency)} on lines"


def _show_parts(parts: Mapping[str, list[dict[str, Any]]]) -> None:
    _table(
        ["line", "product", "name", "quantity", "VAT %", "gross", "net", "VAT"],
        [
            [
                line["line_number"],
                line["product_id"],
                line["product_name"],
                line["quantity"],
                line["tax_rate"],
                line["line_gross_amount"],
                line["line_net_amount"],
                line["line_vat_amount"],
            ]
            for line in parts["lines"]
        ],
        "Lines",
    )
    _table(
        ["payment", "paid (UTC)", "method", "amount", "counts on"],
        [
            [
                payment["payment_id"],
                at(payment["paid_at"]),
                f"{payment['payment_method']} {payment['payment_label'] or ''}".strip(),
                payment["payment_amount"],
                payment["paid_date"],
            ]
            for payment in parts["payments"]
        ],
        "Payments",
    )
    _table(
        ["shipment", "service", "tracking number", "gross"],
        [
            [s["shipment_id"], s["service_name"], s["tracking_number"], s["shipping_gross_amount"]]
            for s in parts["shipments"]
        ],
        "Shipment",
    )


def _show_versions(explained: Explained) -> None:
    console().print("\nVersions", style="bold")
    for version in explained.versions:
        _say(f"{version.number}  {_headline(version)}", hanging=3)
        for line in _changed(version):
            _say(line, indent=3, hanging=2)


def _headline(version: Version) -> str:
    if version.known is None:
        return f"seen {at(version.place.watermark) if version.place else '?'}, not built in yet"
    row = version.known
    until = f"until {at(row['valid_to'])}" if row["valid_to"] else "latest"
    amount = f"items {money(row['items_gross_amount'])} gross"
    return f"from {at(row['valid_from'])} {until}: {row['order_class']}, state {row['state']}, {amount}"


def _changed(version: Version) -> Iterable[str]:
    if version.known and version.known["content_hash"] == MISSING:
        yield "the API no longer listed the order"
    elif version.number > 1 and version.changes is None and version.place is not None:
        yield "payload is no JSON object, or that before is none: no comparison"
    elif version.changes is not None and not version.changes:
        yield "the same members and values in another order or spelling"
    for change in version.changes or []:
        sign = SIGNS.get((change.old is not None, change.new is not None), "~")
        values = [_short(value) for value in (change.old, change.new) if value is not None]
        yield f"{sign} {change.member}" + (": " if values else "") + " -> ".join(values)


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}… ({len(value)} characters)"


def _show_findings(findings: list[dict[str, Any]]) -> None:
    console().print("\nFindings of the checks", style="bold")
    for finding in findings:
        amount = "" if finding["amount"] is None else f" (money affected: {cell(finding['amount'])})"
        _say(f"- {finding['check_name']}: {finding['detail']}{amount}", hanging=2)
        if finding["harm"]:
            _say(finding["harm"], indent=2)


def _show_marts(explained: Explained) -> None:
    console().print("\nReport rows that it feeds: this order of the whole row", style="bold")
    mart = ""
    for row in explained.published.fed.rows:
        if row.mart != mart:
            mart = row.mart
            _say(f"marts.{mart}")
        key = ", ".join(f"{name} {cell(value)}" for name, value in row.key.items() if value is not None)
        _say(key or "this order", indent=2, hanging=2)
        _figures(row)
    untraced = ", ".join(explained.published.fed.untraced)
    if untraced:
        _say(f"No sums over orders, so not split by order: {untraced}.")


def _figures(row: FedRow) -> None:
    if row.share is None:
        _pairs({name: value for name, value in row.row.items() if value not in (None, False)}, indent=4)
        return
    shares = {name: (cell(share), cell(row.row[name])) for name, share in row.share.items() if share}
    left = max((len(share) for share, _ in shares.values()), default=0)
    _pairs({name: f"{share:>{left}} of {whole}" for name, (share, whole) in shares.items()}, indent=4)


def _show_places(explained: Explained) -> None:
    if not any(version.place for version in explained.versions):
        return
    console().print("\nWhere its bytes are: raw.orders in landing.duckdb", style="bold")
    for version in explained.versions:
        if version.place is None:
            continue
        again = version.reads - 1
        _say(
            f"{version.number}  {version.place.bytes:,} bytes, read {at(version.place.read_at)}"
            + (f", and {again} times again unchanged" if again else "")
        )
        _pairs(_place(version, explained.landed), indent=3)
    _say(f"Print one as it was sent: inventorum explain {explained.order_id} --payload {explained.versions[-1].number}")


def _place(version: Version, landed: Landed) -> dict[str, Any]:
    read = version.place
    assert read is not None
    window = landed.windows.get(read.window_id, {})
    pairs = {
        "_dlt_load_id": read.load_id,
        "_window_id": read.window_id,
        "_read_seq": read.read_seq,
        "_watermark": at(read.watermark),
        "content_hash": read.content_hash,
    }
    if window:
        since = f" since {at(window['start_date'])}" if window["start_date"] else ""
        pairs["crawl"] = (
            f"{window['endpoint']} of {window['channel']}{since}, {window['status']}, run {window['run_id']}"
        )
    return pairs


def _table(columns: list[str], rows: list[list[Any]], title: str) -> None:
    if rows:
        console().print(f"\n{title}", style="bold")
        show_table(columns, [[clean(v) if isinstance(v, str) else v for v in row] for row in rows])


def _say(text: str, *, indent: int = 0, hanging: int = 0, style: str | None = None) -> None:
    """Print one paragraph within the width of the terminal; words that are too long are broken."""
    out = console()
    lines = textwrap.wrap(
        clean(text),
        max(out.width, 40),
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_on_hyphens=False,
    )
    for line in lines or [""]:
        out.print(line, markup=False, style=style)


def _pairs(pairs: Mapping[str, Any], indent: int = 0) -> None:
    """Print `name  value` lines, aligned."""
    width = max(map(len, pairs), default=0) + 2
    for name, value in pairs.items():
        _say(f"{name:<{width}}{cell(value)}", indent=indent, hanging=width)


def at(moment: datetime | None) -> str:
    """A point in time, to the second, in UTC."""
    return "unknown" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def money(amount: Any, currency: str = "") -> str:
    """An amount with its currency, every digit as it is."""
    return "unknown" if amount is None else f"{cell(amount)} {currency}".rstrip()


def clean(text: Any) -> str:
    """Text of the shop on one line, without what steers a terminal."""
    return visible(str(text)).replace("\n", "\\u000a").replace("\t", "\\u0009")
