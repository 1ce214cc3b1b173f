-- grain: one row per closed business date and channel with sales or refunds at any time
-- key: account, business_date, channel
-- rebuild: full
with history as (
    select * from core.fct_daily_sales_history
),

closings as (
    select * from core.fct_closings
),

days as (
    select
        account,
        business_date,
        channel
    from history
    group by account, business_date, channel
),

closed as (
    select
        days.account,
        days.business_date,
        days.channel,
        closings.load_id,
        closings.closed_at
    from days
    inner join closings
        on
            days.account = closings.account
            and days.business_date <= closings.closes_through_date
            and (
                closings.closes_from_date is null or days.business_date >= closings.closes_from_date
            )
),

changes as (
    select
        closed.account,
        closed.business_date,
        closed.channel,
        count(*) as change_count
    from closed
    inner join history
        on
            closed.account = history.account
            and closed.business_date = history.business_date
            and closed.channel = history.channel
            and closed.closed_at < history.valid_from
    group by closed.account, closed.business_date, closed.channel
),

final as (
    select
        -- keys
        closed.account,
        closed.business_date,
        closed.channel,
        -- the closing
        closed.closed_at,
        closed.load_id as closing_load_id,
        -- figures as known then
        coalesce(at_closing.order_count, 0) as closed_order_count,
        coalesce(at_closing.gross_amount, 0) as closed_gross_amount,
        coalesce(at_closing.net_amount, 0) as closed_net_amount,
        coalesce(at_closing.vat_amount, 0) as closed_vat_amount,
        coalesce(at_closing.refund_amount, 0) as closed_refund_amount,
        -- figures as known now
        current_figures.order_count,
        current_figures.gross_amount,
        current_figures.net_amount,
        current_figures.vat_amount,
        current_figures.refund_amount,
        -- the way between
        coalesce(changes.change_count, 0) as change_count,
        current_figures.valid_from as last_changed_at
    from closed
    inner join history as current_figures
        on
            closed.account = current_figures.account
            and closed.business_date = current_figures.business_date
            and closed.channel = current_figures.channel
            and current_figures.valid_to is null
    left join history as at_closing
        on
            closed.account = at_closing.account
            and closed.business_date = at_closing.business_date
            and closed.channel = at_closing.channel
            and closed.closed_at >= at_closing.valid_from
            and (at_closing.valid_to is null or closed.closed_at < at_closing.valid_to)
    left join changes
        on
            closed.account = changes.account
            and closed.business_date = changes.business_date
            and closed.channel = changes.channel
)

select * from final
