-- severity: fail
-- scope: build
-- harm: The daily closing would not tie to the sales of the day.
with made as (
    select
        account,
        business_date,
        channel,
        try_cast(sum(payment_amount) as decimal(18, 2)) as payment_amount
    from marts.daily_closing
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
                bool_or(payments_amount is null)
                or try_cast(sum(abs(payments_amount)) as decimal(18, 2)) is null
        )
    group by account, business_date, channel
),

facts as (
    select
        account,
        business_date,
        channel,
        payment_amount
    from marts.sales_by_day
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
                bool_or(payments_amount is null)
                or try_cast(sum(abs(payments_amount)) as decimal(18, 2)) is null
        )
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    made.payment_amount,
    facts.payment_amount as fact_payment_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
where
    coalesce(made.payment_amount, 0) <> coalesce(facts.payment_amount, 0)
