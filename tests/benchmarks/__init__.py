"""What a run costs, beside the floor and beside what a user would pick instead: `python -m tests.benchmarks`."""
