"""What Twilio tells us: receipts, replies and key presses, believed only with its signature."""

import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urldefrag

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from dispatch.errors import Invalid
from dispatch.ids import AttemptId
from dispatch.messages.providers.provider import Answer, Forged, Heard, Hook, Inbound, Receipt, ReceiptKind, form_of
from dispatch.messages.providers.twilio_calls import TwilioCalls
from dispatch.messages.providers.twilio_form import Form, attempt_of, query_of, xml
from dispatch.messages.providers.twilio_outcomes import OVER, blame_of, kind_of

_SIP_TEMPORARILY_UNAVAILABLE = "480"


class TwilioHooks:
    """The addresses that we give to Twilio, and the reading of what comes back to them."""

    def __init__(
        self, *, public_url: str, account_sid: str, tokens: Sequence[str], callback_overrides: str, calls: TwilioCalls
    ) -> None:
        self._at = f"{public_url.rstrip('/')}/hooks/twilio"
        self._overrides = f"#{callback_overrides}" if callback_overrides else ""
        self._account_sid = account_sid
        self._calls = calls
        # Two tokens while one is replaced by the other; an empty one would let everybody sign.
        self._validators = [RequestValidator(token) for token in tokens if token]

    def receipt_url(self, attempt_id: AttemptId) -> str:
        """Where a status goes. The attempt is named, because a status may come before `send` has returned."""
        return f"{self._at}/receipt?a={attempt_id}{self._overrides}"

    def hear(self, hook: Hook) -> Heard:
        """
        What a hook says: kinds `receipt`, `reply` and `voice`.

        Raises:
            Forged: no signature, a wrong one, or another account.
            Invalid: signed, but a field that we need is not there, or the kind is unknown.
        """
        form = self._verified(hook)
        if hook.kind == "receipt":
            return self._receipt(form, query_of(hook))
        if hook.kind == "reply":
            return _reply(form)
        if hook.kind == "voice":
            return self._calls.hear(form, query_of(hook))
        raise Invalid(f"Twilio has no hook of the kind {hook.kind[:20]!r}.")

    def _verified(self, hook: Hook) -> Form:
        form, url = Form(form_of(hook)), urldefrag(hook.url).url
        signature = _header(hook.headers, "x-twilio-signature")
        if not signature or not any(validator.validate(url, form, signature) for validator in self._validators):
            raise Forged("The signature is missing or wrong.")
        # A signature carries no time, so a replay is valid; it is stopped by `key` being the same again.
        if not hmac.compare_digest(form.last("AccountSid").encode(), self._account_sid.encode()):
            raise Forged("Signed for another account.")
        return form

    def _receipt(self, form: Form, query: Mapping[str, str]) -> Heard:
        """The status of something we sent, or of a call that rang in, whose leg has no attempt of ours."""
        if form.last("CallSid") and form.last("Direction") == "inbound":
            return self._calls.ended(form)
        return _receipt(form, query)


def _receipt(form: Form, query: Mapping[str, str]) -> Heard:
    call = bool(form.last("CallSid"))
    sid = form.last("CallSid") or form.last("MessageSid") or form.needed("SmsSid")
    status = form.needed("CallStatus") if call else form.last("MessageStatus") or form.needed("SmsStatus")
    code = _call_code(form, status) if call else form.last("ErrorCode") or None
    kind = kind_of(status)
    if call and code == _SIP_TEMPORARILY_UNAVAILABLE:
        kind = ReceiptKind.UNDELIVERED  # Twilio says "failed" of a handset that is off.
    receipt = Receipt(
        key=f"{sid}:{status}:{code or ''}",
        kind=kind,
        provider_id=sid,
        attempt_id=attempt_of(query),
        status=status,
        code=code,
        blame=blame_of(code) if code and not call else None,
        over=call and status in OVER,
    )
    return Heard(receipts=(receipt,), answer=Answer(status=204))


def _call_code(form: Form, status: str) -> str | None:
    if kind_of(status) not in (ReceiptKind.UNDELIVERED, ReceiptKind.FAILED):
        return None
    return form.last("SipResponseCode") or status


def _reply(form: Form) -> Heard:
    sid = form.last("MessageSid") or form.needed("SmsSid")
    if "Body" not in form:
        raise Invalid("Twilio's reply has no Body.", {"Body": "missing"})
    # The text as it came, blanks and all: what it means is not decided here. Confirmations go through the outbox. Only
    # where Twilio itself took it for an opt-out, by a word that the account chose, the word for it is ours.
    text = "STOP" if form.last("OptOutType").upper() == "STOP" else form.last("Body")
    inbound = Inbound(key=sid, sender=form.needed("From"), text=text)
    return Heard(replies=(inbound,), answer=xml("<Response/>"))


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "") or ""
