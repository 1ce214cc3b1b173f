-- severity: fail
-- scope: build
-- harm: The daily closing would show other payments than the orders list.
with made as (
    select
        account,
        business_date,
        channel,
        order_class,
        payment_method,
        payment_count,
        payment_amount
    from core.fct_daily_payments
    where
        payment_count > 0
        and business_date in (select business_date from increments.affected_dates)
),

orders as (
    select
        account,
        order_id,
        business_date,
        channel,
        order_class
    from core.fct_orders
    where
        business_date in (select business_date from increments.affected_dates)
),

payments as (
    select * from core.fct_payments
    where
        (account, order_id) in (
            select
                account,
                order_id
            from orders
        )
),

facts as (
    select
        orders.account,
        orders.business_date,
        orders.channel,
        orders.order_class,
        payments.payment_method,
        count(*) as payment_count,
        try_cast(sum(payments.amount) as decimal(18, 2)) as payment_amount
    from orders
    inner join payments
        on orders.account = payments.account and orders.order_id = payments.order_id
    group by
        orders.account,
        orders.business_date,
        orders.channel,
        orders.order_class,
        payments.payment_method
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.order_class, facts.order_class) as order_class,
    coalesce(made.payment_method, facts.payment_method) as payment_method,
    made.payment_count,
    facts.payment_count as fact_payment_count,
    made.payment_amount,
    facts.payment_amount as fact_payment_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
        and made.order_class is not distinct from facts.order_class
        and made.payment_method is not distinct from facts.payment_method
where
    coalesce(made.payment_count, 0) <> coalesce(facts.payment_count, 0)
    or coalesce(made.payment_amount, 0) <> coalesce(facts.payment_amount, 0)
