"""
What people's words mean: `LEXICON` is every meaning with the patterns that say it, in any of three spellings.

Short answers are patterns here; longer ones are rows of small words (`lexicon.py`, `rows.py`), read by `composed.py`.
To add a way of saying something: a word in `lexicon.py`, or a pattern in `chinese.py` or beside it (its pinyin follows
by itself), or in `english.py`; what is clear only from where somebody stands is a row in `standing.py`. What is written
is made plain first: `tidy.py` with `traditional.py`, and where that is not enough `sounds.py` and `spelling.py`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

from dispatch.rules.phrases import chinese, company, english, grammar, standing
from dispatch.rules.phrases.meaning import Aside, Meaning
from dispatch.rules.phrases.pieces import CORE_MAX, meaning_of
from dispatch.rules.phrases.pinyin import romanised

CLAUSE_MAX = 60
"""Signs of one clause; the longest known one has half as many."""

_LETTER = re.compile("[a-zａ-ｚ]")

_ENGLISH = frozenset({"like", "you"})
"""What pinyin would take for 立刻 and 有."""


@dataclass(frozen=True, slots=True)
class _Said:
    meaning: Meaning
    pattern: re.Pattern[str]
    whole_words: bool = False


def clauses(text: str, at: int) -> Iterator[tuple[int, Meaning]]:
    """Every known clause that begins at this place of a tidy text: where it ends, and what it means."""
    yield from _whole(text, at)
    chinese_here = "\u3400" <= text[at] <= "\u9fff"
    for each in _characters() if chinese_here or not _LETTER.search(text) else (*_characters(), *_letters()):
        if each.whole_words and _inside(text, at):
            continue
        longest = each.pattern.match(text, at)
        if longest is None:
            continue
        for end in range(at + 1, min(len(text), at + CLAUSE_MAX) + 1):
            if not each.pattern.fullmatch(text, at, end):
                continue
            if not (_inside(text, end) if each.whole_words else text[at:end] in _ENGLISH):
                yield end, each.meaning


def _whole(text: str, at: int) -> Iterator[tuple[int, Meaning]]:
    """The clause between two signs, if its core is known."""
    if at and text[at - 1] not in " ,":
        return
    comma = text.find(",", at, at + CORE_MAX + 1)
    end = comma if comma >= 0 else len(text)
    means = meaning_of(text[at:end])
    if means is not None:
        yield end, means


def learn(text: str | None = None) -> None:
    """
    Makes the patterns that this text needs, or all of them, unless they are made: half a second in all, a third of it
    for texts without a Latin letter.
    """
    _characters()
    if text is None:
        company.learn()
        grammar.learn()
    if text is None or _LETTER.search(text.lower()):
        _letters()


def lessons() -> Sequence[Callable[[], object]]:
    """The same in pieces, what any answer needs first: a third of a second of the processor at most each."""
    by_standing = (partial(standing.learn, latin=latin) for latin in (False, True))
    return (_characters, grammar.learn, company.learn, _letters, *by_standing)


def _inside(text: str, at: int) -> bool:
    """Whether this place is in the middle of a Latin word."""
    return 0 < at < len(text) and _is_letter(text[at - 1]) and _is_letter(text[at])


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z"


# Made when the first reply comes: it takes half a second, which a press may be waiting for at the start.


@cache
def _characters() -> Sequence[_Said]:
    return [
        _Said(means, _one_of(phrases))
        for spoken in (chinese.SAID, chinese.DIALECT)
        for means, phrases in spoken.items()
    ]  # fmt: skip


@cache
def _letters() -> Sequence[_Said]:
    """Pinyin and English: what they say never begins with a character, nor is it ever without a letter."""
    return [
        *(
            _Said(means, _one_of(map(romanised, phrases)))
            for means, phrases in chinese.SAID.items()
            if means is not Aside.COURTESY
        ),
        *(_Said(means, _one_of(phrases), whole_words=True) for means, phrases in english.SAID.items()),
    ]


def _one_of(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in phrases))
