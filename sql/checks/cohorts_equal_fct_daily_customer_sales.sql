-- severity: fail
-- scope: build
-- harm: Cohorts would show other sales than their customers made.
-- equals: marts.cohorts by account, cohort_month, month_number
with days as (
    select
        account,
        customer_id,
        date_trunc('month', business_date) as month,
        order_count,
        gross_amount
    from ops.fct_daily_customer_sales
    where customer_id is not null and order_count > 0
),

firsts as (
    select
        account,
        customer_id,
        min(month) as cohort_month
    from days
    group by account, customer_id
)

select
    days.account,
    firsts.cohort_month,
    date_diff('month', firsts.cohort_month, days.month) as month_number,
    count(distinct days.customer_id) as active_customer_count,
    sum(days.order_count) as order_count,
    try_cast(sum(days.gross_amount) as decimal(18, 2)) as gross_amount
from days
inner join firsts on days.customer_id = firsts.customer_id and days.account = firsts.account
group by
    days.account,
    firsts.cohort_month,
    date_diff('month', firsts.cohort_month, days.month)
