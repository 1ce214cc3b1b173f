"""The API as HTTP: client, login, retries, pages of records; knows no dlt, no DuckDB, no settings."""
