"""Runs the SQL files in `sql/` over the landing log and publishes the result."""
