-- question: What were canceled orders worth, and whose were they?
-- frage: Was waren die stornierten Bestellungen wert, und von wem waren sie?
select
    dates.month,
    users.label_de as user_label,
    count(*) as order_count,
    sum(orders.items_gross_amount) as gross_amount
from core.fct_orders as orders
inner join core.dim_date as dates on orders.business_date = dates.business_date
inner join core.dim_user as users
    on orders.account = users.account and coalesce(orders.user_id, -1) = users.user_id
where orders.order_class = 'canceled'
group by dates.month, users.label_de
order by month desc, gross_amount desc
limit 40
