-- severity: fail
-- scope: build
-- harm: A channel that broke would not be noticed.
with known as (
    select
        account,
        channel
    from ops.fct_daily_sales
    union
    select
        account,
        channel
    from ops.fct_crawl_status
)

select
    known.account,
    known.channel
from known
left join marts.freshness as listed
    on known.account = listed.account and known.channel = listed.channel
where listed.account is null
