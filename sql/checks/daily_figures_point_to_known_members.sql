-- severity: fail
-- scope: build
-- harm: Figures would vanish from reports that join the calendar, the channel, the payment
--   method, the VAT rate or the product.
with lost as (
    select
        'fct_daily_sales.business_date' as column_name,
        cast(facts.business_date as varchar) as missing_key
    from ops.fct_daily_sales as facts
    left join core.dim_date as dims on facts.business_date = dims.business_date
    where
        dims.business_date is null
        and facts.business_date is not null
        and facts.business_date in (select business_date from increments.affected_dates)
    union all
    select
        'fct_payments.paid_date' as column_name,
        cast(facts.paid_date as varchar) as missing_key
    from core.fct_payments as facts
    left join core.dim_date as dims on facts.paid_date = dims.business_date
    where
        dims.business_date is null
        and facts.paid_date is not null
        and facts.order_id in (select order_id from increments.changed_orders)
    union all
    select
        'fct_daily_sales.channel' as column_name,
        cast(facts.channel as varchar) as missing_key
    from ops.fct_daily_sales as facts
    left join core.dim_channel as dims on facts.channel = dims.channel
    where
        dims.channel is null
        and facts.channel is not null
        and facts.business_date in (select business_date from increments.affected_dates)
    union all
    select
        'fct_payments.payment_method' as column_name,
        cast(facts.payment_method as varchar) as missing_key
    from core.fct_payments as facts
    left join core.dim_payment_method as dims on facts.payment_method = dims.payment_method
    where
        dims.payment_method is null
        and facts.payment_method is not null
        and facts.order_id in (select order_id from increments.changed_orders)
    union all
    select
        'fct_daily_vat.tax_rate' as column_name,
        cast(facts.tax_rate as varchar) as missing_key
    from ops.fct_daily_vat as facts
    left join core.dim_tax_rate as dims on facts.tax_rate = dims.tax_rate
    where
        dims.tax_rate is null
        and facts.tax_rate is not null
        and facts.business_date in (select business_date from increments.affected_dates)
    union all
    select
        'fct_daily_product_sales.product_id' as column_name,
        cast(facts.product_id as varchar) as missing_key
    from ops.fct_daily_product_sales as facts
    left join
        core.dim_product as dims
        on facts.account = dims.account and facts.product_id = dims.product_id
    where
        dims.product_id is null
        and facts.product_id is not null
        and facts.business_date in (select business_date from increments.affected_product_days)
        and (facts.business_date, facts.product_id) in (
            select (business_date, product_id)
            from increments.affected_product_days
        )
)

select * from lost
