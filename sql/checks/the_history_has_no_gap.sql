-- severity: fail
-- scope: build
-- harm: Figures as of some time would be missing or doubled.
with history as (
    select
        account,
        business_date,
        channel,
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by account, business_date, channel
            order by valid_from
        ) as next_valid_from
    from core.fct_daily_sales_history
    where business_date in (select business_date from increments.affected_dates)
)

select * from history
where valid_to is distinct from next_valid_from or valid_to <= valid_from
