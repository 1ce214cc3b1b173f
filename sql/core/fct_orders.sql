-- grain: one row per order, in its latest version
-- key: account, order_id
-- rebuild: by order
with latest as (
    select
        orders.* exclude (user_id),
        coalesce(orders.user_id, earlier.user_id) as user_id
    from staging.stg_orders as orders
    left join staging.earlier_users as earlier
        on
            orders.account = earlier.account
            and orders.order_id = earlier.order_id
            and orders.version_number = earlier.version_number
    where orders.is_latest
),

amounts as (
    select * from core.order_amounts
    where superseded_version = 0
),

discounts as (
    select * from core.order_discounts
),

payments as (
    select
        account,
        order_id,
        cast(count(*) as integer) as payment_count,
        try_cast(coalesce(sum(amount), 0) as decimal(18, 2)) as payments_amount,
        count(*) = count(amount) as has_all_amounts
    from staging.stg_payments
    where is_latest
    group by account, order_id
),

taxed as (
    select
        account,
        order_id,
        version_number,
        try_cast(sum(shipping_net_amount) as decimal(18, 2)) as shipping_net_amount,
        try_cast(sum(refund_quantity) as decimal(12, 3)) as refund_quantity,
        try_cast(sum(refund_gross_amount) as decimal(18, 2)) as refund_amount,
        try_cast(sum(refund_net_amount) as decimal(18, 2)) as refund_net_amount,
        try_cast(sum(refund_vat_amount) as decimal(18, 2)) as refund_vat_amount,
        max(refund_basis) as refund_basis
    from core.version_vat
    where shipping_gross_amount <> 0 or refund_basis is not null
    group by account, order_id, version_number
),

-- the version that began the run of refunded sales in which the latest stands
refund_runs as (
    select
        account,
        order_id,
        coalesce(
            max(version_number) filter (where not has_bit(state, 16) or order_class <> 'sale'), 0
        ) + 1 as version_number
    from staging.stg_orders
    group by account, order_id
    having bool_or(is_latest and has_bit(state, 16) and order_class = 'sale')
),

refunds as (
    select
        refund_runs.account,
        refund_runs.order_id,
        changes.observed_after_at,
        changes.observed_after_date,
        changes.observed_until_at,
        changes.observed_until_date,
        changes.opens_before_date
    from refund_runs
    inner join core.version_changes as changes
        on
            refund_runs.account = changes.account
            and refund_runs.order_id = changes.order_id
            and refund_runs.version_number = changes.version_number
),

joined as (
    select
        latest.*,
        coalesce(amounts.item_count, 0) as item_count,
        amounts.item_count is null as has_no_lines,
        amounts.quantity,
        amounts.items_gross_amount,
        amounts.items_net_amount,
        amounts.items_vat_amount,
        amounts.published_gross_amount,
        amounts.item_discount_amount,
        case
            when latest.shipping_gross_amount is not null
                then coalesce(taxed.shipping_net_amount, 0)
        end as shipping_net_amount,
        case when has_bit(latest.state, 16) then taxed.refund_quantity end as refund_quantity,
        case when has_bit(latest.state, 16) then taxed.refund_amount end as refund_amount,
        case when has_bit(latest.state, 16) then taxed.refund_net_amount end as refund_net_amount,
        case when has_bit(latest.state, 16) then taxed.refund_vat_amount end as refund_vat_amount,
        taxed.refund_basis,
        coalesce(amounts.has_all_amounts, true) as has_all_line_amounts,
        coalesce(payments.payment_count, 0) as payment_count,
        payments.payment_count is null as has_no_payments,
        payments.payments_amount,
        coalesce(payments.has_all_amounts, true) as has_all_payment_amounts,
        discounts.account is null as has_no_discounts,
        discounts.discount_amount,
        discounts.discount_fit,
        refunds.observed_after_at as refund_observed_after_at,
        refunds.observed_until_at as refund_observed_until_at,
        refunds.observed_until_date as refund_until_date,
        case
            when refunds.order_id is not null
                then
                    booking_date_of(
                        latest.business_date,
                        refunds.observed_after_date,
                        refunds.opens_before_date,
                        true
                    )
        end as refund_date
    from latest
    left join amounts
        on latest.account = amounts.account and latest.order_id = amounts.order_id
    left join taxed
        on
            latest.account = taxed.account
            and latest.order_id = taxed.order_id
            and latest.version_number = taxed.version_number
    left join discounts
        on
            latest.account = discounts.account
            and latest.order_id = discounts.order_id
            and latest.version_number = discounts.version_number
    left join payments
        on latest.account = payments.account and latest.order_id = payments.order_id
    left join refunds
        on latest.account = refunds.account and latest.order_id = refunds.order_id
),

filled as (
    select
        *,
        coalesce(completed_at, ordered_at, first_seen_at) as placed_at,
        case when has_no_lines then cast(0 as decimal(12, 3)) else quantity end as quantity_or_0,
        case when has_no_lines then cast(0 as decimal(18, 2)) else items_gross_amount end
            as gross_or_0,
        case when has_no_lines then cast(0 as decimal(18, 2)) else items_net_amount end
            as net_or_0,
        case when has_no_lines then cast(0 as decimal(18, 2)) else items_vat_amount end
            as vat_or_0,
        case when has_no_lines then cast(0 as decimal(18, 2)) else published_gross_amount end
            as published_or_0,
        case when has_no_lines then cast(0 as decimal(18, 2)) else item_discount_amount end
            as item_discount_or_0,
        case when has_no_payments then cast(0 as decimal(18, 2)) else payments_amount end
            as payments_or_0,
        case when has_no_discounts then cast(0 as decimal(18, 2)) else discount_amount end
            as discount_or_0
    from joined
),

due as (
    select
        *,
        -- unknown as soon as one part of it is
        case
            when
                has_all_line_amounts
                and has_all_payment_amounts
                and (not has_shipment or shipping_gross_amount is not null)
                then wide(gross_or_0) + coalesce(wide(shipping_gross_amount), 0)
        end as due_amount
    from filled
),

final as (
    select
        -- keys
        account,
        order_id,
        channel,
        invoice_number,
        customer_id,
        user_id,
        -- state
        state,
        has_bit(state, 1) as is_draft,
        has_bit(state, 2) as is_pending,
        has_bit(state, 4) as is_canceled,
        has_bit(state, 8) as is_closed,
        has_bit(state, 16) as is_refunded,
        has_bit(state, 32) as is_shipped,
        has_bit(state, 64) as is_delivered,
        has_bit(state, 128) as is_test_print,
        has_bit(state, 256) as is_paid,
        has_bit(state, 512) as is_read,
        order_class,
        -- times
        ordered_at,
        completed_at,
        business_date,
        -- measures
        item_count,
        quantity_or_0 as quantity,
        gross_or_0 as items_gross_amount,
        net_or_0 as items_net_amount,
        vat_or_0 as items_vat_amount,
        discount_type,
        discount_value,
        shipping_gross_amount,
        amount_paid,
        payment_count,
        payments_or_0 as payments_amount,
        balance_class_of(due_amount, payments_or_0, amount_paid) as balance_class,
        receipt_pdf_url,
        -- history
        first_seen_at,
        seen_at as last_seen_at,
        version_number as version_count,
        content_hash,
        -- more
        currency_code,
        discount_or_0 as discount_amount,
        item_discount_or_0 as item_discount_amount,
        published_or_0 as published_gross_amount,
        shop_hour_of(placed_at) as hour_of_day,
        discount_fit,
        billing_address_id,
        shipping_address_id,
        refund_observed_after_at,
        refund_observed_until_at,
        refund_date,
        refund_date is not null and refund_date = refund_until_date as is_refund_date_observed,
        refund_quantity,
        refund_amount,
        refund_net_amount,
        refund_vat_amount,
        refund_basis,
        shipping_net_amount,
        cast(shipping_gross_amount - shipping_net_amount as decimal(18, 2)) as shipping_vat_amount
    from due
)

select * from final
