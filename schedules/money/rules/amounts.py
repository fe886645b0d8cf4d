"""Amounts in whole fen and shares as fractions: read from text, rounded once, printed last. No float touches money."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

_STRICT = re.compile(r"(\d{1,10})\.(\d\d)", re.ASCII)
_LOOSE = re.compile(r"(\d{1,10})(?:\.(\d{1,2}))?", re.ASCII)
_SHARE = re.compile(r"\d{1,6}(?:\.\d{1,6})?|\d{1,6}/[1-9]\d{0,5}", re.ASCII)

Rounding = Callable[[int, int], int]
"""Takes a numerator (not negative) and a denominator (positive), gives whole fen."""

ROUNDINGS: Mapping[str, Rounding] = {
    "half_up": lambda over, under: (2 * over + under) // (2 * under),
    "half_even": lambda over, under: round(Fraction(over, under)),
    "down": lambda over, under: over // under,
}
"""How a share that is no whole fen becomes one. Half up is the custom; a bureau may set another."""


def fen(text: str) -> int:
    """
    Fen of an amount in yuan as policy files write it: digits, a point and two decimals, "12.60" → 1260.

    Raises:
        ValueError: it is written otherwise.
    """
    found = _STRICT.fullmatch(text)
    if not found:
        raise ValueError(text)
    return int(found[1]) * 100 + int(found[2])


@lru_cache(4096)
def loose_fen(text: str) -> int:
    """
    Fen of an amount in yuan as a till writes it: up to two decimals, "12.6" → 1260, "12" → 1200.

    Raises:
        ValueError: a third decimal, a sign, anything else.
    """
    found = _LOOSE.fullmatch(text)
    if not found:
        raise ValueError(text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


@lru_cache(4096)
def yuan(amount_fen: int) -> str:
    """An amount as people write it, with two decimals: 1260 → "12.60", -5 → "-0.05"."""
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole}.{rest:02}"


def share(text: str) -> Fraction:
    """
    A ratio written "1/4" or "0.25".

    Raises:
        ValueError: it is written otherwise.
    """
    if not _SHARE.fullmatch(text):
        raise ValueError(text)
    return Fraction(text)
