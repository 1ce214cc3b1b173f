-- grain: one row per account and warning check that finds something in the data as it stands
-- key: account, check_name
-- rebuild: full
with findings as (
    select * from ops.fct_findings
),

orders as (
    select
        account,
        check_name,
        order_id,
        row_number() over (partition by account, check_name order by order_id) as order_rank
    from findings
    where order_id is not null
    group by account, check_name, order_id
),

samples as (
    select
        account,
        check_name,
        count(*) as order_count,
        string_agg(cast(order_id as varchar), ' ' order by order_id)
        filter (where order_rank <= 5) as sample_order_ids
    from orders
    group by account, check_name
),

totals as (
    select
        account,
        check_name,
        count(*) as finding_count,
        try_cast(sum(amount) as decimal(18, 2)) as amount,
        min(detail) as sample_detail
    from findings
    group by account, check_name
),

final as (
    select
        -- keys
        totals.account,
        totals.check_name,
        -- measures
        totals.finding_count,
        coalesce(samples.order_count, 0) as order_count,
        totals.amount,
        -- samples
        samples.sample_order_ids,
        totals.sample_detail
    from totals
    left join samples
        on
            totals.account is not distinct from samples.account
            and totals.check_name = samples.check_name
)

select * from final
