"""What codes are called: the seeds of `sql/`, which the warehouse itself is labelled with."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from transforms.readers.report.formats import Lang, clean
from transforms.runner.models import sql_folder

TEXTS = Path(__file__).parent / "texts"


@dataclass(frozen=True)
class Labels:
    """Names of channels, payment methods, months and weekdays in one language.

    Attributes:
        certainty: Payment method to how sure its name is (`documented`, `confirmed`, `likely`, `unknown`, `none`).
    """

    channels: Mapping[str, str]
    payment_methods: Mapping[str, str]
    certainty: Mapping[str, str]
    names: Mapping[str, Sequence[str]]
    other_payment_method: str

    def channel(self, code: str | None) -> str:
        """A channel's name; one that nobody has named yet keeps its code."""
        code = code or "unknown"
        return self.channels.get(code) or clean(code)

    def payment_method(self, code: str | None) -> str:
        """A payment method's name; codes that nobody has named yet appear with their number."""
        code = code or "unknown"
        return self.payment_methods.get(code) or self.other_payment_method.format(code=clean(code))

    def named(self, methods: Mapping[str, tuple[str, str]]) -> Labels:
        """With the names and certainties of payment methods as the warehouse has them."""
        return replace(
            self,
            payment_methods={**self.payment_methods, **{code: name for code, (name, _) in methods.items()}},
            certainty={**self.certainty, **{code: certainty for code, (_, certainty) in methods.items()}},
        )

    def channel_order(self, code: str) -> tuple[int, str]:
        """Sorts channels as the seed lists them, unknown ones last."""
        known = list(self.channels)
        return (known.index(code) if code in known else len(known), code)


@cache
def read_labels(lang: Lang) -> Labels:
    """The names in a language."""
    methods = _seed("payment_methods")
    months, weekdays = _seed("month_names"), _seed("weekday_names")
    return Labels(
        channels={row["channel"]: row[f"label_{lang}"] for row in _seed("channels")},
        payment_methods={row["payment_method"]: row[f"label_{lang}"] for row in methods}
        | {"none": {"de": "Ohne Zahlung", "en": "No payment"}[lang]},
        certainty={row["payment_method"]: row["certainty"] for row in methods} | {"none": "none"},
        names={
            "months": [row[f"name_{lang}"] for row in months],
            "short_months": [row[f"short_name_{lang}"] for row in months],
            "weekdays": [row[f"name_{lang}"] for row in weekdays],
            "short_weekdays": [row[f"short_name_{lang}"] for row in weekdays],
        },
        other_payment_method={"de": "Zahlungsart {code}", "en": "Payment method {code}"}[lang],
    )


@cache
def read_texts(lang: Lang) -> Mapping[str, Any]:
    """The sentences of the page in a language."""
    import yaml

    texts: Mapping[str, Any] = yaml.safe_load((TEXTS / f"{lang}.yml").read_text("utf-8"))
    return texts


def _seed(name: str) -> list[dict[str, str]]:
    with (sql_folder() / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
