"""Twilio: text messages and calls over its REST API, with its own client."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import structlog
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from dispatch.messages.providers import exchange as wire
from dispatch.messages.providers import twilio_voice
from dispatch.messages.providers.bulkhead import Full, Overdue
from dispatch.messages.providers.exchange import Caller, Exchange, Limits
from dispatch.messages.providers.provider import (
    Blame,
    Capability,
    Channel,
    Heard,
    Hook,
    Inbound,
    Listed,
    Outcome,
    Outgoing,
    Sent,
)
from dispatch.messages.providers.twilio_calls import RATED, TwilioCalls, asked
from dispatch.messages.providers.twilio_hooks import TwilioHooks
from dispatch.messages.providers.twilio_http import TwilioHttp
from dispatch.messages.providers.twilio_inbox import inbound_of, listed
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
"""How far Twilio's clock may be from ours without anybody minding; its times are whole seconds."""

_CALLBACK_REFUSED = "21609"

# What may come out of a call for reasons of the network or of Twilio.
_FAILURES = (*wire.FAILURES, TwilioException)

_NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What Twilio's client raises where an answer has the wrong kind of value in a field."""

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
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSettings:
    """
    One account at Twilio.

    `from_` is a sender in E.164; `messaging_service_sid`, if given, picks the sender of a text instead. Calls come from
    `voice_from`, or else from `from_`. `notices_from` sends what is no emergency: Twilio queues by sender and knows no
    priorities (MESSAGING 1.5). `public_url` is where Twilio reaches us. `alternate_auth_token` is believed, but not
    used, while a token is being replaced. Times are in seconds: `total_deadline_s` holds for one whole `send`,
    `slot_wait_s` is the part of it spent at most waiting for one of `calls_max` places. `callback_overrides` goes
    behind the `#` of status callbacks. `machine_detection` asks Twilio to tell a human from a machine. `desk` are the
    telephones that ring for whoever rings in. `trust_env` lets the environment name a proxy and certificates.
    `cross_border`: the residents live in another country than Twilio's machines. `called_back`: Twilio finds
    `public_url`; where it does not, a call tells and asks for no key. `now` is our own clock, by which
    Twilio's times are understood where the two are apart; without it they are taken as they are.
    """

    account_sid: str = ""
    auth_token: str = field(default="", repr=False)
    from_: str = ""
    messaging_service_sid: str | None = None
    voice_from: str | None = None
    notices_from: str | None = None
    public_url: str = ""
    base_url: str = "https://api.twilio.com"
    alternate_auth_token: str | None = field(default=None, repr=False)
    total_deadline_s: float = 6.0
    connect_s: float = 2.0
    read_s: float = 4.0
    slot_wait_s: float = 0.5
    calls_max: int = 32
    trust_env: bool = False
    cross_border: bool = False
    called_back: bool = True
    callback_overrides: str = CALLBACK_OVERRIDES
    machine_detection: bool = True
    desk: tuple[str, ...] = ()
    now: Callable[[], datetime] | None = None


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
        self._wire = Caller("twilio", _limits(settings))
        self._apart = timedelta()
        self._calls = TwilioCalls(
            public_url=settings.public_url, caller=self._caller, desk=settings.desk, interrupt=self._interrupt
        )
        self._hooks = TwilioHooks(
            calls=self._calls,
            public_url=settings.public_url,
            account_sid=settings.account_sid,
            tokens=(settings.auth_token, settings.alternate_auth_token or ""),
            callback_overrides=settings.callback_overrides,
        )
        _load_twilio(self._client(self._exchange()))

    def capability(self, to: str) -> Capability:
        """What Twilio can do towards this number's country."""
        country = COUNTRIES[max((start for start in COUNTRIES if to.startswith(start)), key=len, default="+")]
        said, voice = self._settings, country.voice and bool(self._caller)
        return replace(country, voice=voice, keys=said.called_back, cross_border=said.cross_border)

    def send(self, message: Outgoing) -> Sent:
        """One text or one call; ended, whatever the network does, within `total_deadline_s`."""
        if lacking := self._lacking_for(message.channel):
            return Sent(outcome=Outcome.REFUSED, blame=Blame.CONFIG, detail=f"lacking {', '.join(lacking)}")
        exchange = self._exchange()
        try:
            made = self._within(exchange, lambda: self._create(self._client(exchange), message))
        except (Full, Overdue) as error:
            return wire.given_up(error, exchange)
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
        return _found(page, message, since + self._ahead(exchange) - CLOCKS_APART)

    def fetch(self, since: datetime) -> Listed | None:
        """The texts that came in since then, whether a webhook told of them or not. None: it could not be asked."""
        came = self._came(since)
        return None if came is None else Listed(replies=tuple(came))

    def _came(self, since: datetime) -> Sequence[Inbound] | None:
        if self.lacking():
            return None
        service, notices = self._settings.messaging_service_sid, self._settings.notices_from
        # A messaging service has numbers that we do not know: then all that came in is asked for.
        came = self._came_to(None if service else self._settings.from_, since)
        if came is None or service or not notices:
            return came
        # What came to the number of reminders comes again with the next list; what came to the other one is needed now.
        return [*came, *(self._came_to(notices, since) or ())]

    def _came_to(self, our_number: str | None, since: datetime) -> Sequence[Inbound] | None:
        exchange = self._exchange()
        client = self._client(exchange)
        try:
            page = self._within(exchange, lambda: listed(client, our_number, since + self._apart))
        except (Full, Overdue, *_FAILURES):
            return None
        return inbound_of(page, since, ahead=self._ahead(exchange))

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
        self._wire.close()

    def _lacking_for(self, channel: Channel) -> list[str]:
        caller = ["voice_from"] if channel is Channel.VOICE and not self._caller else []
        return [*self.lacking(), *caller]

    def _ahead(self, exchange: Exchange) -> timedelta:
        """
        How far Twilio's clock is before ours, by its last answer. A machine whose clock was never set would otherwise
        take every answer listed for an old one, and what was taken for lost.
        """
        if self._settings.now is not None and exchange.date is not None:
            apart = exchange.date - self._settings.now()
            self._apart = apart if abs(apart) > CLOCKS_APART else timedelta()
        return self._apart

    def _within(self, exchange: Exchange, call: Callable[[], _Result]) -> _Result:
        """As `Caller.within`; an answer that Twilio's client stumbles over, as over the 45th of May, is unreadable."""
        try:
            return self._wire.within(exchange, call)
        except wire.FAILURES:
            raise
        except _NONSENSE as nonsense:
            if exchange.status is None:
                raise
            raise wire.Unreadable from nonsense

    def _exchange(self) -> Exchange:
        return self._wire.exchange()

    def _client(self, exchange: Exchange) -> Client:
        # A client is cheap and one a call shares nothing. An environment that is not empty keeps it from the real one.
        return Client(
            self._settings.account_sid or "-",
            self._settings.auth_token or "-",
            http_client=TwilioHttp(exchange, base_url=self._settings.base_url),
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
        return {
            "to": message.to,
            "body": message.text,
            "attempt": message.seq,
            "validity_period": min(max(message.validity_s, VALIDITY_MIN_S), VALIDITY_MAX_S),
            **self._sender(message),
        }

    def _sender(self, message: Outgoing) -> dict[str, str]:
        """Who sends this text: nothing that can wait stands before an emergency at its sender."""
        said = self._settings
        if said.notices_from and not message.urgent:
            return {"from_": said.notices_from}
        return (
            {"messaging_service_sid": said.messaging_service_sid}
            if said.messaging_service_sid
            else {"from_": said.from_}
        )

    def _call(self, message: Outgoing) -> dict[str, Any]:
        return {
            "to": message.to,
            "from_": self._caller,
            "timeout": RING_S,
            "status_callback_event": ["completed"],
            **(self._asking(message) if self._asks(message) else {"twiml": _telling(message)}),
        }

    def _asks(self, message: Outgoing) -> bool:
        return message.answerable and self._settings.called_back

    def _asking(self, message: Outgoing) -> dict[str, Any]:
        """
        The words begin at once. Whether a machine listens is found out beside them and told later (docs/adr/0026): to
        wait for it would leave a human several seconds without a word.
        """
        url = partial(self._calls.url, message.attempt_id, message.lang)
        detected = {
            "machine_detection": "Enable",
            "async_amd": "true",
            "async_amd_status_callback": url(s="amd"),
            "async_amd_status_callback_method": "POST",
        }
        twiml = twilio_voice.ask(message.text, message.lang, url(**asked(message.sentence)))
        # A mailbox is told of an emergency: never where there is none.
        told = self._settings.machine_detection and message.sentence not in RATED
        return {"twiml": twiml, **(detected if told else {})}

    def _interrupt(self, sid: str, twiml: str) -> None:
        """Other words for a call under way, said from a thread of its own: whoever asks for it does not wait."""
        threading.Thread(target=self._say_instead, args=(sid, twiml), name="twilio-interrupt", daemon=True).start()

    def _say_instead(self, sid: str, twiml: str) -> None:
        exchange = self._exchange()
        try:
            self._within(exchange, lambda: self._client(exchange).calls(sid).update(twiml=twiml))
        except (Full, Overdue, *_FAILURES) as error:
            # The call goes on with the words it has: too long for a mailbox, and nothing worse.
            log.warning("call_not_shortened", call=sid, error=type(error).__name__)


def _telling(message: Outgoing) -> str:
    return twilio_voice.tell(message.text, message.lang, slowly=message.slowly)


def _limits(settings: TwilioSettings) -> Limits:
    return Limits(
        total_s=settings.total_deadline_s,
        connect_s=settings.connect_s,
        read_s=settings.read_s,
        slot_wait_s=settings.slot_wait_s,
        calls_max=settings.calls_max,
        trust_env=settings.trust_env,
    )


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
