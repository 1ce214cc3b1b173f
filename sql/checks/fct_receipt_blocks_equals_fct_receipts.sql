-- severity: fail
-- scope: build
-- harm: Gaps would be looked for in the wrong place.
-- equals: ops.fct_receipt_blocks by account, receipt_prefix, block_start
select
    account,
    receipt_prefix,
    block_start,
    count(*) as receipt_count,
    count(distinct coalesce(receipt_counter, -1)) as number_count,
    min(receipt_counter) as first_counter,
    max(receipt_counter) as last_counter,
    min(business_date) as first_date,
    max(business_date) as last_date
from ops.fct_receipts
where
    block_start in (select block_start from increments.affected_receipt_blocks)
    and (receipt_prefix, block_start) in (
        select (receipt_prefix, block_start)
        from increments.affected_receipt_blocks
    )
group by account, receipt_prefix, block_start
