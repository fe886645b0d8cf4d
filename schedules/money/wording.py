"""The words of reasons, Chinese first: filled in from the tables of `words.py`."""

from collections.abc import Iterable

from schedules.money.rules.amounts import yuan
from schedules.money.rules.conditions import parts
from schedules.money.rules.policy import Condition
from schedules.money.rules.reasons import Part, Reason
from schedules.money.words import PARTS, SENTENCES, WORDS

LANGUAGES = ("zh", "en")


def sentence(reason: Reason, lang: str) -> str:
    """A reason in "zh" or "en"."""
    place = LANGUAGES.index(lang)
    return SENTENCES[reason.code][place].format_map(
        {key: _fact(key, fact, place) for key, fact in reason.facts.items()}
    )


def explained(because: Iterable[Reason]) -> dict[str, list[str]]:
    """Reasons in every language, Chinese first."""
    reasons = list(because)
    return {lang: [sentence(each, lang) for each in reasons] for lang in LANGUAGES}


def _fact(key: str, fact: object, place: int) -> str:
    if key.endswith("_fen") and isinstance(fact, int):
        return f"¥{yuan(fact)}"
    if isinstance(fact, tuple):
        return _several([_part(each, place) if isinstance(each, Part) else _word(each, place) for each in fact], place)
    return str(fact) if key in ("title", "id", "version") else _word(fact, place)


def _part(part: Part, place: int) -> str:
    return PARTS[part.key][place].format(_wanted(part, place))


def _wanted(part: Part, place: int) -> str:
    if part.key in ("income_max", "min_price") and isinstance(part.wanted, int):
        return f"¥{yuan(part.wanted)}"
    if part.key == "any" and isinstance(part.wanted, tuple):
        ways = [_several([_part(each, place) for each in parts(way)], place) for way in part.wanted if isinstance(way, Condition)]  # noqa: E501  # fmt: skip
        return ("；或", "; or ")[place].join(ways)
    if isinstance(part.wanted, tuple):
        return ("、", ", ")[place].join(_word(each, place) for each in part.wanted)
    return _word(part.wanted, place)


def _word(code: object, place: int) -> str:
    known = WORDS.get(str(code))
    return known[place] if known else str(code)


def _several(said: list[str], place: int) -> str:
    return ("，", " and ")[place].join(said)
