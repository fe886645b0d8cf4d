"""Words to be sent, before anybody has put them into words: who is told what, how urgently, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType

from dispatch.ids import AlarmId, OfferId

Fact = str | int | None
"""What may stand in a sentence or in the record: plain and serialisable."""

NO_FACTS: Mapping[str, Fact] = MappingProxyType({})


class Channel(StrEnum):
    """How a message reaches its person."""

    SMS = "sms"
    VOICE = "voice"


class Priority(IntEnum):
    """Strict order at the courier: a lower number always leaves first."""

    EMERGENCY = 0
    CONFIRMATION = 1
    FAMILY = 2
    REMINDER = 3
    REPORT = 4


class Rank(IntEnum):
    """
    Whose turn it is among emergencies: a lower number leaves first, but keeps no other from all places for good
    (`messages/shares.py`). A call to all is a letter for each of many people, so no first offer waits behind it.
    """

    FIRST = 0
    TO_ALL = 1
    AGAIN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    One message to post.

    `key` makes posting idempotent: two drafts with one key are one message. `sentence` names a sentence in
    `messages/sentences.py`, `facts` fills it. `to` is E.164 or a short number of the country (120), `person` says who
    that is (`carer:…`). `answerable` means that an answer is expected: asked for in the text where replies come back,
    by key press in a call. After `expires_at` it is no longer worth sending. `rank` is its turn among emergencies.
    """

    key: str
    sentence: str
    channel: Channel
    priority: Priority
    to: str
    person: str
    lang: str
    expires_at: datetime
    alarm_id: AlarmId | None = None
    offer_id: OfferId | None = None
    answerable: bool = False
    facts: Mapping[str, Fact] = field(default_factory=lambda: NO_FACTS)
    rank: Rank = Rank.FIRST

    def __post_init__(self) -> None:
        assert self.key
        assert self.to.removeprefix("+").isdigit()
