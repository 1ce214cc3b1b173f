-- severity: warn
-- scope: batch
-- harm: Of such an order only id, channel and state are known; its amounts are missing from
--   turnover. A repaired payload has other characters in its texts than were sent.
select
    account,
    order_id,
    case
        when not is_readable then 'the payload is no JSON'
        else 'the payload is no JSON as sent; broken characters were replaced'
    end as detail,
    cast(null as decimal(18, 2)) as amount
from staging.stg_orders
where is_latest and is_broken
