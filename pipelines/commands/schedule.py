"""Ready-made schedules: cron, systemd, GitHub Actions, Airflow, Dagster; absolute paths, no secrets."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from pipelines.errors import SettingsError
from pipelines.terminal import Common, console, show_json

DAY = 24 * 60
DAGSTER_FILE = "inventorum_definitions.py"
HELD = 4  # exit code: another run holds the files, which is no failure of a schedule


@dataclass(frozen=True)
class Plan:
    """What is to run, and how often.

    Attributes:
        command: The program with its options, without a shell's quotes.
        project: Folder with `.dlt/`; the command runs there.
        minutes: Between two runs.
    """

    command: tuple[str, ...]
    project: Path
    minutes: int

    @property
    def line(self) -> str:
        """The command for a POSIX shell."""
        return f"cd {shlex.quote(str(self.project))} && {shlex.join(self.command)}"

    @property
    def cron(self) -> str:
        """When, in five fields."""
        if self.minutes < 60:
            return "* * * * *" if self.minutes == 1 else f"*/{self.minutes} * * * *"
        hours = self.minutes // 60
        return "5 4 * * *" if hours == 24 else "5 * * * *" if hours == 1 else f"5 */{hours} * * *"

    @property
    def calendar(self) -> str:
        """When, for systemd."""
        if self.minutes < 60:
            return f"*:0/{self.minutes}"
        hours = self.minutes // 60
        return "*-*-* 04:05:00" if hours == 24 else f"0/{hours}:05"

    @property
    def words(self) -> str:
        """How often, in English."""
        if self.minutes == 1:
            return "every minute"
        if self.minutes < 60:
            return f"every {self.minutes} minutes"
        hours = self.minutes // 60
        return "every hour" if hours == 1 else "every night" if hours == 24 else f"every {hours} hours"


def plan(home: Path, project: Path, minutes: int, notify: str | None) -> Plan:
    """What to schedule: `sync` for this home folder.

    Raises:
        SettingsError: The runs would not be evenly spaced over a day.
    """
    is_even = minutes >= 1 and (60 % minutes == 0 or (minutes % 60 == 0 and DAY % minutes == 0))
    if not is_even:
        raise SettingsError(
            f"--every {minutes} does not divide an hour or a day evenly. Nothing was printed. Choose 1, 2, 3, 4, 5, "
            "6, 10, 12, 15, 20 or 30 minutes, or 60, 120, 180, 240, 360, 480, 720 or 1440."
        )
    command = [*program(), "--home", str(home), "sync", "--quiet"]
    if notify:
        command += ["--notify", notify]
    return Plan(tuple(command), project, minutes)


def program() -> list[str]:
    """The words that start this program from anywhere."""
    called = Path(sys.argv[0])
    if called.name == "inventorum" and called.exists():
        return [str(called.absolute())]
    beside = Path(sys.executable).with_name("inventorum")
    if beside.exists():
        return [str(beside)]
    found = shutil.which("inventorum")
    return [str(Path(found).absolute())] if found else [sys.executable, "-m", "pipelines.cli"]


def cron(plan: Plan) -> dict[str, str]:
    """Lines for `crontab -e`; a percent sign would end a command there."""
    command = (
        f"{plan.line.partition(' && ')[0]} && out=$({shlex.join(plan.command)} 2>&1) || "
        f'{{ code=$?; [ $code -eq {HELD} ] || echo "inventorum ended with exit code $code: $out"; }}'
    ).replace("%", r"\%")
    return {
        "crontab": f"""\
# Loads, checks and publishes {plan.words}.
# Install: run `crontab -e` and add these lines. cron mails what a failed run
# says to this address, if the machine can send mail:
# MAILTO=you@example.org
{plan.cron} {command}
"""
    }


def systemd(plan: Plan) -> dict[str, str]:
    """A service and its timer."""
    command = " ".join(_systemd_word(word) for word in plan.command)
    return {
        "inventorum.service": f"""\
# Copy both units to /etc/systemd/system/ (and set User=), then run
#   systemctl daemon-reload && systemctl enable --now inventorum.timer
# or to ~/.config/systemd/user/, and run the same with `systemctl --user`.
[Unit]
Description=Load orders from Inventorum, check and publish them
Wants=network-online.target
After=network-online.target
# A unit of yours that tells somebody:
# OnFailure=

[Service]
Type=oneshot
WorkingDirectory={str(plan.project).replace("%", "%%")}
ExecStart={command}
# Another run was at work: no failure.
SuccessExitStatus={HELD}
TimeoutStartSec=6h
UMask=0077
NoNewPrivileges=yes
""",
        "inventorum.timer": f"""\
[Unit]
Description=Run inventorum.service {plan.words}

[Timer]
OnCalendar={plan.calendar}
Persistent=true
RandomizedDelaySec=30

[Install]
WantedBy=timers.target
""",
    }


def github(plan: Plan) -> dict[str, str]:
    """A workflow for GitHub Actions."""
    return {
        "inventorum.yml": f"""\
# Put this file into .github/workflows/. The runner is your own machine: it
# keeps the home folder, with the orders of your customers, between two runs.
# GitHub starts scheduled workflows late when it is busy.
name: inventorum
on:
  schedule:
    - cron: "{plan.cron}"
  workflow_dispatch:
permissions: {{}}
concurrency: inventorum
jobs:
  sync:
    runs-on: self-hosted
    timeout-minutes: 360
    steps:
      - name: Load, check and publish
        shell: bash
        env:
          SOURCES__INVENTORUM__CLIENT_ID: ${{{{ secrets.INVENTORUM_CLIENT_ID }}}}
          SOURCES__INVENTORUM__CLIENT_SECRET: ${{{{ secrets.INVENTORUM_CLIENT_SECRET }}}}
          SOURCES__INVENTORUM__REFRESH_TOKEN: ${{{{ secrets.INVENTORUM_REFRESH_TOKEN }}}}
        run: |
          {plan.line} || [ $? -eq {HELD} ]
"""
    }


def airflow(plan: Plan) -> dict[str, str]:
    """A DAG for Airflow 3 (and 2, where the operator stands elsewhere)."""
    return {
        "inventorum_dag.py": f'''\
"""Loads orders from Inventorum, checks and publishes them {plan.words}.

Put this file into the DAGs folder.
"""

from datetime import datetime, timedelta, timezone

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

COMMAND = {plan.line!r}

with DAG(
    dag_id="inventorum",
    schedule={plan.cron!r},
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={{"retries": 2, "retry_delay": timedelta(minutes=5)}},
) as dag:
    BashOperator(
        task_id="sync",
        bash_command="{{% raw %}}" + COMMAND + "{{% endraw %}}",
        skip_on_exit_code={HELD},  # another run was at work
    )
'''
    }


def dagster(plan: Plan) -> dict[str, str]:
    """Definitions for Dagster: an asset and its schedule."""
    return {
        DAGSTER_FILE: f'''\
"""Loads orders from Inventorum, checks and publishes them {plan.words}.

Try it: dagster dev -f {DAGSTER_FILE}
"""

import json
import subprocess

import dagster as dg

COMMAND = {[*plan.command, "--json"]!r}
PROJECT = {str(plan.project)!r}


@dg.asset(description="The published warehouse of orders.")
def inventorum_warehouse() -> dg.MaterializeResult:
    done = subprocess.run(COMMAND, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode == {HELD}:
        return dg.MaterializeResult(metadata={{"skipped": "another run was at work"}})
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-4000:]
        raise dg.Failure(f"inventorum ended with exit code {{done.returncode}}: {{said}}")
    report = json.loads(done.stdout)
    counts = ("orders_new", "orders_changed", "requests", "quarantined")
    return dg.MaterializeResult(metadata={{name: report[name] for name in counts}})


definitions = dg.Definitions(
    assets=[inventorum_warehouse],
    schedules=[
        dg.ScheduleDefinition(
            name="inventorum_schedule",
            cron_schedule={plan.cron!r},
            target=[inventorum_warehouse],
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ],
)
'''
    }


def _systemd_word(word: str) -> str:
    """One word of ExecStart=: quoted if needed, without specifiers and variables."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or any(letter.isspace() or letter in "';#" for letter in word) else word


TARGETS: dict[str, Callable[[Plan], dict[str, str]]] = {
    "cron": cron,
    "systemd": systemd,
    "github": github,
    "airflow": airflow,
    "dagster": dagster,
}


def schedule(
    common: Common,
    target: Annotated[str, typer.Argument(metavar="cron|systemd|github|airflow|dagster", help="For what.")],
    every: Annotated[
        int, typer.Option("--every", metavar="MINUTES", help="Minutes between two runs; 1440: each night.")
    ] = 15,
    notify: Annotated[
        str | None, typer.Option("--notify", metavar="URL", help="Address that is told when a run fails.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write the files there instead.")
    ] = None,
) -> int:
    """Print what makes `sync` run by itself, with the paths of this installation.

    --json: `files` (name to content), `output`.

    Example: inventorum schedule systemd --every 60 --output ~/.config/systemd/user
    """
    from pipelines.commands.notify import check_notify_url
    from pipelines.errors import HomeError, SettingsError
    from pipelines.outputs import checked
    from pipelines.settings import Files
    from transforms.readers.whole_file import write_whole

    if target not in TARGETS:
        raise SettingsError(f"There is no schedule {target!r}. Choose one of {', '.join(TARGETS)}.")
    if notify is not None:
        check_notify_url(notify)
    files = TARGETS[target](plan(common.folder(), Path.cwd(), every, notify))
    if output is not None:
        home = Files(common.folder())
        targets = {checked(home, output / name): text for name, text in files.items()}
        try:
            output.expanduser().mkdir(parents=True, exist_ok=True)
            for path, text in targets.items():
                write_whole(path, text.encode())
        except OSError as error:
            raise HomeError(f"{output} could not be written: {error.strerror}. Choose another --output.") from None
    if common.as_json:
        show_json({"files": files, "output": output})
    elif output is not None:
        for name in files:
            console().print(f"wrote  {output / name}", markup=False, soft_wrap=True)
    else:
        for name, text in files.items():
            heading = f"# --- {name}\n" if len(files) > 1 else ""
            typer.echo(heading + text, nl=name != list(files)[-1])
    return 0
