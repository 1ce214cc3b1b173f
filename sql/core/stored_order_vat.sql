-- grain: one row per order of the batch and VAT rate in core.fct_order_vat
-- key: account, order_id, tax_rate
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
select
    account,
    order_id,
    tax_rate,
    gross_amount,
    net_amount,
    vat_amount,
    line_count,
    channel,
    order_class,
    business_date
from core.fct_order_vat
where
    (account, order_id) in (
        select
            account,
            order_id
        from staging.batch_orders
    )
