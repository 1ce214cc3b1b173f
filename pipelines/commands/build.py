"""`inventorum build`: transforms only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.commands.show_run import ended
from pipelines.errors import SettingsError
from pipelines.terminal import Common, Ended, console, show_json, show_pairs

if TYPE_CHECKING:
    from transforms.spark.build import SparkReport


def build(
    common: Common,
    full: Annotated[bool, typer.Option("--full", help="Rebuild everything from the landing log.")] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="CLAIM", help="Publish although this claim is broken; repeat for more."),
    ] = None,
    engine: Annotated[
        Literal["duckdb", "spark"], typer.Option("--engine", help="What carries out the SQL; spark: with --raw, --out.")
    ] = "duckdb",
    raw: Annotated[
        Path | None, typer.Option("--raw", metavar="DIR", help="Spark: a folder that `export raw` or dlt wrote.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Spark: folder of the versions; DIR/current is the last."),
    ] = None,
    master: Annotated[
        str | None, typer.Option("--master", metavar="URL", help="Spark: spark://HOST:7077 …", show_default="local[*]")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=1, help="Spark: versions that stay.", show_default="3")
    ] = None,
) -> Ended:
    """Transform what has been loaded, check, publish; asks nothing of the API.

    A claim that is accepted as broken is noted in `ops.checks`, `marts.data_quality`, `status` and the report until
    it holds again; meanwhile each run with news builds everything.

    --engine spark builds the same tables, always anew, from a folder of Parquet into DIR/v=N/SCHEMA/TABLE/*.parquet,
    checks the claims there, and leads DIR/current to them in one step. The home folder is left alone
    (`transforms/spark/README.md`).

    --json of Spark: `folder`, `version`, `loads`, `rows` by table, `checks`, `seconds`, `kept`.

    Example: inventorum build --full
    """
    if engine == "spark":
        if full or accept:
            raise SettingsError("--full and --accept are of the engine duckdb; Spark always builds everything.")
        return _on_spark(common, raw, out, master, keep)
    if raw or out or master or keep:
        raise SettingsError("--raw, --out, --master and --keep are of the engine spark: add --engine spark.")
    from pipelines import run

    with common.progress() as progress:
        report = run.build(common.settings(), full=full, accept=accept or [], progress=progress)
    return ended(report, common)


def _on_spark(common: Common, raw: Path | None, out: Path | None, master: str | None, keep: int | None) -> Ended:
    import os

    from pipelines import process, run
    from pipelines.outputs import checked
    from pipelines.settings import java_program
    from transforms.spark.build import build as build_on_spark
    from transforms.spark.session import DEFAULT_MASTER

    if raw is None or out is None:
        raise SettingsError(
            "--engine spark needs --raw, the folder of what was loaded, and --out, the folder for what is built. "
            "Nothing was built. `inventorum export raw DIR` writes the first."
        )
    settings = common.settings()
    os.umask(0o077)
    process.leave_nothing_out()  # pyspark
    with common.progress() as progress:
        report = build_on_spark(
            raw,
            checked(settings.files, out, option="--out"),
            run.rules(settings),
            master=master or DEFAULT_MASTER,
            java=java_program(),
            keep=keep or 3,
            on_step=progress.update,
        )
    return Ended(show=lambda: show_json(report) if common.as_json else _show(report, out))


def _show(report: SparkReport, out: Path) -> None:
    warned = sum(check.failing_rows > 0 for check in report.checks)
    show_pairs(
        {
            "built": f"{len(report.rows)} tables, {sum(report.rows.values())} rows, of {report.loads} loads",
            "checks": f"{len(report.checks)} ran, {warned} warned (ops/fct_findings)",
            "took": f"{sum(report.seconds.values()):.1f} s",
            "published": f"{out}/current -> v={report.version}",
            "kept": ", ".join(f"v={number}" for number in report.kept),
        }
    )
    console().print(
        f"Read it anywhere: select * from '{out}/current/marts/sales_by_day/*.parquet'", markup=False, soft_wrap=True
    )
