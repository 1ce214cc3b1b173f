-- severity: fail
-- scope: build
-- harm: Discounts given would not add up to those of the orders.
with made as (
    select
        account,
        business_date,
        channel,
        try_cast(sum(discount_amount) as decimal(18, 2)) as discount_amount
    from marts.discounts
    where
        business_date in (select business_date from increments.affected_dates)
        -- amounts that do not fit the type are missing in one of the two
        and (account, business_date, channel) not in (
            select
                account,
                business_date,
                channel
            from core.fct_orders
            where order_class = 'sale'
            group by account, business_date, channel
            having
                bool_or(discount_amount is null or item_discount_amount is null)
                or try_cast(
                    sum(abs(discount_amount) + abs(item_discount_amount)) as decimal(18, 2)
                ) is null
        )
    group by account, business_date, channel
),

facts as (
    select
        account,
        business_date,
        channel,
        discount_amount
    from ops.fct_daily_sales
    where
        business_date in (select business_date from increments.affected_dates)
        -- amounts that do not fit the type are missing in one of the two
        and (account, business_date, channel) not in (
            select
                account,
                business_date,
                channel
            from core.fct_orders
            where order_class = 'sale'
            group by account, business_date, channel
            having
                bool_or(discount_amount is null or item_discount_amount is null)
                or try_cast(
                    sum(abs(discount_amount) + abs(item_discount_amount)) as decimal(18, 2)
                ) is null
        )
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    made.discount_amount,
    facts.discount_amount as fact_discount_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
where
    coalesce(made.discount_amount, 0) <> coalesce(facts.discount_amount, 0)
