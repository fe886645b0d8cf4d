"""
A text read as a row of known phrases with few words between them that nobody listed.

The cheapest way to cover it is taken: every sign left over costs more than any phrase. What is left over must be of a
kind that cannot turn the answer, and a yes or an end is held to more than a no.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases import clauses
from dispatch.rules.phrases.company import beside
from dispatch.rules.phrases.gaps import Part, fits, may_stand, runs_on, says
from dispatch.rules.phrases.grammar import phrases, worded
from dispatch.rules.phrases.hearing import verdict
from dispatch.rules.phrases.meaning import GOES_WITH, Action, Aside
from dispatch.rules.phrases.rows import Beside, Half, Said
from dispatch.rules.phrases.thoughts import ALARMING, thoughts

_GAP = 10
"""What one sign that nobody listed costs, in phrases."""

_DEAR = 10**6

_WHETHER = re.compile("(?!要不要(?:报警|叫|找|撬|破))([一-鿿])不\\1")
"""同不同意, 去不去: it asks, whoever says it."""


def composed(text: str, digit: str = "", pressed: Action | None = None) -> tuple[Action, Outcome | None, str] | None:
    """
    The one thing a tidy text says, how it ended, and the words left over; None where it must be asked.

    `digit` is a number that was written before it, and `pressed` what that number says.
    """
    if _WHETHER.search(text) or ALARMING.search(text):
        return None
    plain = thoughts(text)
    first = [Part(digit, pressed, ",")] if pressed else []
    return _read([*first, *_parted(plain)]) or _read([*first, *_parted(plain, pieces_first=True)])


def _read(parts: Sequence[Part]) -> tuple[Action, Outcome | None, str] | None:
    heard = [each.means for each in parts if each.means is not None]
    action = _decided(heard)
    if action is None or not all(fits(action, parts, at) for at in range(len(parts))):
        return None
    if runs_on(action, parts) or not all(
        may_stand(action, parts, at) for at, each in enumerate(parts) if each.means is None
    ):
        return None
    told = {each for each in heard if isinstance(each, Outcome)}
    outcome = told.pop() if len(told) == 1 and action in {Action.DONE, Action.ARRIVED} else None
    return action, outcome, "" if action is Action.ACCEPT else _note(action, parts)


def _note(action: Action, parts: Sequence[Part]) -> str:
    """What was said beside the answer, if any of it was unknown."""
    beside = [each for each in parts if not says(action, each.means) and not isinstance(each.means, Beside)]
    known = all(each.means is not None for each in beside)
    return (
        ""
        if known
        else "".join(each.said + each.sign for each in beside if each.means is not Aside.COURTESY).strip(" ,")
    )


def _decided(heard: Sequence[Said]) -> Action | None:
    """What the phrases come to: what they say, or what two of them lean to."""
    said = [each for each in heard if not isinstance(each, Beside | Half)]
    leaning = Counter(filter(None, map(_leans_to, heard)))
    if Aside.ALL in said:
        return None
    if not any(isinstance(each, Action | Outcome) for each in said):
        said += [action for action, count in leaning.items() if count > 1]
    idle = {Aside.NEAR} | ({Aside.LEAVING} if Action.DECLINE in said else set())
    idle |= {Aside.EXCUSE} if _comes_yet(heard) else set()
    deciding = [each for each in said if each not in idle]
    return verdict(deciding) if any(isinstance(each, Action | Outcome) for each in said) else None


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


_PARTICLE = re.compile("^[了啦呀啊哦嘞喽]+(?=.)")


def _parted(text: str, *, pieces_first: bool = False) -> list[Part]:
    """The cheapest way to cover the text; unknown signs side by side are one part."""
    ways: list[tuple[int, int, Said | None]] = [(0, 0, None), *((_DEAR, 0, None) for _ in text)]
    for start, end, means, cost in _steps(text, pieces_first=pieces_first):
        begins_a_gap = cost == _GAP and (start == 0 or ways[start][2] is not None or text[start - 1] in " ,")
        so_far = ways[start][0] + cost + 3 * begins_a_gap
        if so_far < ways[end][0]:
            ways[end] = (so_far, start, means)
    parts: list[Part] = []
    at = len(text)
    while at:
        _, start, means = ways[at]
        said, follows = text[start:at], parts[-1] if parts else None
        if said in " ,":
            parts.append(Part("", None, said.strip()))
        elif follows and not follows.said:
            parts[-1] = Part(said, means, follows.sign)
        elif follows and means is None and follows.means is None:
            parts[-1] = Part(said + follows.said, None, follows.sign)
        else:
            parts.append(Part(said, means))
        at = start
    return [each for each in _trimmed(parts[::-1]) if each.said]


def _trimmed(parts: Sequence[Part]) -> Iterator[Part]:
    """A particle that begins a gap ends what stands before it, as a comma would."""
    for each, after in zip_longest(parts, parts[1:], fillvalue=Part("", Aside.COURTESY)):
        begun = _PARTICLE.match(after.said) if after.means is None else None
        said = _PARTICLE.sub("", each.said) if each.means is None else each.said
        yield Part(said, each.means, each.sign or ("," if begun else ""))


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a clause is more than one sign or one word that another may begin with, or stands between two commas."""
    parted = (start == 0 or text[start - 1] in " ,") and (end == len(text) or text[end] in " ,")
    return parted or (end - start > 1 and text[start:end] not in _MERE_WORDS)


_MERE_WORDS = frozenset({"路上", "不行", "可以", "现在"})


def _steps(text: str, *, pieces_first: bool) -> Iterator[tuple[int, int, Said | None, int]]:
    """Every phrase and every single sign of the text, by where it starts."""
    said = worded(text)
    word_at = {start: at for at, start in enumerate(said.starts)}
    for start in range(len(text)):
        if text[start] in " ,":
            yield start, start + 1, None, 0
            continue
        yield start, start + 1, None, _GAP
        pieces = beside(text, start) if start == 0 or text[start - 1] in " ," else ()
        if pieces_first:
            yield from ((start, end, means, 1) for end, means in pieces)
        if start in word_at:
            yield from ((start, end, *found) for end, found in phrases(said, word_at[start]).items())
        yield from ((start, end, means, 1) for end, means in clauses(text, start) if _is_whole(text, start, end))
        if not pieces_first:
            yield from ((start, end, means, 1) for end, means in pieces)
