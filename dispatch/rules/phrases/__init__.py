"""
What people's words mean: `LEXICON` is every meaning with the patterns that say it, in any of three spellings.

Short answers are patterns here; longer ones are rows of small words (`lexicon.py`, `rows.py`), read by `composed.py`.
To add a way of saying something: a word in `lexicon.py`, or a pattern in `chinese.py` or beside it (its pinyin follows
by itself), or in `english.py`; what is clear only from where somebody stands is a row in `standing.py` or
`on_the_spot.py`, `delays.py` or `reasons.py`, and what is none there stands in `elsewhere.py`. What is written is
made plain first: `tidy.py` with `quoting.py` and `traditional.py`, and where that is not enough `sounds.py` and
`spelling.py`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial

from dispatch.rules.phrases import chinese, company, english, grammar, standing
from dispatch.rules.phrases.making import made
from dispatch.rules.phrases.meaning import Aside, Meaning
from dispatch.rules.phrases.pieces import CORE_MAX, meaning_of
from dispatch.rules.phrases.pinyin import romanised

CLAUSE_MAX = 60
"""Signs of one clause; the longest known one has half as many."""

_LETTER = re.compile("[a-zａ-ｚ]")

_ENGLISH = frozenset({"like", "you"})
"""What pinyin would take for 立刻 and 有."""


@dataclass(frozen=True)
class _Said:
    """One meaning with the phrases that say it, as they are spelled."""

    meaning: Meaning
    phrases: Sequence[str]
    spelled: Callable[[str], str] = str
    whole_words: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Made when somebody first needs it: up to a fifth of a second, for which a press may wait at the start."""
        return made("|".join(f"(?:{self.spelled(each)})" for each in self.phrases))

    def learn(self) -> object:
        """Makes the pattern, unless it is made."""
        return self.pattern


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
    Makes the patterns that this text needs, or all of them, unless they are made: a second in all, a quarter of it for
    texts without a Latin letter.
    """
    needed = [*_characters()]
    if text is None:
        company.learn()
        grammar.learn()
    if text is None or _LETTER.search(text.lower()):
        needed += _letters()
    for each in needed:
        each.learn()


def lessons() -> Sequence[Callable[[], object]]:
    """The same in pieces, what any answer needs first: a fifth of a second of the processor at most each."""
    by_standing = (partial(standing.learn, latin=latin) for latin in (False, True))
    first, last = ([each.learn for each in said] for said in (_characters(), _letters()))
    return (*first, grammar.learn, company.learn, *last, *by_standing)


def _inside(text: str, at: int) -> bool:
    """Whether this place is in the middle of a Latin word."""
    return 0 < at < len(text) and _is_letter(text[at - 1]) and _is_letter(text[at])


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z"


@cache
def _characters() -> Sequence[_Said]:
    return [
        _Said(means, phrases)
        for spoken in (chinese.SAID, chinese.DIALECT)
        for means, phrases in spoken.items()
    ]  # fmt: skip


@cache
def _letters() -> Sequence[_Said]:
    """Pinyin and English: what they say never begins with a character, nor is it ever without a letter."""
    return [
        *(_Said(means, phrases, romanised) for means, phrases in chinese.SAID.items() if means is not Aside.COURTESY),
        *(_Said(means, phrases, whole_words=True) for means, phrases in english.SAID.items()),
    ]
