-- grain: one row per account and business date whose figures the new loads may change
-- key: account, business_date
-- rebuild: touched
with affected as (
    select * from core.changed_orders
),

dates as (
    select
        versions.account,
        versions.business_date
    from core.fct_order_versions as versions
    inner join affected
        on versions.account = affected.account and versions.order_id = affected.order_id
    union
    select
        versions.account,
        versions.refund_date as business_date
    from core.fct_order_versions as versions
    inner join affected
        on versions.account = affected.account and versions.order_id = affected.order_id
    where versions.refund_date is not null
    union
    select
        payments.account,
        payments.business_date
    from core.fct_payments as payments
    inner join affected
        on payments.account = affected.account and payments.order_id = affected.order_id
)

select * from dates
