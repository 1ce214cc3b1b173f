-- grain: one row per refunded sale
-- key: account, order_id
-- rebuild: by date
-- copies: core.fct_orders by account, order_id
with orders as (
    select * from core.fct_orders
    where
        order_class = 'sale'
        and refund_observed_until_at is not null
        and business_date in (select business_date from increments.affected_dates)
),

final as (
    select
        -- keys
        account,
        order_id,
        -- attributes
        refund_date,
        business_date,
        channel,
        invoice_number as receipt_number,
        customer_id,
        user_id,
        refund_observed_after_at,
        refund_observed_until_at,
        is_refund_date_observed,
        cast(date_diff('day', business_date, refund_date) as integer) as days_to_refund,
        -- measures
        coalesce(refund_quantity, 0) as refund_quantity,
        coalesce(refund_amount, 0) as refund_amount,
        coalesce(refund_net_amount, 0) as refund_net_amount,
        coalesce(refund_vat_amount, 0) as refund_vat_amount,
        coalesce(shipping_gross_amount, 0) as shipping_gross_amount,
        coalesce(payments_amount, 0) as payment_amount,
        refund_basis
    from orders
)

select * from final
