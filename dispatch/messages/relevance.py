"""Whether a letter still says something true and useful, asked right before it leaves."""

from datetime import datetime

from dispatch.store.outbox import Message

_EVEN_AFTER_CLOSING = frozenset(
    {
        "stand_down",
        "taken",
        "late",
        "closed",
        "no_task",
        "not_understood",
        "ask_which",
        "confirm_decline",
        "confirm_done",
        "family_closed",
    }
)
"""Sentences that are still true when the alarm is over."""

_ONLY_WHILE_COMING = frozenset({"details", "coming", "coming_simple", "coming_keys"})
"""Sentences that are true only while the offer they are about is accepted."""


def pointless(message: Message, alarm_state: str | None, offer_state: str | None, now: datetime) -> str | None:
    """Why this message need not leave any more, looked at right before it would."""
    if message.expires_at <= now:
        return "expired"
    if alarm_state == "closed" and message.sentence not in _EVEN_AFTER_CLOSING:
        return "the alarm is closed"
    if (
        message.answerable
        and message.sentence not in _ONLY_WHILE_COMING
        and offer_state not in {None, "open", "lapsed"}
    ):
        return f"the offer is {offer_state}"
    if message.sentence in _ONLY_WHILE_COMING and offer_state not in {"accepted"}:
        return f"the offer is {offer_state}"
    return None
