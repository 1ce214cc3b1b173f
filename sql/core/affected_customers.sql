-- grain: one row per account and customer whose figures the new loads may change; walk-in sales have
-- a row of their own, with null
-- key: account, customer_id
-- rebuild: touched
with affected as (
    select * from staging.affected_orders
),

customers as (
    select
        orders.account,
        orders.customer_id
    from core.fct_orders as orders
    inner join affected
        on orders.account = affected.account and orders.order_id = affected.order_id
    group by orders.account, orders.customer_id
)

select * from customers
