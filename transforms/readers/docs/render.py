"""The documentation as files: a page that works without a network, Markdown, and the diagram."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.readers.docs.content import RULES, SCHEMAS, in_words, short_type
from transforms.readers.docs.erd import mermaid, picture

if TYPE_CHECKING:
    from jinja2 import Environment

    from transforms.readers.docs.content import Content

TEMPLATES = Path(__file__).parent / "templates"
FILES = {
    "dictionary.html": "the dictionary as one searchable page, with metrics, sample queries and the diagram",
    "dictionary.md": "the dictionary as Markdown",
    "metrics.md": "the metric definitions",
    "samples.md": "the sample queries",
    "erd.svg": "the diagram as a picture",
    "erd.mmd": "the diagram as mermaid text",
}


def render(content: Content) -> dict[str, str]:
    """The text of each file by name, in the order of `FILES`."""
    svg = picture(content.star, content.relations)
    common = {"content": content, "schemas": SCHEMAS, "rule_names": RULES}
    script = (TEMPLATES / "dictionary.js").read_text("utf-8")
    page = {
        "svg": svg,
        "style": (TEMPLATES / "dictionary.css").read_text("utf-8"),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    return {
        "dictionary.html": _filled("dictionary.html.j2", common | page),
        "dictionary.md": _filled("dictionary.md.j2", common),
        "metrics.md": _filled("metrics.md.j2", common),
        "samples.md": _filled("samples.md.j2", common),
        "erd.svg": svg,
        "erd.mmd": mermaid(content.star, content.relations),
    }


def _filled(template: str, values: dict[str, Any]) -> str:
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "prose": _prose,
        "cell": _cell,
        "in_words": in_words,
        "short_type": short_type,
    }
    return environment


def _prose(text: str) -> Any:
    """Text as HTML, with `quoted` words as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped before


def _cell(text: str) -> str:
    """Text as a cell of a Markdown table."""
    line = " ".join(str(text).split())
    outside = [part if index % 2 else part.replace("<", "&lt;") for index, part in enumerate(line.split("`"))]
    return "`".join(outside).replace("|", "\\|")
