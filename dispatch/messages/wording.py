"""
Making a text of a sentence: its fields are filled, its brackets dropped, until it fits the road it takes.

What there is to say stands in `sentences.py`; here no word is chosen, and no fact is so strange that it fails.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from dispatch.messages.borders import allowed
from dispatch.messages.providers.provider import Capability
from dispatch.messages.segments import segments
from dispatch.messages.sentences import LANGUAGES, SENTENCES, Words
from dispatch.messages.words import CAUSES, EXERCISE, JOIN, NOT_KNOWN, NOTHING, TALK, WHYS
from dispatch.rules.message import Channel, Fact
from dispatch.rules.people import age

SIGNATURE = "【安铃】"
"""Chinese carriers take no SMS without one; it counts."""

PARAMETER_MAX = 35
"""Characters of one variable of a template; Aliyun's longest kind without an application of its own."""

VALUE_MAX = 200
"""Characters of one value: far more than any address; what is longer is not one."""

_ALOUD = {"zh": {"-": "杠", "#": "井号", "*": "星号"}, "en": {"-": " dash ", "#": " hash ", "*": " star "}}
_CUT = {"zh": "…", "en": ".."}
_SIGNS = str.maketrans("“”„‘’`–—－＃＊【】", "\"\"\"'''---#*()")
_STOPPED = frozenset({"phone", "link", "desk"})
"""What stays out of a text where its carriers stop links: they stop telephone numbers with them."""
_LINK = re.compile(r"(?:https?://|www\.)[!-~]*", re.IGNORECASE)
_FIELD = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[(.*?)\]")


def render(
    sentence: str,
    channel: Channel,
    lang: str,
    facts: Mapping[str, Fact],
    *,
    capability: Capability,
    local: Callable[[datetime], datetime],
) -> str:
    """
    The words of a sentence for this channel and language (`zh`; anything unknown is read as `zh`).

    `capability` is that of the road it takes: without `two_way` no answer is asked for, nor a key without `keys`;
    without `urls` links and telephone numbers stay out, because the same carriers stop both. `local` turns UTC into the
    district's time.
    No facts make it fail: strange ones count as missing.

    Raises:
        KeyError: there is no such sentence, which is a programmer's error.
    """
    lang = lang if lang in LANGUAGES else "zh"
    words = SENTENCES[sentence][lang]
    values = allowed(_values(facts, lang, local), capability, lang)
    mark = EXERCISE[lang] if facts.get("exercise") else ""
    if channel is Channel.VOICE:
        aloud = words.voice or words.one_way or words.sms
        said = aloud if capability.keys else words.told or aloud
        return mark + _filled(_pieces(said, values), _aloud(values, lang), lang).strip()
    form = mark + _form(words, capability)
    signed = SIGNATURE + form if lang == "zh" else form
    return _fitted(words, signed, values if capability.urls else _without_links(values), lang)


def parameters(
    sentence: str,
    lang: str,
    facts: Mapping[str, Fact],
    *,
    capability: Capability,
    local: Callable[[datetime], datetime],
) -> dict[str, str]:
    """
    What fills an approved template of this sentence, by the names of its fields: each has a value, at most
    `PARAMETER_MAX` characters, because a template has no brackets that could vanish.

    Raises:
        KeyError: there is no such sentence, which is a programmer's error.
    """
    lang = lang if lang in LANGUAGES else "zh"
    values = _without_links(allowed(_values(facts, lang, local), capability, lang))
    names = dict.fromkeys(_FIELD.findall(_form(SENTENCES[sentence][lang], capability)))
    return {name: (values.get(name) or _gap(name, lang))[:PARAMETER_MAX] for name in names if name not in _STOPPED}


def _gap(name: str, lang: str) -> str:
    return NOTHING[name][lang] if name in NOTHING else NOT_KNOWN


def _form(words: Words, capability: Capability) -> str:
    return words.sms if capability.two_way else words.one_way or words.sms


_TEXTS = ("place", "address", "entry", "name", "phone", "illness", "number", "choices", "link", "desk")
_Values = dict[str, str]


def _values(facts: Mapping[str, Fact], lang: str, local: Callable[[datetime], datetime]) -> _Values:
    """Every field as it may stand in a text; what is missing or strange is left out."""
    at, born = _moment(facts.get("at"), local), _day(facts.get("born_on"))
    years = age(born, at.date()) if at else None
    found = {
        **{name: _clean(facts.get(name)) for name in _TEXTS},
        "cause": CAUSES.get(str(facts.get("cause")), {}).get(lang, ""),
        "why": WHYS.get(str(facts.get("why")), WHYS[""])[lang],
        "talk": TALK.get(str(facts.get("talk")), {}).get(lang, ""),
        "at": f"{at:%H:%M}" if at else "",
        "minutes": _count(facts.get("minutes"), 1, 600),
        "code": _count(facts.get("code"), 10, 999),
        "presses": _count(facts.get("presses"), 2, 999),
        "age": _count(years, 0, 130),
        "born": str(born.year) if born and years is None else "",
    }
    return _choices({name: value for name, value in found.items() if value}, lang)


def _clean(value: Fact) -> str:
    """One line of plain signs: nothing steers a terminal, forges a signature or costs a second part for a quote."""
    known = "" if value is None else str(value)[:VALUE_MAX].translate(_SIGNS)
    narrow = "".join(unicodedata.normalize("NFKC", char) if char.isalnum() else char for char in known)
    return " ".join("".join(" " if char.isspace() else char for char in narrow if _printable(char)).split())[:VALUE_MAX]


def _printable(char: str) -> bool:
    """Whether a sign may go on: no emoji, no steering character, no half of a pair."""
    kind = unicodedata.category(char)
    return char.isspace() or not (kind in {"So", "Sk", "Me"} or kind[0] == "C" or "\ufe00" <= char <= "\ufe0f")


def _moment(value: Fact, local: Callable[[datetime], datetime]) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
        return local(at) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _day(value: Fact) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _count(value: Fact, least: int, most: int) -> str:
    return str(int(value)) if isinstance(value, int) and least <= value <= most else ""


def _choices(values: _Values, lang: str) -> _Values:
    """The tasks to choose from, and how to answer the first of them."""
    items = [item.strip() for item in re.split("[;；]", values.get("choices", "")) if item.strip()]
    code = re.match(r"[1-9][0-9]{1,2}(?![0-9])", items[0]) if items else None
    told = {"choices": JOIN[lang].join(items)} if items else {}
    return values | told | {"example": f"{code[0] if code else 12} 1"}


def _without_links(values: _Values) -> _Values:
    kept = {name: _LINK.sub("", value).strip() for name, value in values.items() if name not in _STOPPED}
    return {name: value for name, value in kept.items() if value}


def _aloud(values: _Values, lang: str) -> _Values:
    """Digits one by one and signs as words: "3-2-501" is heard as it is written on the door."""
    said = {name: _spelled(value, lang) if name in _TEXTS else value for name, value in values.items()}
    return said | ({"at": _clock(values["at"])} if lang == "zh" and "at" in values else {})


def _clock(at: str) -> str:
    hour, _, minute = at.partition(":")
    return f"{int(hour)}点{minute}分"


def _spelled(value: str, lang: str) -> str:
    apart = re.sub(r"[0-9]{3,}", lambda found: " ".join(found[0]), value)
    return re.sub(r"(?<=[0-9])-(?=[0-9A-Za-z])|[#*]", lambda found: _ALOUD[lang][found[0]], apart).strip()


def _pieces(form: str, values: _Values) -> list[tuple[str, bool]]:
    """The pieces of a form in order, each with whether it stood in brackets; brackets with a fact missing are gone."""
    pieces = ((piece, place % 2 == 1) for place, piece in enumerate(_OPTIONAL.split(form)))
    return [each for each in pieces if not each[1] or set(_FIELD.findall(each[0])) <= values.keys()]


def _filled(pieces: list[tuple[str, bool]], values: _Values, lang: str) -> str:
    # One pass over our own words: what a value says is never looked at again.
    told = "".join(piece for piece, _ in pieces)
    return _FIELD.sub(lambda found: values.get(found[1]) or NOTHING[found[1]][lang], told)


def _fitted(words: Words, form: str, values: _Values, lang: str) -> str:
    """The fullest text that fits, with the desk's number where that costs no part more."""
    text = _fullest(words, form, {name: value for name, value in values.items() if name != "desk"}, lang)
    if "desk" not in values or "{desk}" not in form:
        return text
    fuller = _fullest(words, form, values, lang)
    return fuller if segments(fuller) <= segments(text) else text


def _fullest(words: Words, form: str, values: _Values, lang: str) -> str:
    """The fullest text that fits; a door is never cut, even if it costs a part more. A link is worth a second part."""
    parts_max = max(words.parts, 2) if "link" in values and "{link}" in form else words.parts
    shortest, text = _pieces(form, values), ""
    for shortest in _shorter_forms(form, values, words.shrinks):
        text = _filled(shortest, values, lang)
        if segments(text) <= parts_max:
            return text
    for shorter in _shorter_values(values.get(words.shrinks, ""), lang):
        text = _filled(shortest, values | {words.shrinks: shorter}, lang)
        if segments(text) <= parts_max:
            return text
    return text


def _shorter_forms(form: str, values: _Values, never: str) -> Iterator[list[tuple[str, bool]]]:
    """
    The whole form, then without its last bracket, and so on; a bracket with the field `never` stays, and one with the
    code, without which the answer could mean something else.
    """
    pieces = _pieces(form, values)
    yield list(pieces)
    for place in reversed(range(len(pieces))):
        piece, optional = pieces[place]
        if optional and not {never, "code"} & set(_FIELD.findall(piece)):
            del pieces[place]
            yield list(pieces)


def _shorter_values(value: str, lang: str) -> Iterator[str]:
    """With fewer of its items, then with fewer of its signs."""
    items = value.split(JOIN[lang])
    for count in reversed(range(1, len(items))):
        yield JOIN[lang].join(items[:count])
    for length in reversed(range(1, len(value))):
        yield value[:length].rstrip() + _CUT[lang]
