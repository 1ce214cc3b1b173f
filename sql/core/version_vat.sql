-- grain: one row per version of an order and VAT rate of its lines; one without rate if it has no
--   lines, or shipping that bears no VAT
-- key: account, order_id, version_number, tax_rate
-- rebuild: temporary

-- Shipping follows the goods: to the only rate, or to several in proportion to their net amounts,
-- by largest remainder. The lowest rate bears it all where none is above zero, or where the order
-- is too large for exact shares in 64 bits (30 million). Where the setting `shipping_vat` is
-- `none`, it stands on the row without a rate, so that it is no part of what is taxed.
with orders as (
    select
        account,
        order_id,
        version_number,
        case when is_latest then 0 else version_number end as superseded_version,
        has_bit(state, 16) as is_refunded,
        coalesce(shipping_gross_amount, 0) as shipping_gross_amount
    from staging.stg_orders
),

sums as (
    select
        account,
        order_id,
        superseded_version,
        tax_rate,
        line_count,
        quantity,
        gross_amount,
        net_amount,
        vat_amount,
        has_returned_lines,
        refund_quantity,
        refund_amount
    from core.rate_sums
),

rated as (
    select
        account,
        order_id,
        superseded_version,
        count(*) = count(tax_rate) as has_all_rates
    from sums
    group by account, order_id, superseded_version
),

rates as (
    select * from sums
    union all
    select
        orders.account,
        orders.order_id,
        orders.superseded_version,
        cast(null as decimal(6, 3)) as tax_rate,
        0 as line_count,
        0 as quantity,
        0 as gross_amount,
        0 as net_amount,
        0 as vat_amount,
        false as has_returned_lines,
        cast(null as decimal(38, 3)) as refund_quantity,
        cast(null as decimal(38, 2)) as refund_amount
    from orders
    left join rated
        on
            orders.account = rated.account
            and orders.order_id = rated.order_id
            and orders.superseded_version = rated.superseded_version
    where
        not shipping_follows_goods()
        and orders.shipping_gross_amount <> 0
        and coalesce(rated.has_all_rates, true)
),

versions as (
    select
        account,
        order_id,
        superseded_version,
        min(tax_rate) as first_rate,
        count(tax_rate) as known_rates,
        bool_or(has_returned_lines) as has_returned_lines,
        try_cast(sum(case when net_amount > 0 then net_amount end) as decimal(18, 2))
            as positive_net_amount
    from rates
    group by account, order_id, superseded_version
),

placed as (
    select
        orders.account,
        orders.order_id,
        orders.version_number,
        orders.is_refunded,
        orders.shipping_gross_amount as order_shipping_amount,
        rates.tax_rate,
        coalesce(rates.tax_rate, -1) = coalesce(versions.first_rate, -1) as is_first_rate,
        coalesce(rates.line_count, 0) as line_count,
        coalesce(try_cast(rates.quantity as decimal(12, 3)), 0) as quantity,
        coalesce(try_cast(rates.gross_amount as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(rates.net_amount as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(rates.vat_amount as decimal(18, 2)), 0) as vat_amount,
        coalesce(try_cast(rates.refund_quantity as decimal(12, 3)), 0) as refund_quantity,
        coalesce(try_cast(rates.refund_amount as decimal(18, 2)), 0) as refund_gross_amount,
        coalesce(versions.has_returned_lines, false) as has_returned_lines,
        case
            when
                versions.known_rates > 1
                and shipping_follows_goods()
                and orders.shipping_gross_amount <> 0
                and versions.positive_net_amount <= 30000000
                then cents_of(versions.positive_net_amount)
        end as shared_cents
    from orders
    left join versions
        on
            orders.account = versions.account
            and orders.order_id = versions.order_id
            and orders.superseded_version = versions.superseded_version
    left join rates
        on
            orders.account = rates.account
            and orders.order_id = rates.order_id
            and orders.superseded_version = rates.superseded_version
),

weighed as (
    select
        account,
        order_id,
        version_number,
        tax_rate,
        order_shipping_amount,
        cents_of(abs(order_shipping_amount)) as shipping_cents,
        shared_cents,
        case when net_amount > 0 then cents_of(net_amount) else 0 end as weight
    from placed
    where shared_cents is not null and tax_rate is not null
),

floors as (
    select
        *,
        share_floor_of(shipping_cents, weight, shared_cents) as floor_cents,
        share_remainder_of(shipping_cents, weight, shared_cents) as remainder
    from weighed
),

ranked as (
    select
        *,
        shipping_cents
        - sum(floor_cents) over (partition by account, order_id, version_number)
            as left_over_cents,
        row_number() over (
            partition by account, order_id, version_number
            order by remainder desc, tax_rate asc
        ) as remainder_rank
    from floors
),

shares as (
    select
        account,
        order_id,
        version_number,
        tax_rate,
        case when order_shipping_amount < 0 then -1 else 1 end
        * amount_of_cents(
            floor_cents + case when remainder_rank <= left_over_cents then 1 else 0 end
        ) as shipping_gross_amount
    from ranked
),

shipped as (
    select
        placed.*,
        cast(
            case
                when placed.shared_cents is not null
                    then coalesce(shares.shipping_gross_amount, 0)
                when shipping_follows_goods() and placed.is_first_rate
                    then placed.order_shipping_amount
                when not shipping_follows_goods() and placed.tax_rate is null
                    then placed.order_shipping_amount
                else 0
            end as decimal(18, 2)
        ) as shipping_gross_amount
    from placed
    left join shares
        on
            placed.account = shares.account
            and placed.order_id = shares.order_id
            and placed.version_number = shares.version_number
            and placed.tax_rate = shares.tax_rate
),

netted as (
    select
        *,
        case
            when
                shipping_gross_amount = 0 or tax_rate is null or not shipping_follows_goods()
                then shipping_gross_amount
            else net_of(shipping_gross_amount, tax_rate)
        end as shipping_net_amount,
        case
            when refund_gross_amount = 0 or tax_rate is null then 0
            when refund_gross_amount = gross_amount then net_amount
            else net_of(refund_gross_amount, tax_rate)
        end as refund_net_amount
    from shipped
),

final as (
    select
        account,
        order_id,
        version_number,
        tax_rate,
        is_first_rate,
        line_count,
        cast(quantity as decimal(12, 3)) as quantity,
        cast(gross_amount as decimal(18, 2)) as gross_amount,
        cast(net_amount as decimal(18, 2)) as net_amount,
        cast(vat_amount as decimal(18, 2)) as vat_amount,
        shipping_gross_amount,
        cast(shipping_net_amount as decimal(18, 2)) as shipping_net_amount,
        cast(shipping_gross_amount - shipping_net_amount as decimal(18, 2)) as shipping_vat_amount,
        cast(refund_quantity as decimal(12, 3)) as refund_quantity,
        cast(refund_gross_amount as decimal(18, 2)) as refund_gross_amount,
        cast(refund_net_amount as decimal(18, 2)) as refund_net_amount,
        cast(
            case when tax_rate is null then 0 else refund_gross_amount - refund_net_amount end
            as decimal(18, 2)
        ) as refund_vat_amount,
        case
            when not is_refunded then null
            when has_returned_lines then 'returned_lines'
            else 'whole_order'
        end as refund_basis
    from netted
)

select * from final
