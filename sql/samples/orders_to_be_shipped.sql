-- question: Which paid orders still wait to be shipped?
-- frage: Welche bezahlten Bestellungen warten noch auf den Versand?
select
    fulfilment.order_id,
    fulfilment.channel,
    fulfilment.business_date,
    people.customer_name,
    fulfilment.service_name,
    fulfilment.paid_observed_at
from ops.fct_fulfilment as fulfilment
left join core.dim_customer as people
    on
        fulfilment.account = people.account
        and fulfilment.customer_id = people.customer_id
where fulfilment.is_waiting
order by fulfilment.business_date
