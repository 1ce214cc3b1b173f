-- severity: fail
-- scope: build
-- harm: Findings would not be shown.
-- equals: marts.data_quality by account, check_name
select
    account,
    check_name,
    count(*) as finding_count,
    try_cast(sum(amount) as decimal(18, 2)) as amount
from ops.fct_findings
group by account, check_name
