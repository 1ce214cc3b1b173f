-- grain: one row per account, business date, channel and later day on whose books its changes are
-- key: account, business_date, channel, booking_date
-- rebuild: view
with late as (
    select
        account,
        business_date,
        channel,
        booking_date,
        order_id,
        sum(order_count) as order_count,
        sum(quantity) as quantity,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount,
        sum(vat_amount) as vat_amount,
        sum(shipping_gross_amount) as shipping_gross_amount,
        max(observed_until_at) as observed_until_at
    from core.fct_bookings
    where is_late
    group by account, business_date, channel, booking_date, order_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by account, business_date, channel, booking_date
            order by abs(gross_amount) desc, order_id asc
        ) as order_rank
    from late
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        booking_date,
        -- how the figures of the day as known now differ from its books
        cast(sum(order_count) as bigint) as order_count,
        try_cast(sum(quantity) as decimal(12, 3)) as quantity,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(vat_amount) as decimal(18, 2)) as vat_amount,
        try_cast(sum(shipping_gross_amount) as decimal(18, 2)) as shipping_gross_amount,
        -- causes
        count(*) as changed_order_count,
        string_agg(cast(order_id as varchar), ' ' order by order_rank) filter (
            where order_rank <= 20
        ) as order_ids,
        max(observed_until_at) as observed_until_at
    from ranked
    group by account, business_date, channel, booking_date
)

select * from final
