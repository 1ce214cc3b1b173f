-- severity: fail
-- scope: build
-- harm: A join would count sales twice.
with repeated as (
    select
        'core.dim_date' as table_name,
        coalesce(cast(business_date as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_date
    group by business_date
    having count(*) > 1
    union all
    select
        'core.dim_holiday' as table_name,
        coalesce(cast(holiday_date as varchar), '-')
        || ' ' || coalesce(cast(state_code as varchar), '-')
        || ' ' || coalesce(cast(name_de as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_holiday
    group by holiday_date, state_code, name_de
    having count(*) > 1
    union all
    select
        'core.dim_year' as table_name,
        coalesce(cast(year_number as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_year
    group by year_number
    having count(*) > 1
    union all
    select
        'core.dim_channel' as table_name,
        coalesce(cast(channel as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_channel
    group by channel
    having count(*) > 1
    union all
    select
        'core.dim_payment_method' as table_name,
        coalesce(cast(payment_method as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_payment_method
    group by payment_method
    having count(*) > 1
    union all
    select
        'core.dim_order_state' as table_name,
        coalesce(cast(state_bit as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_order_state
    group by state_bit
    having count(*) > 1
    union all
    select
        'core.dim_tax_rate' as table_name,
        coalesce(cast(tax_rate as varchar), '-')
        || ' ' || coalesce(cast(valid_from_date as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_tax_rate
    group by tax_rate, valid_from_date
    having count(*) > 1
    union all
    select
        'core.dim_product_attributes' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(product_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_product_attributes
    group by account, product_id
    having count(*) > 1
    union all
    select
        'core.dim_product' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(product_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_product
    group by account, product_id
    having count(*) > 1
    union all
    select
        'core.dim_customer' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(customer_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_customer
    group by account, customer_id
    having count(*) > 1
    union all
    select
        'core.dim_address' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(address_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_address
    group by account, address_id
    having count(*) > 1
    union all
    select
        'core.dim_shipping_service' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(service_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_shipping_service
    group by account, service_id
    having count(*) > 1
    union all
    select
        'core.dim_user' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(user_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.dim_user
    group by account, user_id
    having count(*) > 1
)

select * from repeated
