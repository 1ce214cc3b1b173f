-- severity: fail
-- scope: batch
-- harm: Amounts in different currencies would be added up.
with currencies as (
    select
        orders.account,
        orders.currency_code,
        count(*) as order_count
    from stored.fct_orders as orders
    group by orders.account, orders.currency_code
)

select
    account,
    currency_code,
    order_count
from currencies
where
    currency_code is null
    or currency_code <> currency_of_account()
    or length(currency_code) <> 3
    or currency_code <> upper(currency_code)
