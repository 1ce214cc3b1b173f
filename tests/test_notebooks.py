"""The notebooks run from start to end on a published warehouse, and only read it."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from nbclient import NotebookClient

from pipelines import run
from pipelines.sandbox import trading
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin
from tests import ROOT

NOTEBOOKS = ROOT / "notebooks"
SCRIPTS = sorted(NOTEBOOKS.glob("*.py"))
JUPYTER = sorted(NOTEBOOKS.glob("*.ipynb"))


def load(home: Path, shop: Shop) -> Path:
    """Load what the shop holds and publish it."""
    with Sandbox(shop) as sandbox:
        settings = Settings(
            files=Files(home),
            base_url=sandbox.base_url,
            login=StaticLogin(sandbox.access_token),
            requests_per_second=1000.0,
        )
        run.sync(settings)
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that has traded on after its first load."""
    folder = tmp_path_factory.mktemp("notebooks") / "home"
    shop = make_shop(seed=2, orders=400, days=90, end="2026-11-19T07:00:00Z")
    load(folder, shop)
    trading.trade(shop, sales=20, seed=2)
    return load(folder, shop)


@pytest.fixture(autouse=True)
def nothing_is_written(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Notebooks find the warehouse by its environment variable and leave all files as they were."""
    monkeypatch.setenv("INVENTORUM_HOME", str(home))
    monkeypatch.chdir(tmp_path)

    def state() -> dict[Path, str]:
        files = (path for path in home.rglob("*") if path.is_file())
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = state()
    yield
    assert state() == before


def ask(home: Path, sql: str) -> Any:
    with closing(duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)) as connection:
        return connection.execute(sql).fetchall()[0][0]


def run_script(name: str) -> dict[str, Any]:
    """What the cells of a marimo notebook define."""
    spec = importlib.util.spec_from_file_location(name, NOTEBOOKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    _, definitions = module.app.run()
    return dict(definitions)


def source(path: Path) -> str:
    if path.suffix == ".py":
        return path.read_text("utf-8")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@pytest.mark.long
def test_explore_sums_up_to_the_mart(home):
    found = run_script("explore")

    gross = ask(
        home,
        "select sum(gross_amount) from marts.sales_by_day "
        "where business_date >= (select max(business_date) - 89 from marts.sales_by_day)",
    )
    assert found["totals"]["gross"] == gross
    assert isinstance(found["totals"]["gross"], Decimal)
    assert sum(row[2] for row in found["turnover"].fetchall()) == gross
    assert sum(row[3] for row in found["hours"].fetchall()) == gross


@pytest.mark.long
def test_explore_keeps_amounts_exact_in_its_tables():
    found = run_script("explore")

    assert all(isinstance(row[2], Decimal) for row in found["best_sellers"].fetchall())


@pytest.mark.long
def test_returns_answers_its_question(home):
    found = run_script("returns")

    assert found["returned"]["gross"] == ask(home, "select sum(refund_amount) from marts.refunds")
    assert found["returned"]["gross"] == found["returned"]["net"] + found["returned"]["vat"]
    assert isinstance(found["extra_cost"], Decimal)
    assert f"{found['returned']['gross']:,.2f} gross" in found["answer"]
    sales = ask(home, "select sum(order_count) from marts.sales_by_day")
    assert f"Of {sales:,} sales" in found["answer"]


@pytest.mark.long
def test_quickstart_runs_and_draws_its_chart(home):
    notebook = nbformat.read(NOTEBOOKS / "quickstart.ipynb", 4)

    NotebookClient(notebook, timeout=300).execute()

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output["data"].get("text/plain") for output in outputs if "data" in output]
    assert repr(ask(home, "select sum(gross_amount) from marts.sales_by_day")) in texts
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", JUPYTER, ids=lambda path: path.name)
def test_notebooks_are_stored_without_output(path):
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("name", [path.stem for path in SCRIPTS])
def test_without_a_warehouse_a_notebook_says_what_to_do(name, tmp_path, monkeypatch):
    monkeypatch.setenv("INVENTORUM_HOME", str(tmp_path / "nothing here"))

    assert "connection" not in run_script(name)


@pytest.mark.long
@pytest.mark.parametrize("name", [path.stem for path in SCRIPTS])
def test_a_shop_without_orders_breaks_no_notebook(name, tmp_path, monkeypatch):
    load(tmp_path / "empty", Shop(clock=Clock("2026-11-20T15:00:00Z")))
    monkeypatch.setenv("INVENTORUM_HOME", str(tmp_path / "empty"))

    assert "answer" not in run_script(name)


@pytest.mark.parametrize("path", [*SCRIPTS, *JUPYTER], ids=lambda path: path.name)
def test_notebooks_only_read(path):
    text = source(path)
    tree = ast.parse(text)
    imported = {
        name.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    } | {str(node.module).partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert text.count("connect(") == text.count("= connect(home)") == 1  # it follows publishing
    assert text.count("pipelines") == text.count("from pipelines import connect") == 1
    assert not imported & {"duckdb", "transforms", "requests", "urllib", "http", "dlt", "socket"}
