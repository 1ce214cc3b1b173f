-- question: How much turnover and VAT of each rate goes into the advance VAT return?
-- frage: Wie viel Umsatz und Umsatzsteuer je Satz gehört in die Voranmeldung?
select
    month,
    tax_rate,
    sum(gross_amount) as gross_amount,
    sum(net_amount) as net_amount,
    sum(vat_amount) as vat_amount
from marts.vat_by_month
group by month, tax_rate
order by month desc, tax_rate desc
limit 12
