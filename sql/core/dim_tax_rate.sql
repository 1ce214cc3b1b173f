-- grain: one row per VAT rate; rates that are not listed appear by themselves
-- key: tax_rate
-- rebuild: full
with listed as (
    select
        tax_rate,
        max(label_de) as label_de,
        max(label_en) as label_en,
        bool_or(valid_to is null) as is_current
    from seeds.vat_rates
    group by tax_rate
),

seen as (
    select tax_rate from ops.fct_daily_vat
    where tax_rate is not null
    group by tax_rate
),

final as (
    select
        tax_rate,
        label_de,
        label_en,
        is_current,
        true as is_listed
    from listed
    union all
    select
        tax_rate,
        'anderer Satz (' || cast(tax_rate as varchar) || ' %)' as label_de,
        'other rate (' || cast(tax_rate as varchar) || ' %)' as label_en,
        false as is_current,
        false as is_listed
    from seen
    where tax_rate not in (select tax_rate from listed)
    union all
    select
        cast(-1 as decimal(6, 3)) as tax_rate,
        'unbekannter Satz' as label_de,
        'unknown rate' as label_en,
        false as is_current,
        false as is_listed
)

select * from final
