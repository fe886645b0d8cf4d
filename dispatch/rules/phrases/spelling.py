"""Slips of the thumb in English: "comming", "arrvied". Long words only, and only where one known word is meant."""

import re
from collections.abc import Iterator
from functools import cache

from dispatch.rules.phrases import english

WORD_MIN = 6
"""Letters; a shorter word is too often another word with one letter changed."""

_SHORT_WORD = re.compile("(?<![a-z0-9])[a-z0-9]{1,9}(?![a-z0-9])")
_LONG = re.compile(rf"(?<![a-z])[a-z]{{{WORD_MIN},}}(?![a-z])")
_SHORT = {
    "cnat": "cant",
    "cnt": "cant",
    "cabt": "cant",
    "canr": "cant",
    "acept": "accept",
    "accpet": "accept",
    "sry": "sorry",
    "soz": "sorry",
    "srry": "sorry",
    "sory": "sorry",
    "soory": "sorry",
    "wya": "way",
    "mi": "my",
    "yess": "yes",
    "yees": "yes",
    "yea": "yes",
    "yh": "yes",
    "yas": "yes",
    "yrs": "yes",
    "okie": "ok",
    "oki": "ok",
    "okey": "ok",
    "oky": "ok",
    "okok": "ok",
    "doen": "done",
    "dnoe": "done",
    "dne": "done",
    "dun": "done",
    "doone": "done",
    "dome": "done",
    "hre": "here",
    "heer": "here",
    "heere": "here",
    "ther": "there",
    "thre": "there",
    "tehre": "there",
    "comin": "coming",
    "goin": "going",
    "leavin": "leaving",
    "omww": "omw",
    "onmyway": "on my way",
    "brt": "be right there",
    "b": "be",
    "u": "you",
    "il": "ill",
    "wil": "will",
    "teh": "the",
    "hte": "the",
    "finito": "finished",
    "finised": "finished",
    "busey": "busy",
    "bussy": "busy",
    "buzy": "busy",
    "dor": "door",
    "cuming": "coming",
    "comeing": "coming",
    "arived": "arrived",
    "arive": "arrive",
    "haod": "haode",
    "arrivd": "arrived",
    "tmrw": "tomorrow",
    "nop": "no",
    "noo": "no",
    "nooo": "no",
    "w8": "wait",
    "2day": "today",
    "2nite": "tonight",
    "sumone": "someone",
    "som1": "someone",
    "some1": "someone",
    "any1": "anyone",
    "no1": "nobody",
    "gd": "good",
}
"""What is a slip or a shortening of a short word, and no word of its own in an answer."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def spelled(plain: str) -> str:
    """The tidy text put right: long unknown words where one known word is a single slip away, short ones by a list."""
    short = _SHORT_WORD.sub(lambda found: _SHORT.get(found[0], found[0]), plain)
    return _LONG.sub(_meant, short)


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
