"""
The contract of a message provider.

To add one: write `providers/<name>.py` with a class that keeps this contract, and add one line to `PROVIDERS`.
A provider sends one attempt and says honestly what became of it; it never retries, never waits for another try and
never decides whom to ask. Facts on providers: section 1 and 8 of the messaging reference in the project's documents.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl

from dispatch.ids import AttemptId
from dispatch.rules.calls import Rang
from dispatch.rules.keypad import Keys
from dispatch.rules.message import Channel as Channel
from dispatch.rules.talks import Standing


class Outcome(StrEnum):
    """
    What is certain about an attempt after the call.

    taken      the provider has it and gave it an id
    refused    the provider said no; it was not sent
    not_sent   it certainly never reached the provider, or was certainly not processed
    unknown    it may have been sent: counts as not received, and is looked up
    """

    TAKEN = "taken"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class Blame(StrEnum):
    """Whose fault a refusal is: this recipient's number, our sender or settings, or the provider itself."""

    RECIPIENT = "recipient"
    CONFIG = "config"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """
    What a provider can do towards one country.

    `two_way`: replies come back. `urls`: links may stand in a text. `free_text`: any words may; without it only
    approved templates leave, filled with `Outgoing.params`. `receipts`: it tells later what arrived. `keys`: what is
    pressed in a call comes back.
    `cross_border`: it lies in another country than the residents, so nothing of theirs may pass through it.
    """

    sms: bool = True
    voice: bool = False
    two_way: bool = False
    urls: bool = False
    free_text: bool = True
    receipts: bool = False
    keys: bool = True
    cross_border: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """
    One attempt, ready to leave.

    `to` is E.164. `text` is what an SMS says or a call reads aloud; `lang` is `zh` or `en`. `validity_s` is how long
    the provider may keep trying. `attempt_id` goes into the callback address, so that a callback which overtakes our
    own settling still finds its attempt. `answerable` marks a call that takes key presses,
    `slowly` one to somebody hard of hearing. `urgent` is what must not
    queue behind notices at the provider: it may have a sender of its own. `sentence` names the template and `params`
    fill it, for providers that take no free text.
    """

    attempt_id: AttemptId
    channel: Channel
    to: str
    text: str
    urgent: bool = True
    lang: str = "zh"
    validity_s: int = 120
    answerable: bool = False
    slowly: bool = False
    seq: int = 1
    sentence: str = ""
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class ReceiptKind(StrEnum):
    """What a provider tells later about something it took, from least to most."""

    QUEUED = "queued"
    SENT = "sent"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """
    What became of one attempt: see `Outcome`.

    `provider_id` is theirs, `status` their own word for where it stands and `kind` what that word means; `code` is
    their error code as text, `retry_after_s` how long they asked us to stay away. `detail` is for the operator and
    holds no phone number. `over` as in `Receipt`.
    """

    outcome: Outcome
    provider_id: str | None = None
    status: str | None = None
    kind: ReceiptKind | None = None
    code: str | None = None
    http_status: int | None = None
    blame: Blame | None = None
    detail: str = ""
    retry_after_s: float | None = None
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    The provider's word on an earlier attempt. `key` is equal for every copy of the same callback.

    `code` and `blame` say why it did not arrive, where the provider says so. `over` is set for a call in which no key
    can be pressed any more, or is to be hoped for: it has ended, or a machine has answered it.
    """

    key: str
    kind: ReceiptKind
    provider_id: str
    attempt_id: AttemptId | None
    status: str
    code: str | None = None
    blame: Blame | None = None
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """
    A person's answer: a text, or the digits pressed in a call.

    `key` is equal for every copy of the same callback, and for the same text when it is listed. `attempt_id` is set for
    a key press: it names the call and by that the offer, so nothing has to be guessed. `said_at` is set where a
    provider was asked for it later: it answers nothing that was asked after that.
    """

    key: str
    sender: str
    text: str
    attempt_id: AttemptId | None = None
    voice: bool = False
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """
    One HTTP request from a provider, as it arrived.

    `url` is built from the configured public address, the raw path and the raw query, never from the request's own
    host. `form` keeps blank values and every value of a repeated name, because a provider may have signed them; when
    it is empty, the body is read (`form_of`).
    """

    kind: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))


def form_of(hook: Hook) -> dict[str, tuple[str, ...]]:
    """Every value of every name in a hook's form, blanks included: as the web read it, or else from the body."""
    if hook.form:
        return {name: tuple(values) for name, values in hook.form.items() if values}
    form: dict[str, tuple[str, ...]] = {}
    body = hook.body.decode("utf-8", "replace")
    for name, value in parse_qsl(body, keep_blank_values=True):
        form[name] = (*form.get(name, ()), value)
    return form


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to answer a hook: status, content type and body."""

    body: str = ""
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """
    Somebody in a call waits for what is only known here: what their key has done, the words once more, the resident.

    `key` is equal for every copy. `talk` asks to be put through to the resident; `result` tells how that went.
    `answer` makes the answer out of how things stand.
    """

    key: str
    attempt_id: AttemptId
    answer: Callable[[Standing], Answer]
    talk: bool = False
    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """
    Somebody who rings in waits for what is only known here: whether their number has keys to press, and what a key has
    done. `key` is the call, `sender` its number in E.164 or anything else; `digit` what was pressed, empty when the
    call comes; `code` the visit that was chosen, None before. `answer` makes the answer out of what they are told.
    """

    key: str
    sender: str
    answer: Callable[[Keys], Answer]
    digit: str = ""
    code: int | None = None


def nothing() -> None:
    """There is nothing to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """
    What a verified hook said: receipts, replies and news of calls that ring in, to be kept, and the answer to give once
    they are kept. An `inquiry`, or what is `keyed`, takes the place of `answer` where it can be answered.

    `not_kept` is the answer when they could not be kept just now: it makes the provider come again with the same.
    `then` is done once all is kept; it returns at once and raises nothing.
    """

    receipts: tuple[Receipt, ...] = ()
    replies: tuple[Inbound, ...] = ()
    calls: tuple[Rang, ...] = ()
    inquiry: Inquiry | None = None
    keyed: Keyed | None = None
    answer: Answer = Answer()
    not_kept: Answer = Answer(status=503)
    then: Callable[[], None] = nothing


class Forged(Exception):
    """A hook that does not prove where it came from: answered 403, counted, without effect."""


class Provider(Protocol):
    """One way to reach people. Safe to call from several threads at once."""

    name: str

    def capability(self, to: str) -> Capability:
        """What this provider can do towards this number's country; `to` is E.164."""
        ...

    def send(self, message: Outgoing) -> Sent:
        """
        One attempt, ended within the provider's own total deadline. Never raises for what a network may do.
        """
        ...

    def look_up(self, message: Outgoing, provider_id: str | None, since: datetime) -> Sent | None:
        """
        What became of an attempt whose outcome is unknown: TAKEN if the provider has it, NOT_SENT if it certainly has
        not, None if it cannot tell.
        """
        ...

    def hear(self, hook: Hook) -> Heard:
        """
        What a webhook says. Verifies first.

        Raises:
            Forged: the signature is missing or wrong.
            Invalid: verified, but not understood.
        """
        ...

    def lacking(self) -> Sequence[str]:
        """The settings without which this provider cannot work, by key; empty when it is ready."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """
    What a provider told when it was asked: answers, each with `said_at`, and receipts, with the keys their webhooks
    have. `done` is called once all is kept; it ends within the provider's own total and raises nothing.
    """

    replies: tuple[Inbound, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    done: Callable[[], None] = nothing


@runtime_checkable
class Listing(Protocol):
    """
    A provider that can be asked what people answered, because a webhook that was lost is an acceptance that was lost.
    What became of its own messages is asked with `look_up` as well, which says it in `Sent.kind`.
    """

    def fetch(self, since: datetime) -> Listed | None:
        """
        What came in since then, by our clock, or since it was asked the last time; what was not `done` comes again.
        None when it could not be asked just now. Each of its requests ends within the provider's own total deadline.
        Never raises for what a network may do.
        """
        ...


Keep = Callable[[Heard], bool]
"""Makes durable what was heard; False when that is not possible just now, so that it must be said again."""


@runtime_checkable
class Listening(Protocol):
    """A provider that hears by itself, over a line of its own, and not by way of a webhook."""

    def listen(self, keep: Keep) -> None:
        """From now on hands what it hears to `keep`, from a thread of its own, and again until that is kept."""
        ...

    def close(self) -> None:
        """Ends listening, and gives the line back."""
        ...
