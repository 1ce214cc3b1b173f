-- severity: fail
-- scope: build
-- harm: A day would show other VAT than its orders add up to.
-- equals: ops.fct_daily_vat by account, business_date, channel, order_class, tax_rate
select
    account,
    business_date,
    channel,
    order_class,
    tax_rate,
    count(*) as order_count,
    sum(line_count) as line_count,
    try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
    try_cast(sum(net_amount) as decimal(18, 2)) as net_amount,
    try_cast(sum(vat_amount) as decimal(18, 2)) as vat_amount,
    try_cast(sum(shipping_gross_amount) as decimal(18, 2)) as shipping_gross_amount,
    try_cast(sum(shipping_net_amount) as decimal(18, 2)) as shipping_net_amount,
    try_cast(sum(shipping_vat_amount) as decimal(18, 2)) as shipping_vat_amount
from core.fct_order_vat
where business_date in (select business_date from increments.affected_dates)
group by account, business_date, channel, order_class, tax_rate
