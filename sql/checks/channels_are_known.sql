-- severity: warn
-- scope: batch
-- harm: Turnover of a channel that nobody named: reports by channel show its bare code.
select
    orders.account,
    orders.order_id,
    'channel is "' || orders.channel || '"' as detail,
    orders.items_gross_amount as amount
from core.fct_orders as orders
inner join staging.batch_orders as batch
    on orders.account = batch.account and orders.order_id = batch.order_id
left join seeds.channels as channels on orders.channel = channels.channel
where channels.channel is null or channels.channel = 'unknown'
