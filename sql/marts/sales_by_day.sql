-- grain: one row per account, business date and channel, days without sales included
-- key: account, business_date, channel
-- rebuild: full
-- equals: ops.fct_daily_sales by account, business_date, channel
-- harm: The daily sales would differ from the orders.
with daily as (
    select * from ops.fct_daily_sales
),

days as (
    select business_date from core.dim_date
),

span as (
    select
        account,
        min(business_date) as first_date,
        max(business_date) as last_date
    from daily
    group by account
),

channels as (
    select
        account,
        channel
    from daily
    group by account, channel
),

grid as (
    select
        channels.account,
        days.business_date,
        channels.channel
    from channels
    inner join span on channels.account = span.account
    inner join days on days.business_date between span.first_date and span.last_date
),

final as (
    select
        -- keys
        grid.account,
        grid.business_date,
        grid.channel,
        -- sales
        coalesce(daily.order_count, 0) as order_count,
        coalesce(daily.quantity, 0) as quantity,
        coalesce(daily.gross_amount, 0) as gross_amount,
        coalesce(daily.net_amount, 0) as net_amount,
        coalesce(daily.vat_amount, 0) as vat_amount,
        coalesce(daily.refund_amount, 0) as refund_amount,
        coalesce(daily.shipping_gross_amount, 0) as shipping_gross_amount,
        coalesce(daily.discount_amount, 0) as discount_amount,
        coalesce(daily.payment_amount, 0) as payment_amount,
        -- per order
        average_of(daily.gross_amount, daily.order_count) as average_gross_amount,
        -- further counts
        coalesce(daily.item_count, 0) as item_count,
        coalesce(daily.customer_order_count, 0) as customer_order_count,
        coalesce(daily.unnumbered_order_count, 0) as unnumbered_order_count,
        coalesce(daily.refund_count, 0) as refund_count,
        coalesce(daily.open_order_count, 0) as open_order_count,
        coalesce(daily.canceled_order_count, 0) as canceled_order_count
    from grid
    left join daily
        on
            grid.account = daily.account
            and grid.business_date = daily.business_date
            and grid.channel = daily.channel
)

select * from final
