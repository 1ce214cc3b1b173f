"""The published warehouse as tables of a PostgreSQL database, for readers that speak to a server."""
