-- grain: one row per gap in a circle of receipt numbers, and one per number used more than once
-- key: account, receipt_prefix, finding, first_counter, receipt_number
-- rebuild: full
with findings as (
    select * from ops.fct_receipt_findings
),

blocks as (
    select * from ops.fct_receipt_blocks
    where block_start >= 0
),

edges as (
    select
        account,
        receipt_prefix,
        lag(last_counter) over in_circle + 1 as first_counter,
        first_counter - 1 as last_counter,
        lag(last_receipt_number) over in_circle as receipt_number_before,
        first_receipt_number as receipt_number_after,
        lag(last_receipt_date) over in_circle as first_date,
        first_receipt_date as last_date
    from blocks
    window in_circle as (
        partition by account, receipt_prefix
        order by block_start
    )
),

final as (
    select
        -- keys
        account,
        receipt_prefix,
        finding,
        first_counter,
        last_counter,
        receipt_number,
        -- size
        case when finding = 'gap' then last_counter - first_counter + 1 else 0 end as missing_count,
        order_count,
        -- where to look
        receipt_number_before,
        receipt_number_after,
        first_date,
        last_date,
        order_ids
    from findings
    union all
    select
        account,
        receipt_prefix,
        'gap' as finding,
        first_counter,
        last_counter,
        cast(null as varchar) as receipt_number,
        last_counter - first_counter + 1 as missing_count,
        cast(0 as bigint) as order_count,
        receipt_number_before,
        receipt_number_after,
        first_date,
        last_date,
        cast(null as varchar) as order_ids
    from edges
    where last_counter >= first_counter
)

select * from final
