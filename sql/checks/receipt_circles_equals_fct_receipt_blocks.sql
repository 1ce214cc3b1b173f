-- severity: fail
-- scope: build
-- harm: Number circles would leave receipts out.
with made as (
    select
        account,
        receipt_prefix,
        receipt_count
    from marts.receipt_circles
),

facts as (
    select
        account,
        receipt_prefix,
        sum(receipt_count) as receipt_count
    from core.fct_receipt_blocks
    group by account, receipt_prefix
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.receipt_prefix, facts.receipt_prefix) as receipt_prefix,
    made.receipt_count,
    facts.receipt_count as fact_receipt_count
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.receipt_prefix is not distinct from facts.receipt_prefix
where
    coalesce(made.receipt_count, 0) <> coalesce(facts.receipt_count, 0)
