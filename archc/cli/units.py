"""Numbers as people read them: three digits and a unit. Memory in powers of 1024."""

from __future__ import annotations


def count(number: int) -> str:
    """`25.6 M`, in powers of 1000; below 1000 the number itself."""
    return _scaled(number, 1000, ("", "k", "M", "G", "T", "P"))


def memory(number: int) -> str:
    """Bytes: `97.8 MiB`, in powers of 1024."""
    return _scaled(number, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def _scaled(number: int, base: int, units: tuple[str, ...]) -> str:
    value, power = float(number), 0
    while abs(value) >= base - 0.5 and power < len(units) - 1:
        value, power = value / base, power + 1
    if not power:
        return f"{number} {units[0]}".rstrip()
    decimals = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{decimals}f} {units[power]}"
