-- severity: fail
-- scope: build
-- harm: Gaps or duplicates of receipt numbers would be missing from the list.
with made as (
    select
        account,
        receipt_prefix,
        sum(missing_count) as missing_count,
        sum(case when finding = 'duplicate' then order_count - 1 else 0 end) as duplicate_count
    from marts.receipt_numbers
    group by account, receipt_prefix
),

facts as (
    select
        account,
        receipt_prefix,
        missing_count,
        duplicate_count
    from marts.receipt_circles
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.receipt_prefix, facts.receipt_prefix) as receipt_prefix,
    made.missing_count,
    facts.missing_count as fact_missing_count,
    made.duplicate_count,
    facts.duplicate_count as fact_duplicate_count
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.receipt_prefix is not distinct from facts.receipt_prefix
where
    coalesce(made.missing_count, 0) <> coalesce(facts.missing_count, 0)
    or coalesce(made.duplicate_count, 0) <> coalesce(facts.duplicate_count, 0)
