-- grain: one row per account, business date and pair of products sold together in one order
-- key: account, business_date, product_id, other_product_id
-- rebuild: by product_day
with days as (
    select * from increments.affected_product_days
),

-- a pair changes with the baskets that hold its first product
holding as (
    select distinct
        items.account,
        items.order_id
    from core.fct_order_items as items
    inner join days
        on
            items.business_date = days.business_date
            and items.product_id = days.product_id
    where
        items.order_class = 'sale'
        and items.business_date in (select changed.business_date from days as changed)
),

-- joined by the order alone, so that DuckDB skips what it does not need; the account is compared
-- after
items as (
    select
        lines.account,
        lines.business_date,
        lines.order_id,
        lines.product_id,
        lower(lines.product_name) as name
    from core.fct_order_items as lines
    inner join holding on lines.order_id = holding.order_id
    where
        lines.order_class = 'sale'
        and lines.product_id is not null
        and nullif(lines.account, holding.account) is null
),

products as (
    select
        account,
        business_date,
        order_id,
        product_id
    from items
    where
        name is null
        or not (
            name like 'versand%'
            or name like 'porto%'
            or name like 'lieferkosten%'
            or name like 'shipping%'
        )
    group by account, business_date, order_id, product_id
),

baskets as (
    select
        account,
        order_id,
        min(product_id) as first_product_id
    from products
    group by account, order_id
),

alone as (
    select
        products.account,
        products.business_date,
        products.product_id,
        products.product_id as other_product_id,
        count(*) as basket_count,
        count(*) filter (where products.product_id = baskets.first_product_id)
            as first_basket_count
    from products
    inner join baskets
        on products.account = baskets.account and products.order_id = baskets.order_id
    group by products.account, products.business_date, products.product_id
),

together as (
    select
        one.account,
        one.business_date,
        one.product_id,
        other.product_id as other_product_id,
        count(*) as basket_count,
        cast(0 as bigint) as first_basket_count
    from products as one
    inner join products as other
        on
            one.account = other.account
            and one.order_id = other.order_id
            and one.product_id < other.product_id
    group by one.account, one.business_date, one.product_id, other.product_id
),

pairs as (
    select * from alone
    union all
    select * from together
),

final as (
    select pairs.*
    from pairs
    inner join days
        on
            pairs.business_date = days.business_date
            and pairs.product_id = days.product_id
)

select * from final
