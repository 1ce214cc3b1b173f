"""The command that writes the report page."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pipelines.errors import SettingsError
from pipelines.terminal import Common, console, show_json


def report(
    common: Common,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write it.", show_default="report.html in the home"
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day.", show_default="30 days before the last")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day.", show_default="the day the data end")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", metavar="de|en", help="Language of the page.")] = "de",
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Heading of the page.")] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> int:
    """Write a page of key figures, charts and tables that needs no network: for the shop owner, to read or print.

    Example: inventorum report --from 2026-10-01 --to 2026-10-31 --lang en -o october.html
    """
    from pipelines.outputs import checked
    from transforms.readers.report import Lang, write_report

    languages: dict[str, Lang] = {"de": "de", "en": "en"}
    if lang not in languages:
        raise SettingsError(f"--lang is {lang!r}, but must be de or en. Nothing was written.")
    settings = common.settings()
    target = checked(settings.files, output or settings.files.report, own=settings.files.report)
    written = write_report(
        settings.files.warehouse,
        target,
        start=_day(since, "--from"),
        end=_day(until, "--to"),
        lang=languages[lang],
        title=title,
        timezone=settings.timezone,
        day_starts_at=settings.day_starts_at,
        currency=settings.currency,
        shop_name=settings.shop_name,
    )
    if common.as_json:
        show_json(written)
    else:
        console().print(
            f"Wrote {written.path} ({written.bytes / 1000:,.0f} kB): {written.start} to {written.end}.",
            markup=False,
            soft_wrap=True,
        )
    if open_page:
        import webbrowser

        webbrowser.open(written.path.as_uri())
    return 0


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"{option} is {text!r}, which is no date. Nothing was written. Write it like 2026-11-23."
        ) from None
