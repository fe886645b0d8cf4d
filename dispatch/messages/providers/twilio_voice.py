"""What is said in a call, in Twilio's markup: the message with its key presses, and what follows a key press."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

PROMPTS = 3
"""How often a call asks for a key before it hangs up."""

KEY_WAIT_S = 6
TWIML_MAX = 4000
"""Characters of inline markup that Twilio takes with a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tongue:
    language: str
    voice: str
    thanks: str
    again: str
    wait: str
    goodbye: str


_TONGUES: Mapping[str, _Tongue] = MappingProxyType(
    {
        "zh": _Tongue(
            language="zh-CN",
            voice="Polly.Zhiyu",
            thanks="已收到，谢谢。",
            again="没有收到按键，请按键。",
            wait="请稍候。",
            goodbye="没有收到按键，再见。",
        ),
        "en": _Tongue(
            language="en-GB",
            voice="Polly.Amy",
            thanks="Received, thank you.",
            again="No key was received. Please press a key.",
            wait="One moment please.",
            goodbye="No key was received. Goodbye.",
        ),
    }
)


def tell(text: str, lang: str) -> str:
    """A call that only says its text, twice."""
    answer, tongue = VoiceResponse(), _tongue(lang)
    answer.say(text, language=tongue.language, voice=tongue.voice, loop=2)
    return str(answer)


def ask(text: str, lang: str, action: str) -> str:
    """
    A call that says its text twice and takes one key, then says it again; after `PROMPTS` it hangs up.

    The repeats stand in the markup itself, so that they need nothing from us while the call lasts. A text too long to
    be repeated within Twilio's limit is said in the first prompt only.
    """
    whole = _asking(text, lang, action, prompts=PROMPTS)
    return whole if len(whole) <= TWIML_MAX else _asking(text, lang, action, prompts=1)


def thank(lang: str) -> str:
    """The key arrived. Neutral on purpose: what it means is decided later, and told by a message."""
    return _say_and_hang_up(_tongue(lang).thanks, lang)


def ask_again(lang: str, action: str) -> str:
    """Nothing usable was pressed: another chance, at the same place."""
    answer = VoiceResponse()
    answer.append(_gather(_tongue(lang).again, lang, action, loop=1))
    answer.append(_hang_up_words(lang))
    answer.hangup()
    return str(answer)


def give_up(lang: str) -> str:
    """Asked often enough."""
    return _say_and_hang_up(_tongue(lang).goodbye, lang)


def hold_on(lang: str, action: str) -> str:
    """We cannot keep the key just now: the same call comes back in five seconds, to `action` which carries the key."""
    answer, tongue = VoiceResponse(), _tongue(lang)
    answer.say(tongue.wait, language=tongue.language, voice=tongue.voice)
    answer.pause(length=5)
    answer.redirect(action, method="POST")
    return str(answer)


def _asking(text: str, lang: str, action: str, *, prompts: int) -> str:
    answer = VoiceResponse()
    for prompt in range(prompts):
        answer.append(_gather(text, lang, action, loop=2 if prompt == 0 else 1))
    answer.append(_hang_up_words(lang))
    answer.hangup()
    return str(answer)


def _gather(text: str, lang: str, action: str, *, loop: int) -> Gather:
    gather, tongue = Gather(input="dtmf", num_digits=1, timeout=KEY_WAIT_S, action=action, method="POST"), _tongue(lang)
    gather.say(text, language=tongue.language, voice=tongue.voice, loop=loop)
    return gather


def _hang_up_words(lang: str) -> VoiceResponse:
    tongue = _tongue(lang)
    return VoiceResponse().say(tongue.goodbye, language=tongue.language, voice=tongue.voice)


def _say_and_hang_up(words: str, lang: str) -> str:
    answer, tongue = VoiceResponse(), _tongue(lang)
    answer.say(words, language=tongue.language, voice=tongue.voice)
    answer.hangup()
    return str(answer)


def _tongue(lang: str) -> _Tongue:
    return _TONGUES.get(lang.partition("-")[0], _TONGUES["zh"])
