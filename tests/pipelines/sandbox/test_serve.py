"""The sandbox as a program of its own."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import requests

from pipelines.errors import SettingsError
from pipelines.sandbox import Shop
from pipelines.sandbox.server import Sandbox

PROGRAM = """
from pipelines.sandbox import make_shop, serve

def say(text):
    print(text, flush=True)

shop = make_shop(orders=100, end="2026-11-23T13:00Z")
serve(shop, trade_every=0.05, trade_hours=24, on_ready=lambda sandbox: say(sandbox.base_url), on_trade=say)
"""


def test_it_serves_and_trades_until_it_is_interrupted() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        address = program.stdout.readline().strip()
        headers = {"Authorization": "Bearer sandbox-access"}
        answer = requests.get(f"{address}/orders/delta/", params={"channel": "ipad"}, headers=headers, timeout=5)
        trade = program.stdout.readline()
        program.send_signal(signal.SIGINT)
        program.stdout.read()

    assert answer.json()["total"] > 50
    assert "canceled" in trade
    assert program.returncode == 0


def test_a_taken_port_is_named() -> None:
    with Sandbox(Shop()) as sandbox:
        port = int(sandbox.base_url.rpartition(":")[2].partition("/")[0])
        with pytest.raises(SettingsError, match=f"port {port} cannot be used"):
            Sandbox(Shop(), port=port).start()


def test_another_account_can_be_served_by_the_same_server() -> None:
    with Sandbox(Shop()) as sandbox:
        sandbox.faults.push("503")
        sandbox.reset(Shop(samples=True))
        headers = {"Authorization": f"Bearer {sandbox.access_token}"}
        answer = requests.get(f"{sandbox.base_url}/orders/delta/?channel=ipad", headers=headers, timeout=2)

    assert answer.json()["total"] == 1
