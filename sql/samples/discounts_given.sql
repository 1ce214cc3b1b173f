-- question: How much money do we give away in discounts, and where?
-- frage: Wie viel Geld geben wir als Rabatt weg, und wo?
select
    cast(date_trunc('month', business_date) as date) as month,
    channel,
    discount_level,
    sum(discount_count) as discount_count,
    sum(discount_amount) as discount_amount
from marts.discounts
group by date_trunc('month', business_date), channel, discount_level
order by month desc, discount_amount desc
limit 20
