"""DuckDB's types in PostgreSQL: what a column becomes, and how its values are written for COPY."""

from __future__ import annotations

import re

# as PostgreSQL itself spells them (`format_type`)
PLAIN = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "SMALLINT": "smallint",
    "USMALLINT": "integer",
    "INTEGER": "integer",
    "UINTEGER": "bigint",
    "BIGINT": "bigint",
    "UBIGINT": "numeric(20,0)",
    "HUGEINT": "numeric(39,0)",
    "UHUGEINT": "numeric(39,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "DATE": "date",
    "TIME": "time without time zone",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP_S": "timestamp without time zone",
    "TIMESTAMP_MS": "timestamp without time zone",
    "TIMESTAMP_NS": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "INTERVAL": "interval",
    "UUID": "uuid",
    "BLOB": "bytea",
    "JSON": "jsonb",
}
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
NESTED = re.compile(r"(STRUCT|MAP|UNION)\(.*|.*\]", re.DOTALL)
# The days that PostgreSQL knows; DuckDB knows some more.
FIRST_DAY, LAST_DAY = "4714-11-24 (BC)", "5874897-12-31"
WHOLE_NUMBERS = frozenset({"TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER", "BIGINT"})


def kind_of(duckdb_type: str) -> str:
    """The PostgreSQL type of a DuckDB type: lists and structures become `jsonb`, what nobody foresaw `text`."""
    if found := DECIMAL.fullmatch(duckdb_type):
        return f"numeric({found[1]},{found[2]})"
    if NESTED.fullmatch(duckdb_type):
        return "jsonb"
    return PLAIN.get(duckdb_type, "text")


def text_of(column: str, duckdb_type: str) -> str:
    """DuckDB's SQL for a value of the column (quoted) as a field of COPY's text format; null is `\\N`.

    PostgreSQL keeps no NUL in text: U+FFFD stands in its place. Days and times that it does not know become its
    `infinity` and `-infinity`.
    """
    kind = kind_of(duckdb_type)
    if kind == "text":
        text = _escaped(f"replace(cast({column} as varchar), chr(0), chr(65533))")
    elif kind == "jsonb":
        text = _escaped(_json(column))
    elif kind == "bytea":
        text = f"'\\\\x' || lower(hex({column}))"
    elif kind == "date" or kind.startswith("timestamp"):
        text = _time(column, kind)
    else:
        text = f"cast({column} as varchar)"
    return f"coalesce({text}, '\\N')"


def _time(column: str, kind: str) -> str:
    literal = {"date": "date", "timestamp with time zone": "timestamptz"}.get(kind, "timestamp")
    text = f"cast({column} as varchar)"
    cases = [
        f"when {column} < {literal} '{FIRST_DAY}' then '-infinity'",
        # DuckDB: 0044-03-15 (BC) 12:00:00; PostgreSQL: 0044-03-15 12:00:00 BC
        f"when {column} < {literal} '0001-01-01' then regexp_replace({text}, ' \\(BC\\)(.*)', '\\1 BC')",
    ]
    if kind == "date":
        cases.append(f"when {column} > date '{LAST_DAY}' and isfinite({column}) then 'infinity'")
    return f"case {' '.join(cases)} else {text} end"


def _json(column: str) -> str:
    """JSON without NULs; a pair of backslashes is set aside, so that one followed by `u0000` is no NUL."""
    text = f"replace(cast(to_json({column}) as varchar), '\\\\', chr(1))"
    return f"replace(replace({text}, '\\u0000', '\\ufffd'), chr(1), '\\\\')"


def _escaped(text: str) -> str:
    for number, escape in ((92, "\\\\"), (9, "\\t"), (10, "\\n"), (13, "\\r")):
        text = f"replace({text}, chr({number}), '{escape}')"
    return text
