-- question: What was refunded, and how long after the sale?
-- frage: Was wurde erstattet, und wie lange nach dem Verkauf?
select
    cast(date_trunc('month', refund_date) as date) as month,
    channel,
    count(*) as refund_count,
    sum(refund_amount) as refund_amount,
    cast(sum(days_to_refund) // count(*) as integer) as average_days,
    max(days_to_refund) as longest_days
from marts.refunds
where refund_date is not null
group by date_trunc('month', refund_date), channel
order by month desc, refund_amount desc
