-- grain: one row per order, VAT rate and day that it counts on: of the sale, of the refund
-- marts: vat_by_month, daily_closing_vat
with vat as (
    select * from core.fct_order_vat
    where order_class = 'sale'
),

orders as (
    select
        account,
        order_id,
        refund_date
    from core.fct_orders
    where refund_date is not null
),

sold as (
    select
        account,
        order_id,
        business_date,
        month_of(business_date) as month,
        channel,
        tax_rate,
        1 as order_count,
        gross_amount,
        net_amount,
        vat_amount,
        0 as refund_count,
        cast(null as decimal(18, 2)) as refund_gross_amount,
        cast(null as decimal(18, 2)) as refund_net_amount,
        cast(null as decimal(18, 2)) as refund_vat_amount
    from vat
),

refunded as (
    select
        vat.account,
        vat.order_id,
        orders.refund_date as business_date,
        month_of(orders.refund_date) as month,
        vat.channel,
        vat.tax_rate,
        0 as order_count,
        cast(null as decimal(18, 2)) as gross_amount,
        cast(null as decimal(18, 2)) as net_amount,
        cast(null as decimal(18, 2)) as vat_amount,
        1 as refund_count,
        vat.gross_amount as refund_gross_amount,
        vat.net_amount as refund_net_amount,
        vat.vat_amount as refund_vat_amount
    from vat
    inner join orders on vat.account = orders.account and vat.order_id = orders.order_id
),

final as (
    select * from sold
    union all
    select * from refunded
)

select * from final
