"""init, doctor, schedule and shell as a user meets them."""

from __future__ import annotations

import ast
import json
import os
import pty
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines import run
from pipelines.commands.doctor.examine import examine, exit_code
from pipelines.commands.doctor.finding import Finding
from pipelines.commands.doctor.installation import age_in_words
from pipelines.commands.init import CONFIG, SECRETS, write_templates
from pipelines.commands.schedule import TARGETS, Plan, plan
from pipelines.commands.shell import installed
from pipelines.errors import HomeError, SettingsError
from pipelines.lock import exclusive
from pipelines.progress import Silent
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import _KNOWN, Files, Settings, StaticLogin
from tests import ROOT
from tests.support.real_command import surroundings

Doctor = Callable[..., dict[str, Finding]]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def inventorum(tmp_path: Path) -> Run:
    """The command in an empty folder, with no settings but those given."""

    def call(*arguments: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            cwd=tmp_path,
            env=environment_of(**environment),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def environment_of(**own: str) -> dict[str, str]:
    return surroundings(COLUMNS="80") | own


# --- init


def test_init_writes_templates_for_the_user_only_and_never_over_anything(inventorum: Run, tmp_path: Path) -> None:
    first = inventorum("init")
    assert first.returncode == 0
    written = {".dlt/config.toml", ".dlt/secrets.toml", "datev.toml"}
    assert {line.split()[1] for line in first.stdout.splitlines() if line.startswith("wrote")} == written
    for name in written:
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / ".dlt").stat().st_mode) == 0o700

    (tmp_path / "datev.toml").write_text("mine")
    again = json.loads(inventorum("init", "--json").stdout)

    assert again["written"] == []
    assert {str(Path(path).relative_to(tmp_path)) for path in again["kept"]} == written
    assert (tmp_path / "datev.toml").read_text() == "mine"


def test_the_templates_name_every_setting_and_change_none(tmp_path: Path) -> None:
    write_templates(tmp_path, "SKR04")

    named = set(re.findall(r"^# (\w+) = ", CONFIG + SECRETS, re.MULTILINE))
    assert named == _KNOWN
    assert Settings.load(tmp_path / "home", project=tmp_path) == Settings.load(
        tmp_path / "home", project=tmp_path / "x"
    )


@pytest.mark.parametrize("name", sorted(_KNOWN))
def test_each_setting_is_read_and_stands_on_the_page_of_the_commands(name: str, tmp_path: Path) -> None:
    login = {"client_id": "x", "client_secret": "x", "refresh_token": "x"}
    plain = login if name in login else {}

    def given(**values: str) -> Settings | str:
        try:
            return Settings.given(tmp_path, where="here", **values)
        except SettingsError as refused:
            return str(refused)

    assert given(**plain | {name: "?"}) != given(**plain)
    assert f"`{name.upper()}`" in (ROOT / "pipelines" / "commands" / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    "given",
    [
        "1=EC-Karte,  77 = Taler=Karte, ",
        '{"1": "EC-Karte", "77": "Taler=Karte"}',
        {"1": "EC-Karte", "77": "Taler=Karte"},
    ],
)
def test_names_of_payment_methods_are_written_in_three_ways(given: Any, tmp_path: Path) -> None:
    settings = Settings.given(tmp_path, where="here", payment_methods=given)

    assert settings.payment_methods == {"1": "EC-Karte", "77": "Taler=Karte"}
    assert Settings.given(tmp_path, where="here", payment_methods="  ").payment_methods == {}


def test_names_of_payment_methods_in_the_environment_go_before_those_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        '[sources.inventorum.payment_methods]\n1 = "of the file"\n2 = "Gutschein"\n'
    )
    assert Settings.load(project=tmp_path).payment_methods == {"1": "of the file", "2": "Gutschein"}

    monkeypatch.setenv("SOURCES__INVENTORUM__PAYMENT_METHODS__1", "EC-Karte")
    assert Settings.load(project=tmp_path).payment_methods == {"1": "EC-Karte", "2": "Gutschein"}


@pytest.mark.parametrize(
    "given",
    [
        "EC-Karte",
        "1=",
        "=x",
        "1=a, 1=b",
        "1=a\nb",
        "{",
        '{"1": 2}',
        '{"1": {}}',
        "[" * 9000,
        ["x"],
        {"a b": "x"},
        "1=" + "x" * 101,
    ],
)
def test_names_that_are_none_are_refused_where_they_stand(given: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"`payment_methods` in here is .* must be names by code"):
        Settings.given(tmp_path, where="here", payment_methods=given)


def test_a_setting_that_an_earlier_template_offered_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text("[sources.inventorum]\norders_per_slice = 40\n")

    assert Settings.load(tmp_path / "home", project=tmp_path) == Settings.load(
        tmp_path / "home", project=tmp_path / "x"
    )


def test_the_defaults_that_the_template_shows_are_the_defaults(tmp_path: Path) -> None:
    bare = Settings.load(tmp_path / "home", project=tmp_path / "nothing")
    (tmp_path / ".dlt").mkdir()
    shown = re.sub(
        r"^# (?=(?!start_date|delta_first_page|published_group|payment_methods|shop_name)\w+ = )",
        "",
        CONFIG,
        flags=re.MULTILINE,
    )
    (tmp_path / ".dlt" / "config.toml").write_text(shown)

    assert len(tomllib.loads(shown)["sources"]["inventorum"]) > 10
    assert Settings.load(tmp_path / "home", project=tmp_path) == bare


def test_init_warns_before_secrets_reach_version_control(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    project = tmp_path / "shop"
    project.mkdir()
    assert "version control" in write_templates(project, "SKR03").hints[0]

    (tmp_path / ".gitignore").write_text("/.dlt/\n")
    assert not any("version control" in hint for hint in write_templates(project, "SKR03").hints)


def test_init_names_what_stands_in_its_way(tmp_path: Path) -> None:
    (tmp_path / ".dlt").write_text("a file")

    with pytest.raises(HomeError, match=r"\.dlt is a file|could not be written"):
        write_templates(tmp_path, "SKR03")
    with pytest.raises(SettingsError, match="SKR03 or SKR04"):
        write_templates(tmp_path, "SKR99")


# --- doctor


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder in which two loaves were sold for 7.00; copied where a test changes it."""
    shop = Shop(clock=Clock("2026-11-01T18:00:00Z"))
    shop.sell("ipad", [("Bread", "3.50", 2, 7)], at="2026-11-01T10:00:00Z")
    home = tmp_path_factory.mktemp("used") / "home"
    with Sandbox(shop) as sandbox:
        run.sync(Settings(files=Files(home), base_url=sandbox.base_url, login=StaticLogin(sandbox.access_token)))
    return home


@pytest.fixture
def installed_home(used: Path, settings: Settings) -> Files:
    """This test's home folder, filled as `used` is."""
    shutil.copytree(used, settings.files.home)
    return settings.files


def by_topic(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.topic: finding for finding in findings}


@pytest.fixture
def doctor(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Doctor:
    """`inventorum doctor` with the settings of this test's installation, as the environment gives them."""

    def call(*, offline: bool = False, login: bool = True, **own: str) -> dict[str, Finding]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("SOURCES__INVENTORUM__BASE_URL", settings.base_url)
        monkeypatch.setenv("SOURCES__INVENTORUM__REQUESTS_PER_SECOND", "1000")
        if login and isinstance(settings.login, StaticLogin):
            monkeypatch.setenv("SOURCES__INVENTORUM__ACCESS_TOKEN", settings.login.access_token)
        for name, value in own.items():
            monkeypatch.setenv(f"SOURCES__INVENTORUM__{name.upper()}", value)
        return by_topic(examine(settings.files.home, offline=offline, progress=Silent()))

    return call


@pytest.mark.usefixtures("installed_home")
def test_doctor_finds_nothing_wrong_with_a_used_installation(shop: Shop, doctor: Doctor) -> None:
    for number in range(3):
        shop.sell("ipad", [("Bread", "3.50", 1, 7)], at=f"2026-11-01T1{number}:00:00Z")

    found = doctor()

    assert {finding.topic for finding in found.values() if finding.status == "fail"} == set()
    assert found["home"].status == found["lock"].status == found["API"].status == "ok"
    assert found["pending"].found == "what 1 loads brought is published"
    assert found["warehouse"].found.startswith("1 orders")
    assert "ipad 3" in found["channels"].found
    assert "the first page is 0" in found["paging"].found
    assert "the newest is 13" in found["version"].found
    assert found["token"].status == "warn"
    assert exit_code(list(found.values())) == 0


def test_doctor_on_a_fresh_folder_asks_for_a_login(doctor: Doctor, settings: Settings) -> None:
    found = doctor(login=False)

    assert "first run makes it" in found["home"].found
    assert not settings.files.home.exists()
    assert found["login"].exit_code == exit_code(list(found.values())) == 2
    assert "API" not in found


PAGING: dict[str, tuple[dict[str, Any], str, str]] = {
    "from 1, page 0 refused": ({"delta_first_page": 1, "page_zero": "400"}, "ok", "the first page is 1"),
    "from 1, page 0 empty": ({"delta_first_page": 1, "page_zero": "empty"}, "ok", "the first page is 1"),
    "from 1, page 0 the same": ({"delta_first_page": 1, "page_zero": "repeat"}, "ok", "the first page is 1"),
    "a low cap": ({"delta_cap": 10}, "warn", "at most 10 orders"),
}


@pytest.mark.parametrize(("switches", "status", "said"), PAGING.values(), ids=PAGING.keys())
def test_doctor_sees_how_the_server_counts_pages(
    switches: dict[str, Any],
    status: str,
    said: str,
    shop: Shop,
    sandbox: Sandbox,
    doctor: Doctor,
) -> None:
    for number in range(12):
        shop.sell("ipad", [("Bread", "3.50", 1, 7)], at=f"2026-11-01T{number:02}:00:00Z")
    for name, value in switches.items():
        setattr(sandbox.switches, name, value)

    found = doctor(channels="ipad")

    assert (found["paging"].status, said in found["paging"].found) == (status, True)
    assert len(sandbox.requests) <= 12


def test_doctor_tells_a_missing_scope_from_a_wrong_token(sandbox: Sandbox, shop: Shop, doctor: Doctor) -> None:
    with Sandbox(shop, scope="checkout") as narrow:
        found = doctor(base_url=narrow.base_url, access_token=narrow.access_token)
    assert "scope `orders`" in found["API"].found
    assert found["API"].exit_code == 5

    found = doctor(base_url=sandbox.base_url, access_token="wrong")
    assert "access token is wrong or has expired" in found["API"].found
    assert exit_code(list(found.values())) == 5


def test_doctor_names_wrong_clocks_and_open_files(installed_home: Files, doctor: Doctor) -> None:
    installed_home.landing.chmod(0o644)

    found = doctor()

    assert found["clock"].status == "warn"  # the shop's clock stands in the past
    assert "NTP" in found["clock"].advice
    assert found["secrecy"].advice == f"chmod 600 {installed_home.landing}"


def test_doctor_names_who_holds_the_lock(installed_home: Files, doctor: Doctor) -> None:
    with exclusive(installed_home.lock, "backfill"):
        found = doctor(offline=True)

    assert found["lock"].status == "warn"
    assert "`inventorum backfill`" in found["lock"].found
    assert str(os.getpid()) in found["lock"].found


def test_doctor_sees_loads_that_are_not_published(installed_home: Files, doctor: Doctor) -> None:
    installed_home.warehouse.unlink()

    found = doctor(offline=True)

    assert found["pending"].status == "warn"
    assert found["pending"].advice == "`inventorum build`"


def test_doctor_names_a_wrong_setting_and_goes_on(doctor: Doctor) -> None:
    found = doctor(timezone="Berlin")

    assert "'Berlin' is unknown" in found["settings"].found
    assert found["settings"].exit_code == 2
    assert "home" in found


def test_doctor_knows_the_age_of_a_rotated_token(sandbox: Sandbox, shop: Shop, doctor: Doctor) -> None:
    login = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.refresh_token,
    }
    assert "none kept yet" in doctor(login=False, **login)["token"].found
    assert "renewed 0 minutes ago" in doctor(login=False, **login)["token"].found


def test_doctor_is_readable_at_80_columns_and_as_json(inventorum: Run) -> None:
    shown = inventorum("doctor", "--offline")
    assert shown.returncode == 2
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert all(line == line.rstrip() for line in shown.stdout.splitlines())

    report = json.loads(inventorum("doctor", "--offline", "--json").stdout)
    assert report["exit_code"] == 2
    assert {"topic", "status", "found", "advice", "exit_code"} == set(report["findings"][0])


# --- schedule


def odd_plan(tmp_path: Path, minutes: int = 15) -> Plan:
    """Paths with what shells, cron, systemd and Jinja would take apart."""
    project = tmp_path / "my shop's 100% {{ x }} $HOME"
    project.mkdir(exist_ok=True)
    script = project / "echo.sh"
    script.write_text('#!/bin/sh\nprintf "%s|" "$PWD" "$@" > "$OUT"\nexit "${CODE:-0}"\n')
    script.chmod(0o755)
    return Plan((str(script), "--home", str(project / "data"), "sync", "--quiet"), project, minutes)


def expected_call(tmp_path: Path) -> str:
    project = tmp_path / "my shop's 100% {{ x }} $HOME"
    return f"{project}|--home|{project}/data|sync|--quiet|"


FIELD = re.compile(r"(\*|\d+|\*/\d+)(\s|$)")


@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60, 120, 720, 1440])
def test_the_crontab_has_five_fields_and_a_command_that_runs(minutes: int, tmp_path: Path) -> None:
    text = TARGETS["cron"](odd_plan(tmp_path, minutes))["crontab"]
    (line,) = [line for line in text.splitlines() if not line.startswith("#")]
    *fields, command = line.split(maxsplit=5)

    assert all(FIELD.fullmatch(field) for field in fields)
    assert not re.search(r"(?<!\\)%", command), "cron ends a command at a percent sign"
    for code, said in ((0, ""), (4, ""), (6, "inventorum ended with exit code 6: \n")):
        done = subprocess.run(
            ["/bin/sh", "-c", command.replace(r"\%", "%")],
            env={"OUT": str(tmp_path / "out"), "CODE": str(code), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == (said, "")
        assert (tmp_path / "out").read_text() == expected_call(tmp_path)


@pytest.mark.skipif(shutil.which("crontab") is None, reason="no crontab here")
def test_crontab_takes_the_line(tmp_path: Path) -> None:
    (tmp_path / "tab").write_text(TARGETS["cron"](odd_plan(tmp_path))["crontab"])
    tested = subprocess.run(["crontab", "-T", str(tmp_path / "tab")], capture_output=True, text=True, check=False)

    assert tested.returncode == 0 or "invalid option" in tested.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("minutes", [1, 15, 60, 360, 1440])
def test_systemd_takes_the_units(minutes: int, tmp_path: Path) -> None:
    project = tmp_path / "shop 100%"
    project.mkdir()
    made = Plan(("/bin/true", "--home", str(project), "$x", 'a"b'), project, minutes)
    units = TARGETS["systemd"](made)
    for name, text in units.items():
        (tmp_path / name).write_text(text)

    verified = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / name) for name in units)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, [line for line in verified.stderr.splitlines() if str(tmp_path) in line]) == (0, [])
    assert "ExecStart=/bin/true --home" in units["inventorum.service"]
    assert '"a\\"b"' in units["inventorum.service"]
    calendar = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=3", made.calendar], capture_output=True, text=True, check=False
    )
    assert calendar.returncode == 0, calendar.stderr


def test_the_github_workflow_is_yaml_with_the_command(tmp_path: Path) -> None:
    made = odd_plan(tmp_path)
    workflow = yaml.safe_load(TARGETS["github"](made)["inventorum.yml"])
    job = workflow["jobs"]["sync"]
    script = job["steps"][0]["run"]

    assert workflow[True]["schedule"] == [{"cron": "*/15 * * * *"}]  # YAML reads `on` as true
    for code, expected in ((0, 0), (4, 0), (6, 1)):
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            env={"OUT": str(tmp_path / "out"), "CODE": str(code), "PATH": os.environ["PATH"]},
            check=False,
        )
        assert done.returncode == expected
    assert (tmp_path / "out").read_text() == expected_call(tmp_path)


def test_the_airflow_file_is_one_dag_with_one_task(tmp_path: Path) -> None:
    made = odd_plan(tmp_path)
    tree = ast.parse(TARGETS["airflow"](made)["inventorum_dag.py"])
    calls = {
        node.func.id: node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    dag = {keyword.arg: keyword.value for keyword in calls["DAG"].keywords}
    task = {keyword.arg: keyword.value for keyword in calls["BashOperator"].keywords}

    assert ast.literal_eval(dag["schedule"]) == "*/15 * * * *"
    assert ast.literal_eval(dag["catchup"]) is False
    assert ast.literal_eval(dag["max_active_runs"]) == 1
    assert ast.literal_eval(task["skip_on_exit_code"]) == 4
    command = next(node for node in tree.body if isinstance(node, ast.Assign))
    assert shlex.split(ast.literal_eval(command.value))[3:] == list(made.command)


def test_the_dagster_file_runs_the_command_as_a_list(tmp_path: Path) -> None:
    made = odd_plan(tmp_path)
    (text,) = TARGETS["dagster"](made).values()
    values = {
        node.targets[0].id: node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }

    assert ast.literal_eval(values["COMMAND"]) == [*made.command, "--json"]
    assert ast.literal_eval(values["PROJECT"]) == str(made.project)
    assert "definitions" in values


@pytest.mark.cases(2)
@pytest.mark.parametrize("target", TARGETS)
def test_schedules_hold_absolute_paths_and_no_secret(target: str, inventorum: Run, tmp_path: Path) -> None:
    secret = "very-secret-token"
    shown = inventorum("schedule", target, "--every", "60", SOURCES__INVENTORUM__ACCESS_TOKEN=secret)
    written = inventorum(
        "schedule", target, "--every", "60", "--output", "units", "--notify", "https://hooks.example/x"
    )

    assert shown.returncode == written.returncode == 0
    assert str(tmp_path / "data") in shown.stdout
    assert secret not in shown.stdout
    for path in (tmp_path / "units").iterdir():
        assert str(path.relative_to(tmp_path)) in written.stdout
    assert any("https://hooks.example/x" in path.read_text() for path in (tmp_path / "units").iterdir())


@pytest.mark.parametrize("minutes", [0, -5, 7, 45, 90, 300, 2880])
def test_uneven_schedules_are_refused(minutes: int, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not divide"):
        plan(tmp_path, tmp_path, minutes, None)


def test_an_unknown_schedule_is_named(inventorum: Run) -> None:
    outcome = inventorum("schedule", "windows")

    assert outcome.returncode == 2
    assert "cron, systemd, github, airflow, dagster" in " ".join(outcome.stderr.split())


# --- shell


def test_the_shell_answers_what_is_piped_into_it(inventorum: Run, used: Path) -> None:
    sql = (
        "select sum(gross_amount) as total\nfrom marts.sales_by_day;\n.tables\n.columns vat_by_month\nselect 42 as last"
    )
    outcome = inventorum("--home", str(used), "shell", "--simple", stdin=sql)

    assert outcome.returncode == 0, outcome.stderr
    assert "7.00" in outcome.stdout
    assert "marts.sales_by_day" in outcome.stdout
    assert "tax_rate" in outcome.stdout
    assert "42" in outcome.stdout
    assert "inventorum>" not in outcome.stdout


@pytest.mark.long
@pytest.mark.parametrize("way", ["query", "shell"])
def test_show_tables_lists_what_is_published_and_a_table_s_name_is_enough(
    way: str, inventorum: Run, used: Path
) -> None:
    def answer(sql: str) -> str:
        if way == "query":
            outcome = inventorum("--home", str(used), "query", sql)
        else:
            outcome = inventorum("--home", str(used), "shell", "--simple", stdin=f"{sql};\n")
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout

    listed = {line.strip() for line in answer("show tables").splitlines()}
    known = json.loads(inventorum("--home", str(used), "tables", "--json").stdout)

    assert {table["name"] for table in known} <= listed
    assert not {"runs", "fct_daily_sales"} & listed
    assert "7.00" in answer("select sum(gross_amount) from sales_by_day")
    assert answer("select count(*) from ops.runs").strip()


def test_the_shell_shows_a_wide_row_column_by_column_and_breaks_no_number(inventorum: Run, used: Path) -> None:
    outcome = inventorum("--home", str(used), "shell", "--simple", stdin="select * from fct_orders limit 1;\n")

    lines = [line.split() for line in outcome.stdout.splitlines()]
    assert ["row", "1"] in lines
    assert ["account", "default"] in lines
    assert any(words[0] == "ordered_at" and len(words) == 3 for words in lines if words)

    narrow = (
        "select 'Wandersocken aus Wolle und noch mehr Wolle' as what, 1234567890.12 as amount, date '2026-11-23' as d;"
    )
    folded = inventorum("--home", str(used), "shell", "--simple", stdin=narrow, COLUMNS="44").stdout
    assert "1234567890.12" in folded
    assert "2026-11-23" in folded
    assert "row 1" not in folded


def test_the_shell_cannot_write_or_leave_the_warehouse(inventorum: Run, used: Path) -> None:
    for statement in ("delete from core.fct_orders;", "copy core.fct_orders to 'x.csv';", "from '/etc/passwd';"):
        outcome = inventorum("--home", str(used), "shell", "--simple", stdin=statement)
        assert outcome.returncode == 2, statement
        assert outcome.stderr.startswith("Error:")


def test_the_shell_goes_on_after_a_mistake_at_a_terminal(used: Path, tmp_path: Path) -> None:
    said = at_terminal(
        ["--home", str(used), "shell", "--simple"], b"select wrong;\nselect 41 + 1 as answer;\n.quit\n", tmp_path
    )

    assert "inventorum> " in said
    assert "wrong" in said
    assert "42" in said


def at_terminal(arguments: list[str], typed: bytes, folder: Path, **environment: str) -> str:
    """What a command prints when it runs at a terminal, where `typed` is typed."""
    main, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=folder,
        env=environment_of(TERM="dumb", **environment),
        stdin=other,
        stdout=other,
        stderr=other,
    ) as process:
        os.close(other)
        os.write(main, typed)
        said = b""
        while True:
            try:
                said += os.read(main, 4096)
            except OSError:  # the program has closed its end
                break
        process.wait(timeout=60)
    os.close(main)
    return said.decode()


def test_a_better_shell_is_taken_if_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed(tmp_path / "w.duckdb") is None

    for name, words in (("harlequin", ["--read-only"]), ("duckdb", ["-readonly"])):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert installed(tmp_path / "w.duckdb") == [str(tmp_path / name), *words, str(tmp_path / "w.duckdb")]


def test_ages_are_told_in_words() -> None:
    assert [age_in_words(timedelta(**age)) for age in ({"minutes": 5}, {"hours": 30}, {"days": 40})] == [
        "5 minutes",
        "30 hours",
        "40 days",
    ]
