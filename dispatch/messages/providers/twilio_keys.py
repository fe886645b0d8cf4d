"""The keypad of carers who ring in, in Twilio's markup: a question, and behind it always the desk's telephones."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

from dispatch.messages.providers.twilio_voice import tongue
from dispatch.rules.keypad import ARRIVE, CHOICES_MAX, LEAVE, Choice, Keys, Told

KEY_WAIT_S = 3
"""
Short, because whoever presses nothing waits for the desk: question, wait and three telephones of 15 s together stay
within the minute after which a call counts as missed (`rules.calls.WAIT_S`).
"""

Ring = Callable[[VoiceResponse], None]
"""Rings the desk's telephones from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    menu: str
    choice: str
    desk: str
    nothing: str
    after: Mapping[Told, str]


_WORDS: Mapping[str, _Words] = MappingProxyType({
    "zh": _Words(
        menu="签到请按一，签退请按二，找值守台请按零。", choice="{at}的上门请按{key}。", desk="正在接通值守台。",
        nothing="现在没有可签的上门。",
        after={Told.CAME: "已签到，谢谢。找值守台请按零。", Told.LEFT: "已签退，谢谢。找值守台请按零。"},
    ),
    "en": _Words(
        menu="To sign in press 1, to sign out press 2, for the desk press 0.",
        choice="For the visit at {at} press {key}.", desk="We are connecting you to the desk.",
        nothing="There is no visit to sign now.",
        after={
            Told.CAME: "Signed in. Thank you. For the desk press 0.",
            Told.LEFT: "Signed out. Thank you. For the desk press 0.",
        },
    ),
})  # fmt: skip


def markup(keys: Keys, *, at: str, ring: Ring) -> str:
    """What the caller hears. Keys go to `at`, the voice hook's address, with the stage `keys`."""
    lang = keys.lang if keys.lang in _WORDS else "zh"
    words = _WORDS[lang]
    if keys.told is Told.NOTHING:
        return to_desk(lang, ring, first=words.nothing)
    if keys.told in words.after:
        # What they rang for is done: who presses nothing more has what they wanted.
        answer = VoiceResponse()
        answer.append(_question(words.after[keys.told], lang, f"{at}?i=keys&l={lang}&d=1"))
        answer.hangup()
        return str(answer)
    asked, action = words.menu, f"{at}?i=keys&l={lang}"
    if keys.told is Told.WHICH:
        told = keys.choices[:CHOICES_MAX]
        asked = "".join(words.choice.format(at=_aloud(each, lang), key=key) for key, each in enumerate(told, start=1))
        action += "&o=" + ".".join(str(each.code) for each in told)
    answer = VoiceResponse()
    answer.append(_question(asked, lang, action + ("&w=" + keys.digit if keys.told is Told.WHICH else "")))
    _say(answer, words.desk, lang)
    ring(answer)
    return str(answer)


def to_desk(lang: str, ring: Ring, *, first: str = "") -> str:
    """Whoever wants the desk, or what no key is for: the telephones ring."""
    lang = lang if lang in _WORDS else "zh"
    answer = VoiceResponse()
    _say(answer, first + _WORDS[lang].desk, lang)
    ring(answer)
    return str(answer)


def chosen(digits: str, query: Mapping[str, str]) -> tuple[str, int | None] | None:
    """
    What a key means at the place in the menu that the address names: arriving or leaving, and the code of the visit
    that was chosen. None where it is none of the keys: then the desk is meant.
    """
    if query.get("d"):
        return None
    if "o" not in query:
        return (digits, None) if digits in {ARRIVE, LEAVE} else None
    codes = [int(each) for each in re.findall(r"[1-9][0-9]{2}", query["o"])]
    which = query.get("w", "")
    if which not in {ARRIVE, LEAVE} or not re.fullmatch("[1-9]", digits) or int(digits) > len(codes):
        return None
    return which, codes[int(digits) - 1]


def _question(text: str, lang: str, action: str) -> Gather:
    voice = tongue(lang)
    gather = Gather(input="dtmf", num_digits=1, timeout=KEY_WAIT_S, action=action, method="POST")
    gather.say(text, language=voice.language, voice=voice.voice)
    return gather


def _say(into: VoiceResponse, text: str, lang: str) -> None:
    voice = tongue(lang)
    into.say(text, language=voice.language, voice=voice.voice)


def _aloud(choice: Choice, lang: str) -> str:
    hour, _, minute = choice.at.partition(":")
    return f"{int(hour)}点{minute}分" if lang == "zh" else choice.at
