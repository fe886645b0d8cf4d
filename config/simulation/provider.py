"""Providers that lose, delay, double and deny, and are dead for hours; what they deliver, people receive."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from config.simulation.agenda import Stage
from dispatch.ids import AttemptId
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
from dispatch.store.outbox import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as it reaches its person, with what only the simulation knows of it."""

    message: Message
    outgoing: Outgoing
    provider: str


class Carrier:
    """
    One provider. `deliver` hands letters to people; `callback` hands its receipts back to the service.

    `letters` is filled by the simulation when the courier claims: what an attempt is about.
    """

    def __init__(self, name: str, random: Random, stage: Stage, deliver: Callable[[Letter], None]) -> None:
        self.name = name
        self.dead = 0
        self.letters: dict[AttemptId, Message] = {}
        self.told: dict[AttemptId, Outcome] = {}
        self._random = random
        self._stage = stage
        self._deliver = deliver
        self._has: dict[AttemptId, float] = {}
        self._fates: dict[AttemptId, tuple[float, ReceiptKind]] = {}

    def capability(self, to: str) -> Capability:
        return Capability(sms=True, voice=True, two_way=not to.endswith("7"), receipts=True)

    def lacking(self) -> Sequence[str]:
        return ()

    def hear(self, hook: Hook) -> Heard:
        return Heard(answer=Answer(status=404))

    def send(self, message: Outgoing) -> Sent:
        """One attempt, with the luck of the day."""
        sent = self._luck(message)
        self.told[message.attempt_id] = sent.outcome
        return sent

    def look_up(self, message: Outgoing, provider_id: str | None, since: datetime) -> Sent | None:
        """What it has; now and then it does not know yet of what it took a moment ago."""
        if self.dead:
            return None
        if message.attempt_id not in self._has:
            return Sent(outcome=Outcome.NOT_SENT)
        young = self._stage.clock.t - self._has[message.attempt_id] < 10
        if young and self._random.random() < self._stage.faults.liar:
            return self._random.choice((None, Sent(outcome=Outcome.NOT_SENT)))
        arrives_t, fate = self._fates[message.attempt_id]
        return replace(self._taken(message), kind=fate if self._stage.clock.t >= arrives_t else ReceiptKind.QUEUED)

    def _luck(self, message: Outgoing) -> Sent:
        random, faults = self._random, self._stage.faults
        if self.dead:
            return Sent(
                outcome=random.choice((Outcome.NOT_SENT, Outcome.NOT_SENT, Outcome.UNKNOWN)), detail="no answer"
            )
        dice = random.random()
        if dice < faults.refused:
            return self._refusal()
        if dice < faults.refused + faults.unknown:
            if random.random() < 0.5:
                self._take(message)
            return Sent(outcome=Outcome.UNKNOWN, detail="the answer was lost")
        self._take(message)
        return self._taken(message)

    def _refusal(self) -> Sent:
        blame = self._random.choice((Blame.RECIPIENT, Blame.CONFIG, Blame.PROVIDER))
        code = {Blame.RECIPIENT: "21614", Blame.CONFIG: "20003", Blame.PROVIDER: "500"}[blame]
        return Sent(outcome=Outcome.REFUSED, code=code, blame=blame)

    def _taken(self, message: Outgoing) -> Sent:
        return Sent(outcome=Outcome.TAKEN, provider_id=f"{self.name}-{message.attempt_id}", status="queued")

    def _take(self, message: Outgoing) -> None:
        """It has the message: it reaches the phone or not, and receipts come back in some order or not at all."""
        random, faults = self._random, self._stage.faults
        self._has[message.attempt_id] = self._stage.clock.t
        reaches = random.random() >= faults.undelivered
        if reaches:
            letter = Letter(message=self.letters[message.attempt_id], outgoing=message, provider=self.name)
            self._stage.later(random.uniform(1, 6), f"deliver {letter.message.sentence}", lambda: self._deliver(letter))
        last = ReceiptKind.DELIVERED if reaches or random.random() < 0.3 else ReceiptKind.UNDELIVERED
        self._fates[message.attempt_id] = (self._stage.clock.t + 6, last)
        if random.random() < faults.early_receipt:
            self._call_back(message, last)
            return
        for kind in (ReceiptKind.SENT, last):
            if random.random() >= faults.lost_receipt:
                self._later(message, kind)

    def _later(self, message: Outgoing, kind: ReceiptKind) -> None:
        random = self._random
        wait_s = (
            random.uniform(3600, 4 * 3600)
            if random.random() < self._stage.faults.late_receipt
            else random.uniform(0.5, 9)
        )
        for _ in range(2 if random.random() < 0.1 else 1):
            self._stage.later(wait_s, f"receipt {kind}", lambda: self._call_back(message, kind), asks=True)

    def _call_back(self, message: Outgoing, kind: ReceiptKind) -> None:
        receipt = Receipt(
            key=f"{message.attempt_id}:{kind}", kind=kind, provider_id=f"{self.name}-{message.attempt_id}",
            attempt_id=message.attempt_id, status=kind.value,
            code="30003" if kind is ReceiptKind.UNDELIVERED else None,
        )  # fmt: skip
        self._stage.service.courier.receive(self.name, [receipt])
