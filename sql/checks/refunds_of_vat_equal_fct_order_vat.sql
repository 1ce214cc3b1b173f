-- severity: fail
-- scope: build
-- harm: A day would show other VAT of refunds than its orders add up to.
-- equals: ops.fct_daily_vat by account, business_date, channel, order_class, tax_rate
with refunded as (
    select
        account,
        order_id,
        refund_date
    from core.fct_orders
    where
        order_class = 'sale'
        and refund_date in (select business_date from increments.affected_dates)
)

select
    rates.account,
    refunded.refund_date as business_date,
    rates.channel,
    rates.order_class,
    rates.tax_rate,
    count(*) as refund_count,
    try_cast(sum(rates.refund_amount) as decimal(18, 2)) as refund_gross_amount,
    try_cast(sum(rates.refund_net_amount) as decimal(18, 2)) as refund_net_amount,
    try_cast(sum(rates.refund_vat_amount) as decimal(18, 2)) as refund_vat_amount
from core.fct_order_vat as rates
inner join refunded
    on rates.order_id = refunded.order_id and nullif(rates.account, refunded.account) is null
group by rates.account, refunded.refund_date, rates.channel, rates.order_class, rates.tax_rate
