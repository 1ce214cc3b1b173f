-- severity: fail
-- scope: build
-- harm: A report would show the same figures twice.
with repeated as (
    select
        'marts.vat_by_month' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(month as varchar), '-')
        || ' ' || coalesce(cast(tax_rate as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-') as key_values,
        count(*) as row_count
    from marts.vat_by_month
    group by account, month, tax_rate, channel
    having count(*) > 1
    union all
    select
        'marts.sales_by_product' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(product_id as varchar), '-') as key_values,
        count(*) as row_count
    from marts.sales_by_product
    group by account, product_id
    having count(*) > 1
    union all
    select
        'marts.sales_by_hour' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(weekday as varchar), '-')
        || ' ' || coalesce(cast(hour_of_day as varchar), '-') as key_values,
        count(*) as row_count
    from marts.sales_by_hour
    group by account, channel, weekday, hour_of_day
    having count(*) > 1
    union all
    select
        'marts.customers' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(customer_id as varchar), '-') as key_values,
        count(*) as row_count
    from marts.customers
    group by account, customer_id
    having count(*) > 1
    union all
    select
        'marts.walk_in_sales' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(month as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-') as key_values,
        count(*) as row_count
    from marts.walk_in_sales
    group by account, month, channel
    having count(*) > 1
    union all
    select
        'marts.cohorts' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(cohort_month as varchar), '-')
        || ' ' || coalesce(cast(month_number as varchar), '-') as key_values,
        count(*) as row_count
    from marts.cohorts
    group by account, cohort_month, month_number
    having count(*) > 1
    union all
    select
        'marts.basket_affinity' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(product_id as varchar), '-')
        || ' ' || coalesce(cast(other_product_id as varchar), '-') as key_values,
        count(*) as row_count
    from marts.basket_affinity
    group by account, product_id, other_product_id
    having count(*) > 1
    union all
    select
        'marts.open_orders' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(order_id as varchar), '-') as key_values,
        count(*) as row_count
    from marts.open_orders
    group by account, order_id
    having count(*) > 1
    union all
    select
        'marts.fulfilment' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(month as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(service_id as varchar), '-') as key_values,
        count(*) as row_count
    from marts.fulfilment
    group by account, month, channel, service_id
    having count(*) > 1
    union all
    select
        'marts.receipt_numbers' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(receipt_prefix as varchar), '-')
        || ' ' || coalesce(cast(finding as varchar), '-')
        || ' ' || coalesce(cast(first_counter as varchar), '-')
        || ' ' || coalesce(cast(receipt_number as varchar), '-') as key_values,
        count(*) as row_count
    from marts.receipt_numbers
    group by account, receipt_prefix, finding, first_counter, receipt_number
    having count(*) > 1
    union all
    select
        'marts.receipt_circles' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(receipt_prefix as varchar), '-') as key_values,
        count(*) as row_count
    from marts.receipt_circles
    group by account, receipt_prefix
    having count(*) > 1
    union all
    select
        'marts.freshness' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-') as key_values,
        count(*) as row_count
    from marts.freshness
    group by account, channel
    having count(*) > 1
    union all
    select
        'marts.data_quality' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(check_name as varchar), '-') as key_values,
        count(*) as row_count
    from marts.data_quality
    group by account, check_name
    having count(*) > 1
)

select * from repeated
