-- grain: one row per gap between receipt numbers of a block, and one per number used twice or more
-- key: account, receipt_prefix, block_start, finding, first_counter
-- rebuild: by receipt_block
with numbers as (
    select * from core.receipt_numbers_in_blocks
),

receipts as (
    select * from ops.fct_receipts
),

repeated as (
    select * from numbers
    where order_count > 1
),

orders as (
    select
        repeated.account,
        repeated.receipt_prefix,
        repeated.block_start,
        repeated.receipt_counter,
        string_agg(cast(receipts.order_id as varchar), ' ' order by receipts.order_id) as order_ids
    from repeated
    inner join receipts
        on
            repeated.account = receipts.account
            and repeated.receipt_prefix = receipts.receipt_prefix
            and repeated.block_start = receipts.block_start
            and repeated.receipt_counter is not distinct from receipts.receipt_counter
    group by
        repeated.account,
        repeated.receipt_prefix,
        repeated.block_start,
        repeated.receipt_counter
),

final as (
    select
        -- keys
        account,
        receipt_prefix,
        block_start,
        'gap' as finding,
        counter_before + 1 as first_counter,
        receipt_counter - 1 as last_counter,
        -- where to look
        receipt_number_before,
        receipt_number as receipt_number_after,
        date_before as first_date,
        first_date as last_date,
        -- the orders
        cast(null as varchar) as receipt_number,
        cast(0 as bigint) as order_count,
        cast(null as varchar) as order_ids
    from numbers
    where receipt_counter - counter_before > 1
    union all
    select
        repeated.account,
        repeated.receipt_prefix,
        repeated.block_start,
        'duplicate' as finding,
        repeated.receipt_counter as first_counter,
        repeated.receipt_counter as last_counter,
        cast(null as varchar) as receipt_number_before,
        cast(null as varchar) as receipt_number_after,
        repeated.first_date,
        repeated.last_date,
        repeated.receipt_number,
        repeated.order_count,
        orders.order_ids
    from repeated
    inner join orders
        on
            repeated.account = orders.account
            and repeated.receipt_prefix = orders.receipt_prefix
            and repeated.block_start = orders.block_start
            and repeated.receipt_counter is not distinct from orders.receipt_counter
)

select * from final
