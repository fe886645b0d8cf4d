"""
A text read as a row of known phrases with few words between them that nobody listed.

What is left over must be of a kind that cannot turn the answer (`gaps.py`); a yes or an end is held to more than a no.
"""

import re
from collections import Counter
from collections.abc import Sequence

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.covering import parted
from dispatch.rules.phrases.gaps import Part, fits, may_stand, runs_on, says
from dispatch.rules.phrases.hearing import covered, verdict
from dispatch.rules.phrases.meaning import ALL, GOES_WITH, NEXT, Action, Aside, Meaning, Standing
from dispatch.rules.phrases.rows import Beside, Half, Said
from dispatch.rules.phrases.thoughts import ALARMING, thoughts

_WHETHER = re.compile("(?!要不要(?:报警|叫|找|撬|破))([一-鿿])不\\1")
"""同不同意, 去不去: it asks, whoever says it."""


def composed(
    text: str,
    digit: str = "",
    pressed: Action | None = None,
    *,
    glued: bool = False,
    standing: Standing | None = None,
) -> tuple[Action, Outcome | None, str] | None:
    """
    The one thing a tidy text says, how it ended, and the words left over; None where it must be asked.

    `digit` is a number that was written before it, and `pressed` what that number says; `glued` where nothing parts
    the two, so that the words must be known ("4楼" is a place). Where it is known how somebody
    stands, a single phrase may do that otherwise only leans to an answer.
    """
    whole = covered(text) if text and standing is None else None
    if whole is not None:
        read = _decide([*([pressed] if pressed else []), *whole])
        if read or (pressed and verdict(whole)):
            return read
    if _WHETHER.search(text) or ALARMING.search(text):
        return None
    plain = thoughts(text)
    first = [Part(digit, pressed, ",")] if pressed else []
    ways = (parted(plain), parted(plain, pieces_first=True))
    known = (parts for parts in ways if not glued or all(each.means is not None for each in parts))
    return next(filter(None, (_read([*first, *parts], standing) for parts in known)), None)


def _decide(heard: Sequence[Meaning]) -> tuple[Action, Outcome | None, str] | None:
    """What clauses come to of which every word is known; everything can be declined at once, and nothing else."""
    action = verdict(heard)
    if action is None or (Aside.ALL in heard and action is not Action.DECLINE):
        return None
    return action, _outcome(action, heard), ALL if Aside.ALL in heard else ""


def _outcome(action: Action, heard: Sequence[Said]) -> Outcome | None:
    told = {each for each in heard if isinstance(each, Outcome)}
    return told.pop() if len(told) == 1 and action in {Action.DONE, Action.ARRIVED} else None


def _read(parts: Sequence[Part], standing: Standing | None) -> tuple[Action, Outcome | None, str] | None:
    heard = [each.means for each in parts if each.means is not None]
    action = _decided(heard, standing)
    if action is None or not all(fits(action, parts, at) for at in range(len(parts))):
        return None
    if runs_on(action, parts) or not all(
        may_stand(action, parts, at) for at, each in enumerate(parts) if each.means is None
    ):
        return None
    return action, _outcome(action, heard), "" if action is Action.ACCEPT else _note(action, parts)


def _note(action: Action, parts: Sequence[Part]) -> str:
    """What was said beside the answer, if any of it was unknown."""
    beside = [each for each in parts if not says(action, each.means) and not isinstance(each.means, Beside)]
    known = all(each.means is not None for each in beside)
    return (
        ""
        if known
        else "".join(each.said + each.sign for each in beside if each.means is not Aside.COURTESY).strip(" ,")
    )


def _decided(heard: Sequence[Said], standing: Standing | None) -> Action | None:
    """What the phrases come to: what they say, or what two of them lean to."""
    said = [each for each in heard if not isinstance(each, Beside | Half)]
    leaning = Counter(filter(None, map(_leans_to, heard)))
    if Aside.ALL in said:
        return None
    if not any(isinstance(each, Action | Outcome) for each in said):
        alone = {each.action for each in heard if isinstance(each, Half) and each.alone}
        enough = alone & NEXT[standing] if standing else frozenset()
        said += [action for action, count in leaning.items() if count > 1 or action in enough]
    idle = {Aside.NEAR} | ({Aside.LEAVING} if Action.DECLINE in said else set())
    idle |= {Aside.EXCUSE} if _comes_yet(heard) else set()
    deciding = [each for each in said if each not in idle]
    return verdict(deciding) if any(isinstance(each, Action | Outcome) or each is Aside.NOD for each in said) else None


def _comes_yet(heard: Sequence[Said]) -> bool:
    """Whether what would excuse from coming stands before everything that says so."""
    excused = [at for at, each in enumerate(heard) if each is Aside.EXCUSE]
    coming = [
        at
        for at, each in enumerate(heard)
        if each is Action.ACCEPT or (isinstance(each, Half) and each.action is Action.ACCEPT)
    ]
    return bool(excused and coming) and excused[-1] < coming[0]


def _leans_to(means: Said) -> Action | None:
    if isinstance(means, Aside):
        return GOES_WITH.get(means)
    return means.action if isinstance(means, Half) else None
