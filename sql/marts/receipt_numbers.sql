-- grain: one row per gap in a circle of receipt numbers, and one per number used more than once
-- key: account, receipt_prefix, finding, first_counter, receipt_number
-- rebuild: full
with blocks as (
    select * from core.fct_receipt_blocks
),

receipts as (
    select * from core.fct_receipts
),

-- only blocks in which something is wrong are looked at number by number
wrong_blocks as (
    select
        account,
        receipt_prefix,
        block_start
    from blocks
    where
        receipt_count > number_count
        or (block_start >= 0 and last_counter - first_counter + 1 > number_count)
),

numbers as (
    select
        account,
        receipt_prefix,
        block_start,
        receipt_counter,
        count(*) as order_count,
        min(receipt_number) as receipt_number,
        min(business_date) as first_date,
        max(business_date) as last_date,
        string_agg(cast(order_id as varchar), ' ' order by order_id) as order_ids
    from receipts
    where
        (account, receipt_prefix, block_start)
        in (select
            account,
            receipt_prefix,
            block_start
        from wrong_blocks)
    group by account, receipt_prefix, block_start, receipt_counter
),

gaps_in_blocks as (
    select
        account,
        receipt_prefix,
        lag(receipt_counter) over in_block as counter_before,
        receipt_counter as counter_after
    from numbers
    where receipt_counter is not null
    window in_block as (
        partition by account, receipt_prefix, block_start order by receipt_counter
    )
),

gaps_between_blocks as (
    select
        account,
        receipt_prefix,
        lag(last_counter) over in_circle as counter_before,
        first_counter as counter_after
    from blocks
    where block_start >= 0
    window in_circle as (partition by account, receipt_prefix order by block_start)
),

gaps as (
    select * from gaps_in_blocks
    where counter_after - counter_before > 1
    union all
    select * from gaps_between_blocks
    where counter_after - counter_before > 1
),

edges as (
    select
        account,
        receipt_prefix,
        receipt_counter,
        min(receipt_number) as receipt_number,
        min(business_date) as business_date
    from receipts
    where
        (account, receipt_prefix, receipt_counter) in (
            select
                account,
                receipt_prefix,
                counter_before
            from gaps
            union all
            select
                account,
                receipt_prefix,
                counter_after
            from gaps
        )
    group by account, receipt_prefix, receipt_counter
),

final as (
    select
        -- keys
        gaps.account,
        gaps.receipt_prefix,
        'gap' as finding,
        gaps.counter_before + 1 as first_counter,
        gaps.counter_after - 1 as last_counter,
        cast(null as varchar) as receipt_number,
        -- size
        gaps.counter_after - gaps.counter_before - 1 as missing_count,
        cast(0 as bigint) as order_count,
        -- where to look
        before.receipt_number as receipt_number_before,
        after.receipt_number as receipt_number_after,
        before.business_date as first_date,
        after.business_date as last_date,
        cast(null as varchar) as order_ids
    from gaps
    inner join edges as before
        on
            gaps.account = before.account
            and gaps.receipt_prefix = before.receipt_prefix
            and gaps.counter_before = before.receipt_counter
    inner join edges as after
        on
            gaps.account = after.account
            and gaps.receipt_prefix = after.receipt_prefix
            and gaps.counter_after = after.receipt_counter
    union all
    select
        account,
        receipt_prefix,
        'duplicate' as finding,
        receipt_counter as first_counter,
        receipt_counter as last_counter,
        receipt_number,
        cast(0 as bigint) as missing_count,
        order_count,
        cast(null as varchar) as receipt_number_before,
        cast(null as varchar) as receipt_number_after,
        first_date,
        last_date,
        order_ids
    from numbers
    where order_count > 1
)

select * from final
