-- grain: one row per VAT rate and period in which it applied; other rates appear by themselves
-- key: tax_rate, valid_from_date
-- rebuild: full
with listed as (
    select * from seeds.vat_rates
),

seen as (
    select tax_rate from ops.fct_daily_vat
    where tax_rate is not null
    group by tax_rate
),

final as (
    select
        -- keys
        tax_rate,
        valid_from as valid_from_date,
        valid_to as valid_to_date,
        -- attributes
        label_de,
        label_en,
        valid_to is null as is_current,
        true as is_listed
    from listed
    union all
    select
        tax_rate,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date,
        'anderer Satz (' || cast(tax_rate as varchar) || ' %)' as label_de,
        'other rate (' || cast(tax_rate as varchar) || ' %)' as label_en,
        false as is_current,
        false as is_listed
    from seen
    where tax_rate not in (select tax_rate from listed)
    union all
    select
        cast(-1 as decimal(6, 3)) as tax_rate,
        cast(null as date) as valid_from_date,
        cast(null as date) as valid_to_date,
        'unbekannter Satz' as label_de,
        'unknown rate' as label_en,
        false as is_current,
        false as is_listed
)

select * from final
