"""The shop that mutants are tried on: a random one, in which every table has something to say."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from tests.support.landing_file import Load
from tests.support.random_shop import random_loads

SEED = 11
SERVICES = (
    {"id": 7, "name": "DHL Paket", "time_min": 86_400, "time_max": 172_800},
    {"id": 8, "name": "Abholung", "time_min": 0, "time_max": None},
    {"id": 8, "name": "Abholung im Laden", "time_min": 0, "time_max": 3_600},
)
CITIES = (("10405", "Berlin", "DE"), ("80331", "München", "DE"), ("1010", "Wien", "AT"))


def mutants_shop() -> list[Load]:
    """Four loads, oldest first; the last is what an incremental build has to do."""
    dice = random.Random(SEED)
    loads = [_richer(dice, load) for load in random_loads(SEED, orders=160, loads=4)]
    loads[1] = replace(loads[1], quarantine=[{"channel": "ipad", "reason": "no id", "payload": "{}"}])
    loads[2] = replace(
        loads[2],
        windows=[{"channel": channel} for channel in ("ipad", "shop", "ebay", "click_and_collect")]
        + [{"channel": "backoffice", "status": "unsupported", "watermark": None}],
    )
    return loads


def _richer(dice: random.Random, load: Load) -> Load:
    for order in load.orders:
        assert isinstance(order, dict)
        stable = random.Random(order["id"])  # the same in each load, so that a re-read order is no change
        if order["shipment"]:
            order["shipment"] |= {
                "service": stable.choice(SERVICES),
                "tracking_number": stable.choice((None, "", f"JJD{order['id']}")),
            }
        if order["customer"]:
            order["customer"] |= _addresses(stable, order["customer"]["id"], dice)
        for item in order["basket"]["items"]:
            if stable.random() < 0.1:
                item["name"] = f"{item['name']} neu"
        if stable.random() < 0.3:
            order["basket"]["invoice_number"] = f"{stable.choice(('', 'A-'))}{order['id'] % 60}"
    return load


def _addresses(stable: random.Random, customer: int, dice: random.Random) -> dict[str, Any]:
    def address(number: int) -> dict[str, Any]:
        zipcode, city, country = CITIES[(customer + number) % len(CITIES)]
        return {
            "id": customer * 10 + number,
            "country": country,
            "address1": f"Weg {number}",
            "address2": "",
            "zipcode": zipcode,
            "city": city,
            "state": None,
            "first_name": "Kim",
            "last_name": f"Nr. {customer}",
            "company": dice.choice(("", None, "Kim GmbH")),
            "title": None,
        }

    return {"billing_address": address(0), "shipping_address": [address(n) for n in range(1, stable.choice((1, 2, 3)))]}
