-- grain: one row per payment method; codes that are not listed appear by themselves, and those that
--   the settings name bear these names
-- key: payment_method
-- rebuild: full
with listed as (
    select * from seeds.payment_methods
),

seen as (
    select payment_method from core.fct_payments
    union
    select payment_method from core.fct_payment_bookings
),

methods as (
    select
        payment_method,
        label_de,
        label_en,
        certainty,
        evidence,
        true as is_listed
    from listed
    union all
    select
        payment_method,
        'Zahlungsart ' || payment_method as label_de,
        'Payment method ' || payment_method as label_en,
        'unknown' as certainty,
        'Seen in payments; meaning not published' as evidence,
        false as is_listed
    from seen
    where payment_method not in (select payment_method from listed)
),

named as (
    select
        *,
        cast(cast(getvariable('payment_methods') as json) as map (varchar, varchar))[payment_method]
            as own_label
    from methods
),

final as (
    select
        payment_method,
        coalesce(own_label, label_de) as label_de,
        coalesce(own_label, label_en) as label_en,
        case when own_label is null then certainty else 'confirmed' end as certainty,
        case when own_label is null then evidence else 'Named in the settings of the shop' end
            as evidence,
        is_listed
    from named
)

select * from final
