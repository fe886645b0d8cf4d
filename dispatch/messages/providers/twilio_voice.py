"""What is said in a call that we make, in Twilio's markup: the message with its keys, and what follows a key press."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

from dispatch.rules.talks import Stand

PROMPTS = 3
"""How often a call asks for a key before it hangs up."""

KEY_WAIT_S = 6
TALK_RING_S = 25
TALK_MAX_S = 600
"""The resident's telephone rings so long, and a carer talks to them at most so long on their way."""

TWIML_MAX = 4000
"""Characters of inline markup that Twilio takes with a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """How one language sounds at Twilio (`language`, `voice`), and our own words around a message in it."""

    language: str
    voice: str
    repeat: str
    thanks: str
    again: str
    wait: str
    goodbye: str
    machine: str
    talk: str
    connecting: str
    no_talk: str
    talk_over: str
    talk_failed: str
    outcomes: Mapping[Stand, str]


_TONGUES: Mapping[str, Tongue] = MappingProxyType(
    {
        "zh": Tongue(
            language="zh-CN",
            voice="Polly.Zhiyu",
            repeat="重听请按零。",
            thanks="已收到，谢谢。",
            again="没有收到按键，请按键。",
            wait="请稍候。",
            goodbye="没有收到按键，再见。",
            machine="安铃紧急呼叫，没有打通您的电话，请马上联系值守台。您若正在接听，接单请按一，去不了请按二。",
            talk="要和老人通话，请按三。",
            connecting="正在接通老人。",
            no_talk="现在不能接通老人，请直接前往。",
            talk_over="通话结束，请前往。再见。",
            talk_failed="老人没有接听，请直接前往。",
            outcomes={
                Stand.COMING: "您已接单，地址另行告知，请马上前往。",
                Stand.TAKEN: "已由他人接单，您不用去了，谢谢。",
                Stand.DECLINED: "已记下您去不了，谢谢。",
                Stand.OVER: "告警已结束，您不用去了，谢谢。",
                Stand.NOTED: "记下了，请放心。",
            },
        ),
        "en": Tongue(
            language="en-GB",
            voice="Polly.Amy",
            repeat="To hear this again, press 0.",
            thanks="Received, thank you.",
            again="No key was received. Please press a key.",
            wait="One moment please.",
            goodbye="No key was received. Goodbye.",
            machine="Emergency call from Anling: you could not be reached, please contact the desk at once. If you can "
            "hear this, press 1 to accept or 2 if you cannot go.",
            talk="To talk to the resident, press 3.",
            connecting="Connecting you to the resident.",
            no_talk="The resident cannot be connected now. Please go there directly.",
            talk_over="The talk is over. Please go there now. Goodbye.",
            talk_failed="The resident did not answer. Please go there directly.",
            outcomes={
                Stand.COMING: "You have accepted. The address follows. Please go now.",
                Stand.TAKEN: "Somebody else took it first. No need to go. Thank you.",
                Stand.DECLINED: "Noted that you cannot go. Thank you.",
                Stand.OVER: "The alarm is over. No need to go. Thank you.",
                Stand.NOTED: "Noted. Help is on the way.",
            },
        ),
    }
)


def tell(text: str, lang: str, *, slowly: bool = False) -> str:
    """A call that only says its text, twice; `slowly` also louder, for somebody hard of hearing."""
    answer, voice = VoiceResponse(), tongue(lang)
    said = answer.say(None if slowly else text, language=voice.language, voice=voice.voice, loop=2)
    if slowly:
        said.prosody(text, rate="slow", volume="x-loud")
    return str(answer)


def ask(text: str, lang: str, action: str) -> str:
    """
    A call that says its text twice and takes one key, then says it again; after `PROMPTS` it hangs up.

    The repeats stand in the markup itself, so that they need nothing from us while the call lasts. A text too long to
    be repeated within Twilio's limit is said in the first prompt only.
    """
    whole = _asking(text, lang, action, prompts=PROMPTS)
    return whole if len(whole) <= TWIML_MAX else _asking(text, lang, action, prompts=1)


def thank(lang: str, told: str) -> str:
    """The key arrived. Neutral on purpose: what it did is decided meanwhile, and asked for at `told` a second later."""
    answer = _saying(tongue(lang).thanks, lang)
    answer.pause(length=1)
    answer.redirect(told, method="POST")
    return str(answer)


def wait(lang: str, told: str) -> str:
    """It is not decided yet: the call comes back in a second."""
    answer = _saying(tongue(lang).wait, lang)
    answer.pause(length=1)
    answer.redirect(told, method="POST")
    return str(answer)


def outcome(stand: Stand, lang: str, talk: str | None) -> str:
    """What the key has done; with `talk`, the address to ask, the resident may be talked to."""
    voice = tongue(lang)
    answer = _saying(voice.outcomes.get(stand, voice.thanks), lang)
    if talk is not None:
        answer.append(_gather(voice.talk, lang, talk, loop=2, hint=False))
    answer.hangup()
    return str(answer)


def ask_again(lang: str, action: str) -> str:
    """Nothing usable was pressed: another chance, at the same place."""
    answer = VoiceResponse()
    answer.append(_gather(tongue(lang).again, lang, action, loop=1))
    answer.append(_hang_up_words(lang))
    answer.hangup()
    return str(answer)


def give_up(lang: str) -> str:
    """Asked often enough."""
    return _say_and_hang_up(tongue(lang).goodbye, lang)


def hold_on(lang: str, action: str) -> str:
    """We cannot keep the key just now: the same call comes back in five seconds, to `action` which carries the key."""
    answer = _saying(tongue(lang).wait, lang)
    answer.pause(length=5)
    answer.redirect(action, method="POST")
    return str(answer)


def to_machine(lang: str, action: str) -> str:
    """What a mailbox keeps: no place and nobody's need. A human who was taken for a machine may still press a key."""
    answer = VoiceResponse()
    answer.append(_gather(tongue(lang).machine, lang, action, loop=1, hint=False))
    answer.hangup()
    return str(answer)


def put_through(number: str, lang: str, *, caller: str, action: str) -> str:
    """Connects with the resident (E.164); how it went is told to `action`."""
    answer = _saying(tongue(lang).connecting, lang)
    dial = answer.dial(
        action=action, method="POST", caller_id=caller or None, timeout=TALK_RING_S, time_limit=TALK_MAX_S,
        answer_on_bridge=True,
    )  # fmt: skip
    dial.number(number)
    return str(answer)


def no_talk(lang: str) -> str:
    """The resident must not be rung, or cannot."""
    return _say_and_hang_up(tongue(lang).no_talk, lang)


def after_talk(lang: str, *, well: bool) -> str:
    """The talk is over, or nobody picked up."""
    voice = tongue(lang)
    return _say_and_hang_up(voice.talk_over if well else voice.talk_failed, lang)


def tongue(lang: str) -> Tongue:
    """How this language is spoken; Chinese where it is none of ours."""
    return _TONGUES.get(lang.partition("-")[0], _TONGUES["zh"])


def _asking(text: str, lang: str, action: str, *, prompts: int) -> str:
    answer = VoiceResponse()
    for prompt in range(prompts):
        answer.append(_gather(text, lang, action, loop=2 if prompt == 0 else 1))
    answer.append(_hang_up_words(lang))
    answer.hangup()
    return str(answer)


def _gather(text: str, lang: str, action: str, *, loop: int, hint: bool = True) -> Gather:
    gather, voice = Gather(input="dtmf", num_digits=1, timeout=KEY_WAIT_S, action=action, method="POST"), tongue(lang)
    gather.say(text, language=voice.language, voice=voice.voice, loop=loop)
    if hint:
        gather.say(voice.repeat, language=voice.language, voice=voice.voice)
    return gather


def _saying(words: str, lang: str) -> VoiceResponse:
    answer, voice = VoiceResponse(), tongue(lang)
    answer.say(words, language=voice.language, voice=voice.voice)
    return answer


def _hang_up_words(lang: str) -> VoiceResponse:
    voice = tongue(lang)
    return VoiceResponse().say(voice.goodbye, language=voice.language, voice=voice.voice)


def _say_and_hang_up(words: str, lang: str) -> str:
    answer = _saying(words, lang)
    answer.hangup()
    return str(answer)
