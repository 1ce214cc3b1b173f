"""Invented customers of the generated shop."""

from __future__ import annotations

from random import Random

from pipelines.sandbox.customers import Customers


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


FIRST = _words(
    "Agnes Alma Anton Benno Carla Dario Edda Emil Enno Fenja Frida Gesa Greta Gustav Hanno Ida Ilvy Jasper "
    "Jonte Jule Kaspar Kilian Lasse Lene Levin Linus Malte Marlene Mats Merle Mila Nele Nico Oskar Pauline "
    "Quirin Ronja Runa Selma Stine Swantje Tilda Thees Vinzenz Wanda Xaver Yara Zeno"
)
LAST = _words(
    "Ahornstein Bachgassner Birkenfels Buchenhain Dornbichler Eichgraben Enzinger-Holm Erlbacher Felsenbrink "
    "Fichtelhuber Föhrenthal Gamsjager Grasleitner Haselbrunn Heidkämper Hochkofler Holunderer Immenhof "
    "Kranewitter-Au Kräuterer Lärchenau Lindenquell Moosgruber Nebelhorner Ochsenbichl Pfifferer Quellenberg "
    "Rauschbach Rehwinkel Salzsteiger Schneeberg-Ost Schwalbennest Silberdistler Sonnwender Steinadler-Voß "
    "Tannwipfler Uferbach Vogelsanger Wacholderer Waldmoser Wiesenpieper Zirbenthaler"
)
STREETS = _words("Zirbenweg Am_Mühlbach Almgasse Enzianstraße Holzlagerplatz Wiesenring Gamsweg Lindenallee")
CITIES = (
    ("80331", "München", 30),
    ("83209", "Prien am Chiemsee", 14),
    ("83022", "Rosenheim", 14),
    ("82467", "Garmisch-Partenkirchen", 8),
    ("87435", "Kempten", 6),
    ("86150", "Augsburg", 6),
    ("90402", "Nürnberg", 4),
    ("70173", "Stuttgart", 4),
    ("60311", "Frankfurt am Main", 4),
    ("50667", "Köln", 3),
    ("10405", "Berlin", 3),
    ("20095", "Hamburg", 3),
)
ASCII = str.maketrans("äöüß", "aous")
COMPANIES = ("Berghütte", "Gasthof", "Skischule", "Hofladen", "Pension")


def acquaint(customers: Customers, rng: Random, count: int) -> list[int]:
    """Adds invented customers, whose letters go to example.com.

    Returns:
        Their ids, in the order in which they come to know the shop.
    """
    weights = [weight for *_, weight in CITIES]
    places = rng.choices(CITIES, weights, k=count)
    known = []
    for number, (zipcode, city, _) in enumerate(places, 1):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        chance = rng.random()
        street = f"{rng.choice(STREETS)} {rng.randint(1, 90)}{'b' if chance > 0.95 else ''}"
        email = None
        if chance < 0.9:
            local = f"{first}.{last}{number}".lower().translate(ASCII)
            email = f"{local}@example.com"
        known.append(
            customers.add(
                first,
                last,
                street=street,
                zipcode=zipcode,
                city=city,
                country="AT" if chance > 0.98 else "DE",
                email=email,
                title=rng.choice((None, None, "Mr.", "Mrs.")),
                company=f"{rng.choice(COMPANIES)} {last} GmbH" if chance < 0.05 else None,
                channel=5 if chance < 0.5 else 1,
                ship_to=("Packstation 117", zipcode, city) if 0.05 < chance < 0.1 else None,
            )
        )
    return known
