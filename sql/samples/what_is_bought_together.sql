-- question: Which products are bought together far more often than by chance?
-- frage: Welche Artikel werden viel häufiger zusammen gekauft als zufällig?
select
    product_name,
    other_product_name,
    basket_count,
    confidence_ratio,
    lift
from marts.basket_affinity
where basket_count >= 5
order by lift desc, product_name asc
limit 20
