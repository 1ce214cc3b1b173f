-- grain: one row per order with a receipt number, in its latest version
-- key: account, order_id
-- rebuild: by order
with orders as (
    select
        account,
        order_id,
        channel,
        order_class,
        business_date,
        invoice_number as receipt_number
    from stored.fct_orders
    where invoice_number is not null
),

parts as (
    select
        *,
        -- up to 18 digits at the end
        regexp_extract(receipt_number, '^(.*?)([0-9]{1,18})$', 2) as digits
    from orders
),

counted as (
    select
        *,
        substr(receipt_number, 1, length(receipt_number) - length(digits)) as prefix,
        try_cast(digits as bigint) as counter
    from parts
),

final as (
    select
        -- keys
        account,
        order_id,
        -- the number and its circle
        receipt_number,
        case when counter is null then receipt_number else prefix end as receipt_prefix,
        counter as receipt_counter,
        coalesce(counter - counter % 1000, -1) as block_start,
        -- attributes of the order
        channel,
        order_class,
        business_date
    from counted
)

select * from final
