-- grain: one row per business date whose figures the new loads may change
-- key: business_date
-- rebuild: touched
-- of all accounts, so that rows are found by the date alone: DuckDB skips the others
with affected as (
    select * from increments.changed_orders
),

dates as (
    select versions.business_date
    from core.fct_order_versions as versions
    inner join affected
        on versions.account = affected.account and versions.order_id = affected.order_id
    union
    select versions.refund_date as business_date
    from core.fct_order_versions as versions
    inner join affected
        on versions.account = affected.account and versions.order_id = affected.order_id
    where versions.refund_date is not null
    union
    select payments.business_date
    from core.fct_payments as payments
    inner join affected
        on payments.account = affected.account and payments.order_id = affected.order_id
)

select * from dates
