"""How much do checks and tests see? One thing at a time is changed in the SQL, and somebody should notice.

`python -m tests.mutants --help`; what the last run showed stands in `sql/README.md`.
"""
