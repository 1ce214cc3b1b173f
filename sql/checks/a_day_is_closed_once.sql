-- severity: fail
-- scope: build
-- harm: A closed day would have two sets of figures.
with closings as (
    select
        account,
        load_id,
        closes_from_date,
        closes_through_date,
        closed_at,
        lag(closes_through_date) over by_day as previous_date,
        lag(closed_at) over by_day as previous_closed_at
    from core.fct_closings
    window by_day as (
        partition by account
        order by closes_through_date
    )
)

select * from closings
where
    closes_from_date is distinct from previous_date + 1
    or closes_from_date > closes_through_date
    or closed_at < previous_closed_at
