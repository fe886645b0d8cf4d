"""What fills the approved template of a message, for a provider that takes no text of our own."""

from collections.abc import Callable
from datetime import datetime

from dispatch.errors import SLIPS
from dispatch.messages.providers.provider import Capability
from dispatch.messages.wording import parameters
from dispatch.store.outbox import Message


def variables(message: Message, capability: Capability, local: Callable[[datetime], datetime]) -> dict[str, str]:
    """The fields of its sentence by name; nothing for a provider that takes free text, or where wording fails."""
    if capability.free_text:
        return {}
    try:
        return parameters(message.sentence, message.lang, message.facts, capability=capability, local=local)
    except SLIPS:
        # Logged where the text was made; the provider refuses what has no template, and the next one tries.
        return {}
