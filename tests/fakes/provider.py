"""A provider of messages that says what it was told to say, and remembers what it was given."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from dispatch.messages.providers.provider import (
    Answer,
    Blame,
    Capability,
    Heard,
    Hook,
    Outcome,
    Outgoing,
    Receipt,
    ReceiptKind,
    Sent,
)

REFUSED_RECIPIENT = Sent(outcome=Outcome.REFUSED, blame=Blame.RECIPIENT, code="21614", detail="not a mobile number")
REFUSED_CONFIG = Sent(outcome=Outcome.REFUSED, blame=Blame.CONFIG, code="20003", detail="authenticate")
NOT_SENT = Sent(outcome=Outcome.NOT_SENT, detail="no connection")
UNKNOWN = Sent(outcome=Outcome.UNKNOWN, detail="no answer in time")

Script = Sent | Callable[[Outgoing], Sent]


class ScriptedProvider:
    """
    Takes everything unless `says` holds something else to say: one entry for each attempt, in their order.

    `sent` are the attempts it was given, `has` what a look-up finds, by attempt; None in it means that it cannot tell.
    """

    def __init__(self, name: str, *, sms: bool = True, voice: bool = True, receipts: bool = True) -> None:
        self.name = name
        self.says: deque[Script] = deque()
        self.sent: list[Outgoing] = []
        self.has: dict[str, Sent | None] = {}
        self.looked_up: list[str] = []
        self._capability = Capability(sms=sms, voice=voice, two_way=True, receipts=receipts)

    def capability(self, to: str) -> Capability:
        return self._capability

    def lacking(self) -> Sequence[str]:
        return ()

    def hear(self, hook: Hook) -> Heard:
        return Heard(answer=Answer(status=404))

    def send(self, message: Outgoing) -> Sent:
        self.sent.append(message)
        said = self.says.popleft() if self.says else self.taken(message)
        return said if isinstance(said, Sent) else said(message)

    def look_up(self, message: Outgoing, provider_id: str | None, since: datetime) -> Sent | None:
        self.looked_up.append(message.attempt_id)
        return self.has.get(message.attempt_id)

    def taken(self, message: Outgoing) -> Sent:
        return Sent(outcome=Outcome.TAKEN, provider_id=self.id_of(message), status="queued")

    def takes_but_says_nothing(self, message: Outgoing) -> Sent:
        """The request arrived, the answer was lost."""
        self.has[message.attempt_id] = self.taken(message)
        return UNKNOWN

    def id_of(self, message: Outgoing) -> str:
        return f"{self.name}-{message.attempt_id}"

    def receipt(self, message: Outgoing, kind: ReceiptKind, *, code: str | None = None, named: bool = True) -> Receipt:
        """What it tells later about an attempt; not `named`: by its own number alone."""
        return Receipt(
            key=f"{message.attempt_id}:{kind}",
            kind=kind,
            provider_id=self.id_of(message),
            attempt_id=message.attempt_id if named else None,
            status=kind.value,
            code=code,
        )
