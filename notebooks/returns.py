# Which products come back, when, and what does that cost?
#
#     pip install "inventorum-warehouse[notebooks]"
#     marimo run notebooks/returns.py
#
# Reads the published file of INVENTORUM_HOME (default: ./data, else ./demo), read-only; a run beside it is never disturbed.

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", sql_output="native", app_title="What comes back, and what does it cost?")

with app.setup:
    import os
    from decimal import ROUND_HALF_UP, Decimal
    from pathlib import Path

    import altair as alt
    import marimo as mo

    from pipelines import connect

    CENT = Decimal("0.01")


@app.cell(hide_code=True)
def _():
    mo.md("""
    # Which products come back, when, and what does that cost?

    **What the data know.** An order carries the state REFUNDED once it was returned. The API says neither which
    of its items came back nor how much was paid back nor on which day. So:

    - an order counts as returned **as a whole**; a basket of three in which one thing came back makes all three
      look returned. Products that are often sold alone are judged most fairly;
    - the day of a return is the business date on which the state was **first observed**. Orders that had been
      refunded already when they were first read have no such day and are left out of "when";
    - purchase prices are not in the data. What a return costs beyond the lost turnover is therefore an assumption:
      set it below.
    """)
    return


@app.cell
def _():
    _folders = ("data", "../data", "demo", "../demo")
    _found = next((folder for folder in _folders if Path(folder, "warehouse.duckdb").is_file()), "data")
    home = Path(os.environ.get("INVENTORUM_HOME") or _found)
    _published = home / "warehouse.duckdb"
    mo.stop(
        not _published.is_file(),
        mo.md(f"**{_published.absolute()} is not there.** Run `inventorum demo`, or set `INVENTORUM_HOME`.").callout(
            "warn"
        ),
    )
    warehouse = connect(home)
    return (warehouse,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 1. How much comes back?
    """)
    return


@app.cell
def _(warehouse):
    # Exact decimals, straight from the marts. Gross is goods with VAT, without shipping charges.
    sold_orders, sold_gross = warehouse.execute(
        "select cast(coalesce(sum(order_count), 0) as bigint), coalesce(sum(gross_amount), 0) from marts.sales_by_day"
    ).fetchall()[0]
    returned = dict(
        zip(
            ("orders", "gross", "net", "vat", "shipping"),
            warehouse.execute(
                "select count(*), coalesce(sum(refund_amount), 0), coalesce(sum(refund_net_amount), 0), "
                "coalesce(sum(refund_vat_amount), 0), coalesce(sum(shipping_gross_amount), 0) from marts.refunds"
            ).fetchall()[0],
        )
    )
    mo.stop(not sold_orders, mo.md("The warehouse holds no sales yet.").callout("warn"))
    average_rate = returned["orders"] / sold_orders
    mo.hstack(
        [
            mo.stat(f"{returned['orders']:,} of {sold_orders:,}", label="Sales returned", bordered=True),
            mo.stat(f"{average_rate:.1%}", label="Share of sales", bordered=True),
            mo.stat(f"{returned['gross']:,.2f}", label="Gross turnover returned", bordered=True),
            mo.stat(
                f"{returned['gross'] / sold_gross:.1%}" if sold_gross else "–", label="Share of turnover", bordered=True
            ),
        ],
        widths="equal",
    )
    return average_rate, returned, sold_orders


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 2. Which products?

    A product that was sold twice and returned once has a rate of 50 % and says nothing. So products need a minimum
    of sales, and they are ordered by the **least rate that the numbers support**: the lower end of Wilson's 95 %
    interval. Where that end lies above the shop's average, and the product came back more than once, it stands out.
    Among many products a few stand out by chance: look at them first, do not condemn them.
    """)
    return


@app.cell
def _():
    least_sales = mo.ui.slider(1, 50, value=5, label="At least this many sales", show_value=True)
    least_sales
    return (least_sales,)


@app.cell
def _(least_sales, warehouse):
    by_product = mo.sql(
        f"""
        with lines as (
            select
                items.account,
                items.product_id,
                items.order_id,
                orders.is_refunded,
                items.line_gross_amount,
                items.line_net_amount
            from core.fct_order_items as items
            inner join core.fct_orders as orders using (account, order_id)
            where orders.order_class = 'sale' and items.product_id is not null
        ),

        counted as (
            select
                account,
                product_id,
                count(distinct order_id) as sales,
                count(distinct order_id) filter (where is_refunded) as returns,
                returns / sales as rate,
                coalesce(sum(line_gross_amount) filter (where is_refunded), 0) as returned_gross,
                coalesce(sum(line_net_amount) filter (where is_refunded), 0) as returned_net
            from lines
            group by account, product_id
        )

        select
            coalesce(products.product_name, 'without a name') as product,
            counted.sales,
            counted.returns,
            cast(counted.rate as decimal(5, 4)) as rate,
            cast(
                (
                    counted.rate + 1.96 * 1.96 / (2 * counted.sales)
                    - 1.96 * sqrt(
                        (counted.rate * (1 - counted.rate) + 1.96 * 1.96 / (4 * counted.sales)) / counted.sales
                    )
                ) / (1 + 1.96 * 1.96 / counted.sales) as decimal(5, 4)
            ) as least_rate,
            counted.returned_gross,
            counted.returned_net
        from counted
        left join core.dim_product as products using (account, product_id)
        where counted.sales >= {int(least_sales.value)} and counted.returns > 0
        order by least_rate desc, counted.returned_gross desc, product
        limit 20
        """,
        engine=warehouse.current(),
    )
    return (by_product,)


@app.cell
def _(average_rate, by_product):
    products = by_product.df()
    mo.stop(products.empty, mo.md("No product with that many sales has come back."))
    _bars = (
        alt.Chart(products)
        .mark_bar()
        .encode(
            y=alt.Y("product:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
            x=alt.X("rate:Q", title="share of its sales that were returned", axis=alt.Axis(format="%")),
            color=alt.condition(
                (alt.datum.least_rate > average_rate) & (alt.datum.returns > 1),
                alt.value("#b3261e"),
                alt.value("#8793a0"),
            ),
            tooltip=["product", "sales", "returns", alt.Tooltip("rate:Q", format=".1%")],
        )
    )
    _average = alt.Chart().mark_rule(strokeDash=[4, 4]).encode(x=alt.datum(average_rate))
    (_bars + _average).properties(width="container", title="Dashed: all sales. Red: stands out.")
    return (products,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 3. When?
    """)
    return


@app.cell
def _(warehouse):
    waiting = mo.sql(
        """
        select
            days_to_refund as days,
            count(*) as returns
        from marts.refunds
        where refund_date is not null
        group by days_to_refund
        order by days_to_refund
        """,
        output=False,
        engine=warehouse.current(),
    )
    unobserved = warehouse.execute("select count(*) from marts.refunds where refund_date is null").fetchall()[0][0]
    median_days = warehouse.execute(
        "select cast(median(days_to_refund) as integer) from marts.refunds where refund_date is not null"
    ).fetchall()[0][0]
    return median_days, unobserved, waiting


@app.cell
def _(median_days, unobserved, waiting):
    _days = waiting.df()
    _longest = max(28, int(_days["days"].max() or 0)) if len(_days) else 28
    mo.vstack(
        [
            mo.md(
                "No return was observed as it happened yet."
                if median_days is None
                else f"Half of the returns that were observed came within **{median_days} days** of the sale."
            ),
            mo.md(f"{unobserved} more had happened before the first load; their day is unknown."),
            alt.Chart(_days)
            .mark_bar()
            .encode(
                x=alt.X(
                    "days:Q",
                    bin=alt.Bin(step=7),
                    title="days from sale to return, in weeks",
                    scale=alt.Scale(domain=[0, _longest]),
                ),
                y=alt.Y("sum(returns):Q", title="returns", axis=alt.Axis(tickMinStep=1)),
            )
            .properties(height=200, width="container"),
        ]
    )
    return


@app.cell
def _(warehouse):
    by_month = mo.sql(
        """
        with sales as (
            select
                date_trunc('month', business_date) as month,
                cast(sum(order_count) as bigint) as sales
            from marts.sales_by_day
            group by month
        ),

        returns as (
            select
                date_trunc('month', business_date) as month,
                count(*) as returns,
                sum(refund_amount) as returned_gross
            from marts.refunds
            group by month
        )

        select
            cast(sales.month as date) as month_of_sale,
            sales.sales,
            coalesce(returns.returns, 0) as returns,
            coalesce(returns.returned_gross, 0) as returned_gross
        from sales
        left join returns on sales.month = returns.month
        where sales.sales > 0
        order by month_of_sale desc
        limit 24
        """,
        engine=warehouse.current(),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 4. What does it cost?

    The turnover is given back; its VAT comes back from the tax office. What stays is the lost net turnover, the work,
    and what cannot be sold again. The last two are not in the data: set what fits the shop.
    """)
    return


@app.cell
def _():
    handling = mo.ui.number(start=0, stop=100, step=0.5, value=5, label="Work and postage per return")
    unsellable = mo.ui.slider(0, 100, value=10, label="Goods that cannot be sold again, in % of net", show_value=True)
    mo.hstack([handling, unsellable], justify="start")
    return handling, unsellable


@app.cell
def _(handling, returned, unsellable):
    def cents(amount: Decimal) -> Decimal:
        return amount.quantize(CENT, rounding=ROUND_HALF_UP)

    work = cents(Decimal(str(handling.value)) * returned["orders"])
    spoiled = cents(returned["net"] * Decimal(unsellable.value) / 100)
    costs = {
        "net turnover given back": returned["net"],
        "VAT that comes back from the tax office": returned["vat"],
        "shipping charges of these orders (whether they were paid back is not known)": returned["shipping"],
        "assumed: work and postage": work,
        "assumed: goods that cannot be sold again": spoiled,
    }
    extra_cost = work + spoiled
    mo.md(
        "| | |\n|:---|---:|\n"
        + "\n".join(f"| {what} | {amount:,.2f} |" for what, amount in costs.items())
        + f"\n| **what the returns cost beyond the lost turnover** | **{extra_cost:,.2f}** |"
    )
    return costs, extra_cost


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 5. The answer
    """)
    return


@app.cell
def _(average_rate, extra_cost, median_days, products, returned, sold_orders):
    striking = products[(products["least_rate"] > average_rate) & (products["returns"] > 1)]
    names = ", ".join(f"*{name}*" for name in striking["product"].head(3).str.replace(r"[\[\]*_`<>|]", " ", regex=True))
    answer = (
        f"Of {sold_orders:,} sales, {returned['orders']:,} came back ({average_rate:.1%}), worth "
        f"**{returned['gross']:,.2f} gross**. "
        + (
            f"{names} come back noticeably more often than the rest. "
            if names
            else "No product stands out from the others. "
        )
        + (f"Half of the observed returns came within {median_days} days. " if median_days is not None else "")
        + f"With the assumptions above, returns cost **{extra_cost:,.2f}** beyond the turnover that was given back."
    )
    mo.md(answer).callout("info")
    return (answer,)


if __name__ == "__main__":
    app.run()
