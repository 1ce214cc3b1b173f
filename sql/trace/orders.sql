-- grain: one row per order and day that it counts on: its own, and that of its refund
-- marts: sales_by_day, sales_by_hour
with orders as (
    select
        *,
        order_class = 'sale' as is_sale
    from core.fct_orders
),

placed as (
    select
        -- keys
        account,
        order_id,
        business_date,
        month_of(business_date) as month,
        channel,
        customer_id,
        case when is_sale then weekday_of(business_date) end as weekday,
        case when is_sale then shop_hour_of(coalesce(completed_at, ordered_at, first_seen_at)) end
            as hour_of_day,
        -- sales
        case when is_sale then 1 else 0 end as order_count,
        case when is_sale then quantity end as quantity,
        case when is_sale then items_gross_amount end as gross_amount,
        case when is_sale then items_net_amount end as net_amount,
        case when is_sale then items_vat_amount end as vat_amount,
        cast(null as decimal(18, 2)) as refund_amount,
        case when is_sale then shipping_gross_amount end as shipping_gross_amount,
        case when is_sale then shipping_net_amount end as shipping_net_amount,
        case when is_sale then shipping_vat_amount end as shipping_vat_amount,
        case when is_sale then items_gross_amount - items_net_amount - items_vat_amount end
            as unrated_gross_amount,
        case when order_class = 'canceled' then items_gross_amount end as canceled_gross_amount,
        case when is_sale then coalesce(discount_amount, 0) + coalesce(item_discount_amount, 0) end
            as discount_amount,
        case when is_sale then payments_amount end as payment_amount,
        case when is_sale then item_count end as item_count,
        case when is_sale and customer_id is not null then 1 else 0 end as customer_order_count,
        case when is_sale and customer_id is not null then items_gross_amount end
            as customer_gross_amount,
        case when is_sale and invoice_number is null then 1 else 0 end as unnumbered_order_count,
        case when is_sale and customer_id is null then 1 else 0 end as walk_in_order_count,
        case when is_sale and customer_id is null then items_gross_amount end
            as walk_in_gross_amount,
        0 as refund_count,
        -- orders that are no sales
        case when order_class = 'open' and not is_refunded then 1 else 0 end as open_order_count,
        case when order_class = 'canceled' then 1 else 0 end as canceled_order_count,
        case when order_class = 'test' then 1 else 0 end as test_order_count
    from orders
),

refunded as (
    select
        account,
        order_id,
        refund_date as business_date,
        month_of(refund_date) as month,
        channel,
        customer_id,
        cast(null as integer) as weekday,
        cast(null as integer) as hour_of_day,
        0 as order_count,
        cast(null as decimal(18, 3)) as quantity,
        cast(null as decimal(18, 2)) as gross_amount,
        cast(null as decimal(18, 2)) as net_amount,
        cast(null as decimal(18, 2)) as vat_amount,
        refund_amount,
        cast(null as decimal(18, 2)) as shipping_gross_amount,
        cast(null as decimal(18, 2)) as shipping_net_amount,
        cast(null as decimal(18, 2)) as shipping_vat_amount,
        cast(null as decimal(18, 2)) as unrated_gross_amount,
        cast(null as decimal(18, 2)) as canceled_gross_amount,
        cast(null as decimal(18, 2)) as discount_amount,
        cast(null as decimal(18, 2)) as payment_amount,
        cast(null as integer) as item_count,
        0 as customer_order_count,
        cast(null as decimal(18, 2)) as customer_gross_amount,
        0 as unnumbered_order_count,
        0 as walk_in_order_count,
        cast(null as decimal(18, 2)) as walk_in_gross_amount,
        1 as refund_count,
        0 as open_order_count,
        0 as canceled_order_count,
        0 as test_order_count
    from orders
    where is_sale and refund_date is not null
),

final as (
    select * from placed
    union all
    select * from refunded
)

select * from final
