"""The page in a real browser: its figures are those of the marts, and it can be read by everybody everywhere."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.transforms.readers.report.conftest import NAMES, ask
from transforms.readers.report.formats import Formats
from transforms.readers.report.labels import read_labels

START, END = date(2026, 10, 22), date(2026, 11, 20)
PERIOD = f"business_date between date '{START}' and date '{END}'"
BOOKED = PERIOD.replace("business_date", "booking_date")
GERMAN = Formats("de", "EUR", read_labels("de").names)
TILES = {
    "gross": "sum(gross_amount)",
    "net": "sum(net_amount)",
    "orders": "sum(order_count)",
    "average": "sum(gross_amount) / sum(order_count)",
    "quantity": "sum(quantity)",
    "refunds": "sum(refund_amount)",
    "discounts": "sum(discount_amount)",
    "shipping": "sum(shipping_gross_amount)",
}


def exact(locator) -> list[Decimal]:
    """The exact values of the figures below an element."""
    values = locator.locator("data").evaluate_all("found => found.map(each => each.value)")
    return [Decimal(value) for value in values]


@pytest.fixture(params=["de", "en"])
def page(request, busy, write, open_page):
    return open_page(write(busy, lang=request.param).path)


@pytest.mark.cases(2)
@pytest.mark.parametrize("name", TILES)
def test_key_figures_equal_the_mart(page, busy, name):
    def expected(first, last):
        [(value,)] = ask(
            busy, f"select {TILES[name]} from marts.sales_by_day where business_date between ? and ?", first, last
        )
        return Decimal(str(value))

    tile = page.locator(f"[data-figure={name}]")
    length = (END - START).days + 1
    before = START - timedelta(days=length), START - timedelta(days=1)
    year_before = date(2025, 10, 22), date(2025, 11, 20)

    assert exact(tile.locator(".value"))[0] == pytest.approx(expected(START, END), abs=Decimal("0.000001"))
    for comparison, days in (("before", before), ("year_before", year_before)):
        shown = exact(tile.locator(f"[data-comparison={comparison}]"))
        then = expected(*days)
        if shown:
            assert shown[0] == pytest.approx(then, abs=Decimal("0.000001"))
        else:
            assert ask(busy, "select min(business_date) from marts.sales_by_day") > [(days[0],)]


def test_a_figure_reads_as_its_value_is(busy, write, open_page):
    page = open_page(write(busy).path)
    found = page.locator("#channels-table data, #payments-table data").evaluate_all(
        "found => found.map(each => [each.value, each.textContent])"
    )

    assert found
    for value, text in found:
        assert text in (GERMAN.money(Decimal(value)), GERMAN.number(Decimal(value)))


@pytest.mark.long
def test_channels_payments_and_closings_equal_their_marts(page, busy):
    for channel, *amounts in ask(
        busy,
        "select channel, sum(gross_amount), sum(net_amount), sum(order_count), sum(shipping_gross_amount), "
        f"sum(refund_amount) from marts.sales_by_day where {PERIOD} group by channel "
        "having sum(order_count) > 0 or sum(refund_count) > 0",
    ):
        assert exact(page.locator(f"#channels-table tr[data-channel={channel}]")) == amounts
    for method, *amounts in ask(
        busy,
        "select payment_method, sum(payment_amount), sum(payment_count) from marts.daily_closing "
        f"where {BOOKED} group by payment_method having sum(payment_count) > 0",
    ):
        assert exact(page.locator(f"#payments-table tr[data-method='{method}']"))[:2] == amounts
    days = ask(
        busy,
        "with paid as (select booking_date, sum(payment_amount) as paid from marts.daily_closing group by all) "
        "select booking_date, sum(gross_amount - refund_gross_amount - shipping_gross_amount), "
        "sum(shipping_gross_amount), any_value(paid), -sum(refund_gross_amount) "
        f"from marts.daily_closing_vat join paid using (booking_date) where {BOOKED} group by booking_date "
        "order by booking_date desc limit 7",
    )
    closings = page.locator(".closing")
    assert closings.evaluate_all("found => found.map(each => each.dataset.day)") == [str(day) for day, *_ in days]
    for day, gross, shipping, paid, refund in days:
        sums = exact(page.locator(f"[data-day='{day}'] .sums"))
        ((cash,),) = ask(
            busy,
            "select coalesce(sum(payment_amount - refund_amount), 0) from marts.daily_closing "
            f"where booking_date = date '{day}' and payment_method = '0'",
        )
        tests = ask(
            busy,
            "select count(*) from core.fct_orders "
            f"where order_class = 'test' and business_date = date '{day}' having count(*) > 0",
        )
        assert sums == [gross, shipping, paid, paid - gross - shipping, refund, cash, *(count for (count,) in tests)]
    assert page.locator(".sums", has_text="Test").count() == 1
    day = days[0][0]
    rates = page.locator(f"[data-day='{day}'] table.rates tbody tr")
    assert [exact(rates.nth(index))[-1] for index in range(rates.count())] == [
        vat
        for (vat,) in ask(
            busy,
            f"select vat_amount from marts.daily_closing_vat where booking_date = date '{day}' "
            "order by account, channel, tax_rate desc nulls last",
        )
    ]


@pytest.mark.long
def test_the_columns_and_the_table_behind_them_show_every_day(page, busy):
    rows = page.locator("#days-table tbody tr")
    shown = [exact(rows.nth(index))[-1] for index in range(rows.count())]
    expected = ask(
        busy,
        f"select sum(gross_amount) from marts.sales_by_day where {PERIOD} "
        "group by business_date order by business_date",
    )
    drawn = ask(
        busy,
        f"select count(*) from (select 1 from marts.sales_by_day where {PERIOD} "
        "group by business_date, channel having sum(gross_amount) <> 0)",
    )

    assert shown == [amount for (amount,) in expected]
    assert page.locator("figure .wide svg").first.locator("title").count() == drawn[0][0]


@pytest.mark.long
def test_a_column_is_as_high_as_its_amount(busy, write, open_page):
    page = open_page(write(busy).path)
    parts = page.locator("#sales figure .wide svg").first.evaluate(
        "svg => [...svg.querySelectorAll('path:has(title)')].map(p => [p.querySelector('title').textContent, "
        "p.getBoundingClientRect().height])"
    )
    heights = {text.rpartition(" ")[2].replace("\u00a0€", ""): height for text, height in parts}
    amounts = {text: Decimal(text.replace(".", "").replace(",", ".")) for text in heights}
    most = max(amounts, key=lambda text: amounts[text])
    for text, height in heights.items():
        assert height / heights[most] == pytest.approx(float(amounts[text] / amounts[most]), abs=0.01)


@pytest.mark.long
def test_the_heat_map_and_its_table_sum_up_to_turnover(page, busy):
    [(gross,)] = ask(busy, f"select sum(gross_amount) from marts.sales_by_day where {PERIOD}")

    assert sum(exact(page.locator("#heat-table tbody"))) == gross


@pytest.mark.long
def test_best_sellers_are_in_order_and_carry_their_names_unharmed(page, busy):
    names = page.locator("#products-table .name").all_text_contents()
    gross = [exact(row)[0] for row in page.locator("#products-table tbody tr").all()]
    expected = ask(
        busy,
        f"select sum(gross_amount) as gross from marts.product_sales_by_day where {PERIOD} "
        "group by product_id having sum(order_count) > 0 order by gross desc limit 10",
    )

    assert gross == [amount for (amount,) in expected]
    assert NAMES[0] in names
    assert NAMES[1] in names
    assert page.evaluate("window.harmed") is None


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_never_scrolls_sideways(busy, empty, write, open_page, width):
    for published in (busy, empty):
        page = open_page(write(published).path, width=width)
        page.locator("details").evaluate_all("found => found.forEach(each => each.open = true)")

        assert page.evaluate("document.documentElement.scrollWidth") == width
        sticking_out = page.evaluate(
            """width => [...document.querySelectorAll('main *')].filter(each =>
                !each.closest('.scroll[tabindex], .visually-hidden, svg, thead')
                && each.getBoundingClientRect().right > width + 1
            ).map(each => each.outerHTML.slice(0, 80))""",
            width,
        )
        assert sticking_out == []


def test_a_phone_gets_charts_of_its_own(busy, write, open_page):
    page = open_page(write(busy).path, width=390)

    assert page.locator("figure .wide").first.is_hidden()
    assert page.locator("figure .narrow").first.is_visible()


@pytest.mark.long
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_stands_in_the_way_of_readers_with_aids(busy, write, open_page, dark, width):
    page = open_page(write(busy).path, width=width, dark=dark)
    page.locator("details").evaluate_all("found => found.forEach(each => each.open = true)")

    found = Axe().run(page, options={"resultTypes": ["violations"]})

    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in found.response["violations"]] == []


@pytest.mark.cases(1)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_colour_of_a_chart_stands_out_from_the_paper(busy, write, open_page, dark):
    page = open_page(write(busy).path, dark=dark)
    ratios = page.evaluate(
        """() => {
            const light = text => {
                const [r, g, b] = text.match(/[0-9.]+/g).slice(0, 3).map(part => part / 255)
                    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const probe = document.body.appendChild(document.createElement('i'));
            const colour = name => { probe.style.color = `var(${name})`; return light(getComputedStyle(probe).color); };
            const paper = colour('--paper');
            const names = ['ipad', 'shop', 'click_and_collect', 'ebay', 'backoffice', 'atalanda', 'ece', 'other'];
            return Object.fromEntries(names.map(name => {
                const other = colour(`--series-${name}`);
                return [name, (Math.max(paper, other) + 0.05) / (Math.min(paper, other) + 0.05)];
            }));
        }"""
    )

    assert {name: ratio for name, ratio in ratios.items() if ratio < 3} == {}


@pytest.mark.long
def test_the_keyboard_reaches_everything(busy, write, open_page):
    page = open_page(write(busy).path)

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    box = page.locator(".skip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

    wanted = "summary, a[href], [tabindex='0']"
    page.locator(wanted).evaluate_all("found => found.forEach((each, number) => each.dataset.number = number)")
    visible = page.locator(wanted).evaluate_all(
        "found => found.filter(each => each.checkVisibility()).map(each => each.dataset.number)"
    )
    before_content = page.locator("header a, nav a, a.skip").count()
    page.keyboard.press("Tab")
    reached = []
    for _ in visible[before_content:]:
        reached.append(page.evaluate("document.activeElement.dataset.number"))
        page.keyboard.press("Tab")
    assert reached == visible[before_content:]

    table = page.locator("details.figures-as-table").first
    table.locator("summary").focus()
    page.keyboard.press("Enter")
    assert table.locator("table").is_visible()


@pytest.mark.long
def test_print_has_every_closing_open_and_no_controls(busy, write, open_page):
    page = open_page(write(busy).path, dark=True)
    page.emulate_media(media="print")

    assert page.locator("nav").is_hidden()
    assert page.locator(".closing table").last.is_visible()
    assert page.locator("figure .wide").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.pdf().startswith(b"%PDF")
