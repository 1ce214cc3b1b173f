-- severity: fail
-- scope: build
-- harm: A load would close a day twice, or a reconciliation count an order twice.
with repeated as (
    select
        'core.fct_loads' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(load_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_loads
    group by account, load_id
    having count(*) > 1
    union all
    select
        'core.fct_closings' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(load_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_closings
    group by account, load_id
    having count(*) > 1
    union all
    select
        'core.fct_crawl_status' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_crawl_status
    group by account, channel
    having count(*) > 1
    union all
    select
        'core.fct_receipt_blocks' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(receipt_prefix as varchar), '-')
        || ' ' || coalesce(cast(block_start as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_receipt_blocks
    group by account, receipt_prefix, block_start
    having count(*) > 1
    union all
    select
        'core.fct_receipt_findings' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(receipt_prefix as varchar), '-')
        || ' ' || coalesce(cast(block_start as varchar), '-')
        || ' ' || coalesce(cast(finding as varchar), '-')
        || ' ' || coalesce(cast(first_counter as varchar), '-')
        || ' ' || coalesce(cast(receipt_number as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_receipt_findings
    group by account, receipt_prefix, block_start, finding, first_counter, receipt_number
    having count(*) > 1
    union all
    select
        'core.fct_absences' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(order_id as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_absences
    group by account, order_id
    having count(*) > 1
    union all
    select
        'core.fct_reconciliations' as table_name,
        coalesce(cast(account as varchar), '-')
        || ' ' || coalesce(cast(run_id as varchar), '-')
        || ' ' || coalesce(cast(channel as varchar), '-')
        || ' ' || coalesce(cast(business_date as varchar), '-') as key_values,
        count(*) as row_count
    from core.fct_reconciliations
    group by account, run_id, channel, business_date
    having count(*) > 1
)

select * from repeated
