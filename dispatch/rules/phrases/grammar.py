"""Texts cut into the words of `lexicon.py`, and the phrases of `rows.py` found in them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from dispatch.rules.phrases.lexicon import kinds, pattern_kinds
from dispatch.rules.phrases.making import made
from dispatch.rules.phrases.rows import LOOSE, PHRASES, Beside, Half, Said

WORD_MAX = 8
"""Signs of the longest word that is looked up."""


@cache
def _signs() -> Mapping[frozenset[str], str]:
    """One private sign for each set of kinds that a word has."""
    sets = {*kinds().values(), *(frozenset({kind}) for kind, _ in pattern_kinds())}
    return {each: chr(0xE000 + at) for at, each in enumerate(sorted(sets, key=sorted))}


@cache
def _rows() -> Sequence[tuple[Said, re.Pattern[str]]]:
    return [
        (means, made(re.sub("[a-z_]+", lambda kind: _any_of(kind[0]), row).replace(" ", "")))
        for means, row in (*PHRASES, *LOOSE)
    ]


def learn() -> None:
    """Makes the patterns of the rows, unless they are made: a seventh of a second."""
    _rows()


@cache
def _any_of(kind: str) -> str:
    """Every sign of words that are of this kind; `own` is any word that turns nothing and is about nobody else."""
    if kind == "own":
        others = {
            "turn",
            "you",
            "her",
            "name",
            "anyone",
            "kin",
            "office",
            "no",
            "none",
            "dont",
            "cant",
            "may_you",
            "cannot",
            "stuck",
            "unable",
        }
        return f"[?{''.join(sign for each, sign in _signs().items() if not each & others)}]"
    names = {"span", "distance"} if kind == "span" else {kind}
    signs = "".join(sign for each, sign in _signs().items() if each & names)
    assert signs, f"no word of the kind {kind}"
    return f"[{signs}]"


@dataclass(frozen=True, slots=True)
class Worded:
    """A text in words: where each begins (and the text ends), and their kinds, one sign each; unknown signs are `?`."""

    starts: Sequence[int]
    kinds: str


def worded(text: str) -> Worded:
    """Cut into words of the lexicon, as few as can be; a sign that belongs to none is a word by itself."""
    best: list[tuple[int, int, frozenset[str]]] = [(0, 0, frozenset())]
    for end in range(1, len(text) + 1):
        ways = [(best[start][0] + cost, start, kind) for start, cost, kind in _words_to(text, end)]
        best.append(min(ways, key=lambda each: (each[0], each[1])))
    starts, signs, at = [len(text)], [], len(text)
    while at:
        _, at, word = best[at]
        starts.append(at)
        signs.append(_signs().get(word, "?" if text[at] not in " ," else ","))
    return Worded(starts[::-1], "".join(reversed(signs)))


def _words_to(text: str, end: int) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Every word that ends here: where it starts, what it costs, its kind."""
    yield end - 1, (0 if text[end - 1] in " ," else 4), frozenset()
    for start in range(max(0, end - WORD_MAX), end):
        word = kinds().get(text[start:end])
        if word:
            yield start, 2, word
    for kind, pattern in pattern_kinds():
        for start in range(max(0, end - WORD_MAX - 2), end):
            if pattern.fullmatch(text, start, end):
                yield start, 2, frozenset({kind})


def phrases(said: Worded, at: int) -> Mapping[int, tuple[Said, int]]:
    """Every phrase that begins with the word at this place: where it ends in the text, what it means, what it costs."""
    found: dict[int, tuple[Said, int]] = {}
    for place, (means, row) in enumerate(_rows()):
        longest = row.match(said.kinds, at)
        for end in range(at + 1, longest.end() + 1 if longest else 0):
            if row.fullmatch(said.kinds, at, end):
                known = found.get(said.starts[end])
                cost = 1 if place < len(PHRASES) else 2 + end - at
                found[said.starts[end]] = (both(known[0], means), known[1]) if known else (means, cost)
    return found


def both(one: Said, other: Said) -> Said:
    """What the same words mean by two rows: the first that says more than what it may stand beside."""
    if isinstance(one, Beside) and isinstance(other, Beside):
        return Beside(one.actions | other.actions, one.before | other.before)
    if isinstance(one, Beside):
        return both(other, one)
    if isinstance(one, Half) and isinstance(other, Beside):
        return Half(one.action, one.beside | other.actions, one.alone)
    return one
