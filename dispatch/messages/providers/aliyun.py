"""
Aliyun's short message service (Dysmsapi): texts from approved templates to numbers of mainland China, and replies.

Their own SDK brings ten packages for one request, so it is signed here (`aliyun_sign.py`). All parameters of the
request stand in its address, as their documents have it: over TLS, and in no log of ours.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from dispatch.clock import Clock
from dispatch.messages.providers.aliyun_hooks import AliyunHooks
from dispatch.messages.providers.aliyun_outcomes import judge, kind_of
from dispatch.messages.providers.aliyun_sign import canonical_query, signed_headers
from dispatch.messages.providers.bulkhead import Full, Overdue
from dispatch.messages.providers.exchange import FAILURES, LIMITS, Answered, Caller, Exchange, Limits
from dispatch.messages.providers.provider import (
    Blame,
    Capability,
    Channel,
    Heard,
    Hook,
    Outcome,
    Outgoing,
    Sent,
)

VERSION = "2017-05-25"
PAGE = 50
"""Texts of one day to one number that are looked through; also the most that they may get in a day."""

QUEUE_URL = "https://1943695596114318.mns.cn-hangzhou.aliyuncs.com"
"""Where the queues of all accounts are, by the samples of help.aliyun.com (MNS for short messages, SmsUp)."""

NAMED = "out:"
"""Before an attempt's id, where Aliyun found it by that and said no id of its own."""

# Their days are those of Beijing.
_BEIJING = timezone(timedelta(hours=8))

# Approved templates to +86 only; links and telephone numbers in a variable are stopped (MESSAGING 6.2).
_AT_HOME = Capability(sms=True, two_way=True, urls=False, free_text=False, receipts=True)
_ELSEWHERE = Capability(sms=False, free_text=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliyunSettings:
    """
    One account. `sign_name` is the approved signature (without brackets); `templates` names the approved template of
    each sentence (`offer` → `SMS_123456789`, `offer.en` for English), whose variables have the names of the sentence's
    fields. `hook_secret` stands in the address that Aliyun pushes to, because a push is not signed. `uplink_queue` is
    the queue that keeps replies too, empty where there is none; `keys_url` gives the keys to it, and it is at
    `queue_url`. `clock` is our own, `nonce` gives a word used once.
    """

    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    sign_name: str = ""
    templates: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hook_secret: str = field(default="", repr=False)
    base_url: str = "https://dysmsapi.aliyuncs.com"
    uplink_queue: str = ""
    keys_url: str = "https://dybaseapi.aliyuncs.com"
    queue_url: str = QUEUE_URL
    clock: Clock
    nonce: Callable[[], str]
    limits: Limits = LIMITS


class AliyunProvider:
    """Keeps the contract of `Provider`. They know no idempotence, so each `send` is one request."""

    name = "aliyun"

    def __init__(self, settings: AliyunSettings) -> None:
        self._settings = settings
        self._calls = Caller(self.name, settings.limits, settings.clock)
        self._hooks = AliyunHooks(settings.hook_secret)

    def capability(self, to: str) -> Capability:
        """Texts to mainland China; nothing elsewhere. (Hong Kong +852, Macau +853 and Taiwan +886 are elsewhere.)"""
        return _AT_HOME if to.startswith("+86") else _ELSEWHERE

    def send(self, message: Outgoing) -> Sent:
        """One SendSms, ended within the total."""
        template = self._template(message)
        if refusal := self._refusal(message, template):
            return Sent(outcome=Outcome.REFUSED, blame=Blame.CONFIG, detail=refusal)
        params = {
            "PhoneNumbers": message.to.removeprefix("+86"),
            "SignName": self._settings.sign_name,
            "TemplateCode": template,
            "TemplateParam": json.dumps(dict(message.params), ensure_ascii=False, separators=(",", ":")),
            "OutId": message.attempt_id,
        }
        return self._calls.send(lambda exchange: self._ask(exchange, "SendSms", params, self._settings.base_url), judge)

    def look_up(self, message: Outgoing, provider_id: str | None, since: datetime) -> Sent | None:
        """
        By the attempt's own id among the texts to this number on the day of `since`, and on the next. NOT_SENT when it
        is not there, None when that cannot be told.
        """
        found = [self._listed(message.to, day) for day in _days(since)]
        details = [each for day in found for each in day or ()]
        ours = next((each for each in details if each.get("OutId") == message.attempt_id), None)
        if ours is not None:
            return _standing(ours, provider_id or f"{NAMED}{message.attempt_id}")
        if None in found or any(len(day or ()) >= PAGE for day in found):
            return None
        return Sent(outcome=Outcome.NOT_SENT, detail="not in the provider's list")

    def hear(self, hook: Hook) -> Heard:
        """Receipts and replies that were pushed. See `AliyunHooks.hear`."""
        return self._hooks.hear(hook)

    def lacking(self) -> Sequence[str]:
        """Keys of `AliyunSettings` without which nothing can be sent or believed."""
        needed = ("access_key_id", "access_key_secret", "sign_name", "hook_secret")
        missing = [key for key in needed if not getattr(self._settings, key)]
        return missing if "offer" in self._settings.templates else [*missing, "templates"]

    def close(self) -> None:
        """Let the kept connections go."""
        self._calls.close()

    def _template(self, message: Outgoing) -> str:
        templates = self._settings.templates
        return templates.get(f"{message.sentence}.{message.lang}", "") or templates.get(message.sentence, "")

    def _refusal(self, message: Outgoing, template: str) -> str:
        if lacking := self.lacking():
            return f"lacking {', '.join(lacking)}"
        if message.channel is not Channel.SMS or not self.capability(message.to).sms:
            return "carries texts to mainland China only"
        return "" if template else f"no template for {message.sentence or 'a text of its own'}"

    def _signs_at(self) -> datetime:
        """The time by the clock that judges it, as far as that is known: theirs."""
        return self._calls.theirs.now() or self._settings.clock.now()

    def _ask(self, exchange: Exchange, action: str, params: Mapping[str, str], base_url: str) -> Answered:
        settings = self._settings
        headers = signed_headers(
            key_id=settings.access_key_id, secret=settings.access_key_secret, host=urlsplit(base_url).netloc,
            action=action, version=VERSION, params=params, at=self._signs_at(), nonce=settings.nonce(),
        )  # fmt: skip
        return exchange.ask("POST", f"{base_url}/?{canonical_query(params)}", headers=headers)

    def _told(self, action: str, params: Mapping[str, str], base_url: str) -> Answered | None:
        """What they answer to a question; None when it could not be asked."""
        exchange = self._calls.exchange()
        try:
            return self._calls.within(exchange, lambda: self._ask(exchange, action, params, base_url))
        except (Full, Overdue, *FAILURES):
            return None

    def _listed(self, to: str, day: str) -> list[Mapping[str, Any]] | None:
        """The texts to this number on a day; None when they could not be had."""
        params = {
            "PhoneNumber": to.removeprefix("+86"),
            "SendDate": day,
            "PageSize": str(PAGE),
            "CurrentPage": "1",
        }
        answered = self._told("QuerySendDetails", params, self._settings.base_url)
        return None if answered is None else _details(answered)


def _days(since: datetime) -> list[str]:
    """The day of a send, and the one after, where an hour later is another."""
    local = since.astimezone(_BEIJING)
    return list(dict.fromkeys(f"{at:%Y%m%d}" for at in (local, local + timedelta(hours=1))))


def _details(answered: Answered) -> list[Mapping[str, Any]] | None:
    if answered.status >= 300 or answered.said.get("Code") != "OK":
        return None
    shelf = answered.said.get("SmsSendDetailDTOs")
    told = shelf.get("SmsSendDetailDTO") if isinstance(shelf, dict) else None
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _standing(detail: Mapping[str, Any], provider_id: str) -> Sent:
    code = str(detail.get("ErrCode") or "")[:40]
    return Sent(
        outcome=Outcome.TAKEN,
        provider_id=provider_id,
        status=str(detail.get("SendStatus"))[:40],
        kind=kind_of(detail.get("SendStatus")),
        code=None if code in {"", "DELIVERED"} else code,
    )
