-- severity: fail
-- scope: build
-- harm: Gaps would be looked for in the wrong place.
with made as (
    select
        account,
        receipt_prefix,
        block_start,
        receipt_count,
        first_counter,
        last_counter
    from core.fct_receipt_blocks
    where
        (receipt_prefix, block_start) in (
            select
                receipt_prefix,
                block_start
            from increments.affected_receipt_blocks
        )
        and block_start in (select block_start from increments.affected_receipt_blocks)
),

facts as (
    select
        account,
        receipt_prefix,
        block_start,
        count(*) as receipt_count,
        min(receipt_counter) as first_counter,
        max(receipt_counter) as last_counter
    from core.fct_receipts
    where
        (receipt_prefix, block_start) in (
            select
                receipt_prefix,
                block_start
            from increments.affected_receipt_blocks
        )
        and block_start in (select block_start from increments.affected_receipt_blocks)
    group by account, receipt_prefix, block_start
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.receipt_prefix, facts.receipt_prefix) as receipt_prefix,
    coalesce(made.block_start, facts.block_start) as block_start,
    made.receipt_count,
    facts.receipt_count as fact_receipt_count,
    made.first_counter,
    facts.first_counter as fact_first_counter,
    made.last_counter,
    facts.last_counter as fact_last_counter
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.receipt_prefix is not distinct from facts.receipt_prefix
        and made.block_start is not distinct from facts.block_start
where
    coalesce(made.receipt_count, 0) <> coalesce(facts.receipt_count, 0)
    or coalesce(made.first_counter, 0) <> coalesce(facts.first_counter, 0)
    or coalesce(made.last_counter, 0) <> coalesce(facts.last_counter, 0)
