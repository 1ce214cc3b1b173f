-- grain: one row per account, business date and pair of products sold together in one order
-- key: account, business_date, product_id, other_product_id
-- rebuild: by product_day
with days as (
    select * from core.affected_product_days
),

-- a pair changes with the baskets that hold its first product
holding as (
    select distinct
        items.account,
        items.order_id
    from core.fct_order_items as items
    inner join days
        on
            items.account = days.account
            and items.business_date = days.business_date
            and items.product_id = days.product_id
    where items.order_class = 'sale'
),

items as (
    select
        account,
        business_date,
        order_id,
        product_id,
        lower(product_name) as name
    from core.fct_order_items
    where
        order_class = 'sale'
        and product_id is not null
        and (account, order_id) in (
            select
                account,
                order_id
            from holding
        )
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
        business_date,
        order_id,
        min(product_id) as first_product_id
    from products
    group by account, business_date, order_id
    having count(*) > 1
),

in_baskets as (
    select
        products.account,
        products.business_date,
        products.order_id,
        products.product_id,
        products.product_id = baskets.first_product_id as is_first
    from products
    inner join baskets
        on
            products.account = baskets.account
            and products.business_date = baskets.business_date
            and products.order_id = baskets.order_id
),

final as (
    select
        one.account,
        one.business_date,
        one.product_id,
        other.product_id as other_product_id,
        count(*) as basket_count,
        count(*) filter (where one.is_first and other.is_first) as first_basket_count
    from in_baskets as one
    inner join days
        on
            one.account = days.account
            and one.business_date = days.business_date
            and one.product_id = days.product_id
    inner join in_baskets as other
        on
            one.account = other.account
            and one.business_date = other.business_date
            and one.order_id = other.order_id
            and one.product_id <= other.product_id
    group by one.account, one.business_date, one.product_id, other.product_id
)

select * from final
