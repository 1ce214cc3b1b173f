"""dlt as its documentation shows it to a newcomer: `rest_api`, child tables, merge, parquet. It only loads.

`python -m tests.benchmarks.newcomer BASE_URL FOLDER`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from dlt.sources.rest_api import rest_api_source


def main(base_url: str, folder: str) -> None:
    """Load every order into a new database."""
    home = Path(folder)
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{base_url}/",
                "paginator": {"type": "page_number", "base_page": 0, "total_path": None},
            },
            "resources": [
                {
                    "name": "orders",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": "orders/delta/",
                        "params": {"limit": 100, "order_by": "id"},
                        "data_selector": "data",
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "newcomer",
        destination=dlt.destinations.duckdb(str(home / "orders.duckdb")),
        dataset_name="shop",
        pipelines_dir=str(home / "dlt"),
    )
    pipeline.run(source, loader_file_format="parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
