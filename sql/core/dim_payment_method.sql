-- grain: one row per payment method; codes that are not listed appear by themselves
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

final as (
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
)

select * from final
