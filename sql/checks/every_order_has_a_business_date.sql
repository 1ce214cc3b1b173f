-- severity: fail
-- scope: batch
-- harm: An order without a day would be missing from every report by day.
select
    versions.account,
    versions.order_id,
    versions.version_number
from stored.fct_order_versions as versions
where versions.business_date is null
