-- severity: fail
-- scope: batch
-- harm: A shipment would be lost, or carry another cost than the API sent.
with made as (
    select
        count(*) as row_count,
        coalesce(sum(facts.shipping_gross_amount), 0) as gross_amount
    from stored.fct_shipments as facts
),

staged as (
    select
        count(*) as row_count,
        coalesce(sum(gross_amount), 0) as gross_amount
    from staging.stg_shipments
    where is_latest
)

select
    made.row_count,
    staged.row_count as staged_row_count,
    made.gross_amount,
    staged.gross_amount as staged_gross_amount
from made
cross join staged
where
    made.row_count <> staged.row_count
    or made.gross_amount <> staged.gross_amount
