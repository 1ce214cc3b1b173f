-- question: What is odd in our data, and how much money does it concern?
-- frage: Was ist an unseren Daten auffällig, und um wie viel Geld geht es?
select
    check_name,
    order_count,
    amount,
    sample_order_ids,
    sample_detail
from marts.data_quality
order by order_count desc
