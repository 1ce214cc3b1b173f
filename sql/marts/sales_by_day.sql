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

-- the day on which a channel was last read completely
known as (
    select
        account,
        channel,
        closed_through_date + 1 as known_date
    from ops.fct_crawl_status
),

spans as (
    select
        daily.account,
        daily.channel,
        min(daily.business_date) as first_date,
        coalesce(max(known.known_date), max(daily.business_date)) as last_date
    from daily
    left join known on daily.account = known.account and daily.channel = known.channel
    group by daily.account, daily.channel
),

grid as (
    select
        spans.account,
        days.business_date,
        spans.channel
    from spans
    inner join days on days.business_date between spans.first_date and spans.last_date
    union
    select
        account,
        business_date,
        channel
    from daily
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
        coalesce(daily.canceled_order_count, 0) as canceled_order_count,
        -- shipping, goods without a rate, cancellations, test prints
        coalesce(daily.shipping_net_amount, 0) as shipping_net_amount,
        coalesce(daily.shipping_vat_amount, 0) as shipping_vat_amount,
        coalesce(daily.unrated_gross_amount, 0) as unrated_gross_amount,
        coalesce(daily.canceled_gross_amount, 0) as canceled_gross_amount,
        coalesce(daily.test_order_count, 0) as test_order_count
    from grid
    left join daily
        on
            grid.account = daily.account
            and grid.business_date = daily.business_date
            and grid.channel = daily.channel
)

select * from final
