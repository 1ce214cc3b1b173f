-- question: Until when are the figures of each channel complete, and is any channel broken?
-- frage: Bis wann sind die Zahlen jedes Kanals vollständig, und ist einer gestört?
select
    channel,
    freshness,
    known_until,
    newest_sale_date,
    last_crawl_message
from marts.freshness
order by channel
