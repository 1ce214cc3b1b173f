-- severity: fail
-- scope: build
-- harm: Figures as of now would not be those of the reports.
-- equals: core.fct_daily_sales_history by account, business_date, channel
--   where valid_to is null
select
    account,
    business_date,
    channel,
    order_count,
    item_quantity,
    gross_amount,
    net_amount,
    vat_amount,
    refund_amount,
    shipping_gross_amount
from core.fct_daily_sales
where business_date in (select business_date from increments.affected_dates)
