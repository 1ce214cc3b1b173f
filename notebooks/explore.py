# Look around in the warehouse: filters, charts, SQL.
#
#     pip install "inventorum-warehouse[notebooks]"
#     marimo edit notebooks/explore.py
#
# Reads the published file of INVENTORUM_HOME (default: ./data, else ./demo), read-only; a run beside it is never disturbed.

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", sql_output="native", app_title="Explore the warehouse")

with app.setup:
    import os
    from datetime import timedelta
    from pathlib import Path

    import altair as alt
    import marimo as mo

    from pipelines import connect

    _ = alt.data_transformers.disable_max_rows()


@app.cell(hide_code=True)
def _():
    mo.md("""
    # Explore the warehouse

    Choose days and channels; everything below follows. The last cells are SQL: change them, add your own.
    `inventorum tables` lists all tables, `inventorum tables NAME` says what each column means.
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


@app.cell
def _(warehouse):
    first_day, last_day = warehouse.execute(
        "select min(business_date), max(business_date) from marts.sales_by_day"
    ).fetchall()[0]
    mo.stop(first_day is None, mo.md("The warehouse holds no orders yet.").callout("warn"))
    channel_names = dict(
        warehouse.execute("select label_en, channel from core.dim_channel order by sort_order").fetchall()
    )

    days = mo.ui.date_range(
        start=first_day,
        stop=last_day,
        value=(max(first_day, last_day - timedelta(days=89)), last_day),
        label="Days",
    )
    channels = mo.ui.multiselect(options=channel_names, value=list(channel_names), label="Channels")
    grain = mo.ui.dropdown(options=["day", "week", "month"], value="week", label="By")
    mo.hstack([days, channels, grain], justify="start", wrap=True)
    return channels, days, grain


@app.cell
def _(channels, days):
    # What the SQL cells filter by: quoted text, so that no value can become SQL.
    def quoted(value) -> str:
        return "'" + str(value).replace("'", "''") + "'"

    chosen_days = f"business_date between date {quoted(days.value[0])} and date {quoted(days.value[1])}"
    chosen_channels = f"channel in ({', '.join(map(quoted, channels.value)) or 'null'})"
    chosen = f"{chosen_days} and {chosen_channels}"
    return (chosen,)


@app.cell
def _(chosen, warehouse):
    # Sums are fetched as they are stored: decimals, exact to the cent. Data frames would make them floats.
    totals = dict(
        zip(
            ("gross", "net", "orders", "refunds"),
            warehouse.execute(
                "select coalesce(sum(gross_amount), 0), coalesce(sum(net_amount), 0), "
                "cast(coalesce(sum(order_count), 0) as bigint), coalesce(sum(refund_amount), 0) "
                f"from marts.sales_by_day where {chosen}"
            ).fetchall()[0],
        )
    )
    mo.hstack(
        [
            mo.stat(f"{totals['gross']:,.2f}", label="Gross turnover", bordered=True),
            mo.stat(f"{totals['net']:,.2f}", label="Net turnover", bordered=True),
            mo.stat(f"{totals['orders']:,}", label="Sales", bordered=True),
            mo.stat(f"{totals['refunds']:,.2f}", label="Refunds observed", bordered=True),
        ],
        widths="equal",
    )
    return (totals,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Turnover
    """)
    return


@app.cell
def _(chosen, grain, warehouse):
    turnover = mo.sql(
        f"""
        select
            cast(date_trunc('{grain.value}', sales.business_date) as date) as day,
            channels.label_en as channel,
            sum(sales.gross_amount) as gross,
            cast(sum(sales.order_count) as bigint) as orders
        from (select * from marts.sales_by_day where {chosen}) as sales
        inner join core.dim_channel as channels using (channel)
        group by day, channels.label_en
        order by day, channels.label_en
        """,
        output=False,
        engine=warehouse.current(),
    )
    return (turnover,)


@app.cell
def _(turnover):
    mo.ui.altair_chart(
        alt.Chart(turnover.df())
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(day):O", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True)),
            y=alt.Y("sum(gross):Q", title="gross"),
            color=alt.Color("channel:N", title=None),
            tooltip=["day:T", "channel:N", alt.Tooltip("gross:Q", format=",.2f"), "orders:Q"],
        )
        .properties(height=280, width="container")
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Best sellers
    """)
    return


@app.cell
def _(chosen, warehouse):
    best_sellers = mo.sql(
        f"""
        with sold as (
            select
                account,
                product_id,
                sum(quantity) as quantity,
                sum(gross_amount) as gross,
                sum(refund_amount) as refunded
            from marts.product_sales_by_day
            where {chosen}
            group by account, product_id
        )

        select
            coalesce(products.product_name, 'without a product') as product,
            sold.quantity,
            sold.gross,
            sold.refunded
        from sold
        left join marts.sales_by_product as products
            on sold.account = products.account and sold.product_id is not distinct from products.product_id
        order by sold.gross desc
        limit 25
        """,
        engine=warehouse.current(),
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## When is the shop busy?
    """)
    return


@app.cell
def _(chosen, warehouse):
    hours = mo.sql(
        f"""
        select
            weekday,
            hour_of_day as hour,
            cast(sum(order_count) as bigint) as orders,
            sum(gross_amount) as gross
        from ops.sales_by_day_and_hour
        where {chosen}
        group by weekday, hour_of_day
        """,
        output=False,
        engine=warehouse.current(),
    )
    return (hours,)


@app.cell
def _(hours):
    alt.Chart(hours.df()).mark_rect().encode(
        x=alt.X("hour:O", title="hour of the shop's clock", axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "weekday:O",
            title=None,
            axis=alt.Axis(labelExpr="['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][datum.value - 1]"),
        ),
        color=alt.Color("gross:Q", scale=alt.Scale(scheme="blues")),
        tooltip=["weekday:O", "hour:O", "orders:Q", alt.Tooltip("gross:Q", format=",.2f")],
    ).properties(height=200, width="container")
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Your own question

    Any table of `marts` and `core`. This one: what each kind of order adds up to.
    """)
    return


@app.cell
def _(warehouse):
    by_class = mo.sql(
        """
        select
            order_class,
            count(*) as orders,
            sum(items_gross_amount) as gross,
            min(business_date) as first_day,
            max(business_date) as last_day
        from core.fct_orders
        group by order_class
        order by orders desc
        """,
        engine=warehouse.current(),
    )
    return


if __name__ == "__main__":
    app.run()
