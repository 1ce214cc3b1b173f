-- grain: one row per change of the orders behind a business date and channel after it was closed
-- key: account, business_date, channel, changed_at
-- rebuild: by date
with history as (
    select * from core.fct_daily_sales_history
    where business_date in (select business_date from increments.affected_dates)
),

orders as (
    select * from core.daily_sales_changes
),

closings as (
    select * from core.fct_closings
),

loads as (
    select * from core.fct_loads
),

figures as (
    select
        *,
        coalesce(lag(order_count) over same_day, 0) as order_count_before,
        coalesce(lag(gross_amount) over same_day, 0) as gross_amount_before,
        coalesce(lag(net_amount) over same_day, 0) as net_amount_before,
        coalesce(lag(vat_amount) over same_day, 0) as vat_amount_before,
        coalesce(lag(refund_amount) over same_day, 0) as refund_amount_before
    from history
    window same_day as (partition by account, business_date, channel order by valid_from)
),

changes as (
    select
        figures.*,
        closings.closed_at,
        closings.load_id as closing_load_id,
        row_number() over (
            partition by figures.account, figures.business_date, figures.channel
            order by figures.valid_from
        ) as change_number
    from figures
    inner join closings
        on
            figures.account = closings.account
            and figures.business_date <= closings.closes_through_date
            and (
                closings.closes_from_date is null
                or figures.business_date >= closings.closes_from_date
            )
    where figures.valid_from > closings.closed_at
),

ranked_orders as (
    select
        account,
        business_date,
        channel,
        changed_at,
        order_id,
        row_number() over (
            partition by account, business_date, channel, changed_at
            order by abs(gross_amount_change) desc, order_id
        ) as order_rank
    from orders
),

causes as (
    select
        account,
        business_date,
        channel,
        changed_at,
        string_agg(cast(order_id as varchar), ' ' order by order_rank) as order_ids
    from ranked_orders
    where order_rank <= 20
    group by account, business_date, channel, changed_at
),

load_of_change as (
    select
        changes.account,
        changes.valid_from,
        min(loads.load_id) as load_id
    from changes
    inner join loads
        on
            changes.account = loads.account
            and changes.valid_from between loads.first_watermark and loads.last_watermark
    group by changes.account, changes.valid_from
),

final as (
    select
        -- keys
        changes.account,
        changes.business_date,
        changes.channel,
        changes.valid_from as changed_at,
        -- the closing and the change
        changes.closed_at,
        changes.closing_load_id,
        load_of_change.load_id,
        cast(changes.change_number as integer) as change_number,
        -- figures before and after
        changes.order_count_before,
        changes.order_count,
        changes.gross_amount_before,
        changes.gross_amount,
        try_cast(changes.gross_amount - changes.gross_amount_before as decimal(18, 2))
            as gross_amount_change,
        changes.net_amount_before,
        changes.net_amount,
        changes.vat_amount_before,
        changes.vat_amount,
        changes.refund_amount_before,
        changes.refund_amount,
        -- causes
        changes.changed_order_count,
        causes.order_ids
    from changes
    left join causes
        on
            changes.account = causes.account
            and changes.business_date = causes.business_date
            and changes.channel = causes.channel
            and changes.valid_from = causes.changed_at
    left join load_of_change
        on
            changes.account = load_of_change.account
            and changes.valid_from = load_of_change.valid_from
)

select * from final
