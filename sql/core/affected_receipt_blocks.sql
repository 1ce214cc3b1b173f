-- grain: one row per block of receipt numbers that affected orders leave or enter
-- key: account, receipt_prefix, block_start
-- rebuild: touched
with affected as (
    select * from core.changed_orders
),

final as (
    select
        account,
        receipt_prefix,
        block_start
    from core.fct_receipts
    where (account, order_id) in (
        select
            account,
            order_id
        from affected
    )
    group by account, receipt_prefix, block_start
)

select * from final
