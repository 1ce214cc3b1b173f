-- grain: one row per circle of receipt numbers: the prefix before the counter
-- key: account, receipt_prefix
-- rebuild: full
-- equals: ops.fct_receipt_blocks by account, receipt_prefix
-- harm: Number circles would leave receipts out.
with blocks as (
    select * from ops.fct_receipt_blocks
),

final as (
    select
        -- keys
        account,
        receipt_prefix,
        -- range
        min(first_counter) as first_counter,
        max(last_counter) as last_counter,
        min(first_date) as first_date,
        max(last_date) as last_date,
        -- measures
        cast(sum(receipt_count) as bigint) as receipt_count,
        -- a number without a counter ('R' beside 'R1') belongs to the circle, but fills no gap
        coalesce(
            max(last_counter) - min(first_counter) + 1
            - cast(sum(number_count) filter (where first_counter is not null) as bigint),
            0
        ) as missing_count,
        cast(sum(receipt_count - number_count) as bigint) as duplicate_count
    from blocks
    group by account, receipt_prefix
)

select * from final
