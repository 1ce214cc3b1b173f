"""`inventorum doctor`: everything that a run needs, looked at without running."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands.doctor.finding import Finding, said
from pipelines.commands.doctor.installation import examine_home, examine_installation, examine_versions
from pipelines.errors import SettingsError
from pipelines.settings import Settings, home_folder

if TYPE_CHECKING:
    from pipelines.progress import Progress

# The first of these that a failure asks for is the exit code of the whole.
WORST_FIRST = (1, 2, 5, 6, 4)


def exit_code(findings: list[Finding]) -> int:
    """0 without failures, else the code of the worst."""
    codes = {finding.exit_code for finding in findings if finding.status == "fail"}
    return next((code for code in WORST_FIRST if code in codes), max(codes, default=0))


def examine(home: Path | None, *, offline: bool, progress: Progress) -> list[Finding]:
    """Look at everything; nothing is loaded, written or changed, but a token may be renewed.

    Args:
        offline: Leave the API and the database server out.
    """
    findings = [*examine_versions(), *examine_home(home_folder(home))]
    try:
        settings = Settings.load(home)
    except SettingsError as error:
        return [*findings, said("settings", error)]
    findings += examine_installation(settings)
    if not offline and settings.login is not None:
        from pipelines.commands.doctor.api import examine_api

        findings += examine_api(settings, settings.login, progress)
    if not offline and settings.postgres_url is not None:
        from pipelines.commands.doctor.server import examine_server

        findings += examine_server(settings.postgres_url)
    return findings
