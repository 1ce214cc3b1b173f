-- Amounts, shares and rates. Decimal division gives DOUBLE in DuckDB, so amounts are divided as
-- whole cents. Arguments are repeated in the text of an expression: give columns, not calls.

create or replace temp macro currency_of_account() as getvariable('currency');

create or replace temp macro prices_include_discount() as getvariable('prices_include_discount');

create or replace temp macro shipping_follows_goods() as
getvariable('shipping_vat') = 'follows_goods';

-- An amount that can be added, subtracted and multiplied: DuckDB fails when + - * of types of up to
-- 18 digits need a 19th.
create or replace temp macro wide(amount) as cast(amount as decimal(38, 2));

create or replace temp macro cents_of(amount) as
case
    when abs(amount) < 100000000000 then cast(amount * 100 as bigint)  -- six times faster
    else cast(wide(amount) * 100 as bigint)
end;

create or replace temp macro amount_of_cents(cents) as
cast(cast(cents as decimal(18, 0)) * 0.01 as decimal(18, 2));

-- cents x numerator / denominator, rounded half up (away from zero), exact in 64 bits as long as
-- cents x numerator / denominator < 2^62 and 2 x denominator x numerator < 2^63.
create or replace temp macro part_of(cents, numerator, denominator) as
case when cents < 0 then -1 else 1 end * (
    (abs(cents) // denominator) * numerator
    + (2 * (abs(cents) % denominator) * numerator + denominator) // (2 * denominator)
);

-- cents x weight / total weight, rounded down, and what is lost by it: for shares by largest
-- remainder. In two steps, so that nothing leaves 64 bits.
create or replace temp macro share_floor_of(cents, weight, total_weight) as
(cents // total_weight) * weight + ((cents % total_weight) * weight) // total_weight;

create or replace temp macro share_remainder_of(cents, weight, total_weight) as
((cents % total_weight) * weight) % total_weight;

-- gross / (1 + rate / 100), rounded half up; null without a rate.
create or replace temp macro net_of(gross_amount, tax_rate) as
amount_of_cents(
    part_of(
        cents_of(gross_amount), cast(100000 as bigint), 100000 + cast(tax_rate * 1000 as bigint)
    )
);

-- amount x pieces / all pieces, rounded half up: exact for amounts below 100 million and up to
-- 100,000 pieces; null without pieces.
create or replace temp macro part_of_amount(amount, pieces, all_pieces) as
amount_of_cents(
    part_of(
        cents_of(amount),
        cast(pieces * 1000 as bigint),
        nullif(cast(all_pieces * 1000 as bigint), 0)
    )
);

-- The share of a percent discount in units of 0.00000001.
create or replace temp macro share_units_of(discount_value) as
cast(discount_value * 100000000 as bigint);

-- Money taken off by a discount, with `amount` before it, or after it if it is included. `cash` is
-- an amount, but never more than what it is taken from; `percent` (1 = 100 %) is a share of the
-- price before, so with `amount` after it: amount x share / (1 - share).
-- Null: the kind is unknown, the value is no share, or the price is gone: included, and 0 is left.
create or replace temp macro discount_of(kind, discount_value, amount, is_included) as
case
    when is_included and amount = 0 and discount_value > 0 then null
    when kind = 'cash' and discount_value >= 0 and amount is not null
        then
            cast(
                least(
                    cast(discount_value as decimal(38, 2)),
                    greatest(
                        wide(amount)
                        + case
                            when is_included then cast(discount_value as decimal(38, 2)) else 0
                        end,
                        0
                    )
                ) as decimal(18, 2)
            )
    when
        kind = 'percent' and is_included
        and discount_value >= 0 and discount_value < 0.999999995 and abs(amount) < 100000000
        then
            amount_of_cents(
                part_of(
                    cents_of(amount),
                    share_units_of(discount_value),
                    100000000 - share_units_of(discount_value)
                )
            )
    when
        kind = 'percent' and not is_included
        and discount_value >= 0 and discount_value <= 1 and abs(amount) < 100000000
        then
            amount_of_cents(
                part_of(
                    cents_of(amount), share_units_of(discount_value), cast(100000000 as bigint)
                )
            )
end;

-- What a line's own discount took off; null: it has one that cannot be told. Of prices that include
-- discounts the one on the order came off last: `amount` is what was left before it did.
create or replace temp macro line_discount_of(has_discount, kind, discount_value, amount) as
cast(
    case
        when not has_discount then 0
        else discount_of(kind, discount_value, amount, prices_include_discount())
    end as decimal(18, 2)
);

-- The price that a line's own discount is told from: as published, or, if that includes discounts,
-- with the line's share of the one on the order; null: that cannot be told.
create or replace temp macro amount_at_own_discount(published_amount, share_amount) as
case
    when prices_include_discount()
        then try_cast(wide(published_amount) + wide(share_amount) as decimal(18, 2))
    else published_amount
end;

-- A line's share of the discount on its order; null: the discount cannot be told, or the line has
-- no amount to bear a share with. `of_order` is null where nothing is discounted.
create or replace temp macro share_of_discount(of_order, discount_amount, share_amount) as
cast(
    case when of_order is null or discount_amount = 0 then 0 else share_amount end
    as decimal(18, 2)
);

-- What a line costs after all discounts.
create or replace temp macro line_gross_of(published_amount, discount_amount, share_amount) as
case
    when prices_include_discount() then published_amount
    else
        try_cast(
            wide(published_amount)
            - coalesce(wide(discount_amount), 0)
            - coalesce(wide(share_amount), 0)
            as decimal(18, 2)
        )
end;

-- What is due, what the payments add up to and what the API calls paid. Agreeing means within 0.05.
create or replace temp macro agree(one_amount, other_amount) as
abs(wide(one_amount) - wide(other_amount)) <= 0.05;

create or replace temp macro balance_class_of(due_amount, payments_amount, amount_paid) as
case
    when due_amount = payments_amount and payments_amount = amount_paid then 'exact'
    when
        agree(due_amount, payments_amount)
        and agree(payments_amount, amount_paid)
        and agree(due_amount, amount_paid)
        then 'rounding'
    when
        payments_amount < due_amount and not agree(payments_amount, due_amount)
        and (agree(amount_paid, payments_amount) or agree(amount_paid, due_amount))
        then 'unpaid'
    when
        payments_amount > due_amount and not agree(payments_amount, due_amount)
        and agree(amount_paid, due_amount)
        then 'overpaid'
    else 'unexplained'
end;

-- An amount per piece, rounded half up to cents; null without pieces.
create or replace temp macro average_of(amount, pieces) as
amount_of_cents(part_of(cents_of(amount), cast(1 as bigint), nullif(cast(pieces as bigint), 0)));

-- part / whole of two whole numbers (counts, cents) to six places; null without a whole, and beyond
-- 4 * 10^12, where 64 bits end.
create or replace temp macro ratio_of(part, whole) as
case
    when whole > 0 and whole < 4000000000000 and abs(part) < 4000000000000
        then
            cast(
                cast(
                    part_of(cast(part as bigint), cast(1000000 as bigint), cast(whole as bigint))
                    as decimal(18, 0)
                ) * 0.000001 as decimal(18, 6)
            )
end;
