-- grain: one row per account, business date, channel and period in which none of its orders changed
-- key: account, business_date, channel, valid_from
-- rebuild: by date
with changes as (
    select * from core.daily_sales_changes
),

-- changes of orders that cancel each other out are a step, too: a closed day was touched
steps as (
    select
        account,
        business_date,
        channel,
        changed_at,
        count(*) as changed_order_count,
        sum(order_count_change) as order_count_change,
        sum(item_quantity_change) as item_quantity_change,
        sum(gross_amount_change) as gross_amount_change,
        sum(net_amount_change) as net_amount_change,
        sum(vat_amount_change) as vat_amount_change,
        sum(shipping_gross_amount_change) as shipping_gross_amount_change,
        sum(refund_amount_change) as refund_amount_change
    from changes
    group by account, business_date, channel, changed_at
),

figures as (
    select
        account,
        business_date,
        channel,
        changed_at as valid_from,
        lead(changed_at) over same_day as valid_to,
        changed_order_count,
        sum(order_count_change) over same_day as order_count,
        sum(item_quantity_change) over same_day as item_quantity,
        sum(gross_amount_change) over same_day as gross_amount,
        sum(net_amount_change) over same_day as net_amount,
        sum(vat_amount_change) over same_day as vat_amount,
        sum(refund_amount_change) over same_day as refund_amount,
        sum(shipping_gross_amount_change) over same_day as shipping_gross_amount
    from steps
    window same_day as (partition by account, business_date, channel order by changed_at)
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        valid_from,
        valid_to,
        -- measures, as known in this period
        cast(order_count as bigint) as order_count,
        coalesce(try_cast(item_quantity as decimal(12, 3)), 0) as item_quantity,
        coalesce(try_cast(gross_amount as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(net_amount as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(vat_amount as decimal(18, 2)), 0) as vat_amount,
        coalesce(try_cast(refund_amount as decimal(18, 2)), 0) as refund_amount,
        coalesce(try_cast(shipping_gross_amount as decimal(18, 2)), 0) as shipping_gross_amount,
        -- cause
        changed_order_count
    from figures
)

select * from final
