-- grain: one row per version of an order that names no user although an earlier one does
-- key: account, order_id, version_number

-- /orders/ leaves the user out: the newest earlier version that names one.
with versions as (
    select
        account,
        order_id,
        version_number,
        user_id
    from staging.stg_orders
),

later as (
    select * from versions
    where user_id is null and version_number > 1
),

final as (
    select
        later.account,
        later.order_id,
        later.version_number,
        arg_max(versions.user_id, versions.version_number) as user_id
    from later
    inner join versions
        on
            later.account = versions.account
            and later.order_id = versions.order_id
            and later.version_number > versions.version_number
    where versions.user_id is not null
    group by later.account, later.order_id, later.version_number
)

select * from final
