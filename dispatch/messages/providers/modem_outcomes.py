"""What a modem's answers mean to whoever sends, and how the numbers of those who answer are written."""

from dispatch.messages.modem.modem import Fate, ModemFailed
from dispatch.messages.providers.provider import Blame, Outcome, ReceiptKind, Sent

NO_NETWORK, MEMORY_FULL = 331, 322
"""TS 27.005, 3.2.5."""

NATIONAL_MIN = 9
"""Digits of a person's number without its country, at least: Chinese mobiles have 11."""

_SENDER_MAX = 20
_OUTCOMES = {Fate.NOT_SENT: Outcome.NOT_SENT, Fate.REFUSED: Outcome.REFUSED, Fate.UNKNOWN: Outcome.UNKNOWN}


def refused(failed: ModemFailed) -> Sent:
    """What became of a text that the modem did not simply hand over. Without a network nothing has left."""
    outcome = Outcome.NOT_SENT if failed.code == NO_NETWORK else _OUTCOMES[failed.fate]
    return Sent(
        outcome=outcome,
        blame=Blame.RECIPIENT if failed.blames_recipient and outcome is Outcome.REFUSED else Blame.PROVIDER,
        code=None if failed.code is None else f"cms-{failed.code}",
        detail=failed.reason,
    )


def taken(provider_id: str) -> Sent:
    """The network has it."""
    return Sent(outcome=Outcome.TAKEN, provider_id=provider_id, status=ReceiptKind.SENT.value, kind=ReceiptKind.SENT)


def e164(sender: str, country: str) -> str:
    """
    A sender as people are known by: networks leave the country out, or the plus before it. What has a plus already, a
    name, or a short number of the carrier's stays as it is. `country` is a calling code, like "86".
    """
    digits = sender.lstrip("0")
    if not (sender.isascii() and sender.isdigit()) or len(digits) < NATIONAL_MIN:
        return sender[:_SENDER_MAX]
    whole = digits.startswith(country) and len(digits) >= NATIONAL_MIN + len(country)
    return (f"+{digits}" if whole else f"+{country}{digits}")[:_SENDER_MAX]
