"""The cheapest way to cover a text with known phrases: a sign that belongs to none costs more than any phrase."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, zip_longest

from dispatch.rules.phrases import clauses
from dispatch.rules.phrases.company import beside
from dispatch.rules.phrases.gaps import Part
from dispatch.rules.phrases.grammar import phrases, worded
from dispatch.rules.phrases.meaning import Aside
from dispatch.rules.phrases.rows import Said

_UNKNOWN = 10
"""What one sign that nobody listed costs, in phrases."""

_BEGUN = 3
"""What it costs beside that to begin such words once more."""

_DEAR = 10**6

_PARTICLE = re.compile("^[了啦呀啊哦嘞喽]+(?=.)")
_MERE_WORDS = frozenset({"路上", "不行", "可以", "现在"})

_Step = tuple[int, Said | None, int]
"""Where some of the text ends, what it means, and what it costs to take it so."""


def parted(text: str, *, pieces_first: bool = False) -> list[Part]:
    """
    The text in its parts; unknown signs side by side are one.

    `pieces_first` takes a piece between two commas for what may stand beside an answer before it takes it for one.
    """
    ways: list[tuple[int, int, Said | None]] = [(0, 0, None), *((_DEAR, 0, None) for _ in text)]
    for start, (whole, pieces) in enumerate(_steps(text)):
        for end, means, cost in chain(pieces, whole) if pieces_first else chain(whole, pieces):
            begins = means is None and cost and (start == 0 or ways[start][2] is not None or text[start - 1] in " ,")
            so_far = ways[start][0] + cost + (_BEGUN if begins else 0)
            if so_far < ways[end][0]:
                ways[end] = (so_far, start, means)
    return [each for each in _trimmed(_walked(text, ways)) if each.said]


def _walked(text: str, ways: Sequence[tuple[int, int, Said | None]]) -> list[Part]:
    """The parts along the cheapest way, from its end."""
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
    return parts[::-1]


def _trimmed(parts: Sequence[Part]) -> Iterator[Part]:
    """A particle that begins unknown words ends what stands before it, as a comma would."""
    for each, after in zip_longest(parts, parts[1:], fillvalue=Part("", Aside.COURTESY)):
        begun = _PARTICLE.match(after.said) if after.means is None else None
        said = _PARTICLE.sub("", each.said) if each.means is None else each.said
        yield Part(said, each.means, each.sign or ("," if begun else ""))


@lru_cache(maxsize=8)
def _steps(text: str) -> Sequence[tuple[Sequence[_Step], Sequence[_Step]]]:
    """For each place every phrase and the single sign that begin there, and the pieces up to the next comma."""
    said = worded(text)
    word_at = {start: at for at, start in enumerate(said.starts)}
    steps: list[tuple[Sequence[_Step], Sequence[_Step]]] = []
    for start, sign in enumerate(text):
        if sign in " ,":
            steps.append(([(start + 1, None, 0)], []))
            continue
        found = phrases(said, word_at[start]) if start in word_at else {}
        whole: list[_Step] = [(start + 1, None, _UNKNOWN), *((end, *each) for end, each in found.items())]
        whole += ((end, means, 1) for end, means in clauses(text, start) if _is_whole(text, start, end))
        begins = start == 0 or text[start - 1] in " ,"
        steps.append((whole, [(end, means, 1) for end, means in beside(text, start)] if begins else []))
    return steps


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a clause is more than one sign or one word that another may begin with, or stands between two commas."""
    alone = (start == 0 or text[start - 1] in " ,") and (end == len(text) or text[end] in " ,")
    return alone or (end - start > 1 and text[start:end] not in _MERE_WORDS)
