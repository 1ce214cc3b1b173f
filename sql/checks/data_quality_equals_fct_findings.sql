-- severity: fail
-- scope: build
-- harm: Findings would not be shown.
with made as (
    select
        account,
        check_name,
        finding_count,
        amount
    from marts.data_quality
),

facts as (
    select
        account,
        check_name,
        count(*) as finding_count,
        try_cast(sum(amount) as decimal(18, 2)) as amount
    from core.fct_findings
    group by account, check_name
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.check_name, facts.check_name) as check_name,
    made.finding_count,
    facts.finding_count as fact_finding_count,
    made.amount,
    facts.amount as fact_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.check_name is not distinct from facts.check_name
where
    coalesce(made.finding_count, 0) <> coalesce(facts.finding_count, 0)
    or coalesce(made.amount, 0) <> coalesce(facts.amount, 0)
