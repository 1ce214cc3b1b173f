-- grain: one row per line of a sale, which is an order of class `sale`, in its latest version
-- key: account, order_id, line_number
-- rebuild: view
with lines as (
    select * from core.fct_order_items
),

orders as (
    select * from core.fct_orders
),

dates as (
    select * from core.dim_date
),

channels as (
    select * from core.dim_channel
),

products as (
    select * from core.dim_product
),

tax_rates as (
    select * from core.dim_tax_rate
),

final as (
    select
        -- keys
        lines.account,
        lines.order_id,
        lines.line_number,
        orders.invoice_number,
        -- when
        lines.business_date,
        dates.month,
        dates.year_number,
        dates.month_number,
        dates.month_name_de,
        dates.iso_year,
        dates.iso_week,
        dates.week_start_date,
        dates.weekday,
        dates.weekday_name_de,
        dates.is_weekend,
        dates.is_public_holiday,
        dates.holiday_name_de,
        dates.holiday_states,
        orders.hour_of_day,
        -- where and who
        lines.channel,
        channels.label_de as channel_label,
        orders.customer_id,
        orders.user_id,
        -- what
        lines.product_id,
        products.product_code,
        case
            when lines.product_id is null then coalesce(lines.product_name, products.product_name)
            else products.product_name
        end as product_name,
        lines.tax_rate,
        tax_rates.label_de as tax_rate_label,
        -- measures
        lines.quantity,
        lines.line_gross_amount as gross_amount,
        lines.line_net_amount as net_amount,
        lines.line_vat_amount as vat_amount,
        cast(
            coalesce(lines.discount_amount, 0) + coalesce(lines.order_discount_amount, 0)
            as decimal(18, 2)
        ) as discount_amount,
        -- refunds of this sale, whenever they came
        orders.is_refunded,
        orders.refund_date,
        coalesce(lines.refund_quantity, 0) as refund_quantity,
        coalesce(lines.refund_amount, 0) as refund_amount
    from lines
    inner join orders on lines.account = orders.account and lines.order_id = orders.order_id
    inner join dates on lines.business_date = dates.business_date
    inner join channels on lines.channel = channels.channel
    inner join products
        on
            lines.account = products.account
            and coalesce(lines.product_id, -1) = products.product_id
    inner join tax_rates on coalesce(lines.tax_rate, -1) = tax_rates.tax_rate
    where orders.order_class = 'sale'
)

select * from final
