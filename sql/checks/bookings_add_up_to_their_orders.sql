-- severity: fail
-- scope: batch
-- harm: The books would not lead to the figures as known now, sale minus refund.
with entries as (
    select
        account,
        order_id,
        business_date,
        channel,
        order_count,
        case when kind <> 'refund' then quantity else 0 end as quantity,
        shipping_gross_amount,
        case when kind = 'refund' then gross_amount else 0 end as refund_gross_amount
    from stored.fct_bookings
    union all
    select
        account,
        order_id,
        business_date,
        channel,
        -1 as order_count,
        -quantity as quantity,
        -coalesce(shipping_gross_amount, 0) as shipping_gross_amount,
        case when is_refunded then refund_amount else 0 end
            as refund_gross_amount
    from stored.fct_orders
    where order_class = 'sale'
)

select
    account,
    order_id,
    business_date,
    channel,
    sum(order_count) as order_count_apart,
    sum(quantity) as quantity_apart,
    sum(shipping_gross_amount) as shipping_gross_amount_apart,
    sum(refund_gross_amount) as refund_gross_amount_apart
from entries
group by account, order_id, business_date, channel
having
    sum(order_count) <> 0
    -- null: the sum over the order does not fit the type
    or (sum(quantity) <> 0 and count(quantity) = count(*))
    or sum(shipping_gross_amount) <> 0
    or (sum(refund_gross_amount) <> 0 and count(refund_gross_amount) = count(*))
