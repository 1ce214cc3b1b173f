"""A small SQL folder of every kind of model, for tests of the runner itself."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb

from tests.support.landing_file import Load, Order, write_landing
from tests.support.warehouse import MADE_FROM_FILES
from transforms.runner.build import BuildReport, Files, Rules, build
from transforms.runner.publish import PublishReport, publish

FILES = {
    "macros/money.sql": """
        create or replace temp macro day_of(moment) as
            cast(timezone(getvariable('timezone'), moment) as date);
        create or replace temp macro amount_of(text) as try_cast(text as decimal(18, 2));
        """,
    "seeds/channels.csv": """
        channel,label,sort_order
        ipad,Kasse,1
        shop,,2
        """,
    "seeds/channels.yml": """
        name: channels
        columns:
          - {name: channel, type: varchar}
          - {name: label, type: varchar}
          - {name: sort_order, type: integer}
        """,
    "staging/stg_orders.sql": """
        -- grain: one row per version
        with reads as (
            select
                orders.account, orders.order_id, orders.channel, orders.state, orders.content_hash,
                orders.payload, orders._watermark, orders._dlt_load_id, orders._read_seq,
                lag(orders.content_hash) over (
                    partition by orders.account, orders.order_id
                    order by orders._watermark, orders._dlt_load_id, orders._read_seq
                ) as hash_before
            from raw.orders as orders
            semi join staging.batch_orders using (account, order_id)
            semi join raw._dlt_loads as loads on orders._dlt_load_id = loads.load_id
        )

        select
            account, order_id, channel, state, content_hash, _watermark as seen_at, _dlt_load_id as load_id,
            _read_seq as seen_seq,
            payload ->> '$.customer' as customer,
            amount_of(payload ->> '$.amount') as amount,
            cast(payload ->> '$.at' as timestamptz) as ordered_at,
            row_number() over (
                partition by account, order_id order by _watermark, _dlt_load_id, _read_seq
            ) as version_number,
            row_number() over (
                partition by account, order_id order by _watermark desc, _dlt_load_id desc, _read_seq desc
            ) = 1 as is_latest
        from reads
        where content_hash is distinct from hash_before
        """,
    "staging/stg_windows.sql": """
        -- grain: one row per crawl
        select w.account, w.channel, w.watermark, w._dlt_load_id as load_id
        from raw.windows as w
        semi join raw._dlt_loads as l on w._dlt_load_id = l.load_id
        """,
    "core/fct_orders.sql": """
        -- grain: one row per order, latest version
        -- key: account, order_id
        -- rebuild: by order
        select
            account, order_id, channel, state, day_of(ordered_at) as business_date, amount,
            version_number as version_count
        from staging.stg_orders
        where is_latest
        """,
    "core/fct_order_versions.sql": """
        -- grain: one row per version of an order
        -- key: account, order_id, version_number
        -- rebuild: by order
        select account, order_id, version_number, seen_at as valid_from, load_id, amount
        from staging.stg_orders
        """,
    "core/dim_channel.sql": """
        -- grain: one row per channel
        -- key: channel
        -- rebuild: full
        select channel, coalesce(label, channel) as label, sort_order from seeds.channels
        """,
    "core/dim_customer.sql": """
        -- grain: one row per customer, as last seen
        -- key: account, customer
        -- rebuild: newest
        -- newest: seen_at, seen_load_id, seen_seq, order_id
        select
            account, customer, channel as last_channel, seen_at, load_id as seen_load_id, seen_seq, order_id
        from staging.stg_orders
        where customer is not null
        """,
    "increments/affected_dates.sql": """
        -- grain: one row per date that affected orders leave or enter
        -- rebuild: touched
        select distinct account, business_date
        from core.fct_orders
        semi join staging.affected_orders using (account, order_id)
        """,
    "core/fct_daily_sales.sql": """
        -- grain: one row per business date
        -- key: account, business_date
        -- rebuild: by date
        select account, business_date, count(*) as order_count, sum(amount) as amount
        from core.fct_orders
        semi join increments.affected_dates using (account, business_date)
        group by account, business_date
        """,
    "core/fct_crawls.sql": """
        -- grain: one row per crawl
        -- key: account, channel, load_id
        -- rebuild: by load
        select account, channel, watermark, load_id
        from staging.stg_windows
        semi join staging.new_loads using (load_id)
        """,
    "marts/sales.sql": """
        -- grain: one row per business date with sales
        -- key: account, business_date
        -- rebuild: full
        select account, business_date, order_count, amount from core.fct_daily_sales
        """,
    "marts/odd.sql": """
        -- grain: one row per warning check
        -- key: check_name
        -- rebuild: full
        select check_name, count(*) as finding_count, cast(sum(amount) as decimal(18, 2)) as amount
        from ops.fct_findings
        group by check_name
        """,
    "checks/each_order_stands_once.sql": """
        -- severity: fail
        -- scope: batch
        -- harm: An order counts twice.
        select account, order_id, count(*) as row_count
        from core.fct_orders
        semi join staging.batch_orders using (account, order_id)
        group by account, order_id
        having count(*) > 1
        """,
    "checks/days_equal_orders.sql": """
        -- severity: fail
        -- scope: build
        -- harm: A day's turnover is wrong.
        select business_date, sum(amount) as amount
        from (
            select business_date, amount from marts.sales
            union all
            select business_date, -amount from core.fct_orders
        )
        group by business_date
        having sum(amount) <> 0
        """,
    "checks/amounts_are_positive.sql": """
        -- severity: warn
        -- scope: batch
        -- harm: Someone typed a wrong price.
        select account, order_id, 'amount ' || amount as detail, amount
        from core.fct_orders
        semi join staging.batch_orders using (account, order_id)
        where amount < 0
        """,
    "checks/channels_are_known.sql": """
        -- severity: warn
        -- scope: build
        -- harm: A channel has no name.
        select orders.account, orders.order_id, 'channel ' || orders.channel as detail, orders.amount
        from core.fct_orders as orders
        anti join core.dim_channel using (channel)
        """,
}

DOCUMENTED = {
    "core/fct_orders": "account order_id channel state business_date amount version_count",
    "core/fct_order_versions": "account order_id version_number valid_from load_id amount",
    "core/dim_channel": "channel label sort_order",
    "core/dim_customer": "account customer last_channel seen_at seen_load_id seen_seq order_id",
    "core/fct_daily_sales": "account business_date order_count amount",
    "core/fct_crawls": "account channel watermark load_id",
    "marts/sales": "account business_date order_count amount",
    "marts/odd": "check_name finding_count amount",
}


def write_small_project(folder: Path, **changed: str | None) -> Path:
    """Write the folder; `changed` replaces or adds files (`marts__sales_sql="..."`), None leaves one out."""
    files: dict[str, str | None] = dict(FILES)
    for name, columns in DOCUMENTED.items():
        listed = "".join(f"\n  - name: {column}\n    description: The {column}." for column in columns.split())
        files[f"{name}.yml"] = (
            f"name: {Path(name).name}\ngrain: one row per thing\ndescription: Says something.\ncolumns:{listed}\n"
        )
    for name, text in changed.items():
        place, _, suffix = name.rpartition("_")
        files[f"{place.replace('__', '/')}.{suffix}"] = text
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(dedent(text).lstrip("\n"), "utf-8")
    return folder


def order(order_id: int, amount: str = "10.00", **more: object) -> dict[str, object]:
    """An order as the small project reads it."""
    return {
        "id": order_id,
        "channel": "ipad",
        "state": 360,
        "amount": amount,
        "at": "2026-11-01T09:00:00+00:00",
        "customer": None,
    } | more


class SmallWarehouse:
    """An installation with the small project: load, build, look."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.sql = write_small_project(home / "sql")
        self.files = Files(
            landing=home / "landing.duckdb",
            build=home / "work" / "build.duckdb",
            published=home / "warehouse.duckdb",
            work=home / "work",
        )

    def load(self, *loads: Load | list[Order]) -> None:
        write_landing(self.files.landing, loads)

    def build(self, rules: Rules | None = None, **options: Any) -> BuildReport:
        return build(self.files, rules or Rules(), sql_dir=self.sql, **options)

    def publish(self, **options: Any) -> PublishReport:
        return publish(self.files, **options)

    def change(self, **files: str | None) -> None:
        write_small_project(self.sql, **files)

    def rows(self, query: str, path: Path | None = None) -> list[tuple[Any, ...]]:
        with closing(duckdb.connect(path or self.files.build, read_only=True)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(query).fetchall()

    def tables(self, path: Path | None = None) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table that files of the project make."""
        names = self.rows(
            "select table_schema || '.' || table_name from information_schema.tables "
            f"where {MADE_FROM_FILES} order by all",
            path,
        )
        return {name: self.rows(f"from {name} order by all", path) for (name,) in names}
