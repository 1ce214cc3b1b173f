-- question: How much VAT is corrected for refunds and cancellations, month by month?
-- frage: Wie viel Umsatzsteuer ist für Erstattungen und Stornierungen berichtigt, Monat für Monat?
select
    month,
    tax_rate,
    refund_gross_amount,
    refund_vat_amount,
    cancellation_gross_amount,
    cancellation_vat_amount
from marts.vat_return
where refund_gross_amount <> 0 or cancellation_gross_amount <> 0
order by month desc nulls last, tax_rate desc
