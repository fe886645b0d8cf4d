"""What Twilio asks and tells while somebody we call is on the line: keys, a machine that answers, the talk."""

import re
from collections.abc import Callable, Mapping
from functools import partial

from dispatch.errors import Invalid
from dispatch.ids import AttemptId
from dispatch.messages.providers import twilio_voice
from dispatch.messages.providers.provider import Answer, Heard, Inbound, Inquiry, Receipt, ReceiptKind
from dispatch.messages.providers.twilio_form import Form, attempt_of, count_of, xml
from dispatch.messages.providers.twilio_inbound import TwilioInbound
from dispatch.rules.talks import Stand, Standing

_KEPT_TRIES_MAX = 3

ANSWERS = frozenset("12")
"""Keys that are an answer: they are kept, and understood where every answer is."""

RATED = frozenset({"rating"})
"""Sentences that are answered by a key from 1 to 5."""

_RATING, _POINTS = {"k": "5"}, frozenset("12345")

REPEAT, TALK = frozenset("0*"), "3"

_MACHINES = re.compile(r"machine_.+|fax")
"""Values of AnsweredBy that are no human; `unknown` may be one (twilio.com/docs/voice/answering-machine-detection)."""


class TwilioCalls:
    """
    The address that Twilio calls during a call, and what it is answered.

    `?a=` names the attempt, `l=` the language, `n=` how often we have asked, and `s=` the stage of the call: none for a
    key, `told` for what the key has done, `amd` for human or machine, `dial` for how the talk went. `k=5`: the
    keys from 1 to 5 are an answer.
    """

    def __init__(
        self, *, public_url: str, caller: str, desk: tuple[str, ...], interrupt: Callable[[str, str], None]
    ) -> None:
        """
        `caller` is the number of ours that is shown. `desk` are the telephones that ring for whoever rings in.
        `interrupt(call, markup)` puts other words into a call under way; returns at once.
        """
        self._at = f"{public_url.rstrip('/')}/hooks/twilio/voice"
        self._caller = caller
        self._interrupt = interrupt
        self._inbound = TwilioInbound(at=self._at, caller=caller, desk=desk)

    def url(self, attempt_id: AttemptId, lang: str, **more: str) -> str:
        """Where a key press goes. Only letters, digits, `_` and `-` stand in it: nothing that may be quoted twice."""
        extra = "".join(f"&{name}={value}" for name, value in more.items())
        return f"{self._at}?a={attempt_id}&l={_lang(lang)}{extra}"

    def hear(self, form: Form, query: Mapping[str, str]) -> Heard:
        """
        What the voice hook says.

        Raises:
            Invalid: it belongs to no call of ours and to none that rings in.
        """
        attempt_id = attempt_of(query)
        if attempt_id is None and "a" not in query:
            return self._inbound.hear(form, query)
        if attempt_id is None:
            raise Invalid("The key press names no attempt.", {"a": "missing or not an attempt"})
        stages = {"told": self._told, "amd": self._answered_by, "dial": self._talked}
        return stages.get(query.get("s", ""), self._key)(form, query, attempt_id)

    def ended(self, form: Form) -> Heard:
        """A call that rang in has changed its status."""
        return self._inbound.ended(form)

    def _key(self, form: Form, query: Mapping[str, str], attempt_id: AttemptId) -> Heard:
        digits, lang = form.last("Digits") or query.get("d", ""), query.get("l", "zh")
        if digits in (_POINTS if _keys(query) else ANSWERS):
            return self._answer(form, query, attempt_id, digits)
        if digits in REPEAT:
            again = partial(self._read_again, attempt_id, lang, _keys(query))
            return self._ask_us(form, query, attempt_id, again, key=f"repeat{count_of(query)}")
        if digits == TALK:
            return self._ask_us(form, query, attempt_id, partial(self._put_through, attempt_id, lang), talk=True)
        return Heard(answer=self._ask_again(attempt_id, lang, query))

    def _answer(self, form: Form, query: Mapping[str, str], attempt_id: AttemptId, digit: str) -> Heard:
        lang = query.get("l", "zh")
        reply = Inbound(
            key=f"{form.needed('CallSid')}:{digit}",
            sender=form.needed("To"),
            text=digit,
            attempt_id=attempt_id,
            voice=True,
        )
        # What it means is understood a moment later, from its row; the call comes back to hear it.
        thanks = twilio_voice.thank(lang, self.url(attempt_id, lang, s="told"))
        return Heard(replies=(reply,), answer=xml(thanks), not_kept=self._hold_on(attempt_id, lang, digit, query))

    def _told(self, form: Form, query: Mapping[str, str], attempt_id: AttemptId) -> Heard:
        lang = query.get("l", "zh")
        return self._ask_us(form, query, attempt_id, partial(self._what_it_did, attempt_id, lang, count_of(query)))

    def _answered_by(self, form: Form, query: Mapping[str, str], attempt_id: AttemptId) -> Heard:
        """Human or machine. A machine was not reached and is told in short; who was taken for one may still press."""
        sid, answered_by = form.needed("CallSid"), form.needed("AnsweredBy")
        if not _MACHINES.fullmatch(answered_by):
            return Heard(answer=Answer(status=204))
        lang = query.get("l", "zh")
        receipt = Receipt(
            key=f"{sid}:amd", kind=ReceiptKind.UNDELIVERED, provider_id=sid, attempt_id=attempt_id, status="machine",
            code="machine", over=True,
        )  # fmt: skip
        words = twilio_voice.to_machine(lang, self.url(attempt_id, lang, n=str(twilio_voice.PROMPTS)))
        return Heard(receipts=(receipt,), answer=Answer(status=204), then=partial(self._interrupt, sid, words))

    def _talked(self, form: Form, query: Mapping[str, str], attempt_id: AttemptId) -> Heard:
        """The talk with the resident is over, or never came about."""
        result, lang = form.needed("DialCallStatus"), query.get("l", "zh")
        words = xml(twilio_voice.after_talk(lang, well=result in {"completed", "answered"}))
        inquiry = Inquiry(
            key=f"{form.needed('CallSid')}:talked", attempt_id=attempt_id, answer=lambda _: words, result=result[:24]
        )
        return Heard(inquiry=inquiry, answer=words)

    def _ask_us(
        self, form: Form, query: Mapping[str, str], attempt_id: AttemptId, answer: Callable[[Standing], Answer],
        *, talk: bool = False, key: str = "",
    ) -> Heard:  # fmt: skip
        key = key or ("talk" if talk else "told")
        inquiry = Inquiry(key=f"{form.needed('CallSid')}:{key}", attempt_id=attempt_id, answer=answer, talk=talk)
        return Heard(inquiry=inquiry, answer=answer(Standing()))

    def _what_it_did(self, attempt_id: AttemptId, lang: str, asked: int, standing: Standing) -> Answer:
        if standing.stand is Stand.UNKNOWN and asked < twilio_voice.PROMPTS:
            return xml(twilio_voice.wait(lang, self.url(attempt_id, lang, s="told", n=str(asked + 1))))
        talk = self.url(attempt_id, lang) if standing.stand is Stand.COMING and standing.number else None
        return xml(twilio_voice.outcome(standing.stand, lang, talk))

    def _read_again(self, attempt_id: AttemptId, lang: str, keys: Mapping[str, str], standing: Standing) -> Answer:
        if not standing.text:
            return xml(twilio_voice.ask_again(lang, self.url(attempt_id, lang, n="1", **keys)))
        return xml(twilio_voice.ask(standing.text, lang, self.url(attempt_id, lang, n="1", **keys)))

    def _put_through(self, attempt_id: AttemptId, lang: str, standing: Standing) -> Answer:
        """Only whoever has accepted, and only while it holds."""
        if standing.stand is Stand.OPEN:
            return xml(twilio_voice.ask_again(lang, self.url(attempt_id, lang, n="1")))
        if standing.stand is not Stand.COMING or standing.number is None:
            return xml(twilio_voice.no_talk(lang))
        after = self.url(attempt_id, lang, s="dial")
        return xml(twilio_voice.put_through(standing.number, lang, caller=self._caller, action=after))

    def _ask_again(self, attempt_id: AttemptId, lang: str, query: Mapping[str, str]) -> Answer:
        asked = count_of(query)
        if asked >= twilio_voice.PROMPTS:
            return xml(twilio_voice.give_up(lang))
        return xml(twilio_voice.ask_again(lang, self.url(attempt_id, lang, n=str(asked + 1), **_keys(query))))

    def _hold_on(self, attempt_id: AttemptId, lang: str, digits: str, query: Mapping[str, str]) -> Answer:
        # The web cannot answer a call with 503: the caller would hear "an application error" and the key be lost.
        tried = count_of(query)
        if tried >= _KEPT_TRIES_MAX:
            return xml(twilio_voice.give_up(lang))
        return xml(twilio_voice.hold_on(lang, self.url(attempt_id, lang, n=str(tried + 1), d=digits, **_keys(query))))


def asked(sentence: str) -> Mapping[str, str]:
    """What the address of a key press says beside the attempt, for a call with this sentence."""
    return _RATING if sentence in RATED else {}


def _keys(query: Mapping[str, str]) -> Mapping[str, str]:
    return _RATING if query.get("k") == _RATING["k"] else {}


def _lang(lang: str) -> str:
    return "en" if lang.startswith("en") else "zh"
