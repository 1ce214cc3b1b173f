-- question: How much does each till user sell a month, and what is given back of it?
-- frage: Wie viel verkauft jeder Kassenbenutzer im Monat, und was kommt davon zurück?
select
    month,
    user_label,
    count(*) as order_count,
    sum(gross_amount) as gross_amount,
    sum(discount_amount) as discount_amount,
    sum(refund_amount) as refund_amount
from core.sales
group by month, user_label
order by month desc, gross_amount desc
limit 40
