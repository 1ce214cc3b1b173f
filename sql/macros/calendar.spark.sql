-- sqlfluff:dialect:sparksql
-- Points in time on Spark. The session's time zone is UTC: a text without an offset becomes the
-- wall clock that it says.

-- Of an hour that comes twice DuckDB takes the second time, Spark the first; of one that does not
-- come, both take the offset before.
create or replace temporary function instant_of_wall_clock (wall timestamp_ntz)
returns timestamp return
case
    when
        convert_timezone(
            'UTC', getvariable('timezone'),
            convert_timezone(getvariable('timezone'), 'UTC', wall) + make_dt_interval(0, 1)
        ) = wall
        then
            cast(
                convert_timezone(getvariable('timezone'), 'UTC', wall)
                + make_dt_interval(0, 1) as timestamp
            )
    else cast(convert_timezone(getvariable('timezone'), 'UTC', wall) as timestamp)
end;

-- With an offset but without seconds Spark reads no time; DuckDB reads none with small letters, or
-- with a space before the offset.
create or replace temporary function instant_with_offset (sent string)
returns timestamp return
case
    when not sent rlike r'[tz]|\s[Z+-]'
        then
            try_cast(
                regexp_replace(sent, r'([T ]\d\d:\d\d)(Z|[+-])', '$1:00$2') as timestamp
            )
end;

create or replace temporary function moment_of (sent string)
returns timestamp return
case
    when sent like '%+00:00' then instant_with_offset(sent)
    when sent rlike r':\d\d(\.\d+)?\s*([Zz]|[+-]\d\d(:?\d\d)?)$' then instant_with_offset(sent)
    when sent rlike r'^\d\d\.\d\d\.\d{4} - \d\d:\d\d$'
        then
            instant_of_wall_clock(
                cast(try_to_timestamp(sent, 'dd.MM.yyyy - HH:mm') as timestamp_ntz)
            )
    when sent rlike r'^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$'
        then instant_of_wall_clock(cast(try_cast(sent as timestamp) as timestamp_ntz))
end;
