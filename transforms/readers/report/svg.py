"""Draws Vega-Lite specifications as SVG that stands in a page: small, without scripts, coloured by the page.

vl-convert draws them while the report is written, so the page needs no script, prints, and follows light and dark:
0.6 s for the first chart, 0.1 s for each further one, a wheel of 33 MB. Altair would write the same JSON for another
0.9 s of imports; pygal is lighter, but brings its own styles and scripts into the page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transforms.readers.report.formats import Lang

VEGA_LITE = "5.21"
NAMESPACE = "http://www.w3.org/2000/svg"
LOCALES: Mapping[Lang, Literal["de-DE", "en-GB"]] = {"de": "de-DE", "en": "en-GB"}
DROPPED = frozenset(
    {"class", "role", "pointer-events", "font-family", "aria-hidden", "aria-roledescription", "stroke-miterlimit"}
)
IDLE = {("stroke-width", "0"), ("opacity", "1"), ("fill-opacity", "1"), ("stroke-width", "1")}

NUMBER = re.compile(r"-?\d+\.\d{2,}")


def draw(spec: Mapping[str, Any], lang: Lang, name: str) -> Markup:
    """The chart as an `<svg>` element.

    It is hidden from screen readers: the page says what it shows and gives the figures as a table. A mark's
    `description` becomes the tip that shows when a pointer rests on it.

    Args:
        name: Letters that no other chart of the page has; ids inside begin with them.
    """
    import vl_convert

    text = vl_convert.vegalite_to_svg(
        dict(spec),
        vl_version=VEGA_LITE,
        format_locale=LOCALES[lang],
        time_format_locale=LOCALES[lang],
        allowed_base_urls=[],
    )
    ElementTree.register_namespace("", NAMESPACE)
    root = ElementTree.fromstring(text)  # noqa: S314 - the XML is our own renderer's
    _tidy(root)
    _prune(root)
    width, height = root.get("width", "0"), root.get("height", "0")
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("viewBox", f"0 0 {width} {height}")
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    drawn = ElementTree.tostring(root, encoding="unicode")
    drawn = drawn.replace(" />", "/>")
    drawn = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", drawn)
    return Markup(drawn.replace(f' xmlns="{NAMESPACE}"', "", 1))  # noqa: S704 - serialised XML, texts escaped


def _tidy(element: ElementTree.Element) -> None:
    label = element.get("aria-label")
    is_mark = element.get("aria-roledescription") not in (None, "axis", "legend", "group mark container")
    for key in list(element.attrib):
        if key in DROPPED or key.startswith("aria-") or (key, element.attrib[key]) in IDLE:
            del element.attrib[key]
        elif key in ("d", "transform"):
            element.set(key, NUMBER.sub(_rounded, element.attrib[key]))
    if label and is_mark and element.tag.endswith(("path", "rect", "line")):
        title = ElementTree.Element(f"{{{NAMESPACE}}}title")
        title.text = label
        element.insert(0, title)
    for child in element:
        _tidy(child)


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number.group()):.1f}".removesuffix(".0")


def _prune(element: ElementTree.Element) -> None:
    """Take out what draws nothing."""
    for child in list(element):
        _prune(child)
        tag = child.tag.rpartition("}")[2]
        if (tag == "g" and len(child) == 0) or (tag == "path" and child.get("d") == "M0,0h0v0h0Z"):
            element.remove(child)
