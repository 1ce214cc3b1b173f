"""Over the SQL files in `sql/`: the runner that builds and publishes, and what readers get from it."""
