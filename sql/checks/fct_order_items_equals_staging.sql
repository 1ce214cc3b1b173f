-- severity: fail
-- scope: batch
-- harm: A line would be lost, or carry another amount than the API sent.
with made as (
    select
        count(*) as row_count,
        coalesce(sum(facts.published_gross_amount), 0) as published_gross_amount,
        coalesce(sum(facts.quantity), 0) as quantity,
        coalesce(sum(facts.unit_gross_amount), 0) as unit_gross_amount
    from stored.fct_order_items as facts
),

staged as (
    select
        count(*) as row_count,
        coalesce(sum(published_gross_amount), 0) as published_gross_amount,
        coalesce(sum(quantity), 0) as quantity,
        coalesce(sum(unit_gross_amount), 0) as unit_gross_amount
    from staging.stg_order_items
    where is_latest
)

select
    made.row_count,
    staged.row_count as staged_row_count,
    made.published_gross_amount,
    staged.published_gross_amount as staged_published_gross_amount,
    made.quantity,
    staged.quantity as staged_quantity,
    made.unit_gross_amount,
    staged.unit_gross_amount as staged_unit_gross_amount
from made
cross join staged
where
    made.row_count <> staged.row_count
    or made.published_gross_amount <> staged.published_gross_amount
    or made.quantity <> staged.quantity
    or made.unit_gross_amount <> staged.unit_gross_amount
