"""What has to be done by a person afterwards, with an owner and a day: which there are, and what gives rise to them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

FALSE_ALARMS_WITHIN = timedelta(days=30)
FALSE_ALARMS_MAX = 3
"""The third false alarm within a month means that something at that home is wrong: somebody goes and looks."""

KEY_CHECK_EVERY = timedelta(days=180)
"""A key box that nobody opened for half a year may not open in the night."""


class Kind(StrEnum):
    COLLECT_DEVICE = "collect_device"
    QUIET_CONTACT = "quiet_contact"
    """A person of ours speaks with the family, by voice; never a message by machine."""
    FALSE_ALARMS = "false_alarms"
    KEY_CHECK = "key_check"
    ABSENCE_ENDED = "absence_ended"
    OTHER = "other"


TIME: dict[Kind, timedelta] = {
    Kind.COLLECT_DEVICE: timedelta(days=14),
    Kind.QUIET_CONTACT: timedelta(days=3),
    Kind.FALSE_ALARMS: timedelta(days=7),
    Kind.KEY_CHECK: timedelta(days=14),
    Kind.ABSENCE_ENDED: timedelta(hours=2),
    Kind.OTHER: timedelta(days=7),
}
"""How long each may take."""


def asks_for_a_visit(false_alarms: Collection[datetime], opened: Collection[datetime], now: datetime) -> bool:
    """
    Whether the false alarms of one resident ask for a visit at home: the third within 30 days does, and no further one
    until 30 days after that visit was asked for.
    """
    lately = [at for at in false_alarms if now - FALSE_ALARMS_WITHIN < at <= now]
    asked = any(now - FALSE_ALARMS_WITHIN < at <= now for at in opened)
    return len(lately) >= FALSE_ALARMS_MAX and not asked


def key_check_due(checked_at: datetime | None, now: datetime) -> bool:
    """Whether somebody has to look at the way in again; one that was never looked at is due."""
    return checked_at is None or now - checked_at >= KEY_CHECK_EVERY
