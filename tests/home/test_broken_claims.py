"""A claim about our own work that breaks never makes a shop stand still: through the real command, as it is typed."""

from __future__ import annotations

import json
import shutil
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.commands.doctor.anonymous import without_persons
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests import ROOT
from tests.support.real_command import start

CLAIM = "no_order_is_canceled"
BROKEN = """-- severity: fail
-- scope: build
-- harm: A made-up rule is broken.
select account, order_id, business_date, order_class, items_gross_amount as amount
from core.fct_orders
where order_class = 'canceled'
"""
MENDED = BROKEN.replace("'canceled'", "'no such class'")


@dataclass
class Program:
    """A copy of the program in a folder of its own, whose claims a test may change."""

    folder: Path
    home: Path
    sandbox: Sandbox

    def claim(self, sql: str) -> None:
        """Plant or change the made-up claim, as a release does."""
        (self.folder / "sql" / "checks" / f"{CLAIM}.sql").write_text(sql)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of one command that is started in the program's folder."""
        through = ("env", "-C", str(self.folder), f"PYTHONPATH={self.folder}", "COLUMNS=300")
        process = start(self.home, self.sandbox, *arguments, through=through)
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in err
        return process.returncode, out, err

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(duckdb.connect(self.home / "warehouse.duckdb", read_only=True)) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def program(tmp_path: Path, sandbox: Sandbox) -> Program:
    repository = ROOT
    folder = tmp_path / "program"
    for name in ("pipelines", "transforms", "sql"):
        shutil.copytree(repository / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Program(folder, tmp_path / "home", sandbox)


@pytest.mark.long
def test_a_broken_claim_is_told_bundled_accepted_and_forgotten_when_it_holds(program: Program, shop: Shop):
    program.claim(BROKEN)
    buyer = shop.customers.add("Paula", "Schmidt-Meier", email="paula@example.org", city="Bad Aibling")
    order = shop.sell("ipad", [("Wobbler", "6.99", 1)], at="2026-11-01T10:00Z", customer=buyer, note="call Paula")
    assert program.run("sync")[0] == 0
    shop.cancel(order, at="2026-11-02T09:00Z")
    shop.sell("ipad", [("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")

    # it breaks in the incremental build and in the full one
    code, out, err = program.run("sync")
    assert (code, out) == (3, "")
    assert f"{CLAIM}: 1 row breaks it" in err
    assert f"order_id {order}" in err
    assert f"inventorum build --accept {CLAIM}" in err
    assert "inventorum doctor --bundle" in err
    assert program.rows("select order_class from core.fct_orders") == [("sale",)]

    code, out, err = program.run("doctor", "--offline")
    assert code == 3
    assert f"{CLAIM}: 1 row breaks it" in err
    bundle_tells_of_the_order_but_of_no_person(program, order)

    code, _, err = program.run("build", "--accept", "no_order_is_cancelled")
    assert code == 2
    assert f"The nearest one is {CLAIM}." in err

    # accepted: published, and said wherever somebody looks
    code, out, err = program.run("build", "--accept", CLAIM, "--json")
    report = json.loads(out)
    assert (code, report["published"], report["accepted"]) == (0, True, [CLAIM])
    assert f"Published although {CLAIM} does not hold" in err
    assert program.rows("select count(*) from core.fct_orders") == [(2,)]
    assert program.rows(f"select finding_count from marts.data_quality where check_name = '{CLAIM}'") == [(1,)]
    assert program.rows(f"select max(failing_rows) from ops.checks where check_name = '{CLAIM}'") == [(1,)]
    assert f"{CLAIM} (1 rows), accepted" in program.run("status")[1]
    code, out, _ = program.run("doctor", "--offline", "--json")
    found = {finding["topic"]: finding for finding in json.loads(out)["findings"]}
    assert (code, "claims" in found, found["accepted"]["status"]) == (0, False, "warn")
    assert f"{CLAIM} (1 rows)" in found["accepted"]["found"]
    assert program.run("report")[0] == 0
    assert CLAIM in (program.home / "report.html").read_text("utf-8").split("<nav")[0]

    # later runs go on
    shop.sell("ipad", [("Wobbler", "6.99", 1)], at="2026-11-02T11:00Z")
    code, _, err = program.run("sync")
    assert code == 0
    assert f"Published although {CLAIM} does not hold" in err
    assert program.rows("select count(*) from core.fct_orders") == [(3,)]

    # a release that mends the claim ends the acceptance
    program.claim(MENDED)
    code, out, err = program.run("build", "--json")
    assert (code, json.loads(out)["accepted"]) == (0, [])
    assert f"{CLAIM} holds, so that nothing is to be accepted." in err
    assert program.rows("select count(*) from ops.accepted_claims") == [(0,)]
    assert "broken claims" not in program.run("status")[1]
    assert program.rows(f"select * from marts.data_quality where check_name = '{CLAIM}'") == []


def bundle_tells_of_the_order_but_of_no_person(program: Program, order: int) -> None:
    code, out, _ = program.run("doctor", "--bundle", "--json")
    told = json.loads(out)
    assert (code, told["claims"]) == (0, [CLAIM])
    again = json.loads(program.run("doctor", "--bundle", "--json")[1])
    assert again["bundle"] != told["bundle"]
    path = Path(told["bundle"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text("utf-8")
    content = json.loads(text)
    assert [(claim["build"], claim["outcome"]) for claim in content["broken_claims"]] == [
        ("full", "not published"),
        ("incremental", "not published"),
    ]
    assert content["broken_claims"][0]["failing"][0]["order_id"] == str(order)
    assert {payload["order_id"] for payload in content["payloads"]} == {order}
    assert len(content["payloads"]) == 2  # as sold, as canceled
    assert {"versions", "sql_fingerprint", "settings", "rules", "schema", "runs"} <= content.keys()
    for secret in ("Paula", "Schmidt", "example.org", "Aibling", program.sandbox.access_token):
        assert secret not in text


@pytest.mark.long
def test_an_incremental_build_that_went_wrong_is_mended_within_the_run_and_said(program: Program, shop: Shop):
    shop.sell("ipad", [("Wobbler", "6.99", 1)], at="2026-11-01T10:00Z")
    assert program.run("sync")[0] == 0
    with closing(duckdb.connect(program.home / "work" / "build.duckdb")) as connection:
        connection.execute("insert into core.dim_user select * from core.dim_user")
    shop.sell("ipad", [("Blinker", "9.99", 1)], at="2026-11-02T10:00Z")

    code, out, err = program.run("sync")

    assert code == 0
    assert "all 2 built anew, since dimensions_have_unique_keys did not hold" in out
    assert "dimensions_have_unique_keys did not hold in an incremental build. That was rolled back" in err
    [(message,)] = program.rows("select message from ops.runs order by finished_at desc limit 1")
    assert "dimensions_have_unique_keys did not hold in an incremental build" in message
    assert program.rows("select check_name, build, outcome from ops.broken_claims") == [
        ("dimensions_have_unique_keys", "incremental", "mended by a full build")
    ]
    assert program.rows("select count(*) = count(distinct (account, user_id)) from core.dim_user") == [(True,)]
    assert program.run("check")[0] == 0


def test_the_bundle_of_a_home_without_anything_is_written_too(program: Program):
    code, out, _ = program.run("doctor", "--bundle")

    assert code == 0
    assert "no broken claim" in out


PAYLOADS = {
    '{"id": 5, "customer": {"id": 7, "email": "a.b@c.de", "phone": 4917612}}': (
        '{"id": 5, "customer": {"id": 7, "email": "x.x@x.xx", "phone": 0000000}}'
    ),
    '{"name":"Ümit","tags":["Kim",12],"state":360}': '{"name":"xxxx","tags":["xxx",00],"state":360}',
    '{"quantity":"10.00", "quantity": "zehn"}': '{"quantity":"10.00", "quantity": "xxxx"}',
    '{"name":"\\ud83d M\\u00fcller \\"Q\\""}': '{"name":"\\ud83d x\\u0078xxxx \\"x\\""}',
    '{"id": 1, "note": "never closed, Kim': '{"id": 1, "note": "xxxxx xxxxxx, xxx',
    '{"items":[{"id":1}],"x":1,"b":{"id":"Kim"}}': '{"items":[{"id":1}],"x":0,"b":{"id":"xxx"}}',
}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_keeps_its_shape_and_loses_its_persons(payload: str):
    assert without_persons(payload) == PAYLOADS[payload]
