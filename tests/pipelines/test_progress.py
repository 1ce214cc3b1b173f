"""Progress in a real terminal: one line that moves, and nothing of it left at the end; `-v` in its place."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import run
from pipelines.inventorum.http.login import logger as login_logger
from pipelines.progress import Line
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Files, Settings, StaticLogin
from tests.support.pseudo_terminal import COLUMNS, run_in_terminal
from tests.support.real_command import surroundings


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory):
    """A folder with a loaded home, and the environment of its account."""
    shop = make_shop(seed=1, orders=700, days=20, end=datetime.now(UTC) - timedelta(hours=1))
    folder = tmp_path_factory.mktemp("terminal")
    with Sandbox(shop) as sandbox:
        run.sync(
            Settings(
                files=Files(folder / "data"),
                base_url=sandbox.base_url,
                login=StaticLogin(sandbox.access_token),
                requests_per_second=1000.0,
            )
        )
        yield folder, surroundings(sandbox)


@pytest.mark.long
def test_a_build_in_a_terminal_keeps_one_line_and_leaves_a_clean_screen(account):
    folder, environment = account

    ended = run_in_terminal("build", "--full", folder=folder, environment=environment)

    assert ended.exit_code == 0, ended.written
    assert ended.frames
    assert all(len(frame) < COLUMNS for frame in ended.frames)
    assert any(re.search(r"(core|marts|checks|staging)\.\w+  \d+ of \d+", frame) for frame in ended.frames)
    assert [line.split()[0] for line in ended.screen if line.strip()] == ["orders", "took", "published"]


@pytest.mark.long
def test_a_sync_in_a_terminal_never_shows_more_than_there_is(account):
    folder, environment = account

    ended = run_in_terminal(
        "sync", "--from", "2000-01-01", folder=folder, environment=environment | {"INVENTORUM_HOME": "other"}
    )

    assert ended.exit_code == 0, ended.written
    for frame in ended.frames:
        for done, total in re.findall(r"([\d,]+) of ([\d,]+)", frame):
            assert int(done.replace(",", "")) <= int(total.replace(",", "")), frame
    assert not [line for line in ended.screen if re.match(r"\d+:\d\d  ", line)]


@pytest.mark.long
@pytest.mark.parametrize("terminal", [{"TERM": "dumb"}, {"TERM": ""}])
def test_a_terminal_that_cannot_draw_over_a_line_gets_none(account, terminal):
    folder, environment = account

    ended = run_in_terminal("check", folder=folder, environment=environment | terminal)

    assert ended.exit_code == 0
    assert ended.frames == []


def test_a_narrow_terminal_keeps_the_line_in_one_line(account):
    folder, environment = account

    ended = run_in_terminal("check", folder=folder, environment=environment, columns=20)

    assert ended.frames
    assert all(len(frame) < 20 for frame in ended.frames)


def drawn(line: Line, stream: io.StringIO) -> str:
    stream.seek(0)
    stream.truncate()
    line.draw()
    return stream.getvalue()


def test_reports_cost_no_drawing_however_many_there_are():
    stream = io.StringIO()
    line = Line(stream, lambda: 80, clock=lambda: 0.0)

    for number in range(10_000):
        line.update(f"core.table_{number}", number, 10_000)
    assert stream.getvalue() == ""

    assert drawn(line, stream) == "\r\x1b[K0:00  core.table_9999  9,999 of 10,000"
    assert drawn(line, stream) == "", "nothing new, nothing drawn"
    assert len(line._parts) == 1


def test_channels_that_are_read_at_once_share_the_line_and_stay_within_their_totals():
    stream, now = io.StringIO(), [0.0]
    line = Line(stream, lambda: 80, clock=lambda: now[0])

    line.update_part("reading orders", "ipad", 3366, 3000)
    line.update_part("reading orders", "shop", 10, 50)
    now[0] = 61.5
    assert drawn(line, stream) == "\r\x1b[K1:01  reading orders  3,010 of 3,050 (ipad, shop)"
    line.update_part("reading orders", "ebay", 7, None)
    assert drawn(line, stream) == "\r\x1b[K1:01  reading orders  3,017 (ipad, shop, ebay)"


def test_a_line_of_its_own_goes_above_and_a_closed_terminal_is_no_fault():
    stream = io.StringIO()
    line = Line(stream, lambda: 80, clock=lambda: 0.0)
    line.update("publish", 0, 1)
    line.draw()
    line.note("worth reading")
    line.draw()
    line.clear()
    assert (
        stream.getvalue() == "\r\x1b[K0:00  publish  0 of 1\r\x1b[Kworth reading\n\r\x1b[K0:00  publish  0 of 1\r\x1b[K"
    )

    stream.close()
    line.update("check", 1)
    line.draw()


@pytest.mark.long
def test_verbose_says_what_happens_and_no_secret(account, tmp_path):
    folder, environment = account

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments, "--home", str(tmp_path / "home")],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    ended = call("sync", "-v")

    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^\d\d:\d\d:\d\d GET /orders/delta/\?.*channel=ipad.*: 200 in ", ended.stderr, re.MULTILINE)
    assert re.search(r"ipad since the beginning: complete, \d+ requests, \d+ orders read, cursor 2", ended.stderr)
    assert re.search(r"core\.fct_orders \(\d+ of \d+\)", ended.stderr)
    assert "publish" in ended.stderr
    assert environment["SOURCES__INVENTORUM__ACCESS_TOKEN"] not in ended.stderr
    assert "\x1b" not in ended.stderr
    assert call("build").stderr == ""


def test_a_secret_in_a_message_is_masked(capsys):
    from pipelines.diagnosis import told_on_stderr

    settings = Settings(files=Files(Path("nowhere")), login=StaticLogin("hush-hush"))
    with told_on_stderr(settings):
        login_logger.info("the server said %s", "Bearer hush-hush")
    login_logger.info("not told")

    told = capsys.readouterr().err
    assert told.endswith("the server said Bearer ***\n")
    assert "not told" not in told
