"""What the generated shop sells: outdoor gear and things to eat, with German names, prices and seasons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate, pairwise
from random import Random

from pipelines.sandbox.amounts import net_price, rate_text, rounded, two_places
from pipelines.sandbox.payload import item_text, quoted
from pipelines.sandbox.products import Product, Products

FULL, REDUCED, NONE = 19_000, 7_000, 0
ENDINGS = (95, 90, 99, 50, 95, 95)
GRADED = re.compile(r"\d ?(g|kg|l|ml|mm|lm)\b|Stück|Paar|groß|lang|Carbon|Seide|12 Monate")
"""Variants that differ in size or make, and so in price."""

#                 Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec
SUMMER = tuple(x / 10 for x in (4, 4, 8, 12, 15, 17, 18, 17, 13, 8, 4, 5))
WINTER = tuple(x / 10 for x in (17, 14, 9, 5, 3, 2, 2, 3, 6, 12, 18, 22))
GIFT = tuple(x / 10 for x in (6, 8, 8, 9, 10, 8, 8, 8, 8, 9, 15, 30))
ALWAYS = (1.0,) * 12


@dataclass(frozen=True)
class Range:
    """A kind of product: names are kind x series x variant, prices in cents gross.

    Attributes:
        appeal: How often one of its products is bought, against 1.
        most: Usual largest quantity on one line; 0: sold by weight, in kg.
        online: Whether it is sold by mail.
        partner: Name of the kind that is often bought with it.
    """

    kind: str
    series: str
    variants: str
    prices: tuple[int, int]
    rate: int = FULL
    season: tuple[float, ...] = ALWAYS
    appeal: float = 1.0
    most: int = 1
    online: bool = True
    partner: str = ""


RANGES = (
    Range("Müsliriegel", "", "Haselnuss|Cranberry|Kakao|Apfel-Zimt", (149, 249), REDUCED, SUMMER, 7, 6),
    Range("Bergmate 0,5 l", "", "Klassik|Minze|Holunder", (179, 229), FULL, SUMMER, 7, 6),
    Range("Landjäger", "", "Paar|5 Paar", (290, 1290), REDUCED, ALWAYS, 5, 4, partner="Bauernbrot"),
    Range("Bergkäse", "", "mild|würzig|12 Monate", (1990, 3290), REDUCED, ALWAYS, 5, 0, False, "Bauernbrot"),
    Range("Speck", "", "geräuchert|luftgetrocknet", (2290, 3490), REDUCED, ALWAYS, 3, 0, False, "Bauernbrot"),
    Range("Bauernbrot", "", "500 g|1 kg", (320, 540), REDUCED, ALWAYS, 6, 2, False),
    Range("Kaffee Hüttenröstung", "", "250 g|500 g|1 kg Bohnen", (690, 2290), REDUCED, ALWAYS, 3, 3),
    Range("Filterkaffee to go", "", "klein|groß", (250, 350), FULL, ALWAYS, 8, 3, False),
    Range("Honig", "", "Alpenblüte|Waldtracht|Linde", (590, 990), REDUCED, GIFT, 3, 4),
    Range("Bergkräutertee", "", "Gipfelruhe|Almwiese", (449, 649), REDUCED, WINTER, 2, 3),
    Range("Schokolade", "Zirbe|Enzian", "Vollmilch|Zartbitter|Nuss", (279, 449), REDUCED, GIFT, 3, 5),
    Range("Senf", "", "süß|scharf|Bärlauch", (349, 449), REDUCED, ALWAYS, 1.5, 3),
    Range("Obstbrand 0,35 l", "", "Marille|Williams|Zwetschge|Enzian", (1890, 2990), FULL, GIFT, 1.5, 2),
    Range("Zwickl 0,5 l", "", "hell|dunkel", (169, 199), FULL, SUMMER, 5, 6, False),
    Range("Geschenkkorb", "Brotzeit|Gipfelglück", "klein|groß", (2990, 6990), REDUCED, GIFT, 0.8, 2),
    Range("Geschenkgutschein", "", "25 €|50 €|100 €", (2500, 10_000), NONE, GIFT, 1.2, 2),
    Range("Spende Bergwacht", "", "2 €", (200, 200), NONE, ALWAYS, 1.5, 1, False),
    Range("Wanderkarte 1:50 000", "", "Chiemgau|Karwendel|Allgäu|Wetterstein", (995, 1295), REDUCED, SUMMER, 2.5),
    Range("Tourenbuch", "", "Hüttentouren|Familientouren|Klettersteige", (1690, 2490), REDUCED, GIFT, 1.2),
    Range("Wobbler", "Forelle|Hecht", "60 mm|80 mm|110 mm", (699, 1499), FULL, SUMMER, 1.5, 5, True, "Angelschnur"),
    Range("Angelschnur", "", "0,18 mm|0,25 mm", (895, 1495), FULL, SUMMER, 1, 2),
    Range("Gaskocher", "Firn|Föhn", "", (3495, 7995), FULL, SUMMER, 0.8, partner="Gaskartusche"),
    Range("Gaskartusche", "", "100 g|230 g|450 g", (595, 1195), FULL, SUMMER, 2, 3, False),
    Range("Trinkflasche", "Gams|Murmel", "0,5 l|0,75 l|1,0 l", (1495, 3495), FULL, SUMMER, 2, 2),
    Range("Stirnlampe", "Lux|Kar", "200 lm|400 lm", (2495, 7995), FULL, WINTER, 1.2),
    Range("Wandersocken", "Latsche|Steig", "36–38|39–41|42–44|45–47", (1295, 2495), FULL, ALWAYS, 3, 3),
    Range("Merinoshirt", "Zirbe|Almrausch", "S|M|L|XL", (4995, 8995), FULL, ALWAYS, 1.2),
    Range("Softshelljacke", "Föhn|Alpspitz", "S|M|L|XL", (9995, 19_995), FULL, ALWAYS, 0.8),
    Range("Daunenjacke", "Gletscher|Firn", "S|M|L|XL", (14_995, 28_995), FULL, WINTER, 0.7),
    Range("Regenhülle", "Kar|Gams", "20–30 l|30–45 l", (1495, 2995), FULL, SUMMER, 0.9),
    Range("Tagesrucksack", "Latsche|Murmel", "18 l|22 l|28 l", (5995, 11_995), FULL, SUMMER, 1, partner="Regenhülle"),
    Range("Tourenrucksack", "Kar|Alpspitz", "38 l|45 l|55 l", (11_995, 21_995), FULL, SUMMER, 0.5),
    Range("Trekkingstöcke", "Steig|Gams", "Alu|Carbon", (3995, 14_995), FULL, SUMMER, 0.8),
    Range("Wanderschuh", "Alpspitz|Steig", "38|39|40|41|42|43|44|45", (12_995, 22_995), FULL, ALWAYS, 1.2),
    Range("Schuhwachs", "", "farblos|schwarz", (795, 995), FULL, WINTER, 1.2, 2),
    Range("Grödel", "Firn", "S|M|L", (3995, 6995), FULL, WINTER, 0.6),
    Range("Mütze", "Enzian|Almrausch|Gletscher", "grau|rot|blau", (1995, 3995), FULL, WINTER, 1.5, 2),
    Range("Handschuhe", "Firn|Gletscher", "S|M|L|XL", (2495, 6995), FULL, WINTER, 1.2),
    Range("Isomatte", "Föhn|Murmel", "kurz|lang", (2995, 11_995), FULL, SUMMER, 0.6),
    Range("Hüttenschlafsack", "", "Baumwolle|Seide", (2495, 6995), FULL, SUMMER, 0.8),
    Range("Karabiner", "Kar", "gerade|Schrauber|HMS", (695, 1695), FULL, SUMMER, 1.2, 6),
    Range("Klettersteigset", "Alpspitz", "", (7995, 12_995), FULL, SUMMER, 0.4),
    Range("Sonnencreme LSF 50", "", "50 ml|100 ml", (695, 1295), FULL, SUMMER, 2, 2),
    Range("Blasenpflaster", "", "5 Stück|10 Stück", (495, 795), FULL, SUMMER, 2, 2),
    Range("Ski-Service", "", "klein|groß", (2500, 4500), FULL, WINTER, 0.8, 2, False),
)


@dataclass(frozen=True)
class Ware:
    """A product on the shelf, with the parts of its JSON that never change ready."""

    product: Product
    most: int
    partner: int | None
    name: str
    code: str

    def text(self, item_id: int, hundredths: int, rate: int, unit_gross: int, discount: str) -> str:
        """The basket item of a quantity in hundredths; the unit price is in cents."""
        whole, part = divmod(hundredths, 100)
        places = f"{whole}.{part:02d}"
        return item_text(
            item_id,
            self.name,
            discount,
            places,
            net_price(unit_gross, rate),
            self.product.id,
            places.rstrip("0") if part else str(whole),
            rate_text(rate),
            two_places(rounded(unit_gross * hundredths, 100)),
            two_places(unit_gross),
            self.code,
        )


class Assortment:
    """The wares of a shop and how likely each is bought: few sell often, many seldom, each in its season."""

    def __init__(self, products: Products, rng: Random, count: int) -> None:
        """Fills the shelves.

        Args:
            products: Where the products are added.
            rng: Decides on prices and on what is popular.
            count: Number of products.
        """
        self.wares: list[Ware] = []
        articles = _articles(rng, count)
        first_of: dict[str, int] = {}
        for place, (own, *_) in enumerate(articles):
            first_of.setdefault(own.kind, place)
        ranks = rng.sample(range(1, count + 1), count)
        weights: list[tuple[float, Range]] = []
        for (own, name, price), rank in zip(articles, ranks, strict=True):
            item = products.add(name, price, own.rate)
            partner = first_of.get(own.partner)
            self.wares.append(Ware(item, own.most, partner, quoted(name), quoted(item.code)))
            dear = max(1.0, item.unit_gross / 2000) ** -0.4
            weights.append((own.appeal * dear * (8 / (rank + 7)) ** 0.8, own))
        self._places = range(len(self.wares))
        self._till = [list(accumulate(w * own.season[m] for w, own in weights)) for m in range(12)]
        self._mail = [list(accumulate(w * own.season[m] * own.online for w, own in weights)) for m in range(12)]

    def pick(self, rng: Random, count: int, month: int, *, online: bool) -> dict[int, Ware]:
        """Up to `count` different wares that go into one basket, by their place."""
        table = (self._mail if online else self._till)[month - 1]
        basket: dict[int, Ware] = {}
        for place in rng.choices(self._places, cum_weights=table, k=count):
            ware = self.wares[place]
            basket[place] = ware
            if ware.partner is not None and not online and rng.random() < 0.35:
                basket[ware.partner] = self.wares[ware.partner]
        return basket


def _articles(rng: Random, count: int) -> list[tuple[Range, str, int]]:
    """Products with name and price; once all are used, the next year's models follow."""
    every: list[tuple[Range, str, int]] = []
    for own in RANGES:
        for series in own.series.split("|"):
            variants = own.variants.split("|")
            prices = _prices(own, variants, rng)
            for variant, price in zip(variants, prices, strict=True):
                every.append((own, " ".join(filter(None, (own.kind, series, variant))), price))
    # each kind keeps its first product, so that a small shop has a bit of everything
    firsts = [every[0], *(now for before, now in pairwise(every) if before[0] is not now[0])]
    others = [article for article in every if article not in firsts]
    rng.shuffle(others)
    articles = firsts + others
    model = 2
    while len(articles) < count:
        articles += [(own, f"{name} Mk {model}", price) for own, name, price in every]
        model += 1
    return articles[:count]


def _prices(own: Range, variants: list[str], rng: Random) -> list[int]:
    """Prices in cents of the variants of one series: more for the larger one, the same for each shoe size."""
    low, high = own.prices
    if own.rate == NONE:
        return [100 * int("".join(filter(str.isdigit, variant))) for variant in variants]
    graded = GRADED.search(variants[-1]) is not None
    step = (high - low) // len(variants) if graded else high - low
    start = rng.randint(0, step * 2 // 3)
    ending = rng.choice(ENDINGS)
    return [_price_point(low + start + (place * step if graded else 0), ending) for place in range(len(variants))]


def _price_point(price: int, ending: int) -> int:
    return price // 10 * 10 + 9 if price < 700 else price // 100 * 100 + ending
