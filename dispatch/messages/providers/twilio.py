"""Twilio: text messages and calls over its REST API, with its own client."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar

import requests
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from dispatch.messages.providers import twilio_voice
from dispatch.messages.providers.bulkhead import Bulkhead, Full, Overdue
from dispatch.messages.providers.provider import Blame, Capability, Channel, Heard, Hook, Outcome, Outgoing, Sent
from dispatch.messages.providers.twilio_hooks import TwilioHooks
from dispatch.messages.providers.twilio_http import BrokenOff, Exchange, Unreadable, connections
from dispatch.messages.providers.twilio_outcomes import code_of, judge, taken

RING_S = 25
"""Short enough that a mailbox rarely answers."""

VALIDITY_MIN_S, VALIDITY_MAX_S = 5, 36_000
"""What Twilio takes for ValidityPeriod."""

CALLBACK_OVERRIDES = "ct=2000&rt=5000&tt=15000&rc=5&rp=all"
"""
How Twilio calls back with a status: connect, read and total time in ms, five retries on everything; not signed.

All retries happen inside the total: this covers the restart of a worker, not an outage (MESSAGING 1.3).
"""

PAGE = 50
"""Messages looked through for one whose outcome is unknown."""

CLOCKS_APART = timedelta(seconds=10)
"""How far Twilio's clock may be behind ours, and its times are whole seconds."""

_CALLBACK_REFUSED = "21609"

# What may come out of a call for reasons of the network or of Twilio.
_FAILURES = (requests.RequestException, TwilioException, Unreadable, BrokenOff)

_ANYWHERE = Capability(sms=True, voice=True, two_way=True, urls=True, free_text=True, receipts=True)

# By the beginning of the number; the longest that fits counts. twilio.com/guidelines/cn/sms: no two-way SMS with
# mainland China, no addresses in a text. (Hong Kong +852, Macau +853 and Taiwan +886 have numbers of their own.)
COUNTRIES: Mapping[str, Capability] = MappingProxyType(
    {
        "+": _ANYWHERE,
        "+86": Capability(sms=True, voice=True, two_way=False, urls=False, free_text=True, receipts=True),
    }
)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSettings:
    """
    One account at Twilio.

    `from_` is a sender in E.164; `messaging_service_sid`, if given, picks the sender of a text instead. Calls come from
    `voice_from`, or else from `from_`. `public_url` is where Twilio reaches us. `alternate_auth_token` is believed, but
    not used, while a token is being replaced. Times are in seconds: `total_deadline_s` holds for one whole `send`,
    `slot_wait_s` is the part of it spent at most waiting for one of `calls_max` places. `callback_overrides` goes
    behind the `#` of status callbacks. `trust_env` lets the environment name a proxy and certificates.
    """

    account_sid: str = ""
    auth_token: str = field(default="", repr=False)
    from_: str = ""
    messaging_service_sid: str | None = None
    voice_from: str | None = None
    public_url: str = ""
    base_url: str = "https://api.twilio.com"
    alternate_auth_token: str | None = field(default=None, repr=False)
    total_deadline_s: float = 6.0
    connect_s: float = 2.0
    read_s: float = 4.0
    slot_wait_s: float = 0.5
    calls_max: int = 32
    trust_env: bool = False
    callback_overrides: str = CALLBACK_OVERRIDES
    cross_border: bool = True

    def __post_init__(self) -> None:
        assert 0 < self.slot_wait_s < self.total_deadline_s
        assert self.connect_s > 0
        assert self.read_s > 0


class TwilioProvider:
    """
    Keeps the contract of `Provider`.

    `send` is one attempt: it is made again once, without its callback, when Twilio refuses the callback's address
    (21609), because a message that must be polled is better than none. Nothing else is ever sent twice.
    """

    name = "twilio"

    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings
        self._caller = settings.voice_from or settings.from_
        self._session = connections(trust_env=settings.trust_env, pool_max=settings.calls_max)
        self._sends = Bulkhead("twilio", calls_max=settings.calls_max, wait_s=settings.slot_wait_s)
        self._hooks = TwilioHooks(
            public_url=settings.public_url,
            account_sid=settings.account_sid,
            tokens=(settings.auth_token, settings.alternate_auth_token or ""),
            callback_overrides=settings.callback_overrides,
        )
        _load_twilio(self._client(self._exchange()))

    def capability(self, to: str) -> Capability:
        """What Twilio can do towards this number's country."""
        country = COUNTRIES[max((start for start in COUNTRIES if to.startswith(start)), key=len, default="+")]
        return replace(country, voice=country.voice and bool(self._caller), cross_border=self._settings.cross_border)

    def send(self, message: Outgoing) -> Sent:
        """One text or one call; ended, whatever the network does, within `total_deadline_s`."""
        if lacking := self._lacking_for(message.channel):
            return Sent(outcome=Outcome.REFUSED, blame=Blame.CONFIG, detail=f"lacking {', '.join(lacking)}")
        exchange = self._exchange()
        try:
            made = self._within(exchange, lambda: self._create(self._client(exchange), message))
        except Full:
            return Sent(outcome=Outcome.NOT_SENT, blame=Blame.PROVIDER, detail="too many calls under way")
        except Overdue:
            outcome = Outcome.UNKNOWN if exchange.began else Outcome.NOT_SENT
            return Sent(outcome=outcome, blame=Blame.PROVIDER, detail="not ended within the deadline")
        except _FAILURES as error:
            return judge(error, exchange)
        return taken(made, exchange.status)

    def look_up(self, message: Outgoing, provider_id: str | None, since: datetime) -> Sent | None:
        """
        By `provider_id`: how it stands. Without: the message to this number with this text (or the call) that was made
        first after `since`; NOT_SENT when there is none on Twilio's newest page, None when the page ends too early.

        How soon a new message shows in Twilio's list is not documented: one NOT_SENT is not the last word.
        """
        exchange = self._exchange()
        client = self._client(exchange)
        try:
            if provider_id is not None:
                return taken(self._within(exchange, lambda: _fetch(client, provider_id)), exchange.status)
            page = self._within(exchange, lambda: _newest(client, message))
        except (Full, Overdue, *_FAILURES):
            return None
        return _found(page, message, since - CLOCKS_APART)

    def hear(self, hook: Hook) -> Heard:
        """A receipt, a reply or a key press. See `TwilioHooks.hear`."""
        return self._hooks.hear(hook)

    def lacking(self) -> Sequence[str]:
        """Keys of `TwilioSettings` without which nothing can be sent or believed."""
        needed = {
            "account_sid": self._settings.account_sid,
            "auth_token": self._settings.auth_token,
            "from": self._settings.from_ or self._settings.messaging_service_sid,
            "public_url": self._settings.public_url,
        }
        return [key for key, value in needed.items() if not value]

    def close(self) -> None:
        """Let the kept connections go."""
        self._session.close()

    def _lacking_for(self, channel: Channel) -> list[str]:
        caller = ["voice_from"] if channel is Channel.VOICE and not self._caller else []
        return [*self.lacking(), *caller]

    def _within(self, exchange: Exchange, call: Callable[[], _Result]) -> _Result:
        try:
            return self._sends.run(call, total_s=self._settings.total_deadline_s)
        except Overdue:
            exchange.break_off()
            raise

    def _exchange(self) -> Exchange:
        settings = self._settings
        return Exchange(self._session, base_url=settings.base_url, connect_s=settings.connect_s, read_s=settings.read_s)

    def _client(self, exchange: Exchange) -> Client:
        # A client is cheap and one a call shares nothing. An environment that is not empty keeps it from the real one.
        return Client(
            self._settings.account_sid or "-",
            self._settings.auth_token or "-",
            http_client=exchange,
            environment={"-": "-"},
        )

    def _create(self, client: Client, message: Outgoing) -> Any:
        make, fields = self._request(client, message)
        try:
            return make(**fields, status_callback=self._hooks.receipt_url(message.attempt_id))
        except TwilioException as error:
            if code_of(error, None) != _CALLBACK_REFUSED:
                raise
            fields.pop("status_callback_event", None)
            return make(**fields)

    def _request(self, client: Client, message: Outgoing) -> tuple[Callable[..., Any], dict[str, Any]]:
        if message.channel is Channel.VOICE:
            return client.calls.create, self._call(message)
        return client.messages.create, self._text(message)

    def _text(self, message: Outgoing) -> dict[str, Any]:
        service = self._settings.messaging_service_sid
        return {
            "to": message.to,
            "body": message.text,
            "attempt": message.seq,
            "validity_period": min(max(message.validity_s, VALIDITY_MIN_S), VALIDITY_MAX_S),
            **({"messaging_service_sid": service} if service else {"from_": self._settings.from_}),
        }

    def _call(self, message: Outgoing) -> dict[str, Any]:
        action = self._hooks.voice_url(message.attempt_id, message.lang)
        asked = twilio_voice.ask(message.text, message.lang, action) if message.answerable else None
        return {
            "to": message.to,
            "from_": self._caller,
            "twiml": asked or twilio_voice.tell(message.text, message.lang),
            "timeout": RING_S,
            "status_callback_event": ["completed"],
        }


def _load_twilio(client: Client) -> None:
    # Its parts are imported on first use, for a third of a second: not within the deadline of the first emergency.
    assert client.messages
    assert client.calls


def _fetch(client: Client, sid: str) -> Any:
    return client.calls(sid).fetch() if sid.startswith("CA") else client.messages(sid).fetch()


def _newest(client: Client, message: Outgoing) -> list[Any]:
    # By number only: `date_sent` is empty before sending, a filter by it may hide a queued message.
    shelf = client.calls if message.channel is Channel.VOICE else client.messages
    return list(shelf.list(to=message.to, limit=PAGE, page_size=PAGE))


def _found(page: Sequence[Any], message: Outgoing, since: datetime) -> Sent | None:
    fresh = [one for one in page if one.date_created is not None and one.date_created >= since]
    matching = [one for one in fresh if _is_it(one, message)]
    if matching:
        return taken(min(matching, key=lambda one: one.date_created), None)
    return None if len(fresh) == PAGE else Sent(outcome=Outcome.NOT_SENT, detail="not in the provider's list")


def _is_it(one: Any, message: Outgoing) -> bool:
    if not str(one.direction or "").startswith("outbound"):
        return False
    # A trial account puts its own words before ours.
    return message.channel is Channel.VOICE or str(one.body or "").strip().endswith(message.text.strip())
