"""Fills the template: what comes from the warehouse is escaped; figures keep their exact value in the page."""

from __future__ import annotations

from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from transforms.readers.report.formats import clean
from transforms.readers.report.graphs import series_of
from transforms.readers.report.labels import read_labels, read_texts
from transforms.readers.report.page import Composer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from transforms.readers.report.figures import Figures
    from transforms.readers.report.formats import Formats
    from transforms.readers.report.periods import Period
    from transforms.readers.report.records import Coverage

TEMPLATES = Path(__file__).parent / "templates"

# figure -> the tables that it is read from; also the order of the notes
NOTES: Mapping[str, tuple[str, ...]] = {
    "gross": ("marts.sales_by_day",),
    "net": ("marts.sales_by_day",),
    "orders": ("marts.sales_by_day",),
    "average": ("marts.sales_by_day",),
    "quantity": ("marts.sales_by_day",),
    "refunds": ("marts.sales_by_day",),
    "discounts": ("marts.sales_by_day",),
    "shipping": ("marts.sales_by_day",),
    "comparison": ("marts.sales_by_day",),
    "days": ("marts.sales_by_day",),
    "weeks": ("marts.sales_by_day",),
    "channels": ("marts.sales_by_day",),
    "products": ("marts.product_sales_by_day", "marts.sales_by_product"),
    "hours": ("ops.sales_by_day_and_hour",),
    "payments": ("marts.daily_closing",),
    "vat": ("marts.vat_return",),
    "closing": ("marts.daily_closing", "marts.daily_closing_vat", "marts.sales_by_day"),
    "refund_list": ("marts.refunds",),
    "discount_list": ("marts.discounts",),
    "open_orders": ("marts.open_orders",),
    "freshness": ("marts.freshness",),
    "quality": ("marts.data_quality",),
    "restated": ("marts.restatements",),
}


def render(
    figures: Figures,
    period: Period,
    coverage: Coverage,
    formats: Formats,
    *,
    title: str | None,
    shop_name: str | None,
    now: datetime,
    source: Path,
) -> str:
    """The page as HTML."""
    texts = read_texts(formats.lang)
    labels = read_labels(formats.lang).named(figures.names_of_payment_methods(formats.lang))
    page = Composer(figures, formats, labels, texts).compose(period, coverage)
    notes = {name: tables for name, tables in NOTES.items() if page.shows(name)}
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        money=_shown(formats.money),
        count=_shown(formats.number),
        quantity=_shown(formats.quantity),
        text=clean,
        channel_name=labels.channel,
    )
    return environment.get_template("page.html.j2").render(
        page=page,
        t=texts,
        f=formats,
        labels=labels,
        notes=notes,
        note_number={name: number for number, name in enumerate(notes, 1)},
        css=Markup((TEMPLATES / "page.css").read_text("utf-8")),  # noqa: S704 - our own file
        title=clean(title) if title else texts["title"],
        shop=clean(shop_name or ", ".join(account for account in coverage.accounts if account != "default")),
        now=now,
        source=source.name,
        version=_version(),
        series=series_of,
        plural=_plural,
        share=_share,
        claim=lambda name: texts["claims"].get(name) or clean(name.replace("_", " ")),
    )


def _shown(write: Callable[[Any], str]) -> Callable[[Any], Markup]:
    def show(value: Any) -> Markup:
        if value is None:
            return Markup('<span class="none">–</span>')
        return Markup('<data value="{}">{}</data>').format(format(Decimal(value), "f"), write(value))

    return show


def _plural(texts: Mapping[str, str], number: int, **words: str) -> str:
    return texts["one" if number == 1 else "many"].format(n=number, **words)


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return Decimal(part) / Decimal(whole) if whole else None


def _version() -> str:
    try:
        return version("inventorum-warehouse")
    except PackageNotFoundError:
        return ""
