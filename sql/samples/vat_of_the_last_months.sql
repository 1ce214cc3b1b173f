-- question: How much turnover and VAT of each rate goes into the advance VAT return?
-- frage: Wie viel Umsatz und Umsatzsteuer je Satz gehört in die Voranmeldung?
select
    month,
    tax_rate,
    tax_rate_label,
    gross_amount,
    net_amount,
    vat_amount
from marts.vat_return
where month is not null
order by month desc, tax_rate desc
limit 12
