-- severity: fail
-- scope: batch
-- harm: A version would be lost: figures as of an earlier time would be wrong.
with made as (
    select
        count(*) as row_count,
        coalesce(sum(facts.amount_paid), 0) as amount_paid,
        coalesce(sum(facts.shipping_gross_amount), 0) as shipping_gross_amount,
        coalesce(sum(facts.state), 0) as state
    from stored.fct_order_versions as facts
),

staged as (
    select
        count(*) as row_count,
        coalesce(sum(amount_paid), 0) as amount_paid,
        coalesce(sum(shipping_gross_amount), 0) as shipping_gross_amount,
        coalesce(sum(state), 0) as state
    from staging.stg_orders
)

select
    made.row_count,
    staged.row_count as staged_row_count,
    made.amount_paid,
    staged.amount_paid as staged_amount_paid,
    made.shipping_gross_amount,
    staged.shipping_gross_amount as staged_shipping_gross_amount,
    made.state,
    staged.state as staged_state
from made
cross join staged
where
    made.row_count <> staged.row_count
    or made.amount_paid <> staged.amount_paid
    or made.shipping_gross_amount <> staged.shipping_gross_amount
    or made.state <> staged.state
