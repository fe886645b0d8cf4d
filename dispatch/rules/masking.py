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
        return [mask(each, names=names) for each in told]
    if not isinstance(told, Mapping):
        return told
    return {
        name: masked(value) if name in names and _is_number(value) else mask(value, names=names)
        for name, value in told.items()
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and any(letter.isdigit() for letter in value)
