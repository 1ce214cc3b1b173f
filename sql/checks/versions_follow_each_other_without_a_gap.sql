-- severity: fail
-- scope: batch
-- harm: At some moments an order would have no version or two: figures as of that time would be
--   wrong.
with versions as (
    select
        versions.*,
        row_number() over history as expected_number,
        lead(versions.valid_from) over history as next_valid_from
    from core.fct_order_versions as versions
    inner join staging.batch_orders as batch
        on versions.account = batch.account and versions.order_id = batch.order_id
    window history as (
        partition by versions.account, versions.order_id
        order by versions.version_number
    )
)

select
    account,
    order_id,
    version_number,
    valid_from,
    valid_to,
    is_latest
from versions
where
    version_number <> expected_number
    or valid_from is null
    or valid_to is distinct from next_valid_from
    or valid_to < valid_from
    or is_latest <> (next_valid_from is null)
