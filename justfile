# Short names for what CONTRIBUTING.md describes.

python := ".venv/bin/python"

# style, types, rules and small parts
fast: lint
    .venv/bin/pytest tests/test_conventions.py tests/pipelines/inventorum tests/mutants tests/transforms/runner/test_models.py tests/transforms/spark/test_translate.py

# every law once
test:
    .venv/bin/pytest

# the long forms, too
long:
    .venv/bin/pytest -m ''

lint:
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/mypy
    .venv/bin/sqlfluff lint --processes 1 --disable-progress-bar sql

# a made-up shop in ./demo
demo:
    .venv/bin/inventorum demo

# figures against the goals; takes long
bench *arguments:
    {{python}} -m tests.benchmarks {{arguments}}

# how many changes of the SQL are noticed; takes long
mutants *arguments:
    {{python}} -m tests.mutants {{arguments}}

# the same tables on DuckDB and on Spark; takes minutes
parity:
    INVENTORUM_PARITY=1 .venv/bin/pytest -n 0 -m '' tests/transforms/spark/test_parity.py

# programs that are no part of the environment
[private]
tools:
    test -d .tools || python3 -m venv .tools
    .tools/bin/pip install --quiet cyclonedx-bom pip-audit

# known vulnerabilities of the pinned versions, where pypi.org can be asked
audit: tools
    .tools/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip || { echo "There are findings, or the source of vulnerabilities could not be reached: then nothing is known."; exit 1; }

# what is installed, as CycloneDX, in sbom.json
sbom: tools
    .tools/bin/cyclonedx-py environment .venv --output-file sbom.json
