-- grain: one row per account and ordered pair of products that are often bought together
-- key: account, product_id, other_product_id
-- rebuild: full
-- copies: core.dim_product by account, product_id
with pairs as (
    select * from ops.fct_basket_pairs
),

products as (
    select * from core.dim_product
),

latest as (
    select
        account,
        max(business_date) as latest_date
    from ops.fct_daily_sales
    where order_count > 0
    group by account
),

recent as (
    select
        pairs.account,
        pairs.product_id,
        pairs.other_product_id,
        sum(pairs.basket_count) as basket_count,
        sum(pairs.first_basket_count) as first_basket_count
    from pairs
    inner join latest on pairs.account = latest.account
    where pairs.business_date > latest.latest_date - 365
    group by pairs.account, pairs.product_id, pairs.other_product_id
),

baskets as (
    select
        account,
        cast(sum(first_basket_count) as bigint) as all_basket_count
    from recent
    group by account
),

singles as (
    select
        account,
        product_id,
        cast(basket_count as bigint) as product_basket_count
    from recent
    where product_id = other_product_id
),

together as (
    select
        recent.account,
        recent.product_id,
        recent.other_product_id,
        cast(recent.basket_count as bigint) as basket_count,
        baskets.all_basket_count
    from recent
    inner join baskets on recent.account = baskets.account
    where
        recent.product_id <> recent.other_product_id
        and recent.basket_count >= 3
        and recent.basket_count * 1000 >= baskets.all_basket_count
),

directed as (
    select * from together
    union all
    select
        account,
        other_product_id as product_id,
        product_id as other_product_id,
        basket_count,
        all_basket_count
    from together
),

final as (
    select
        -- keys
        directed.account,
        directed.product_id,
        directed.other_product_id,
        -- attributes
        this.product_name,
        that.product_name as other_product_name,
        -- measures
        directed.basket_count,
        one.product_basket_count,
        other.product_basket_count as other_product_basket_count,
        directed.all_basket_count,
        ratio_of(directed.basket_count, directed.all_basket_count) as support_ratio,
        ratio_of(directed.basket_count, one.product_basket_count) as confidence_ratio,
        ratio_of(
            directed.basket_count * directed.all_basket_count,
            one.product_basket_count * other.product_basket_count
        ) as lift
    from directed
    inner join singles as one
        on directed.account = one.account and directed.product_id = one.product_id
    inner join singles as other
        on directed.account = other.account and directed.other_product_id = other.product_id
    inner join products as this
        on directed.account = this.account and directed.product_id = this.product_id
    inner join products as that
        on directed.account = that.account and directed.other_product_id = that.product_id
)

select * from final
