"""
Every sentence that leaves by SMS or is read aloud, in Chinese and English.

The sentences are data. `{field}` is filled from the facts. `[…]` vanishes when a fact in it is missing; when a text is
too long these brackets vanish from the last to the first, then the place is shortened, but it never goes. Before
acceptance no sentence has a name, a door, a phone or an illness.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from dispatch.messages.borders import allowed
from dispatch.messages.providers.provider import Capability
from dispatch.messages.segments import segments
from dispatch.messages.words import CAUSES, EXERCISE, JOIN, NOT_KNOWN, NOTHING, TALK, WHYS
from dispatch.rules.message import Channel, Fact
from dispatch.rules.people import age

LANGUAGES = ("zh", "en")

SIGNATURE = "【安铃】"
"""Chinese carriers take no SMS without one; it counts."""

PARAMETER_MAX = 35
"""Characters of one variable of a template; Aliyun's longest kind without an application of its own."""

VALUE_MAX = 200
"""Characters of one value: far more than any address; what is longer is not one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """
    One sentence in one language.

    `one_way` is sent where an SMS answer cannot come back, `voice` is read aloud; each falls back to the one before.
    `parts` is how many parts an SMS may have, `shrinks` the field that is shortened when nothing else is left to drop.
    """

    sms: str
    one_way: str = ""
    voice: str = ""
    parts: int = 1
    shrinks: str = "place"


_Tongues = Mapping[str, Words]
_Both = tuple[str, str]
"""The same in Chinese and in English."""

_NONE: _Both = ("", "")


def _both(
    sms: _Both, *, one_way: _Both = _NONE, voice: _Both = _NONE, parts: int = 1, shrinks: str = "place"
) -> _Tongues:
    each = zip(LANGUAGES, sms, one_way, voice, strict=True)
    return {lang: Words(sms=a, one_way=b, voice=c, parts=parts, shrinks=shrinks) for lang, a, b, c in each}


def _told(zh: str, en: str, *, one_way: _Both = _NONE) -> _Tongues:
    """A sentence about a task that the reader knows: the place leads, if it is known."""
    heads = ("[{place}：]", "[{place}: ]")
    silent = (heads[0] + one_way[0], heads[1] + one_way[1]) if any(one_way) else _NONE
    return _both((heads[0] + zh, heads[1] + en), one_way=silent)


_FACTS_ZH = "{place} {cause}[ {at}][ 码{code}][ 约{minutes}分钟][ 已按{presses}次]"
_FACTS_EN = "{place}: {cause}[ {at}][, code {code}][, {minutes} min][, pressed {presses}x]"
_CALL_ZH = "{place}，{cause}。[时间{at}。][路程约{minutes}分钟。][老人已按铃{presses}次。]"
_CALL_EN = "{place}. {cause}. [At {at}. ][About {minutes} minutes away. ][Pressed {presses} times. ]"
_PRESS_EN = "press 1. If you cannot go, press 2."
_KIN_ZH = "{place} 老人告警：{cause}[ {at}][ 码{code}][ 约{minutes}分钟][ 已按{presses}次]"

_OFFER = _both(
    (f"急 {_FACTS_ZH}，回1接单，2去不了[ {{link}}]", f"ALARM {_FACTS_EN}. Reply 1 accept 2 no[ {{link}}]"),
    one_way=(f"急 {_FACTS_ZH}，请接听来电按键", f"ALARM {_FACTS_EN}. Please answer our call"),
    voice=(
        f"安铃紧急呼叫。{_CALL_ZH}接单请按一，去不了请按二。",
        f"Emergency call from Anling. {_CALL_EN}To accept, {_PRESS_EN}",
    ),
)
_OFFER_FAMILY = _both(
    (
        f"急 {_KIN_ZH}，您能去吗？回1能去，2去不了[ {{link}}]",
        f"ALARM {_FACTS_EN}. Can you go? Reply 1 yes 2 no[ {{link}}]",
    ),
    one_way=(f"急 {_KIN_ZH}，您能去吗？请接听来电按键", f"ALARM {_FACTS_EN}. Can you go? Please answer our call"),
    voice=(
        f"您好，这里是安铃养老紧急呼叫。您登记为联系人的老人需要帮助。{_CALL_ZH}您能去请按一，去不了请按二。",
        f"Anling emergency call. Somebody who named you as a contact needs help. {_CALL_EN}If you can go, {_PRESS_EN}",
    ),
)
_DOOR_ZH = "{address}[ 进门：{entry}][ {link} ][ {name}][ {talk}][ 电话{phone}][ {illness}][ {born}年生][ {cause}]"
_DOOR_EN = (
    "{address}[. Entry: {entry}][. {link} ][. {name}][. {talk}][. Tel {phone}][. {illness}][. Born {born}][. {cause}]"
)
_SHEET_ZH = (
    "您好，这里是安铃养老紧急呼叫服务，有老人需要急救。地址：{address}。情况：{cause}。[时间：{at}。][姓名：{name}。][年龄：{age}岁。]"
    "[{born}年出生。][病史：{illness}。][进门方式：{entry}。]请派救护车。"
)
_SHEET_EN = (
    "This is the Anling emergency call service. An old person needs an ambulance. Address: {address}. What happened: "
    "{cause}. [Time: {at}. ][Name: {name}. ][Age: {age}. ][Born {born}. ][Illness: {illness}. ][Entry: {entry}. ]"
    "Please send an ambulance."
)

SENTENCES: Mapping[str, Mapping[str, Words]] = {
    "offer": _OFFER,
    "offer_call": _OFFER,
    "offer_all": _both(
        (
            f"急！还没人接单 {_FACTS_ZH}，回1接单，2去不了[ {{link}}]",
            f"NOBODY YET {_FACTS_EN}. Reply 1 accept 2 no[ {{link}}]",
        ),
        one_way=(f"急！还没人接单 {_FACTS_ZH}，请接听来电按键", f"NOBODY YET {_FACTS_EN}. Please answer our call"),
        voice=(
            f"安铃紧急呼叫，还没有人接单。{_CALL_ZH}接单请按一，去不了请按二。",
            f"Emergency call from Anling. Nobody has accepted yet. {_CALL_EN}To accept, {_PRESS_EN}",
        ),
    ),
    "offer_family": _OFFER_FAMILY,
    "offer_family_call": _OFFER_FAMILY,
    "details": _both(
        (f"已接单：{_DOOR_ZH}。到了回3", f"Accepted: {_DOOR_EN}. Reply 3 on arrival"),
        one_way=(f"已接单：{_DOOR_ZH}。到了请告知值守台", f"Accepted: {_DOOR_EN}. Tell the desk on arrival"),
        voice=(
            "已接单。地址：{address}。[进门方式：{entry}。][姓名：{name}。][注意：{talk}。][{illness}。]到了请告知值守台。",
            "Accepted. {address}. [Entry: {entry}. ][Name: {name}. ][{talk}. ][{illness}. ]Tell the desk on arrival.",
        ),
        parts=2,
        shrinks="",
    ),
    "taken": _told("已有人接单，不用去了，谢谢", "somebody else is going, no need to come. Thank you"),
    "now_backup": _told(
        "已另有人前往，您作后备。到了回3，去不了回2",
        "another carer leads, you are backup. Reply 3 arrived 2 no",
        one_way=(
            "已另有人前往，您作后备。到了或去不了请告知值守台",
            "another carer leads, you are backup. Tell the desk",
        ),
    ),
    "stand_down": _told("告警已结束，不用去了，谢谢", "the alarm is over, no need to come. Thank you"),
    "ask_arrival": _told(
        "到了吗？到了回3，去不了回2",
        "are you there? Reply 3 arrived, 2 cannot go",
        one_way=("到了吗？到了或去不了请告知值守台", "are you there? Please tell the desk"),
    ),
    "ask_outcome": _told(
        "情况怎样？请回：没事、扶起、送医、误报或测试。由值守台结案",
        "how is it? Reply: fine, hospital or false. Desk closes",
        one_way=("情况怎样？请告知值守台，由值守台结案", "how is it? Please tell the desk, which closes"),
    ),
    "confirm_decline": _told("已记下您去不了，谢谢", "noted that you cannot go. Thank you"),
    "confirm_arrived": _told(
        "已记下您到了。处理完回4，如：4 没事",
        "noted that you arrived. When done, reply 4, e.g. 4 fine",
        one_way=("已记下您到了。处理完请告知值守台", "noted that you arrived. When done, tell the desk"),
    ),
    "confirm_done": _told("已记下，由值守台结案，谢谢", "noted, the desk will close it. Thank you"),
    "confirm_no_entry": _told(
        "已告知值守台和保管钥匙的人，请在门口稍等。进去后回3",
        "the desk and the key holder are told. Wait there. Inside, reply 3",
        one_way=(
            "已告知值守台和保管钥匙的人，请在门口稍等",
            "the desk and the key holder are told. Please wait at the door",
        ),
    ),
    "key_wanted": _both(
        (
            "急 {place} 护理员到了，进不去门。您有钥匙，请马上送来或联系值守台",
            "URGENT {place}: our carer cannot get in. Please bring your key now",
        ),
        voice=(
            "您好，这里是安铃养老紧急呼叫。{place}，护理员到了，进不去门。您登记为保管钥匙的人，请马上把钥匙送来。",
            "Anling emergency call. {place}. Our carer is at the door and cannot get in. Please bring your key now.",
        ),
    ),
    "late": _told("已由他人接单，不用去了，谢谢", "somebody else took it first, no need to come. Thanks"),
    "closed": _told("告警[ {number} ]已结束，谢谢", "the alarm[ {number}] is over. Thank you"),
    "no_task": _told(
        "您现在没有进行中的任务。急事请联系值守台", "You have no open task. If it is urgent, call the desk"
    ),
    "ask_which": _both(
        (
            "您有多个任务：{choices}。请回码和数字，如：{example}",
            "Which? {choices}. Reply code and digit, like: {example}",
        ),
        one_way=("您有多个任务：{choices}。请联系值守台", "Which? {choices}. Please call the desk"),
        parts=2,
        shrinks="choices",
    ),
    "not_understood": _both(
        (
            "没看懂您的回复[（码{code}）]。请回1接单，2去不了，3到了，4完成。急事请联系值守台",
            "Not understood[ (code {code})]. Reply 1 accept, 2 cannot go, 3 arrived, 4 done. Urgent: call the desk",
        ),
        one_way=("没看懂您的回复。请联系值守台", "Not understood. Please call the desk"),
    ),
    "page_code": _both(
        ("登录码 {number}，10分钟内有效，请勿外传", "Your code is {number}, good for 10 min. Tell nobody")
    ),
    "family_raised": _told(
        "家人[ {at} ]按了铃，正在派人前往[ {link}]",
        "your relative called for help[ at {at}], somebody is being sent[ {link}]",
    ),
    "family_coming": _told("已有人前往您家人处[ {link}]", "somebody is on the way to your relative[ {link}]"),
    "family_there": _told("已有人在您家人身边[ {link}]", "somebody is with your relative now[ {link}]"),
    "family_closed": _told("您家人的呼叫已处理完毕，已结束[ {link}]", "your relative's call is over[ {link}]"),
    "page": _both(
        (
            "值守：{why}。告警[ {number}] {place} {cause}[ {at}]，请处理",
            "DESK: {why}. Alarm[ {number}] {place}: {cause}[ {at}]",
        ),
        voice=(
            "安铃值守请注意。{why}。{place}，{cause}。[时间{at}。]请马上查看值守台。",
            "Anling duty desk. {why}. {place}. {cause}. [At {at}. ]Please look at the board now.",
        ),
    ),
    "coming": _both(
        ("您的呼叫已有人接，正在赶来[，约{minutes}分钟到]", "Somebody is on the way to you[, about {minutes} min]"),
        voice=(
            "您好，这里是安铃。已经有人赶来帮您了。[大约{minutes}分钟到。]请放心。",
            "Hello, this is Anling. Somebody is on the way to you. [About {minutes} minutes. ]",
        ),
    ),
    "coming_simple": _both(
        ("有人来看您了，请坐着等", "Somebody is coming. Please sit down and wait"),
        voice=("您好。有人来看您了。请坐好，等一等。", "Hello. Somebody is coming. Please sit down and wait."),
    ),
    "coming_keys": _both(
        ("已有人赶来帮您[，约{minutes}分钟到]", "Somebody is on the way to you[, about {minutes} min]"),
        voice=(
            "您好，这里是安铃。已经有人赶来帮您了。[大约{minutes}分钟到。]您不用说话。听到了请按一，情况更急请按二。",
            "Hello, this is Anling. Somebody is on the way. [About {minutes} minutes. ]Press 1: heard. 2: worse.",
        ),
    ),
    "reminder": _both(("值守：{why}[，{place}]，请看维修页", "DESK: {why}[, {place}]. See the repairs page")),
    "test_waiting": _both(
        (
            "{number}请试按[，{minutes}分钟内][，{place}]。不是您要求的请速告值守台",
            "{number}: press it now[, within {minutes} min][, {place}]. You did not ask? Call the desk",
        ),
        shrinks="number",
    ),
    "test_refused": _both(
        ("{number}现在不能试按，请联系值守台", "{number} cannot be tested now. Please call the desk"), shrinks="number"
    ),
    "test_seen": _both(
        ("{number}试按已收到[，{place}]，配好了", "{number}: test press received[, {place}]. It works"),
        shrinks="number",
    ),
    "test_lapsed": _both(
        ("{number}没有收到试按[，{place}]，请重试", "{number}: no test press was received[, {place}]. Try again"),
        shrinks="number",
    ),
    "opted_out": _both(
        ("值守：{number}已退订短信，请打电话联系", "DESK: {number} wants no more texts. Please phone"), shrinks="number"
    ),
    "reach_test": _both(
        ("每月通讯测试，不是告警。收到请回1", "Monthly test, no alarm. Please reply 1"),
        one_way=("每月通讯测试，不是告警。请接听来电按键", "Monthly test, no alarm. Please answer our call"),
        voice=("安铃每月通讯测试，不是告警。收到请按一。", "Monthly test call from Anling, no alarm. Please press 1."),
    ),
    "reach_thanks": _both(("通讯正常，谢谢", "It works. Thank you")),
    "emergency_sheet": _both((_SHEET_ZH, _SHEET_EN), parts=6, shrinks=""),
    "plain": _both(("告警[ {number}][，{place}]，请联系值守台", "ALARM[ {number}][, {place}]. Please call the desk")),
}

_ALOUD = {"zh": {"-": "杠", "#": "井号", "*": "星号"}, "en": {"-": " dash ", "#": " hash ", "*": " star "}}
_CUT = {"zh": "…", "en": ".."}
_SIGNS = str.maketrans("“”„‘’`–—－＃＊【】", "\"\"\"'''---#*()")
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

    `capability` is that of the road it takes: without `two_way` no answer is asked for, without `urls` links and the
    resident's phone stay out, because the same carriers stop both. `local` turns UTC into the district's time.
    No facts make it fail: strange ones count as missing.

    Raises:
        KeyError: there is no such sentence, which is a programmer's error.
    """
    lang = lang if lang in LANGUAGES else "zh"
    words = SENTENCES[sentence][lang]
    values = allowed(_values(facts, lang, local), capability, lang)
    mark = EXERCISE[lang] if facts.get("exercise") else ""
    if channel is Channel.VOICE:
        return (
            mark
            + _filled(_pieces(words.voice or words.one_way or words.sms, values), _aloud(values, lang), lang).strip()
        )
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
    return {
        name: (values.get(name) or _gap(name, lang))[:PARAMETER_MAX] for name in names if name not in {"phone", "link"}
    }


def _gap(name: str, lang: str) -> str:
    return NOTHING[name][lang] if name in NOTHING else NOT_KNOWN


def _form(words: Words, capability: Capability) -> str:
    return words.sms if capability.two_way else words.one_way or words.sms


_TEXTS = ("place", "address", "entry", "name", "phone", "illness", "number", "choices", "link")
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
    kept = {name: _LINK.sub("", value).strip() for name, value in values.items() if name not in {"phone", "link"}}
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
    """The whole form, then without its last bracket, and so on; a bracket with the field `never` stays."""
    pieces = _pieces(form, values)
    yield list(pieces)
    for place in reversed(range(len(pieces))):
        piece, optional = pieces[place]
        if optional and f"{{{never}}}" not in piece:
            del pieces[place]
            yield list(pieces)


def _shorter_values(value: str, lang: str) -> Iterator[str]:
    """With fewer of its items, then with fewer of its signs."""
    items = value.split(JOIN[lang])
    for count in reversed(range(1, len(items))):
        yield JOIN[lang].join(items[:count])
    for length in reversed(range(1, len(value))):
        yield value[:length].rstrip() + _CUT[lang]
