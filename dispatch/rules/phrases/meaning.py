"""The meanings that words may have."""

from enum import Enum, StrEnum

from dispatch.rules.alarm import Outcome


class Action(StrEnum):
    """What an answer does; on a phone the digits 1 to 4 in this order. Not to get in has no digit, only words."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ARRIVED = "arrived"
    DONE = "done"
    NO_ENTRY = "no_entry"


ALL = "全部"
"""The note beside a decline of everything that is open ("2 全部")."""


class Aside(Enum):
    """
    Words that do not decide alone. A nod agrees with whatever else is said, and by itself it accepts. A cry may be a
    report or a call for help: a human reads it. `NEAR`, `EXCUSE`, `TENDING` and `LEAVING` go with one action only and
    mean nothing without it: "我在附近", "车坏了", "正在处理", "我回来了".
    """

    NOD = "nod"
    ALL = "all"
    COURTESY = "courtesy"
    CRY = "cry"
    NEAR = "near"
    EXCUSE = "excuse"
    TENDING = "tending"
    LEAVING = "leaving"


GOES_WITH: dict[Aside, Action] = {
    Aside.NEAR: Action.ACCEPT,
    Aside.EXCUSE: Action.DECLINE,
    Aside.TENDING: Action.ARRIVED,
    Aside.LEAVING: Action.DONE,
}


class Standing(StrEnum):
    """Where the one who answers stands towards the one alarm that is open for them: asked, on the way, or there."""

    ASKED = "asked"
    COMING = "coming"
    THERE = "there"


POSSIBLE: dict[Standing, frozenset[Action]] = {
    Standing.ASKED: frozenset({Action.ACCEPT, Action.DECLINE, Action.ARRIVED}),
    Standing.COMING: frozenset(Action),
    Standing.THERE: frozenset({Action.ARRIVED, Action.DONE, Action.NO_ENTRY}),
}
"""What an answer can do where somebody stands; the same as `rules.answered.fits` says of an offer."""

NEXT: dict[Standing, frozenset[Action]] = {
    Standing.ASKED: frozenset({Action.ACCEPT, Action.DECLINE}),
    Standing.COMING: frozenset({Action.ACCEPT, Action.ARRIVED, Action.NO_ENTRY}),
    Standing.THERE: frozenset({Action.DONE}),
}
"""What is waited for from somebody who stands there, so that leaning to it is enough."""

Meaning = Action | Outcome | Aside
