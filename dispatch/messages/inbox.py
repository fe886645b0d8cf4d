"""What a provider may be able to do besides: list what people have sent, and say by itself whether it works."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from dispatch.messages.providers.provider import Inbound


@runtime_checkable
class Inbox(Protocol):
    """A provider that keeps what people answered. A lost webhook would else be a lost acceptance."""

    def inbound(self, since: datetime) -> Sequence[Inbound] | None:
        """
        The texts that came in since then, the key of each equal to that of its webhook and `said_at` set; None when it
        could not be asked. Ended within the provider's own total deadline.
        """
        ...


@runtime_checkable
class Probing(Protocol):
    """A provider that can be asked cheaply whether it works."""

    def probe(self) -> bool:
        """Whether it answers as it should; ended within its own total deadline."""
        ...
