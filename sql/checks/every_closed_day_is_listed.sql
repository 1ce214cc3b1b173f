-- severity: fail
-- scope: build
-- harm: A restated day would not show what it was closed with.
with closed as (
    select
        account,
        max(closes_through_date) as closed_through_date
    from core.fct_closings
    group by account
),

days as (
    select
        history.account,
        history.business_date,
        history.channel
    from core.fct_daily_sales_history as history
    inner join closed
        on
            history.account = closed.account
            and history.business_date <= closed.closed_through_date
    where history.valid_to is null
)

select
    days.account,
    days.business_date,
    days.channel
from days
left join marts.closed_days as listed
    on
        days.account = listed.account
        and days.business_date = listed.business_date
        and days.channel = listed.channel
where listed.account is null
