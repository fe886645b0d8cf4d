"""
A road of one's own: each message is posted, signed, to an address that somebody else answers for.

```
  we  ──► POST <url>                 message.send   data: attempt_id channel to text lang …    2xx: taken
  we  ◄── POST /hooks/webhook/receipt  message.status data: attempt_id status code
      ◄── POST /hooks/webhook/reply    message.reply  data: from text
      ◄── POST /hooks/webhook/voice    call.pressed   data: attempt_id from digits
  we  ──► GET  <poll_url>              what of these we may not have heard: `webhook_inbox.py`
```

Both ways are signed as in `standard_webhooks.py`. The attempt's id is the webhook's id, so that whoever takes it can
tell a second try of one attempt from a second attempt.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.clock import Clock
from dispatch.errors import Invalid
from dispatch.ids import AttemptId
from dispatch.messages.providers.exchange import LIMITS, Answered, Caller, Exchange, Limits, masked, outcome_of
from dispatch.messages.providers.provider import (
    Answer,
    Blame,
    Capability,
    Channel,
    Forged,
    Heard,
    Hook,
    Inbound,
    Outcome,
    Outgoing,
    Receipt,
    ReceiptKind,
    Sent,
)
from dispatch.messages.providers.standard_webhooks import secret_bytes, sign, verify

ID_MAX = 64
"""Characters of an id that is kept of somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """
    One receiver. `secret` signs what we send and proves what comes back; `alternate_secret` is believed, but not used,
    while the secret is being replaced. `poll_url` is where it is asked for what its webhooks may not have brought;
    empty where it cannot be asked. `clock` is our own, which signatures carry until theirs is known. The rest says what
    the road behind the receiver can do: see `Capability`.
    """

    url: str = ""
    poll_url: str = ""
    secret: str = field(default="", repr=False)
    alternate_secret: str = field(default="", repr=False)
    clock: Clock
    sms: bool = True
    voice: bool = False
    two_way: bool = True
    urls: bool = True
    receipts: bool = False
    cross_border: bool = False
    limits: Limits = LIMITS


class WebhookProvider:
    """Keeps the contract of `Provider`. Each `send` is one POST."""

    name = "webhook"

    def __init__(self, settings: WebhookSettings) -> None:
        """
        Raises:
            ValueError: a secret that is no secret of Standard Webhooks.
        """
        self._settings = settings
        self._secrets = [secret_bytes(each) for each in (settings.secret, settings.alternate_secret) if each]
        self._calls = Caller(self.name, settings.limits, settings.clock)
        self._capability = Capability(
            sms=settings.sms,
            voice=settings.voice,
            two_way=settings.two_way,
            urls=settings.urls,
            receipts=settings.receipts,
            cross_border=settings.cross_border,
        )

    def capability(self, to: str) -> Capability:
        """What the settings say, towards every country."""
        return self._capability

    def send(self, message: Outgoing) -> Sent:
        """One POST, ended within the total. 2xx with a JSON object, or 204, is taken."""
        lacking = self.lacking()
        if lacking or not self._carries(message.channel):
            detail = f"lacking {', '.join(lacking)}" if lacking else f"does not carry {message.channel}"
            return Sent(outcome=Outcome.REFUSED, blame=Blame.CONFIG, detail=detail)
        body = self._body(message)
        headers = sign(self._secrets[0], message.attempt_id, self._signs_at(), body)
        return self._calls.send(
            lambda exchange: exchange.ask(
                "POST", self._settings.url, data=body, headers={"Content-Type": "application/json", **headers}
            ),
            lambda answered, exchange: _judge(answered, exchange, message.attempt_id),
        )

    def look_up(self, message: Outgoing, provider_id: str | None, since: datetime) -> Sent | None:
        """It cannot be asked: what it has named it took, of the rest nothing is known."""
        return None if provider_id is None else _taken(provider_id, None)

    def hear(self, hook: Hook) -> Heard:
        """
        A receipt, a reply or a key press.

        Raises:
            Forged: the signature is missing, wrong or old.
            Invalid: signed, but a field is missing or the kind is unknown.
        """
        if not self._secrets:
            raise Forged("There is no secret to prove anything with.")
        clocks = [each for each in (self._settings.clock.now(), self._calls.theirs.now()) if each is not None]
        key = verify(self._secrets, hook.headers, hook.body, clocks)
        if hook.kind not in READERS:
            raise Invalid(f"The receiver has no hook of the kind {hook.kind[:20]!r}.")
        kind, reader = READERS[hook.kind]
        return reader(f"{hook.kind}:{key}"[:150], _data(hook.body, kind))

    def lacking(self) -> Sequence[str]:
        """Keys of `WebhookSettings` without which nothing can be sent or believed."""
        return [key for key in ("url", "secret") if not getattr(self._settings, key)]

    def close(self) -> None:
        """Let the kept connections go."""
        self._calls.close()

    def _signs_at(self) -> datetime:
        """The time by the clock that judges it, as far as that is known."""
        return self._calls.theirs.now() or self._settings.clock.now()

    def _carries(self, channel: Channel) -> bool:
        return self._settings.voice if channel is Channel.VOICE else self._settings.sms

    def _body(self, message: Outgoing) -> bytes:
        data = {
            "attempt_id": message.attempt_id,
            "channel": message.channel.value,
            "to": message.to,
            "text": message.text,
            "lang": message.lang,
            "sentence": message.sentence,
            "answerable": message.answerable,
            "validity_s": message.validity_s,
            "try": message.seq,
        }
        said = {"type": "message.send", "timestamp": self._signs_at().isoformat(), "data": data}
        return json.dumps(said, ensure_ascii=False).encode()


def _judge(answered: Answered, exchange: Exchange, attempt_id: AttemptId) -> Sent:
    if answered.status < 300:
        told = answered.said.get("id")
        return _taken(told[:ID_MAX] if isinstance(told, str) and told else attempt_id, answered.status)
    code = answered.said.get("code")
    return Sent(
        outcome=outcome_of(answered.status),
        blame=_blame(answered),
        code=code[:40] if isinstance(code, str) else None,
        http_status=answered.status,
        detail=masked(str(answered.said.get("detail") or "")),
        retry_after_s=exchange.retry_after_s,
    )


def _blame(answered: Answered) -> Blame:
    """The receiver may say `"blame": "recipient"`; a status by itself never condemns a number."""
    if answered.said.get("blame") == Blame.RECIPIENT.value:
        return Blame.RECIPIENT
    return Blame.CONFIG if answered.status in {401, 403, 404, 410} else Blame.PROVIDER


def _taken(provider_id: str, status: int | None) -> Sent:
    return Sent(
        outcome=Outcome.TAKEN, provider_id=provider_id, status="accepted", kind=ReceiptKind.QUEUED, http_status=status
    )


def _data(body: bytes, kind: str) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("The webhook's body is not JSON.") from None
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, dict) or said.get("type") != kind:
        raise Invalid(f'The webhook must be of the type "{kind}" and have "data".', {"type": kind})
    return data


def _receipt(key: str, data: Mapping[str, Any]) -> Heard:
    status, attempt_id = _needed(data, "status"), _needed(data, "attempt_id")
    if status not in set(ReceiptKind):
        raise Invalid("There is no such status.", {"status": f"one of {', '.join(ReceiptKind)}"})
    receipt = Receipt(
        key=key,
        kind=ReceiptKind(status),
        provider_id=str(data.get("id") or attempt_id)[:ID_MAX],
        attempt_id=AttemptId(attempt_id[:40]),
        status=status,
        code=str(data["code"])[:40] if data.get("code") else None,
        blame=Blame.RECIPIENT if data.get("blame") == Blame.RECIPIENT.value else None,
    )
    return Heard(receipts=(receipt,), answer=Answer(status=204))


def _reply(key: str, data: Mapping[str, Any]) -> Heard:
    text = data.get("text")
    if not isinstance(text, str):
        raise Invalid("The reply has no text.", {"text": "missing"})
    return Heard(replies=(Inbound(key=key, sender=_needed(data, "from"), text=text),), answer=Answer(status=204))


def _pressed(key: str, data: Mapping[str, Any]) -> Heard:
    inbound = Inbound(
        key=key,
        sender=_needed(data, "from"),
        text=_needed(data, "digits"),
        attempt_id=AttemptId(_needed(data, "attempt_id")[:40]),
        voice=True,
    )
    return Heard(replies=(inbound,), answer=Answer(status=204))


def _needed(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid(f"The webhook's data has no {name}.", {name: "missing"})
    return value


READERS: Mapping[str, tuple[str, Callable[[str, Mapping[str, Any]], Heard]]] = {
    "receipt": ("message.status", _receipt),
    "reply": ("message.reply", _reply),
    "voice": ("call.pressed", _pressed),
}
"""By the kind of hook: the type it must have, and who reads its data."""
