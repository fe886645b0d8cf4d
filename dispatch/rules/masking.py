"""
What is left of a number when whoever looks need not know it whole.

A telephone number keeps its country and its last two digits, so that two people who speak about it know that they mean
the same one. An ID number (GB 11643: six digits of the place, eight of the birthday, three in order, one to check)
keeps its first three and last two: what lies between is the birthday and nearly all that tells two neighbours apart.
"""

from collections.abc import Collection, Mapping
from typing import Any

_HEAD, _TAIL = 3, 2

PHONES = frozenset({"phone", "to", "notify"})
"""The names under which pages and programs are told a telephone number."""

ID_NUMBERS = frozenset({"id_number", "id_card"})
"""The names under which they are told the number of an identity card."""


def masked(number: str) -> str:
    """`+86*********01`, `130*************1X`; a number too short to be masked so is hidden whole."""
    hidden = len(number) - _HEAD - _TAIL
    return number[:_HEAD] + "*" * hidden + number[-_TAIL:] if hidden > _TAIL else "*" * len(number)


def masked_or_none(number: str | None) -> str | None:
    """The same where there may be no number."""
    return None if number is None else masked(number)


def mask(told: Any, *, names: Collection[str] = PHONES | ID_NUMBERS) -> Any:
    """
    The same plain value (dicts, lists, texts, numbers) with every text under one of these names masked, at any depth.

    A word without a digit is no number: an entry of the record says under `to` what state an alarm came to.
    """
    if isinstance(told, list):
        return [each if type(each) in _BARE else mask(each, names=names) for each in told]
    if not isinstance(told, Mapping):
        return told
    return {name: _masked_under(name, value, names) for name, value in told.items()}


def _masked_under(name: str, value: Any, names: Collection[str]) -> Any:
    if isinstance(value, str):
        return masked(value) if name in names and any(letter.isdigit() for letter in value) else value
    return value if type(value) in _BARE else mask(value, names=names)


_BARE = frozenset({str, int, float, bool, type(None)})
"""Nothing lies below these: most of what is told is one of them."""
