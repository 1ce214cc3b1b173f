"""Everything that is pinned may be used and passed on: each licence is on a list."""

from __future__ import annotations

import re
from importlib import metadata

import pytest

from tests import ROOT

LICENCES = {
    "0BSD",
    "AFL-2.1",
    "Academic Free License (AFL)",
    "Apache 2.0",
    "Apache Software License",
    "Apache-2.0",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CNRI-Python",
    "ISC License (ISCL)",
    "MIT",
    "MIT License",
    "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)",
    "PSF-2.0",
    "Public Domain",
    "Python Software Foundation License",
    "Zlib",
}
# what says something else, or nothing, with the reason why it may be used all the same
LOOKED_AT = {
    "axe-playwright-python": "MIT, in its repository; only tests use it",
    "docutils": "public domain, parts under BSD and GPL that are not imported; only dlt's tools bring it",
    "psycopg": "LGPL-3.0, used unchanged as a library, in an extra",
    "psycopg-binary": "LGPL-3.0, used unchanged as a library, in an extra",
    "psycopg2-binary": "LGPL-3.0, used unchanged as a library, only by tests",
}
PINNED = sorted(
    re.split(r"[=<>;\[ ]", line)[0]
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
)


def licences_of(name: str) -> set[str]:
    """What a distribution says of itself, each licence of an `AND` or `OR` apart."""
    told = metadata.metadata(name)
    classifiers = {line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or [] if "License ::" in line}
    expression = told.get("License-Expression")
    if classifiers and not expression:
        return classifiers
    line = expression or (told.get("License") or "").partition("\n")[0]
    return {part.strip("()") for part in re.split(r" AND | OR ", line)} if line else set()


@pytest.mark.parametrize("name", PINNED)
def test_a_pinned_package_has_a_licence_of_the_list(name: str) -> None:
    try:
        found = licences_of(name)
    except metadata.PackageNotFoundError:
        pytest.skip("not installed here")
    assert name in LOOKED_AT or (found and found <= LICENCES), found


def test_what_was_looked_at_is_still_pinned() -> None:
    assert LOOKED_AT.keys() <= set(PINNED)
