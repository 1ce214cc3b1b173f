-- grain: one row per account, business date, channel and hour of the shop's clock with a sale
-- key: account, business_date, channel, hour_of_day
-- rebuild: by date
with dates as (
    select * from increments.affected_dates
),

sales as (
    select
        account,
        business_date,
        channel,
        coalesce(completed_at, ordered_at, first_seen_at) as placed_at,
        quantity,
        items_gross_amount,
        items_net_amount
    from core.fct_orders
    where
        order_class = 'sale'
        and business_date in (select business_date from dates)
),

timed as (
    select
        account,
        business_date,
        channel,
        shop_hour_of(placed_at) as hour_of_day,
        quantity,
        items_gross_amount,
        items_net_amount
    from sales
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        hour_of_day,
        -- measures
        count(*) as order_count,
        coalesce(try_cast(sum(quantity) as decimal(12, 3)), 0) as quantity,
        coalesce(try_cast(sum(items_gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(items_net_amount) as decimal(18, 2)), 0) as net_amount
    from timed
    group by account, business_date, channel, hour_of_day
)

select * from final
