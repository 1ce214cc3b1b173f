-- grain: one row per order that a reconciliation did not find listed and none has found again since
-- key: account, order_id
-- rebuild: full
with checks as (
    select * from staging.stg_absences
),

latest as (
    select
        *,
        row_number() over (
            partition by account, order_id order by checked_at desc, load_id desc
        ) as newness
    from checks
),

found_again as (
    select
        account,
        order_id,
        max(checked_at) as found_at
    from checks
    where not is_absent
    group by account, order_id
),

since as (
    select
        checks.account,
        checks.order_id,
        min(checks.checked_at) as missing_since
    from checks
    left join found_again
        on checks.account = found_again.account and checks.order_id = found_again.order_id
    where
        checks.is_absent
        and (found_again.found_at is null or checks.checked_at > found_again.found_at)
    group by checks.account, checks.order_id
),

final as (
    select
        -- keys
        latest.account,
        latest.order_id,
        -- attributes
        latest.channel,
        since.missing_since,
        latest.checked_at as last_checked_at,
        latest.is_confirmed as is_missing
    from latest
    inner join since on latest.account = since.account and latest.order_id = since.order_id
    where latest.newness = 1 and latest.is_absent
)

select * from final
