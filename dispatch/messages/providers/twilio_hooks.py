"""What Twilio tells us: receipts, replies and key presses, believed only with its signature."""

import hmac
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urldefrag, urlsplit

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from dispatch.errors import Invalid
from dispatch.ids import AttemptId
from dispatch.messages.providers import twilio_voice
from dispatch.messages.providers.provider import Answer, Forged, Heard, Hook, Inbound, Receipt, ReceiptKind, form_of
from dispatch.messages.providers.twilio_outcomes import blame_of, kind_of

_KEPT_TRIES_MAX = 3
_ATTEMPT = re.compile(r"[0-9a-f]{1,64}")
_SIP_TEMPORARILY_UNAVAILABLE = "480"


class _Form(dict[str, Sequence[str]]):
    """A form as the validator wants it: every value of a name, blanks included."""

    def getlist(self, name: str) -> Sequence[str]:
        return self[name]

    def last(self, name: str) -> str:
        values = self.get(name) or ("",)
        return values[-1]


class TwilioHooks:
    """The addresses that we give to Twilio, and the reading of what comes back to them."""

    def __init__(self, *, public_url: str, account_sid: str, tokens: Sequence[str], callback_overrides: str) -> None:
        self._at = f"{public_url.rstrip('/')}/hooks/twilio"
        self._overrides = f"#{callback_overrides}" if callback_overrides else ""
        self._account_sid = account_sid
        # Two tokens while one is replaced by the other; an empty one would let everybody sign.
        self._validators = [RequestValidator(token) for token in tokens if token]

    def receipt_url(self, attempt_id: AttemptId) -> str:
        """Where a status goes. The attempt is named, because a status may come before `send` has returned."""
        return f"{self._at}/receipt?a={attempt_id}{self._overrides}"

    def voice_url(self, attempt_id: AttemptId, lang: str, **more: str) -> str:
        """Where a key press goes. Only letters, digits, `_` and `-` stand in it: nothing that may be quoted twice."""
        extra = "".join(f"&{name}={value}" for name, value in more.items())
        return f"{self._at}/voice?a={attempt_id}&l={_lang(lang)}{extra}"

    def hear(self, hook: Hook) -> Heard:
        """
        What a hook says: kinds `receipt`, `reply` and `voice`.

        Raises:
            Forged: no signature, a wrong one, or another account.
            Invalid: signed, but a field that we need is not there, or the kind is unknown.
        """
        form = self._verified(hook)
        if hook.kind == "receipt":
            return _receipt(form, _query(hook))
        if hook.kind == "reply":
            return _reply(form)
        if hook.kind == "voice":
            return self._voice(form, _query(hook))
        raise Invalid(f"Twilio has no hook of the kind {hook.kind[:20]!r}.")

    def _verified(self, hook: Hook) -> _Form:
        form, url = _Form(form_of(hook)), urldefrag(hook.url).url
        signature = _header(hook.headers, "x-twilio-signature")
        if not signature or not any(validator.validate(url, form, signature) for validator in self._validators):
            raise Forged("The signature is missing or wrong.")
        # A signature carries no time, so a replay is valid; it is stopped by `key` being the same again.
        if not hmac.compare_digest(form.last("AccountSid").encode(), self._account_sid.encode()):
            raise Forged("Signed for another account.")
        return form

    def _voice(self, form: _Form, query: Mapping[str, str]) -> Heard:
        attempt_id, lang, digits = _attempt(query), query.get("l", "zh"), form.last("Digits") or query.get("d", "")
        if attempt_id is None:
            raise Invalid("The key press names no attempt.", {"a": "missing or not an attempt"})
        if not digits:
            return Heard(answer=_xml(self._ask_again(attempt_id, lang, query)))
        return Heard(
            replies=(
                Inbound(
                    key=f"{_needed(form, 'CallSid')}:{digits}",
                    sender=_needed(form, "To"),
                    text=digits,
                    attempt_id=attempt_id,
                    voice=True,
                ),
            ),
            answer=_xml(twilio_voice.thank(lang)),
            not_kept=self._hold_on(attempt_id, lang, digits, query),
        )

    def _ask_again(self, attempt_id: AttemptId, lang: str, query: Mapping[str, str]) -> str:
        asked = _count(query)
        if asked >= twilio_voice.PROMPTS:
            return twilio_voice.give_up(lang)
        return twilio_voice.ask_again(lang, self.voice_url(attempt_id, lang, n=str(asked + 1)))

    def _hold_on(self, attempt_id: AttemptId, lang: str, digits: str, query: Mapping[str, str]) -> Answer:
        # The web cannot answer a call with 503: the caller would hear "an application error" and the key be lost.
        tried = _count(query)
        if tried >= _KEPT_TRIES_MAX or not digits.isalnum():
            return _xml(twilio_voice.give_up(lang))
        return _xml(twilio_voice.hold_on(lang, self.voice_url(attempt_id, lang, n=str(tried + 1), d=digits)))


def _receipt(form: _Form, query: Mapping[str, str]) -> Heard:
    call = bool(form.last("CallSid"))
    sid = form.last("CallSid") or form.last("MessageSid") or _needed(form, "SmsSid")
    status = _needed(form, "CallStatus") if call else form.last("MessageStatus") or _needed(form, "SmsStatus")
    code = _call_code(form, status) if call else form.last("ErrorCode") or None
    kind = kind_of(status)
    if call and code == _SIP_TEMPORARILY_UNAVAILABLE:
        kind = ReceiptKind.UNDELIVERED  # Twilio says "failed" of a handset that is off.
    receipt = Receipt(
        key=f"{sid}:{status}:{code or ''}",
        kind=kind,
        provider_id=sid,
        attempt_id=_attempt(query),
        status=status,
        code=code,
        blame=blame_of(code) if code and not call else None,
    )
    return Heard(receipts=(receipt,), answer=Answer(status=204))


def _call_code(form: _Form, status: str) -> str | None:
    if kind_of(status) not in (ReceiptKind.UNDELIVERED, ReceiptKind.FAILED):
        return None
    return form.last("SipResponseCode") or status


def _reply(form: _Form) -> Heard:
    sid = form.last("MessageSid") or _needed(form, "SmsSid")
    if "Body" not in form:
        raise Invalid("Twilio's reply has no Body.", {"Body": "missing"})
    # The text as it came, blanks and all: what it means is not decided here. Confirmations go through the outbox. Only
    # where Twilio itself took it for an opt-out, by a word that the account chose, the word for it is ours.
    text = "STOP" if form.last("OptOutType").upper() == "STOP" else form.last("Body")
    inbound = Inbound(key=sid, sender=_needed(form, "From"), text=text)
    return Heard(replies=(inbound,), answer=_xml("<Response/>"))


def _xml(body: str) -> Answer:
    return Answer(body=body, content_type="text/xml; charset=utf-8")


def _query(hook: Hook) -> Mapping[str, str]:
    # From the address that was signed, not from what anybody made of it on the way.
    return dict(parse_qsl(urlsplit(hook.url).query))


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "") or ""


def _needed(form: _Form, name: str) -> str:
    if not form.last(name):
        raise Invalid(f"Twilio's form has no {name}.", {name: "missing"})
    return form.last(name)


def _attempt(query: Mapping[str, str]) -> AttemptId | None:
    named = query.get("a", "")
    return AttemptId(named) if _ATTEMPT.fullmatch(named) else None


def _count(query: Mapping[str, str]) -> int:
    return int(query["n"]) if re.fullmatch(r"[0-9]{1,2}", query.get("n", "")) else 0


def _lang(lang: str) -> str:
    return "en" if lang.startswith("en") else "zh"
