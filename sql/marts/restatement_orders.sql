-- grain: one row per order that changed the figures of a closed business date and channel
-- key: account, business_date, channel, changed_at, order_id
-- rebuild: by date
with changes as (
    select * from core.daily_sales_changes
),

closings as (
    select * from core.fct_closings
),

final as (
    select
        -- keys
        changes.account,
        changes.business_date,
        changes.channel,
        changes.changed_at,
        changes.order_id,
        -- what the order added to the figures
        changes.order_count_change,
        changes.item_quantity_change,
        changes.gross_amount_change,
        changes.net_amount_change,
        changes.vat_amount_change,
        changes.refund_amount_change,
        changes.shipping_gross_amount_change
    from changes
    inner join closings
        on
            changes.account = closings.account
            and changes.business_date <= closings.closes_through_date
            and (
                closings.closes_from_date is null
                or changes.business_date >= closings.closes_from_date
            )
    where changes.changed_at > closings.closed_at
)

select * from final
