-- grain: one row per customer with a sale; sales without a customer stand in ops.walk_in_sales
-- key: account, customer_id
-- rebuild: full
-- copies: core.dim_customer by account, customer_id
-- harm: A customer would show other sales than the days add up to.
with daily as (
    select * from ops.fct_daily_customer_sales
),

people as (
    select * from core.dim_customer
),

latest as (
    select
        account,
        max(business_date) filter (where order_count > 0) as latest_date
    from daily
    group by account
),

totals as (
    select
        account,
        customer_id,
        min(business_date) filter (where order_count > 0) as first_order_date,
        max(business_date) filter (where order_count > 0) as last_order_date,
        cast(sum(order_count) as bigint) as order_count,
        coalesce(try_cast(sum(quantity) as decimal(12, 3)), 0) as quantity,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(net_amount) as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(sum(refunded_sales_amount) as decimal(18, 2)), 0) as refund_amount
    from daily
    where customer_id is not null
    group by account, customer_id
),

aged as (
    select
        totals.*,
        cast(
            date_diff('day', totals.last_order_date, latest.latest_date) as integer
        ) as days_since_last_order
    from totals
    inner join latest on totals.account = latest.account
),

kept as (
    select
        *,
        coalesce(
            try_cast(wide(gross_amount) - refund_amount as decimal(18, 2)), 0
        ) as kept_gross_amount
    from aged
),

-- a refunded sale was a visit, but brought no money
scored as (
    select
        *,
        case
            when days_since_last_order <= 30 then 5
            when days_since_last_order <= 90 then 4
            when days_since_last_order <= 180 then 3
            when days_since_last_order <= 365 then 2
            else 1
        end as recency_score,
        case
            when order_count >= 10 then 5
            when order_count >= 5 then 4
            when order_count >= 3 then 3
            when order_count >= 2 then 2
            else 1
        end as frequency_score,
        case
            when kept_gross_amount >= 1000 then 5
            when kept_gross_amount >= 500 then 4
            when kept_gross_amount >= 150 then 3
            when kept_gross_amount >= 50 then 2
            else 1
        end as monetary_score
    from kept
),

final as (
    select
        -- keys
        scored.account,
        scored.customer_id,
        -- attributes
        people.customer_name,
        people.company,
        people.zipcode,
        people.city,
        -- sales
        scored.first_order_date,
        scored.last_order_date,
        scored.order_count,
        scored.quantity,
        scored.gross_amount,
        scored.net_amount,
        scored.refund_amount,
        scored.kept_gross_amount,
        average_of(scored.gross_amount, scored.order_count) as average_gross_amount,
        -- recency, frequency, monetary value
        scored.days_since_last_order,
        scored.recency_score,
        scored.frequency_score,
        scored.monetary_score,
        case
            when
                scored.recency_score >= 4
                and scored.frequency_score >= 4
                and scored.monetary_score >= 3
                then 'champion'
            when scored.recency_score >= 3 and scored.frequency_score >= 3 then 'loyal'
            when scored.recency_score = 5 and scored.frequency_score = 1 then 'new'
            when scored.recency_score >= 4 then 'promising'
            when scored.recency_score = 3 then 'cooling'
            when scored.frequency_score >= 3 or scored.monetary_score >= 4 then 'at_risk'
            else 'lost'
        end as segment
    from scored
    left join people
        on scored.account = people.account and scored.customer_id = people.customer_id
)

select * from final
