-- severity: fail
-- scope: build
-- harm: A report would show the same figures twice.
with repeated as (
    select
        'marts.sales_by_day' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-') as key_values,
        count(*) as row_count
    from marts.sales_by_day  -- days on which nothing happened included
    group by account, business_date, channel
    having count(*) > 1
    union all
    select
        'marts.daily_closing' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(payment_method as varchar), '-') as key_values,
        count(*) as row_count
    from marts.daily_closing
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, payment_method
    having count(*) > 1
    union all
    select
        'marts.daily_closing_vat' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(tax_rate as varchar), '-') as key_values,
        count(*) as row_count
    from marts.daily_closing_vat
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, tax_rate
    having count(*) > 1
    union all
    select
        'marts.discounts' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(discount_level as varchar), '-')
        || ' ' || coalesce(cast(discount_type as varchar), '-') as key_values,
        count(*) as row_count
    from marts.discounts
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, discount_level, discount_type
    having count(*) > 1
    union all
    select
        'marts.refunds' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(order_id as varchar), '-') as key_values,
        count(*) as row_count
    from marts.refunds
    where business_date in (select business_date from increments.affected_dates)
    group by account, order_id
    having count(*) > 1
    union all
    select
        'marts.restatements' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(changed_at as varchar), '-') as key_values,
        count(*) as row_count
    from marts.restatements
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, changed_at
    having count(*) > 1
    union all
    select
        'marts.restatement_orders' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(changed_at as varchar), '-')
        || ' ' || coalesce(cast(order_id as varchar), '-') as key_values,
        count(*) as row_count
    from marts.restatement_orders
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, changed_at, order_id
    having count(*) > 1
    union all
    select
        'marts.closed_days' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-') as key_values,
        count(*) as row_count
    from marts.closed_days
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel
    having count(*) > 1
    union all
    select
        'marts.product_sales_by_day' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(product_id as varchar), '-') as key_values,
        count(*) as row_count
    from marts.product_sales_by_day
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
        'marts.sales_by_day_and_hour' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(hour_of_day as varchar), '-') as key_values,
        count(*) as row_count
    from marts.sales_by_day_and_hour
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, hour_of_day
    having count(*) > 1
    union all
    select
        'marts.reconciliation' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-') as key_values,
        count(*) as row_count
    from marts.reconciliation
    where business_date in (select business_date from increments.affected_dates)
    group by account, channel, business_date
    having count(*) > 1
)

select * from repeated
