"""Orders into raw: the dlt source and its destination, crawls, backfill, reconcile, and the landing log they fill."""
