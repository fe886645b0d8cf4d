"""A claimed message on its way, and what the record says when it ends."""

from dataclasses import dataclass

from dispatch.ids import MessageId
from dispatch.messages.providers.provider import Outgoing, Provider
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.store.outbox import Attempt, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    A claimed message with its attempt on file: what is left is to send it.

    `look_up` are earlier attempts in doubt that are looked for first, because they went the same road or were left by a
    stop. `why` is that of the attempt: a second road beside one that is slow. `beside` leave in the same text.
    """

    message: Message
    provider: Provider
    outgoing: Outgoing
    look_up: tuple[Attempt, ...] = ()
    why: str | None = None
    beside: tuple[MessageId, ...] = ()


def settled(message: Message, provider: str, outcome: str, code: str | None, why: str | None = None) -> Line:
    """What became of an attempt, for the record."""
    facts: dict[str, Fact] = {
        "message": message.id, "sentence": message.sentence, "channel": message.channel.value,
        "person": message.person, "provider": provider, "outcome": outcome, "code": code, "try": message.tries,
    }  # fmt: skip
    if why is not None:
        facts["why"] = why
    return Line(kind="message_settled", by=SERVICE, alarm_id=message.alarm_id, facts=facts)
