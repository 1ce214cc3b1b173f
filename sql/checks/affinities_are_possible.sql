-- severity: fail
-- scope: build
-- harm: Products would be recommended that are not bought together.
select
    account,
    product_id,
    other_product_id,
    basket_count,
    product_basket_count,
    other_product_basket_count,
    all_basket_count
from marts.basket_affinity
where
    basket_count > product_basket_count
    or basket_count > other_product_basket_count
    or product_basket_count > all_basket_count
    or support_ratio not between 0 and 1
    or confidence_ratio not between 0 and 1
    or lift <= 0
