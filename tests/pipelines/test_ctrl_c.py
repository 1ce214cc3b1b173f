"""Ctrl-C while DuckDB is at work: it ends the command at once, as Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines.landing.log import readable_faults
from pipelines.process import ended_by_ctrl_c
from pipelines.terminal import INTERRUPTED, Common, guarded
from tests import ROOT
from tests.support.landing_file import Load
from tests.support.warehouse import Warehouse, item, order
from transforms.runner.publish import publish

FOR_MINUTES = "select count(*) from range(10000000) as a(i), range(10000) as b(j) where i * j = -1"
FOR_YEARS = "select count(*) from range(10000000) as a(i), range(10000000) as b(j) where i * j = -1"
QUERY = """
import sys
from pipelines import cli
from pipelines.commands import query
refuse_changes = query._refuse_changes
def refuse_and_tell(sql):
    refuse_changes(sql)
    sys.stderr.write("begun\\n")
    sys.stderr.flush()
query._refuse_changes = refuse_and_tell
cli.main()
"""


def press(seconds: float = 0.3) -> None:
    """Let Ctrl-C reach this process in a while."""
    threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT)).start()


def count() -> None:
    with closing(duckdb.connect(config={"threads": "1"})) as connection:
        press()
        connection.execute(FOR_MINUTES)


def count_in_the_landing_log() -> None:
    with readable_faults(Path("landing.duckdb")):
        count()


@pytest.mark.long
@pytest.mark.parametrize("call", [count, count_in_the_landing_log])
def test_a_statement_that_ctrl_c_ended_is_no_bug(call: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(call, Common()) == INTERRUPTED
    assert "Interrupted. What was published before stays as it was" in capsys.readouterr().err


def test_ctrl_c_ends_a_statement_whatever_thread_is_at_it_and_the_connection_goes_on() -> None:
    with closing(duckdb.connect(config={"threads": "2"})) as connection:
        for _ in range(3):
            press()
            with pytest.raises(KeyboardInterrupt), ended_by_ctrl_c(connection):
                connection.execute(FOR_YEARS)
            assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_fault_of_the_statement_itself_stays_what_it_is() -> None:
    before = threading.active_count()
    with (
        closing(duckdb.connect()) as connection,
        pytest.raises(duckdb.ConversionException),
        ended_by_ctrl_c(connection),
    ):
        connection.execute("select 'a'::int")
    assert threading.active_count() == before


@pytest.mark.long
@pytest.mark.parametrize("output", [[], ["--output", "years.csv"], ["--output", "years.parquet"]], ids=str)
def test_ctrl_c_ends_a_query_that_would_take_years(tmp_path: Path, output: list[str]) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.load(Load([order(1, "2026-11-02T10:00:00+00:00", [item("6.99")])]))
    publish(warehouse.files)
    with subprocess.Popen(
        [sys.executable, "-c", QUERY, "query", FOR_YEARS, "--home", str(tmp_path), *output],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as asking:
        assert asking.stderr is not None
        assert asking.stderr.readline() == "begun\n"
        time.sleep(0.5)
        asking.send_signal(signal.SIGINT)
        try:
            out, err = asking.communicate(timeout=60)
        finally:
            asking.kill()

    assert (asking.returncode, out) == (INTERRUPTED, "")
    assert err.strip().startswith("Interrupted.")
    assert not list(tmp_path.glob("years*"))


EARLY = """
import os, signal, sys
from pipelines import cli

def stop(frame, event, _):
    if event == "call" and frame.f_code.co_name == "get_command_name":
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGINT)

sys.setprofile(stop)
sys.argv = ["inventorum", "--help"]
cli.main()
"""


def test_ctrl_c_before_a_command_has_begun_is_told_like_any_other() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", EARLY], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 130
    assert "Interrupted" in ended.stderr
    assert "Traceback" not in ended.stderr
