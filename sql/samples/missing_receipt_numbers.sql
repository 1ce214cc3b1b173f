-- question: Which receipt numbers are missing, and which were given twice?
-- frage: Welche Belegnummern fehlen, und welche wurden doppelt vergeben?
select
    receipt_prefix,
    finding,
    coalesce(receipt_number, receipt_prefix || cast(first_counter as varchar)) as first_number,
    missing_count,
    receipt_number_before,
    receipt_number_after,
    first_date,
    order_ids
from marts.receipt_numbers
order by receipt_prefix, first_counter
