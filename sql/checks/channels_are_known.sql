-- severity: warn
-- scope: batch
-- harm: Turnover of a channel that nobody named: reports by channel show its bare code.
select
    orders.account,
    orders.order_id,
    'channel is "' || orders.channel || '"' as detail,
    orders.items_gross_amount as amount
from stored.fct_orders as orders
left join seeds.channels as channels on orders.channel = channels.channel
where channels.channel is null or channels.channel = 'unknown'
