-- severity: fail
-- scope: build
-- harm: A day would show other VAT than its orders add up to.
with made as (
    select
        account,
        business_date,
        channel,
        order_class,
        tax_rate,
        order_count,
        gross_amount,
        net_amount,
        vat_amount
    from core.fct_daily_vat
    where business_date in (select business_date from increments.affected_dates)
),

facts as (
    select
        account,
        business_date,
        channel,
        order_class,
        tax_rate,
        count(*) as order_count,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(vat_amount) as decimal(18, 2)) as vat_amount
    from core.fct_order_vat
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, order_class, tax_rate
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.order_class, facts.order_class) as order_class,
    coalesce(made.tax_rate, facts.tax_rate) as tax_rate,
    made.order_count,
    facts.order_count as fact_order_count,
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
        and made.order_class is not distinct from facts.order_class
        and made.tax_rate is not distinct from facts.tax_rate
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
    or coalesce(made.vat_amount, 0) <> coalesce(facts.vat_amount, 0)
