-- severity: fail
-- scope: batch
-- harm: Figures as known at an earlier time would not be those of that time.
with versions as (
    select
        account,
        order_id,
        version_number,
        valid_from,
        -- null: the sum does not fit the type
        case when order_class = 'sale' then items_gross_amount else 0 end as gross_amount,
        case when order_class = 'sale' then coalesce(shipping_gross_amount, 0) else 0 end
            as shipping_gross_amount
    from stored.fct_order_versions
),

steps as (
    select
        account,
        order_id,
        version_number,
        sum(gross_amount) as gross_amount,
        sum(shipping_gross_amount) as shipping_gross_amount,
        min(observed_until_at) as first_observed_at,
        max(observed_until_at) as last_observed_at
    from stored.fct_bookings
    where kind <> 'refund'
    group by account, order_id, version_number
),

joined as (
    select
        versions.*,
        steps.first_observed_at,
        steps.last_observed_at,
        sum(coalesce(steps.gross_amount, 0)) over history as booked_gross_amount,
        sum(coalesce(steps.shipping_gross_amount, 0)) over history
            as booked_shipping_gross_amount
    from versions
    left join steps
        on
            versions.account = steps.account
            and versions.order_id = steps.order_id
            and versions.version_number = steps.version_number
    window history as (
        partition by versions.account, versions.order_id
        order by versions.version_number
        rows between unbounded preceding and current row
    )
)

select * from joined
where
    booked_gross_amount <> gross_amount
    or booked_shipping_gross_amount <> shipping_gross_amount
    or first_observed_at <> valid_from
    or last_observed_at <> valid_from
