"""What buyers and servers write never steers a terminal; files and pipes get it as it is."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests.support.pseudo_terminal import run_in_terminal
from tests.support.real_command import surroundings

# a title, a colour by C0 and by C1, a return to the start of the line, a bell, a turn of the reading direction
STEERS = "\x1b]0;mine\x07\x1b[31mred \x9b32mgreen\rover\x7f\u202ethgir"
OURS = re.compile(r"\r\x1b\[K|\r\n|\x1b\[\?25[lh]|\n|\t")
STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
QUERY = "select product_name, quantity from core.sale_lines"
COMMANDS = [
    "sync",
    "sync --json",
    "sync -v",
    "status",
    "status --json",
    "doctor",
    "tables",
    "check",
    "reconcile --days 3",
    f"query '{QUERY}'",
    f"query --json '{QUERY}'",
    f"query --format csv '{QUERY}'",
    f"query --format markdown '{QUERY}'",
    f"query '{QUERY.replace('quantity', 'quantity, repeat(product_name, 9) as long')}'",
    "orders --from 2026-10-01 --to 2026-10-31",
    "explain ORDER --personal",
    "explain ORDER --json --personal",
    "explain ORDER --payload 1",
    "shell --simple",
]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str], Sandbox, int]]:
    """A folder with a home, its environment, its account and an order whose texts would steer a terminal."""
    shop = Shop(clock=Clock("2026-11-03T20:00:00Z"))
    order = shop.sell("shop", [(STEERS, "1.99", 3)], at="2026-10-10T10:00:00Z", customer=f"E {STEERS}", invoice=STEERS)
    folder = tmp_path_factory.mktemp("steered")
    with Sandbox(shop) as sandbox:
        environment = surroundings(sandbox, SOURCES__INVENTORUM__CHANNELS="shop")
        subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "sync", "--quiet"], cwd=folder, env=environment, check=True
        )
        yield folder, environment, sandbox, order


@pytest.mark.cases(3)
@pytest.mark.parametrize("command", sorted(COMMANDS, key=lambda line: "product_name" not in line))
def test_a_terminal_gets_no_character_that_steers_it(
    account: tuple[Path, dict[str, str], Sandbox, int], command: str
) -> None:
    folder, environment, sandbox, order = account
    if command.startswith(("sync", "doctor", "reconcile")):
        sandbox.faults.push("400", times=3, body=json.dumps({"detail": STEERS}).encode())
    typed = f"{QUERY};\nselect error('red' || chr(27) || '[31m' || chr(155) || '31m');\n.quit\n"
    ended = run_in_terminal(
        *shlex.split(command.replace("ORDER", str(order))),
        folder=folder,
        environment=environment,
        typed=typed.encode() if command.startswith("shell") else b"",
    )

    told = OURS.sub("", ended.written)
    assert STEERING.findall(told) == []
    assert "red" in told or command.split()[0] in ("status", "tables", "check", "orders")


def test_a_pipe_gets_the_text_as_it_is(account: tuple[Path, dict[str, str], Sandbox, int]) -> None:
    folder, environment, _, _ = account
    command = [sys.executable, "-m", "pipelines.cli", "query", "--format", "csv", QUERY]
    ended = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    assert STEERS in ended.stdout.decode()
