-- grain: one row per order whose version changed the figures of a business date and channel
-- key: account, business_date, channel, changed_at, order_id
-- rebuild: temporary
with dates as (
    select * from increments.affected_dates
),

-- sales and refunds read the versions separately: a query that both shared would hold all of them
sales as (
    select
        account,
        order_id,
        business_date,
        channel,
        valid_from,
        valid_to,
        cast(1 as bigint) as order_count,
        coalesce(item_quantity, 0) as item_quantity,
        coalesce(items_gross_amount, 0) as gross_amount,
        coalesce(items_net_amount, 0) as net_amount,
        coalesce(items_vat_amount, 0) as vat_amount,
        coalesce(shipping_gross_amount, 0) as shipping_gross_amount,
        cast(0 as decimal(18, 2)) as refund_amount
    from core.fct_order_versions
    where
        order_class = 'sale'
        and business_date in (select business_date from dates)
    union all
    select
        account,
        order_id,
        refund_date as business_date,
        channel,
        valid_from,
        valid_to,
        cast(0 as bigint) as order_count,
        cast(0 as decimal(12, 3)) as item_quantity,
        cast(0 as decimal(18, 2)) as gross_amount,
        cast(0 as decimal(18, 2)) as net_amount,
        cast(0 as decimal(18, 2)) as vat_amount,
        cast(0 as decimal(18, 2)) as shipping_gross_amount,
        coalesce(items_gross_amount, 0) as refund_amount
    from core.fct_order_versions
    where
        order_class = 'sale'
        and refund_date is not null
        and refund_date in (select business_date from dates)
),

steps as (
    select
        account,
        order_id,
        business_date,
        channel,
        valid_from as changed_at,
        order_count,
        item_quantity,
        gross_amount,
        net_amount,
        vat_amount,
        shipping_gross_amount,
        refund_amount
    from sales
    union all
    select
        account,
        order_id,
        business_date,
        channel,
        valid_to as changed_at,
        -order_count as order_count,
        -item_quantity as item_quantity,
        -gross_amount as gross_amount,
        -net_amount as net_amount,
        -vat_amount as vat_amount,
        -shipping_gross_amount as shipping_gross_amount,
        -refund_amount as refund_amount
    from sales
    where valid_to is not null
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        changed_at,
        order_id,
        -- what the figures gained or lost
        sum(order_count) as order_count_change,
        sum(item_quantity) as item_quantity_change,
        sum(gross_amount) as gross_amount_change,
        sum(net_amount) as net_amount_change,
        sum(vat_amount) as vat_amount_change,
        sum(shipping_gross_amount) as shipping_gross_amount_change,
        sum(refund_amount) as refund_amount_change
    from steps
    group by account, business_date, channel, changed_at, order_id
    having
        sum(order_count) <> 0
        or sum(item_quantity) <> 0
        or sum(gross_amount) <> 0
        or sum(net_amount) <> 0
        or sum(vat_amount) <> 0
        or sum(shipping_gross_amount) <> 0
        or sum(refund_amount) <> 0
)

select * from final
