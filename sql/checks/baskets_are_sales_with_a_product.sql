-- severity: fail
-- scope: build
-- harm: Affinities would rest on a wrong number of baskets.
with made as (
    select
        account,
        business_date,
        sum(first_basket_count) as basket_count
    from ops.fct_basket_pairs
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date
),

orders as (
    select
        account,
        business_date,
        count(*) as order_count
    from core.fct_orders
    where
        order_class = 'sale'
        and item_count > 0
        and business_date in (select business_date from increments.affected_dates)
    group by account, business_date
)

select
    made.account,
    made.business_date,
    made.basket_count,
    orders.order_count
from made
left join orders
    on made.account = orders.account and made.business_date = orders.business_date
where made.basket_count < 1 or made.basket_count > coalesce(orders.order_count, 0)
