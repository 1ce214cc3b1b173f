-- severity: fail
-- scope: build
-- harm: A day would be counted twice in every report that adds days up.
with repeated as (
    select
        'core.fct_daily_sales' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_daily_sales
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel
    having count(*) > 1
    union all
    select
        'core.fct_daily_vat' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(order_class as varchar), '-')
        || ' ' || coalesce(cast(tax_rate as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_daily_vat
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, order_class, tax_rate
    having count(*) > 1
    union all
    select
        'core.fct_daily_payments' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(order_class as varchar), '-')
        || ' ' || coalesce(cast(payment_method as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_daily_payments
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, order_class, payment_method
    having count(*) > 1
    union all
    select
        'core.fct_hourly_sales' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(hour_of_day as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_hourly_sales
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, hour_of_day
    having count(*) > 1
    union all
    select
        'core.fct_daily_product_sales' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(product_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_daily_product_sales
    where
        business_date in (select business_date from increments.affected_product_days)
        and (business_date, product_id) in (
            select (business_date, product_id)
            from increments.affected_product_days
        )
    group by account, business_date, channel, product_id
    having count(*) > 1
    union all
    select
        'core.fct_daily_customer_sales' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(customer_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_daily_customer_sales
    where
        business_date in (select business_date from increments.affected_customer_days)
        and (business_date, customer_id) in (
            select (business_date, customer_id)
            from increments.affected_customer_days
        )
    group by account, business_date, channel, customer_id
    having count(*) > 1
    union all
    select
        'core.fct_basket_pairs' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(product_id as varchar), '-')
        || ' ' || coalesce(cast(other_product_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_basket_pairs
    where
        business_date in (select business_date from increments.affected_product_days)
        and (business_date, product_id) in (
            select (business_date, product_id)
            from increments.affected_product_days
        )
    group by account, business_date, product_id, other_product_id
    having count(*) > 1
    union all
    select
        'core.fct_daily_sales_history' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(valid_from as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_daily_sales_history
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, valid_from
    having count(*) > 1
    union all
    select
        'core.fct_receipts' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(order_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_receipts
    where business_date in (select business_date from increments.affected_dates)
    group by account, order_id
    having count(*) > 1
    union all
    select
        'core.fct_fulfilment' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(order_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_fulfilment
    where business_date in (select business_date from increments.affected_dates)
    group by account, order_id
    having count(*) > 1
)

select * from repeated
