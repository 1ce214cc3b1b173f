-- grain: one row per block of receipt numbers that affected orders leave or enter
-- key: receipt_prefix, block_start
-- rebuild: touched
with affected as (
    select * from increments.changed_orders
),

final as (
    select
        receipt_prefix,
        block_start
    from ops.fct_receipts
    where order_id in (select order_id from affected)
    group by receipt_prefix, block_start
)

select * from final
