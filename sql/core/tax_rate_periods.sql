-- grain: one row per VAT rate and period in which it was lawful
-- key: tax_rate, valid_from_date
-- rebuild: full
with listed as (
    select * from seeds.vat_rates
),

final as (
    select
        tax_rate,
        valid_from as valid_from_date,
        valid_to as valid_to_date
    from listed
)

select * from final
