-- grain: one row per customer (null: none) and business date whose figures the new loads may change
-- key: business_date, customer_id
-- rebuild: touched
with orders as (
    select
        orders.business_date,
        orders.refund_date,
        orders.customer_id
    from core.fct_orders as orders
    inner join increments.changed_orders as affected
        on orders.account = affected.account and orders.order_id = affected.order_id
),

days as (
    select
        business_date,
        customer_id
    from orders
    union
    select
        refund_date as business_date,
        customer_id
    from orders
    where refund_date is not null
)

select * from days
