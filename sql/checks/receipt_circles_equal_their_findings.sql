-- severity: fail
-- scope: build
-- harm: Gaps or duplicates of receipt numbers would be missing from the list.
-- equals: ops.receipt_circles by account, receipt_prefix
select
    account,
    receipt_prefix,
    sum(missing_count) as missing_count,
    sum(case when finding = 'duplicate' then order_count - 1 else 0 end) as duplicate_count
from marts.receipt_numbers
group by account, receipt_prefix
