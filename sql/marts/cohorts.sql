-- grain: one row per account, month of the first order and month since, quiet months included
-- key: account, cohort_month, month_number
-- rebuild: full
with daily as (
    select * from ops.fct_daily_customer_sales
    where customer_id is not null and order_count > 0
),

-- what is read of every channel
closed as (
    select
        account,
        min(closed_through_date) as closed_date
    from ops.fct_crawl_status
    group by account
),

-- months are counted from January of the year 0
active as (
    select
        account,
        customer_id,
        cast(year(business_date) * 12 + month(business_date) - 1 as integer) as month_index,
        sum(order_count) as order_count,
        sum(gross_amount) as gross_amount
    from daily
    group by account, customer_id, year(business_date) * 12 + month(business_date) - 1
),

firsts as (
    select
        account,
        customer_id,
        min(month_index) as first_index
    from active
    group by account, customer_id
),

joined as (
    select
        active.account,
        firsts.first_index,
        active.month_index,
        active.order_count,
        active.gross_amount
    from active
    inner join firsts
        on
            active.account = firsts.account
            and active.customer_id = firsts.customer_id
),

cohorts as (
    select
        account,
        first_index,
        count(*) as customer_count
    from firsts
    group by account, first_index
),

latest as (
    select
        account,
        max(month_index) as last_index
    from active
    group by account
),

grid as (
    select
        cohorts.account,
        cohorts.first_index,
        cohorts.customer_count,
        unnest(generate_series(0, latest.last_index - cohorts.first_index)) as month_number
    from cohorts
    inner join latest on cohorts.account = latest.account
),

totals as (
    select
        account,
        first_index,
        month_index - first_index as month_number,
        count(*) as active_customer_count,
        cast(sum(order_count) as bigint) as order_count,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount
    from joined
    group by account, first_index, month_index - first_index
),

final as (
    select
        -- keys
        grid.account,
        make_date(grid.first_index // 12, grid.first_index % 12 + 1, 1) as cohort_month,
        cast(grid.month_number as integer) as month_number,
        -- attributes
        coalesce(
            make_date(
                (grid.first_index + grid.month_number + 1) // 12,
                (grid.first_index + grid.month_number + 1) % 12 + 1,
                1
            ) - 1 <= closed.closed_date,
            false
        ) as is_month_complete,
        -- measures
        grid.customer_count,
        coalesce(totals.active_customer_count, 0) as active_customer_count,
        coalesce(totals.order_count, 0) as order_count,
        coalesce(totals.gross_amount, 0) as gross_amount,
        ratio_of(coalesce(totals.active_customer_count, 0), grid.customer_count) as retention_ratio
    from grid
    left join totals
        on
            grid.account = totals.account
            and grid.first_index = totals.first_index
            and grid.month_number = totals.month_number
    left join closed on grid.account = closed.account
)

select * from final
