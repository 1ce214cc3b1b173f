"""`inventorum report` as a user meets it: a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from pipelines.sandbox.clock import Clock
from pipelines.sandbox.shop import Shop
from tests.support.real_command import surroundings
from tests.transforms.readers.report.conftest import ask

Report = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """The command, in an empty folder."""

    def call(
        published: Path, *arguments: str, command: str = "report", **settings: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *command.split(), "--home", str(published.parent), *arguments],
            cwd=tmp_path,
            env=surroundings(COLUMNS="80", **settings),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


@pytest.mark.long
def test_the_page_goes_into_the_home_unless_a_file_is_named(busy, report, tmp_path):
    told = report(busy)

    assert told.returncode == 0, told.stderr
    page = busy.parent / "report.html"
    assert told.stdout.startswith(f"Wrote {page}")
    assert '<html lang="de">' in page.read_text("utf-8")

    told = report(busy, "-o", "english.html", "--lang", "en", "--from", "2026-11-01", "--to", "2026-11-10", "--json")

    assert json.loads(told.stdout) == {
        "path": str(tmp_path / "english.html"),
        "bytes": (tmp_path / "english.html").stat().st_size,
        "start": "2026-11-01",
        "end": "2026-11-10",
        "lang": "en",
    }
    assert '<html lang="en">' in (tmp_path / "english.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["--lang", "fr"], 2, "must be de or en", id="another language"),
        pytest.param(["--from", "yesterday"], 2, "Write it like 2026-11-23", id="no date"),
        pytest.param(["--from", "2026-02-01", "--to", "2026-01-01"], 1, "before it begins", id="backwards"),
        pytest.param(["-o", "missing/report.html"], 1, "could not be written", id="no folder"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(busy, report, tmp_path, arguments, code, words):
    told = report(busy, *arguments)

    assert told.returncode == code
    assert words in " ".join(told.stderr.split())
    assert "Traceback" not in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_a_warehouse_the_message_names_the_next_step(report, tmp_path):
    told = report(tmp_path / "nowhere" / "warehouse.duckdb")

    assert told.returncode == 1
    assert "inventorum sync" in told.stderr


def test_the_report_leaves_the_warehouse_as_it_is(busy, report):
    before = busy.stat().st_mtime_ns, ask(busy, "select value from ops.meta where key = 'state'")

    assert report(busy).returncode == 0
    assert (busy.stat().st_mtime_ns, ask(busy, "select value from ops.meta where key = 'state'")) == before


@pytest.mark.long
def test_payment_methods_and_the_shop_are_called_as_the_settings_say(publish, report, tmp_path):
    shop = Shop(clock=Clock("2026-11-20T15:00:00Z"))
    shop.sell("ipad", [("Brezel", "1.20", 3, 7)], at="2026-11-20T09:00:00Z", payments=[("1", "2.00"), ("77", "1.60")])
    published = publish(shop)
    names = {
        "SOURCES__INVENTORUM__PAYMENT_METHODS": '{"1": "EC-Karte <Süd>", "77": "Talerkarte"}',
        "SOURCES__INVENTORUM__SHOP_NAME": "Bäcker & Söhne",
    }

    assert report(published, "-o", "before.html").returncode == 0
    before = (tmp_path / "before.html").read_text("utf-8")
    assert "Zahlungsart 1 <" in before
    assert "Zahlungsart 77 <" in before

    assert report(published, command="build", **names).returncode == 0
    for lang in ("de", "en"):
        assert report(published, "-o", "after.html", "--lang", lang, **names).returncode == 0
        after = (tmp_path / "after.html").read_text("utf-8")
        shown = {text.strip() for text in re.findall(r">([^<>]+)<", after)}
        assert {"EC-Karte &lt;Süd&gt;", "Talerkarte", "Bäcker &amp; Söhne"} <= shown
        assert "Zahlungsart 1" not in after
        assert "Zahlungsart 77" not in after

    assert report(published, "-o", "book.xlsx", command="export xlsx", **names).returncode == 0
    about = openpyxl.load_workbook(tmp_path / "book.xlsx").worksheets[0]
    assert about["A1"].value == "Orders of Bäcker & Söhne"
