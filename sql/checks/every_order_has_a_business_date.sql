-- severity: fail
-- scope: batch
-- harm: An order without a day would be missing from every report by day.
select
    versions.account,
    versions.order_id,
    versions.version_number
from core.fct_order_versions as versions
inner join staging.batch_orders as batch
    on versions.account = batch.account and versions.order_id = batch.order_id
where versions.business_date is null
