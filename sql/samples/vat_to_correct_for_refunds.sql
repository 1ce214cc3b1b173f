-- question: How much VAT is to be corrected for refunds that we saw happen, month by month?
-- frage: Wie viel Umsatzsteuer ist für beobachtete Erstattungen zu berichtigen, Monat für Monat?
select
    cast(date_trunc('month', refunds.refund_date) as date) as month,
    vat.tax_rate,
    count(*) as refund_count,
    sum(vat.gross_amount) as refund_gross_amount,
    sum(vat.vat_amount) as refund_vat_amount
from marts.refunds as refunds
inner join core.fct_order_vat as vat
    on refunds.account = vat.account and refunds.order_id = vat.order_id
where refunds.is_date_observed
group by date_trunc('month', refunds.refund_date), vat.tax_rate
order by month desc, tax_rate desc
