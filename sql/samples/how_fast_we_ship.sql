-- question: How fast do paid orders leave the house?
-- frage: Wie schnell verlassen bezahlte Bestellungen das Haus?
select
    month,
    channel,
    service_name,
    order_count,
    timed_shipment_count,
    average_hours_to_ship,
    shipped_in_a_day_ratio
from marts.fulfilment
where timed_shipment_count > 0
order by month desc, channel asc
