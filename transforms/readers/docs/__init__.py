"""The documentation of a warehouse, made from its catalogue and from the SQL files."""
