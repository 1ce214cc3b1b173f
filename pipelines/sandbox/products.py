"""The products of a shop."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.sandbox.ids import Ids

SAMPLE_PRODUCT = 7890302
"""The product of the documentation's POST /basket/ example; every shop knows it."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product; price in cents gross, rate in thousandths of a percent."""

    id: int
    name: str
    code: str | None
    unit_gross: int
    rate: int
    custom_sale: bool = False


class Products:
    """Products by id and by name."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._by_id: dict[int, Product] = {}
        self._by_name: dict[str, Product] = {}
        self.add("Beispielartikel", 11781, 19_000, product_id=SAMPLE_PRODUCT, custom_sale=True)

    def add(
        self,
        name: str,
        unit_gross: int,
        rate: int,
        *,
        code: str | None = None,
        product_id: int | None = None,
        custom_sale: bool = False,
    ) -> Product:
        """Adds a product; without a code it gets none in one case of eight, as in real catalogues."""
        product_id = product_id or self._ids.product()
        if code is None and product_id % 8:
            code = str(72_060_235 + product_id - 2_195_273)
        product = Product(product_id, name, code, unit_gross, rate, custom_sale)
        self._by_id[product_id] = self._by_name[name] = product
        return product

    def named(self, name: str, unit_gross: int, rate: int) -> Product:
        """The product of this name, added if need be."""
        return self._by_name.get(name) or self.add(name, unit_gross, rate)

    def get(self, product_id: object) -> Product | None:
        """The product of this id."""
        return self._by_id.get(product_id) if isinstance(product_id, int) else None

    def __len__(self) -> int:
        return len(self._by_id)
