-- grain: one row per receipt number in an affected block
-- key: account, receipt_prefix, block_start, receipt_counter
-- rebuild: temporary
with blocks as (
    select * from increments.affected_receipt_blocks
),

receipts as (
    select * from ops.fct_receipts
    where
        (receipt_prefix, block_start) in (
            select
                receipt_prefix,
                block_start
            from blocks
        )
        and block_start in (select block_start from blocks)
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
        max(business_date) as last_date
    from receipts
    group by account, receipt_prefix, block_start, receipt_counter
),

final as (
    select
        *,
        lag(receipt_counter) over upwards as counter_before,
        lag(receipt_number) over upwards as receipt_number_before,
        lag(last_date) over upwards as date_before
    from numbers
    window
        upwards as (
            partition by account, receipt_prefix, block_start
            order by receipt_counter
        )
)

select * from final
