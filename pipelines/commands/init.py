"""The files that `inventorum init` writes: settings, secrets and accounts to fill in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from pipelines.errors import HomeError, SettingsError
from pipelines.settings import CHANNELS, DEFAULT_BASE_URL
from pipelines.terminal import Common, console, show_json

CONFIG = f"""\
# Settings of inventorum-warehouse. The environment goes before this file: SOURCES__INVENTORUM__CHANNELS and so on.
# Each line shows the default; remove its # to change it. Secrets belong in secrets.toml beside this file.

[sources.inventorum]
# base_url = "{DEFAULT_BASE_URL}"
# channels = [{", ".join(f'"{name}"' for name in CHANNELS)}]
# api_version = 12
# requests_per_second = 20  # the API's limit
# overlap_minutes = 15  # each run reads again what changed just before the last one
# start_date = "2026-01-01"  # nothing older is read; default: everything
# delta_first_page = 0  # 0 or 1; default: found out

# account = "default"  # name of the account, in the column `account`
# timezone = "Europe/Berlin"  # of the shop: decides to which day a sale belongs
# day_starts_at = 0  # hour at which a business day begins, for shops that close after midnight
# currency = "EUR"
# prices_include_discount = true  # whether the line amounts of the API are after discounts
# shipping_vat = "follows_goods"  # shipping bears the VAT of the goods; or "none"
# payment_methods = {{ "1" = "EC-Karte", "2" = "Gutschein" }}  # what your shop calls the codes that nobody publishes
# shop_name = "Musterladen"  # on the report page and the workbook; default: the account
# published_group = "analysts"  # group that may read the warehouse; default: nobody but you
# skr = "SKR03"  # chart of accounts of the DATEV export, if there is no datev.toml
"""

SECRETS = """\
# Login of inventorum-warehouse. Keep this file to yourself, and out of version control.
# Make an app and its token at https://manager.shore.com (API apps), scope `orders`; `checkout` for baskets.

[sources.inventorum]
# A login that renews itself:
# client_id = ""
# client_secret = ""
# refresh_token = ""

# Or a fixed token, which ends after some hours:
# access_token = ""

# A PostgreSQL database to which each run brings what it published, for BI tools that speak to a server:
# postgres_url = "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
"""


@dataclass(frozen=True)
class Initialised:
    """What `init` did.

    Attributes:
        written: New files.
        kept: Files that were there already and stay as they were.
        hints: What to do next.
    """

    written: list[Path]
    kept: list[Path]
    hints: list[str]


def write_templates(project: Path, chart: str) -> Initialised:
    """Write the templates that are missing, readable for this user only.

    Raises:
        SettingsError: There is no such chart of accounts.
        HomeError: A file cannot be written.
    """
    from transforms.readers.exports.datev_accounts import CHARTS, template

    if chart.upper() not in CHARTS:
        raise SettingsError(f"There is no chart {chart!r}. Nothing was written. Choose {' or '.join(CHARTS)}.")
    files = {
        project / ".dlt" / "config.toml": CONFIG,
        project / ".dlt" / "secrets.toml": SECRETS,
        project / "datev.toml": template(chart),
    }
    done = Initialised([], [], [])
    for path, text in files.items():
        (done.written if _write_new(path, text) else done.kept).append(path)
    done.hints.extend(_hints(project))
    return done


def _write_new(path: Path, text: str) -> bool:
    """Whether the file was written; one that exists is left alone."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if path.exists():
            return False
        raise HomeError(f"{path.parent} is a file, but a folder is needed there. Move it away.") from None
    except OSError as error:
        raise HomeError(f"{path} could not be written: {error.strerror}. Choose another folder.") from None
    return True


def _hints(project: Path) -> list[str]:
    hints = [
        "Enter the login in .dlt/secrets.toml, then run `inventorum doctor`.",
        "Have your tax adviser check datev.toml before the first `inventorum export datev`.",
    ]
    repository = next((folder for folder in (project, *project.parents) if (folder / ".git").exists()), None)
    if repository is not None and not _ignores_secrets({project, repository}):
        hints.insert(0, "This folder is under version control: add the lines `.dlt/` and `data/` to .gitignore first.")
    return hints


def _ignores_secrets(folders: set[Path]) -> bool:
    for folder in folders:
        try:
            lines = (folder / ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        if any(line.strip().strip("/") in (".dlt", ".dlt/secrets.toml", ".dlt/*", "secrets.toml") for line in lines):
            return True
    return False


def init(
    common: Common,
    chart: Annotated[
        str, typer.Option("--chart", metavar="SKR03|SKR04", help="Chart of accounts of the DATEV template.")
    ] = "SKR03",
) -> int:
    """Write templates into this folder: settings, login, accounts for DATEV.

    The files are for you only (0600); those that exist already stay as they are.

    --json: `written`, `kept`, `hints`.

    Example: inventorum init
    """
    done = write_templates(Path.cwd(), chart)
    if common.as_json:
        show_json(done)
        return 0
    out = console()
    for path in done.written:
        out.print(f"wrote  {path.relative_to(Path.cwd())}", markup=False)
    for path in done.kept:
        out.print(f"kept   {path.relative_to(Path.cwd())}, which exists already", markup=False)
    for hint in done.hints:
        out.print(f"Next: {hint}", markup=False)
    return 0
