-- severity: fail
-- scope: batch
-- harm: VAT as booked would not lead to the VAT of the orders as known now.
with booked as (
    select
        account,
        order_id,
        tax_rate,
        sum(case when kind <> 'refund' then gross_amount else 0 end) as gross_amount,
        sum(case when kind <> 'refund' then net_amount else 0 end) as net_amount,
        sum(case when kind <> 'refund' then vat_amount else 0 end) as vat_amount,
        sum(shipping_net_amount) as shipping_net_amount,
        sum(shipping_vat_amount) as shipping_vat_amount,
        sum(case when kind = 'refund' then -net_amount else 0 end) as refund_net_amount,
        sum(case when kind = 'refund' then -vat_amount else 0 end) as refund_vat_amount
    from stored.fct_bookings
    group by account, order_id, tax_rate
),

rates as (
    select
        account,
        order_id,
        tax_rate,
        -- null: the sum does not fit the type
        coalesce(gross_amount, 0) as gross_amount,
        coalesce(net_amount, 0) as net_amount,
        coalesce(vat_amount, 0) as vat_amount,
        shipping_net_amount,
        shipping_vat_amount,
        refund_net_amount,
        refund_vat_amount
    from stored.fct_order_vat
    where order_class = 'sale'
)

select
    coalesce(rates.account, booked.account) as account,
    coalesce(rates.order_id, booked.order_id) as order_id,
    coalesce(rates.tax_rate, booked.tax_rate) as tax_rate,
    rates.net_amount,
    booked.net_amount as booked_net_amount,
    rates.vat_amount,
    booked.vat_amount as booked_vat_amount
from rates
full outer join booked
    on
        rates.account = booked.account
        and rates.order_id = booked.order_id
        and coalesce(rates.tax_rate, -1) = coalesce(booked.tax_rate, -1)
where
    coalesce(rates.gross_amount, 0) <> coalesce(booked.gross_amount, 0)
    or coalesce(rates.net_amount, 0) <> coalesce(booked.net_amount, 0)
    or coalesce(rates.vat_amount, 0) <> coalesce(booked.vat_amount, 0)
    or coalesce(rates.refund_net_amount, 0) <> coalesce(booked.refund_net_amount, 0)
    or coalesce(rates.refund_vat_amount, 0) <> coalesce(booked.refund_vat_amount, 0)
    or coalesce(rates.shipping_vat_amount, 0) <> coalesce(booked.shipping_vat_amount, 0)
    -- an order without lines has shipping, but no rate
    or (
        coalesce(rates.shipping_net_amount, 0) <> coalesce(booked.shipping_net_amount, 0)
        and (rates.order_id is not null or booked.tax_rate is not null)
    )
