-- grain: one row per sale, an order of class `sale`, in its latest version
-- key: account, order_id
-- rebuild: view
with orders as (
    select * from core.fct_orders
),

dates as (
    select * from core.dim_date
),

channels as (
    select * from core.dim_channel
),

customers as (
    select * from core.dim_customer
),

users as (
    select * from core.dim_user
),

payment_methods as (
    select * from core.dim_payment_method
),

-- an order may be paid in several ways: it has one row all the same
payments as (
    select
        account,
        order_id,
        case
            when min(payment_method) = max(payment_method) then min(payment_method)
            else 'several'
        end as payment_method
    from core.fct_payments
    group by account, order_id
),

final as (
    select
        -- keys
        orders.account,
        orders.order_id,
        orders.invoice_number,
        -- when
        orders.business_date,
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
        orders.completed_at,
        -- where, who, how
        orders.channel,
        channels.label_de as channel_label,
        orders.customer_id,
        customers.customer_name,
        orders.customer_id is null as is_walk_in,
        orders.user_id,
        users.label_de as user_label,
        payment_methods.payment_method,
        payment_methods.label_de as payment_label,
        -- measures
        orders.item_count,
        orders.quantity,
        orders.items_gross_amount as gross_amount,
        orders.items_net_amount as net_amount,
        orders.items_vat_amount as vat_amount,
        cast(
            coalesce(orders.discount_amount, 0) + coalesce(orders.item_discount_amount, 0)
            as decimal(18, 2)
        ) as discount_amount,
        coalesce(orders.shipping_gross_amount, 0) as shipping_gross_amount,
        coalesce(orders.shipping_net_amount, 0) as shipping_net_amount,
        coalesce(orders.shipping_vat_amount, 0) as shipping_vat_amount,
        -- refunds of this sale, whenever they came
        orders.is_refunded,
        orders.refund_date,
        coalesce(orders.refund_amount, 0) as refund_amount
    from orders
    inner join dates on orders.business_date = dates.business_date
    inner join channels on orders.channel = channels.channel
    left join customers
        on orders.account = customers.account and orders.customer_id = customers.customer_id
    inner join users
        on orders.account = users.account and coalesce(orders.user_id, -1) = users.user_id
    left join payments
        on orders.account = payments.account and orders.order_id = payments.order_id
    inner join payment_methods
        on coalesce(payments.payment_method, 'none') = payment_methods.payment_method
    where orders.order_class = 'sale'
)

select * from final
