"""Quantities as a spec writes them: 25636712, 3.86G, 96Mi, 1.5GiB."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

_QUANTITY = re.compile(r"(?P<number>\d{1,18}(\.\d{1,6})?)(?P<unit>(?:[kKMGT]|[KMGT]i)?)B?")
_UNITS: dict[str, int] = {
    "": 1,
    **{unit: 1000**power for unit, power in (("k", 1), ("K", 1), ("M", 2), ("G", 3), ("T", 4))},
    **{unit: 1024**power for unit, power in (("Ki", 1), ("Mi", 2), ("Gi", 3), ("Ti", 4))},
}


class Quantity(NamedTuple):
    """A number and its unit: a power of 1000, or with an `i` of 1024."""

    number: Decimal
    unit: str

    @property
    def value(self) -> Decimal:
        return self.number * _UNITS[self.unit]

    def stands_for(self, value: int | float) -> bool:
        """Whether the value, rounded to the digits that are given, is this. A whole number
        without a unit stands for itself alone.
        """
        scaled = Decimal(value) / _UNITS[self.unit]
        if isinstance(value, int) and not self.unit:
            return scaled == self.number
        exponent = self.number.as_tuple().exponent
        assert isinstance(exponent, int)
        return abs(scaled - self.number) * 2 <= Decimal(1).scaleb(exponent)

    def spell(self, value: int | float) -> str:
        """The value in this unit; exactly where there is none."""
        if not self.unit:
            return f"{value}" if isinstance(value, int) else f"{value:.4f}"
        return f"{Decimal(value) / _UNITS[self.unit]:.4f}{self.unit}"


def parse_quantity(text: str) -> Quantity | None:
    """The quantity that a text spells; None where it spells none."""
    match = _QUANTITY.fullmatch(text.replace(",", "").replace("_", ""))
    return Quantity(Decimal(match["number"]), match["unit"]) if match else None
