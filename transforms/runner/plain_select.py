"""Finds the tables of a SELECT that is written plainly; any other is left to sqlglot.

Plainly written: each table stands behind `from` or `join` as `layer.name`, alone or with `as`, and a layer's name
stands nowhere else. Whatever else is met, be it right or wrong, the answer is that it is not plain.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LAYERS = frozenset({"raw", "staging", "seeds", "increments", "core", "stored", "marts", "ops"})

# a comment, a string, a quoted name, a word with what it is qualified by, or a sign that matters
TOKEN = re.compile(r"""--[^\n]*|[eE]'|'(?:[^']|'')*'|"(?:[^"]|"")*"|/\*|\w+(?:\.\w+)*|[(),;'"`$\\]""")
STARTS_WITH_LAYER = re.compile(rf'"?(?:{"|".join(sorted(LAYERS))})\b').match
NOT_PLAIN = frozenset({"'", '"', "e'", "`", "$", "\\", "/*", "insert", "update", "delete", "merge", "pivot", "table"})
INTRODUCES_CTE = frozenset({"with", "recursive", ","})
OPENS_SUBQUERY = frozenset({"select", "with", "values"})
ENDS_FROM = frozenset(
    {"select", "where", "group", "order", "having", "qualify", "window", "limit", "union", "intersect", "except"}
)
FOLLOWS_TABLE = ENDS_FROM | {
    *(")", "as", "on", "using", "join", "inner", "left", "right", "full", "cross", "semi", "anti", "asof"),
    "",  # the end
}


class Named(NamedTuple):
    """A table as a statement names it, and where: `text[start:end]` is `schema.name`."""

    schema: str
    name: str
    has_alias: bool
    start: int
    end: int

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


class _NotPlain(Exception):
    """The statement needs a parser."""


def plain_tables(text: str) -> list[Named] | None:
    """The tables that one SELECT names with their schemas; None: it is not plain, or no SELECT."""
    places = [found for found in TOKEN.finditer(text) if not found[0].startswith("--")]
    words = [found[0].lower() for found in places]
    if words and words[-1] == ";":
        del words[-1]
    if not words or words[0] not in ("select", "with") or ";" in words or not NOT_PLAIN.isdisjoint(words):
        return None
    words += [""] * 3  # so that looking ahead needs no care
    try:
        found = _tables(words, places)
    except _NotPlain:
        return None
    return found if len(found) == sum(map(bool, map(STARTS_WITH_LAYER, words))) else None


def _tables(words: list[str], places: list[re.Match[str]]) -> list[Named]:
    found: list[Named] = []
    common = _common_tables(words)
    lists_tables = [False]  # for each open parenthesis: would a comma bring another table?
    for place, word in enumerate(words):
        if word == "(":
            lists_tables.append(False)
        elif word == ")":
            lists_tables.pop()
            if not lists_tables:
                raise _NotPlain
        elif word == ",":
            if lists_tables[-1]:
                raise _NotPlain
        elif word in ENDS_FROM:
            lists_tables[-1] = False
        elif word == "join" or (word == "from" and words[place - 1] != "distinct"):
            lists_tables[-1] = True
            if STARTS_WITH_LAYER(words[place + 1]):
                found.append(_table(places[place + 1], words[place + 2]))
            elif not _is_no_table(words[place + 1], words[place + 2], common):
                raise _NotPlain
    if len(lists_tables) > 1:
        raise _NotPlain
    return found


def _common_tables(words: list[str]) -> set[str]:
    return {
        words[place - 1]
        for place, word in enumerate(words)
        if word == "as"
        and words[place + 1] == "("
        and words[place + 2] in OPENS_SUBQUERY
        and words[place - 2] in INTRODUCES_CTE
    }


def _table(place: re.Match[str], behind: str) -> Named:
    schema, dot, name = place[0].partition(".")
    if not dot or "." in name or schema not in LAYERS or behind not in FOLLOWS_TABLE:
        raise _NotPlain
    return Named(schema, name, behind == "as", place.start(), place.end())


def _is_no_table(word: str, behind: str, common: set[str]) -> bool:
    """Whether a subquery, a table function or a common table stands there."""
    if word == "(":
        return behind in OPENS_SUBQUERY
    return word in common or (behind == "(" and word.isidentifier())
