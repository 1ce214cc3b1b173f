"""The list of tables in `sql/README.md`: `python -m transforms.readers.docs.model_page` renews it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.runner.models import sql_folder
from transforms.runner.project import load_project

if TYPE_CHECKING:
    from transforms.runner.models import Model, Project

BEGIN = "<!-- tables: begin -->"
END = "<!-- tables: end -->"


def tables_list(project: Project) -> str:
    """Every table of core and marts with grain, key and how it is kept, as Markdown."""
    kept = sorted(
        (model for model in project.models if not model.is_temporary), key=lambda model: (model.schema, model.name)
    )
    lines = ["| table | grain | key | rebuilt |", "|---|---|---|---|"]
    lines += [f"| `{model.full_name}` | {model.grain} | {', '.join(model.key)} | {_rebuilt(model)} |" for model in kept]
    return "\n".join(lines) + "\n"


def put_into(text: str, project: Project) -> str:
    """The page with the list between its two markers.

    Raises:
        ValueError: The page lacks a marker.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page holds no {BEGIN} … {END}.")
    return f"{before}{BEGIN}\n\n{tables_list(project)}\n{END}{after}"


def _rebuilt(model: Model) -> str:
    return f"by {(model.by or 'order').replace('_', ' ')}" if model.rebuild in ("order", "by") else model.rebuild


def main() -> None:
    """Renew the list."""
    folder = sql_folder()
    page = folder / "README.md"
    page.write_text(put_into(page.read_text("utf-8"), load_project(folder)), "utf-8")


if __name__ == "__main__":
    main()
