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

tails as (
    select
        *,
        cast(year(business_date) as varchar) as year_sold,
        -- two or four digits after others and a separator
        regexp_extract(receipt_number, '[0-9]([-/._ ]([0-9]{4}|[0-9]{2}))$', 1) as tail
    from orders
),

stems as (
    select
        *,
        regexp_extract(
            substr(receipt_number, 1, length(receipt_number) - length(tail)), '([0-9]{1,18})$', 1
        ) as digits_before
    from tails
),

-- 0001/26, 17/26 and 17-2026 of that year end in their year; 1-26 is receipt 26 of till 1, and
-- 2026/26 receipt 26 of the year
ends as (
    select
        *,
        case
            when
                tail <> ''
                and substr(tail, 2) = right(year_sold, length(tail) - 1)
                and digits_before <> year_sold
                and (tail like '/%' or length(tail) = 5 or length(digits_before) >= 3)
                then tail
            else ''
        end as suffix
    from stems
),

parts as (
    select
        *,
        -- up to 18 digits at the end, or before the year
        regexp_extract(
            substr(receipt_number, 1, length(receipt_number) - length(suffix)),
            '^(.*?)([0-9]{1,18})$',
            2
        ) as digits
    from ends
),

counted as (
    select
        *,
        substr(
            receipt_number, 1, length(receipt_number) - length(digits) - length(suffix)
        ) || case when suffix = '' then '' else '…' || suffix end as prefix,
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
