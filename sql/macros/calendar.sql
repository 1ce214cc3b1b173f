-- Points in time and days on the shop's clock. Arguments are repeated in the text of an expression:
-- give columns, not calls.

-- A point in time: with an offset as it stands; without one, and in the form DD.MM.YYYY - HH:MM of
-- API version 10, in the shop's time zone.
create or replace temp macro moment_of(sent) as
case
    when sent like '%+00:00' then try_cast(sent as timestamptz)
    when regexp_matches(sent, ':\d\d(\.\d+)?\s*([Zz]|[+-]\d\d(:?\d\d)?)$')
        then try_cast(sent as timestamptz)
    when regexp_full_match(sent, '\d\d\.\d\d\.\d{4} - \d\d:\d\d')
        then timezone(getvariable('timezone'), try_strptime(sent, '%d.%m.%Y - %H:%M'))
    when regexp_matches(sent, '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$')
        then timezone(getvariable('timezone'), try_cast(sent as timestamp))
end;

-- Years before 2000 and after 2099 are placeholders.
create or replace temp macro plausible(moment) as
case
    when
        moment >= timestamptz '2000-01-01 00:00:00+00'
        and moment < timestamptz '2100-01-01 00:00:00+00'
        then moment
end;

-- The business date of a point in time. 31 Dec 23:30 UTC is 1 Jan in Berlin; a shop whose day
-- starts at 4 h books 3:59 on the day before.
create or replace temp macro business_date_of(moment) as
cast(
    timezone(getvariable('timezone'), moment) - to_hours(getvariable('day_starts_at')) as date
);

-- The hour on the shop's clock, 0 to 23. When the clocks go back, both hours are 2.
create or replace temp macro shop_hour_of(moment) as
cast(extract(hour from timezone(getvariable('timezone'), moment)) as integer);

-- Monday is 1.
create or replace temp macro weekday_of(day) as
cast(date_diff('day', date '1970-01-05', day) % 7 + 1 as integer);

-- The first day of the month of a day.
create or replace temp macro month_of(day) as make_date(year(day), month(day), 1);

-- The day on whose books a change stands: its own, or if that was over when the channel was last
-- read completely before, the day of that reading. Where nothing was read before, and of orders of
-- days before the channel's first, nobody knows when it happened: sales stand on their own day,
-- refunds on none.
create or replace temp macro booking_date_of(
    day, observed_after_date, opens_before_date, is_refund
) as
case
    when observed_after_date is null or coalesce(day < opens_before_date, false)
        then case when not is_refund then day end
    else greatest(day, observed_after_date)
end;
