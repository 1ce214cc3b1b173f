-- severity: warn
-- scope: batch
-- harm: The order or payment is booked on a day that is taken from elsewhere.
with findings as (
    select
        account,
        order_id,
        'time_added is ' as subject,
        ordered_at_sent as sent
    from staging.stg_orders
    where is_latest and ordered_at_sent is not null and ordered_at is null
    union all
    select
        account,
        order_id,
        'completed_at is ' as subject,
        completed_at_sent as sent
    from staging.stg_orders
    where is_latest and completed_at_sent is not null and completed_at is null
    union all
    select
        account,
        order_id,
        'payment date is ' as subject,
        paid_at_sent as sent
    from staging.stg_payments
    where is_latest and paid_at_sent is not null and paid_at is null
)

select
    account,
    order_id,
    subject || '"' || substr(sent, 1, 60) || '"' as detail,
    cast(null as decimal(18, 2)) as amount
from findings
