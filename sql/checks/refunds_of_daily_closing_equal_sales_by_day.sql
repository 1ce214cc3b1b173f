-- severity: fail
-- scope: build
-- harm: Refunds of the daily closing would not tie to the sales of the day.
-- equals: marts.daily_closing by account, business_date, channel
select
    account,
    business_date,
    channel,
    refund_count,
    refund_amount
from marts.sales_by_day
where business_date in (select business_date from increments.affected_dates)
