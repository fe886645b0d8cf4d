"""
The keys that a carer who rings in may press, as values: what they are told, and what they may choose from.

Nobody is ever held in it: no key, a key it does not know and every mistake lead to the desk.
"""

from dataclasses import dataclass
from enum import StrEnum

ARRIVE, LEAVE = "1", "2"
CHOICES_MAX = 4
"""The first of them: a longer list would keep somebody waiting who wants the desk."""


class Told(StrEnum):
    """
    What a caller hears.

    menu     1 I have come, 2 I am leaving, anything else the desk
    which    several visits are meant: a key for each
    came     signed in
    left     signed out
    nothing  there is nothing to sign just now: the desk is rung
    """

    MENU = "menu"
    WHICH = "which"
    CAME = "came"
    LEFT = "left"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several visits: its `code` (three digits) and when it begins, by the clock here (`08:30`)."""

    code: int
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What is said in `lang`. Only times stand in it, which may be read out by somebody abroad too."""

    told: Told
    lang: str = "zh"
    digit: str = ""
    """Of `which`: the key that was pressed before, and is asked about."""

    choices: tuple[Choice, ...] = ()
