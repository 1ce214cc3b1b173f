-- severity: fail
-- scope: build
-- harm: A day would be closed too early or never.
with made as (
    select
        account,
        load_id,
        crawl_count
    from ops.fct_loads
),

staged as (
    select
        account,
        load_id,
        count(*) as crawl_count
    from staging.stg_windows
    group by account, load_id
)

select
    coalesce(made.account, staged.account) as account,
    coalesce(made.load_id, staged.load_id) as load_id,
    made.crawl_count,
    staged.crawl_count as staged_crawl_count
from made
full outer join staged
    on made.account = staged.account and made.load_id = staged.load_id
where made.crawl_count is distinct from staged.crawl_count
