-- severity: fail
-- scope: batch
-- harm: The books would not lead to the figures as known now.
with entries as (
    select
        account,
        order_id,
        business_date,
        channel,
        tax_rate,
        gross_amount,
        net_amount,
        vat_amount
    from stored.fct_bookings
    where kind <> 'refund'
    union all
    select
        account,
        order_id,
        business_date,
        channel,
        tax_rate,
        -coalesce(gross_amount, 0) as gross_amount,
        -coalesce(net_amount, 0) as net_amount,
        -coalesce(vat_amount, 0) as vat_amount
    from stored.fct_order_vat
    where order_class = 'sale'
)

select
    account,
    order_id,
    business_date,
    channel,
    tax_rate,
    sum(gross_amount) as gross_amount_apart,
    sum(net_amount) as net_amount_apart,
    sum(vat_amount) as vat_amount_apart
from entries
group by account, order_id, business_date, channel, tax_rate
having sum(gross_amount) <> 0 or sum(net_amount) <> 0 or sum(vat_amount) <> 0
