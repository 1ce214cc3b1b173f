-- grain: one row per business date whose figures the new loads may change
-- key: business_date
-- rebuild: touched
-- of all accounts, so that rows are found by the date alone: DuckDB skips the others
with orders as (
    select
        orders.business_date,
        orders.refund_date
    from core.fct_orders as orders
    inner join increments.changed_orders as affected
        on orders.account = affected.account and orders.order_id = affected.order_id
),

dates as (
    select business_date from orders
    union
    select refund_date as business_date from orders
    where refund_date is not null
)

select * from dates
