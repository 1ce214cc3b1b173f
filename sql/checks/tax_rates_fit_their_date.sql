-- severity: warn
-- scope: batch
-- harm: VAT may have been charged at a rate that did not apply on that day.
select
    rates.account,
    rates.order_id,
    coalesce(rates.tax_rate || ' %', 'no readable rate') || ' on ' || rates.business_date as detail,
    rates.gross_amount as amount
from stored.fct_order_vat as rates
left join seeds.vat_rates as valid
    on
        rates.tax_rate = valid.tax_rate
        and rates.business_date >= valid.valid_from
        and (valid.valid_to is null or rates.business_date <= valid.valid_to)
where valid.tax_rate is null
