-- question: How much VAT is to be corrected for refunds, month by month?
-- frage: Wie viel Umsatzsteuer ist für Erstattungen zu berichtigen, Monat für Monat?
select
    cast(date_trunc('month', business_date) as date) as month,
    tax_rate,
    sum(refund_gross_amount) as refund_gross_amount,
    sum(refund_vat_amount) as refund_vat_amount
from marts.daily_closing_vat
where refund_count > 0
group by date_trunc('month', business_date), tax_rate
order by month desc, tax_rate desc
