-- grain: one row per account, business date, channel, order class and VAT rate
-- key: account, business_date, channel, order_class, tax_rate
-- rebuild: by date
with dates as (
    select * from increments.affected_dates
),

-- sales and refunds read the lines separately: a query that both shared would hold all of them;
-- joined by the order alone, DuckDB skips what it does not need, and the account is compared after
refunds as (
    select
        account,
        order_id,
        refund_date
    from core.fct_orders
    where
        order_class = 'sale'
        and refund_date is not null
        and refund_date in (select business_date from dates)
),

movements as (
    select
        account,
        business_date,
        channel,
        order_class,
        tax_rate,
        1 as order_count,
        line_count,
        gross_amount,
        net_amount,
        vat_amount,
        shipping_gross_amount,
        shipping_net_amount,
        shipping_vat_amount,
        0 as refund_count,
        cast(null as decimal(18, 2)) as refund_gross_amount,
        cast(null as decimal(18, 2)) as refund_net_amount,
        cast(null as decimal(18, 2)) as refund_vat_amount
    from core.fct_order_vat
    where business_date in (select business_date from dates)
    union all
    select
        order_vat.account,
        refunds.refund_date as business_date,
        order_vat.channel,
        order_vat.order_class,
        order_vat.tax_rate,
        0 as order_count,
        0 as line_count,
        cast(null as decimal(18, 2)) as gross_amount,
        cast(null as decimal(18, 2)) as net_amount,
        cast(null as decimal(18, 2)) as vat_amount,
        cast(null as decimal(18, 2)) as shipping_gross_amount,
        cast(null as decimal(18, 2)) as shipping_net_amount,
        cast(null as decimal(18, 2)) as shipping_vat_amount,
        1 as refund_count,
        order_vat.refund_amount as refund_gross_amount,
        order_vat.refund_net_amount,
        order_vat.refund_vat_amount
    from core.fct_order_vat as order_vat
    inner join refunds on order_vat.order_id = refunds.order_id
    where nullif(order_vat.account, refunds.account) is null
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        order_class,
        tax_rate,
        -- measures
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(line_count) as bigint) as line_count,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(net_amount) as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(sum(vat_amount) as decimal(18, 2)), 0) as vat_amount,
        -- refunds observed on the date
        cast(sum(refund_count) as bigint) as refund_count,
        coalesce(try_cast(sum(refund_gross_amount) as decimal(18, 2)), 0) as refund_gross_amount,
        coalesce(try_cast(sum(refund_net_amount) as decimal(18, 2)), 0) as refund_net_amount,
        coalesce(try_cast(sum(refund_vat_amount) as decimal(18, 2)), 0) as refund_vat_amount,
        -- shipping
        coalesce(try_cast(sum(shipping_gross_amount) as decimal(18, 2)), 0)
            as shipping_gross_amount,
        coalesce(try_cast(sum(shipping_net_amount) as decimal(18, 2)), 0) as shipping_net_amount,
        coalesce(try_cast(sum(shipping_vat_amount) as decimal(18, 2)), 0) as shipping_vat_amount
    from movements
    group by account, business_date, channel, order_class, tax_rate
)

select * from final
