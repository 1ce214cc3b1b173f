-- severity: fail
-- scope: batch
-- harm: A payment would be lost, or carry another amount than the API sent.
with made as (
    select
        count(*) as row_count,
        coalesce(sum(facts.payment_amount), 0) as amount
    from stored.fct_payments as facts
),

staged as (
    select
        count(*) as row_count,
        coalesce(sum(amount), 0) as amount
    from staging.stg_payments
    where is_latest
)

select
    made.row_count,
    staged.row_count as staged_row_count,
    made.amount,
    staged.amount as staged_amount
from made
cross join staged
where
    made.row_count <> staged.row_count
    or made.amount <> staged.amount
