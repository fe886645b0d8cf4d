"""What is said to us through a provider: over its own line, or in its list of replies."""

from collections.abc import Mapping

import structlog

from dispatch.answers import Answers, Said
from dispatch.errors import Busy
from dispatch.messages.courier import Courier
from dispatch.messages.providers.provider import Heard, Inbound, Keep, Listening, Provider
from dispatch.store.idempotency import StorageFailed

log = structlog.get_logger()


def listen(providers: Mapping[str, Provider], answers: Answers, courier: Courier) -> None:
    """From now on what comes over a provider's own line is kept like what comes by webhook."""
    for name, provider in providers.items():
        if isinstance(provider, Listening):
            provider.listen(_keeper(name, answers, courier))


def hang_up(providers: Mapping[str, Provider]) -> None:
    """Gives those lines back."""
    for provider in providers.values():
        if isinstance(provider, Listening):
            provider.close()


def _keeper(name: str, answers: Answers, courier: Courier) -> Keep:
    def keep(heard: Heard) -> bool:
        said = [Said(key=each.key, sender=each.sender, text=each.text) for each in heard.replies]
        try:
            answers.receive(name, said)
            courier.receive(name, heard.receipts)
        except (Busy, StorageFailed) as error:
            log.error("heard_not_kept", provider=name, error=type(error).__name__)
            return False
        return True

    return keep


def said_of(inbound: Inbound) -> Said:
    """A text as the answers keep it."""
    return Said(
        key=inbound.key, sender=inbound.sender, text=inbound.text, attempt_id=inbound.attempt_id, voice=inbound.voice,
        said_at=inbound.said_at,
    )  # fmt: skip
