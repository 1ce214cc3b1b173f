-- grain: one row per number circle and block of 1,000 receipt numbers that are in use
-- key: account, receipt_prefix, block_start
-- rebuild: by receipt_block
with blocks as (
    select * from core.affected_receipt_blocks
),

receipts as (
    select * from core.fct_receipts
),

final as (
    select
        -- keys
        account,
        receipt_prefix,
        block_start,
        -- measures
        min(receipt_counter) as first_counter,
        max(receipt_counter) as last_counter,
        count(*) as receipt_count,
        case
            when block_start < 0 then 1
            else count(distinct receipt_counter)
        end as number_count,
        min(business_date) as first_business_date,
        max(business_date) as last_business_date
    from receipts
    where
        (account, receipt_prefix, block_start)
        in (select
            account,
            receipt_prefix,
            block_start
        from blocks)
    group by account, receipt_prefix, block_start
)

select * from final
