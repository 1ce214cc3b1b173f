-- severity: fail
-- scope: build
-- harm: The advance VAT return would be wrong.
with made as (
    select
        account,
        month,
        channel,
        tax_rate,
        gross_amount,
        net_amount,
        vat_amount
    from marts.vat_by_month
),

facts as (
    select
        account,
        date_trunc('month', business_date) as month,
        channel,
        tax_rate,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(vat_amount) as decimal(18, 2)) as vat_amount
    from core.fct_daily_vat
    where order_class = 'sale'
    group by account, date_trunc('month', business_date), channel, tax_rate
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.month, facts.month) as month,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.tax_rate, facts.tax_rate) as tax_rate,
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
        and made.month is not distinct from facts.month
        and made.channel is not distinct from facts.channel
        and made.tax_rate is not distinct from facts.tax_rate
where
    coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
    or coalesce(made.vat_amount, 0) <> coalesce(facts.vat_amount, 0)
