-- grain: one row per number circle and block of 1,000 receipt numbers that are in use
-- key: account, receipt_prefix, block_start
-- rebuild: by receipt_block
with numbers as (
    select * from core.receipt_numbers_in_blocks
),

final as (
    select
        -- keys
        account,
        receipt_prefix,
        block_start,
        -- the first number and the last
        min(receipt_counter) as first_counter,
        max(receipt_counter) as last_counter,
        arg_min(receipt_number, coalesce(receipt_counter, -1)) as first_receipt_number,
        arg_max(receipt_number, coalesce(receipt_counter, -1)) as last_receipt_number,
        arg_min(first_date, coalesce(receipt_counter, -1)) as first_receipt_date,
        arg_max(last_date, coalesce(receipt_counter, -1)) as last_receipt_date,
        -- measures
        cast(sum(order_count) as bigint) as receipt_count,
        count(*) as number_count,
        min(first_date) as first_date,
        max(last_date) as last_date
    from numbers
    group by account, receipt_prefix, block_start
)

select * from final
