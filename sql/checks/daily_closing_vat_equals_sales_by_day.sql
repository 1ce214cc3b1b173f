-- severity: fail
-- scope: build
-- harm: VAT by rate would not tie to the sales of the day.
with made as (
    select
        account,
        business_date,
        channel,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(vat_amount) as decimal(18, 2)) as vat_amount
    from marts.daily_closing_vat
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
                bool_or(items_gross_amount is null)
                or try_cast(sum(abs(items_gross_amount)) as decimal(18, 2)) is null
        )
    group by account, business_date, channel
),

facts as (
    select
        account,
        business_date,
        channel,
        gross_amount,
        net_amount,
        vat_amount
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
                bool_or(items_gross_amount is null)
                or try_cast(sum(abs(items_gross_amount)) as decimal(18, 2)) is null
        )
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    made.gross_amount,
    facts.gross_amount as fact_gross_amount,
    made.net_amount,
    facts.net_amount as fact_net_amount,
    made.vat_amount,
    facts.vat_amount as fact_vat_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
where
    coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
    or coalesce(made.vat_amount, 0) <> coalesce(facts.vat_amount, 0)
