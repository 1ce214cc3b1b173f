-- severity: fail
-- scope: batch
-- harm: At some moments an order would have no version or two: figures as of that time would be
--   wrong.

-- A first version that is the latest and has no end needs no neighbours to be right: beside it,
-- any other version of the order would be out of place itself, or have its number twice.
with versions as (
    select
        account,
        order_id,
        version_number,
        valid_from,
        valid_to,
        is_latest,
        row_number() over history as expected_number,
        lead(valid_from) over history as next_valid_from
    from stored.fct_order_versions
    where version_number <> 1 or not is_latest or valid_to is not null or valid_from is null
    window history as (partition by account, order_id order by version_number)
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
