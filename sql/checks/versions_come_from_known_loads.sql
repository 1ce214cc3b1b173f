-- severity: fail
-- scope: batch
-- harm: The ledger of loads would not explain what the warehouse holds: a later run could miss or
--   repeat a load.
select
    versions.account,
    versions.order_id,
    versions.version_number,
    versions.load_id
from stored.fct_order_versions as versions
left join ops.loads as loads on versions.load_id = loads.load_id
where loads.load_id is null
