"""Slips of the thumb in English: "comming", "arrvied". Long words only, and only where one known word is meant."""

import re
from collections.abc import Iterator
from functools import cache

from dispatch.rules.phrases import english

WORD_MIN = 6
"""Letters; a shorter word is too often another word with one letter changed."""

_LONG = re.compile(rf"(?<![a-z])[a-z]{{{WORD_MIN},}}(?![a-z])")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def spelled(plain: str) -> str:
    """The tidy text with long unknown words put right, where just one known word is a single slip away."""
    return _LONG.sub(_meant, plain)


def _meant(found: re.Match[str]) -> str:
    word = found[0]
    if word in _words():
        return word
    near = {each for each in _one_slip_away(word) if each in _words() and each[0] == word[0]}
    return near.pop() if len(near) == 1 else word


def _one_slip_away(word: str) -> Iterator[str]:
    """A letter too many, too few, or two the wrong way round; one for another makes words: "nearly", "nearby"."""
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]
        yield from (word[:at] + letter + word[at:] for letter in _LETTERS)


@cache
def _words() -> frozenset[str]:
    """Every whole word of the English patterns."""
    patterns = " ".join(phrase for phrases in english.SAID.values() for phrase in phrases)
    return frozenset(re.findall(r"(?<![a-z\\\[\]])[a-z]{5,}(?![a-z?\[\]])", patterns))
