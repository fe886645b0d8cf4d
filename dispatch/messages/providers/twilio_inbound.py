"""
Calls that ring in, at Twilio: the desk's telephones ring one after the other until a human takes the call.

    rings in ──► ring the first telephone ──► "press 1 to take it" ──► talk
       │  ▲             │ nobody, or a mailbox
       │  │             └──► the next ──► … ──► "we call you back"
       ▼  │ no key, 0, any other key, any mistake
    a carer with a visit near now: 1 I have come, 2 I am leaving

A telephone that is picked up has taken nothing: whoever picks up must press 1, because a mailbox cannot. The desk's
telephones stand behind each question of the keypad in the same markup: to reach them nothing more is asked of us.
"""

import re
from collections.abc import Mapping
from functools import partial

from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

from dispatch.errors import Invalid
from dispatch.messages.providers import twilio_keys
from dispatch.messages.providers.provider import Answer, Heard, Keyed
from dispatch.messages.providers.twilio_form import Form, count_of, xml
from dispatch.messages.providers.twilio_outcomes import OVER
from dispatch.rules.calls import News, Rang

RING_S = 15
DESK_MAX = 3
"""Telephones that ring one after the other: with `RING_S` each they are all through before a call counts as missed."""

TALK_MAX_S = 3600
_TRIES_MAX = 5
_CALL = re.compile(r"CA[0-9a-fA-F]{1,62}")
_TALKED = frozenset({"completed", "answered"})

_VOICES = (("zh-CN", "Polly.Zhiyu"), ("en-GB", "Polly.Amy"))
_HELLO = (
    "您好，这里是安铃，正在接通值守台，请不要挂机。",
    "This is Anling. We are connecting you. Please hold the line.",
)
_BACK = ("值守台正忙，我们马上给您回电。", "The desk is busy. We will call you back at once.")
_TAKE = ("安铃来电，接听请按一。", "A call for the Anling desk. Press 1 to take it.")


class TwilioInbound:
    """The addresses of a call that rings in: without a query when it comes, `?i=` its stage afterwards."""

    def __init__(self, *, at: str, caller: str, desk: tuple[str, ...]) -> None:
        """`at` is the voice hook's address, `caller` the number shown to the `desk`'s telephones (E.164)."""
        self._at = at
        self._caller = caller
        self._desk = desk[:DESK_MAX]

    def hear(self, form: Form, query: Mapping[str, str]) -> Heard:
        """
        A call that rings in, and everything that is asked about it.

        Raises:
            Invalid: it rings out, and names no attempt.
        """
        stage = query.get("i", "")
        if stage == "came":
            return self._came(form, count_of(query))
        if stage == "screen":
            return Heard(answer=xml(self._screen(_needed_call(query))))
        if stage == "take":
            return self._take(form, query)
        if stage == "next":
            return self._next(form, query)
        if stage == "keys":
            return self._key(form, query)
        if form.last("Direction") != "inbound":
            raise Invalid("The key press names no attempt.", {"a": "missing or not an attempt"})
        return self._came(form, 0)

    def ended(self, form: Form) -> Heard:
        """The status of a call that rang in; only its end is news."""
        over = form.needed("CallStatus") in OVER
        return Heard(calls=(_rang(form, News.ENDED),) if over else (), answer=Answer(status=204))

    def _came(self, form: Form, tried: int) -> Heard:
        news = (_rang(form, News.CAME),) if self._desk else (_rang(form, News.CAME), _rang(form, News.ENDED))
        answer = self._ring(form.needed("CallSid"), 0)
        # Where it cannot be written down, the desk rings all the same; where none can ring, nobody may be promised a
        # call: then the same call comes back.
        not_kept = answer if self._desk else self._hold_on(tried)
        # Where no telephone of the desk can ring, the call is missed already, and keys would only keep the caller.
        return Heard(calls=news, answer=answer, not_kept=not_kept, keyed=self._keyed(form) if self._desk else None)

    def _keyed(self, form: Form, *, digit: str = "", code: int | None = None) -> Keyed:
        sid = form.needed("CallSid")
        keyed = partial(twilio_keys.markup, at=self._at, ring=lambda into: self._dial(into, sid, 0))
        return Keyed(key=sid, sender=form.last("From"), answer=lambda keys: xml(keyed(keys)), digit=digit, code=code)

    def _key(self, form: Form, query: Mapping[str, str]) -> Heard:
        """A key of the keypad: what it does, or the desk, which rings anew for whoever had been served."""
        digits, sid = form.last("Digits"), form.needed("CallSid")
        desk = xml(twilio_keys.to_desk(query.get("l", "zh"), lambda into: self._dial(into, sid, 0)))
        chosen = twilio_keys.chosen(digits, query)
        if chosen is None:
            return Heard(calls=(_rang(form, News.DESK),), answer=desk, not_kept=desk)
        digit, code = chosen
        return Heard(answer=desk, not_kept=desk, keyed=self._keyed(form, digit=digit, code=code))

    def _hold_on(self, tried: int) -> Answer:
        if tried >= _TRIES_MAX:
            return Answer(status=503)
        answer = VoiceResponse()
        _say(answer, _HELLO)
        answer.pause(length=5)
        answer.redirect(f"{self._at}?i=came&n={tried + 1}", method="POST")
        return xml(str(answer))

    def _ring(self, sid: str, nth: int) -> Answer:
        if nth >= len(self._desk):
            return xml(_said(_BACK))
        answer = VoiceResponse()
        if nth == 0:
            _say(answer, _HELLO)
        self._dial(answer, sid, nth)
        return xml(str(answer))

    def _dial(self, into: VoiceResponse, sid: str, nth: int) -> None:
        dial = into.dial(
            action=f"{self._at}?i=next&n={nth + 1}", method="POST", timeout=RING_S, time_limit=TALK_MAX_S,
            caller_id=self._caller or None,
        )  # fmt: skip
        dial.number(self._desk[nth], url=f"{self._at}?i=screen&c={sid}", method="POST")

    def _screen(self, sid: str) -> str:
        answer = VoiceResponse()
        gather = Gather(input="dtmf", num_digits=1, timeout=8, action=f"{self._at}?i=take&c={sid}", method="POST")
        _say(gather, _TAKE)
        answer.append(gather)
        answer.hangup()
        return str(answer)

    def _take(self, form: Form, query: Mapping[str, str]) -> Heard:
        """The desk's end: with the key the two are connected, by an answer that says nothing more."""
        if form.last("Digits") != "1":
            return Heard(answer=xml("<Response><Hangup/></Response>"))
        # Somebody is there to talk to: that it cannot be written down just now must not part them.
        joined = xml("<Response/>")
        return Heard(calls=(Rang(key=_needed_call(query), news=News.TAKEN),), answer=joined, not_kept=joined)

    def _next(self, form: Form, query: Mapping[str, str]) -> Heard:
        """One telephone of the desk is through: the talk is over, or the next one rings."""
        nth = count_of(query)
        talked = form.last("DialCallStatus") in _TALKED
        if not talked and nth < len(self._desk) and form.last("CallStatus") not in OVER:
            return Heard(answer=self._ring(form.needed("CallSid"), nth))
        # Picked up by a mailbox looks like a talk, and is none: then nobody has pressed the key, and it is missed.
        answer = xml("<Response><Hangup/></Response>") if talked else xml(_said(_BACK))
        return Heard(calls=(_rang(form, News.ENDED),), answer=answer, not_kept=answer)


def _rang(form: Form, news: News) -> Rang:
    return Rang(key=form.needed("CallSid"), news=news, sender=form.last("From"), to=form.last("To"))


def _needed_call(query: Mapping[str, str]) -> str:
    if not _CALL.fullmatch(query.get("c", "")):
        raise Invalid("The address names no call.", {"c": "missing or not a call"})
    return query["c"]


def _say(into: VoiceResponse | Gather, words: tuple[str, str]) -> None:
    """Both languages: nobody knows yet who rings."""
    for text, (language, voice) in zip(words, _VOICES, strict=True):
        into.say(text, language=language, voice=voice)


def _said(words: tuple[str, str]) -> str:
    answer = VoiceResponse()
    _say(answer, words)
    answer.hangup()
    return str(answer)
