"""Runs the SQL files in `sql/` over the landing log, checks and publishes the result."""
