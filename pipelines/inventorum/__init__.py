"""The Inventorum / Shore POS HTTP API: client, tokens, wire types, reading protocol, dlt source."""
