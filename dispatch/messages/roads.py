"""Which provider carries a message next: those who can, in the order of fail-over, those in doubt last."""

from collections import Counter
from collections.abc import Mapping, Sequence

from dispatch.messages.breakers import Breakers
from dispatch.messages.providers.provider import Capability, Provider
from dispatch.rules.message import Channel
from dispatch.store.outbox import Attempt, Message

NOT_BY = "not_by"
"""The fact of a message that names a provider which was silent about the same matter: it is tried last."""


class Roads:
    """`providers` are in the order of fail-over; a change of the mapping counts at once."""

    def __init__(self, providers: Mapping[str, Provider], breakers: Breakers) -> None:
        self.providers = providers
        self.breakers = breakers

    def next(self, message: Message, before: Sequence[Attempt]) -> Provider:
        """
        The one tried least so far; among equals the first in order. All are open, or none says that it can: somebody
        must try all the same.
        """
        able = self.able(message)
        if not before:
            return able[0]
        tries = Counter(each.provider for each in before)
        return min(able, key=lambda each: tries[each.name])  # The first of equals: `able` is in order.

    def fresh(self, message: Message, before: Sequence[Attempt]) -> list[Provider]:
        """Those who can and were not tried yet, in order."""
        tried = {each.provider for each in before}
        return [each for each in self.able(message) if each.name not in tried]

    def beside(self, message: Message, before: Sequence[Attempt]) -> Provider | None:
        """Another one than those under way, the one tried least so far; None when there is none."""
        under_way = {each.provider for each in before if each.outcome == "in_flight"}
        others = [each for each in self.able(message) if each.name not in under_way]
        tries = Counter(each.provider for each in before)
        return min(others, key=lambda each: tries[each.name], default=None)

    def able(self, message: Message) -> list[Provider]:
        """Those who carry this channel to this number; all of them where none says so."""
        if (via := message.facts.get("via")) in self.providers:
            # A drill tries one road, and must not be helped out by another.
            return [self.providers[str(via)]]
        able = self._carrying(message) or list(self.providers.values())
        if len(able) == 1:
            return able
        shunned = message.facts.get(NOT_BY)
        return sorted(able, key=lambda each: (self._doubts(each, message), each.name == shunned))

    def carries(self, message: Message) -> bool:
        """Whether anybody carries this channel to this number."""
        return any(can(each.capability(message.to), message.channel) for each in self.providers.values())

    def callers(self, to: str) -> list[str]:
        """Who calls this number."""
        return [each.name for each in self.providers.values() if each.capability(to).voice]

    def _carrying(self, message: Message) -> list[Provider]:
        """In order; for a call that asks for a key those by whom none comes back only where nobody else calls."""
        able = [each for each in self.providers.values() if can(each.capability(message.to), message.channel)]
        asks = message.channel is Channel.VOICE and message.answerable
        return (asks and [each for each in able if each.capability(message.to).keys]) or able

    def _doubts(self, provider: Provider, message: Message) -> tuple[bool, bool]:
        return self.breakers.doubts(provider.name, message.channel)


def can(capability: Capability, channel: Channel) -> bool:
    """Whether a provider that can do this carries this channel."""
    return capability.voice if channel is Channel.VOICE else capability.sms
