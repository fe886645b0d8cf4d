"""What somebody in a call may be told and given: how their answer stands, and whether they may talk to the resident."""

from dataclasses import dataclass
from enum import StrEnum

from dispatch.rules.alarm import Alarm, Offer, OfferState
from dispatch.rules.people import Resident, Talk
from dispatch.rules.signal import Cause


class Stand(StrEnum):
    """
    How it stands between somebody who was called and the alarm.

    open       nothing was answered that counts
    coming     they have accepted, and it holds
    taken      somebody else goes
    declined   they cannot come
    over       the alarm is closed
    noted      there is nothing to be decided: the answer is on file
    thanked    the same, and nobody needs help
    unknown    an answer is not understood yet, or nobody can say just now
    """

    OPEN = "open"
    COMING = "coming"
    TAKEN = "taken"
    DECLINED = "declined"
    OVER = "over"
    NOTED = "noted"
    THANKED = "thanked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`text` is what the call has read out, `number` (E.164) the resident's, where they may be put through now."""

    stand: Stand = Stand.UNKNOWN
    text: str = ""
    number: str | None = None


QUIET = frozenset({Cause.DURESS, Cause.INTRUSION, Cause.GAS, Cause.FIRE})
"""
Causes in which a telephone must not ring in the home: somebody who threatens would hear it, gas may catch fire from it,
and who stands in smoke must leave and not wait for a voice.
"""


def standing_of(alarm: Alarm, offer: Offer, *, waits: bool) -> Stand:
    """How it stands. `waits`: an answer of theirs is kept and not understood yet."""
    if not alarm.open:
        return Stand.OVER
    if waits:
        return Stand.UNKNOWN
    if offer.state is OfferState.LAPSED and not alarm.needs_asking:
        return Stand.TAKEN
    return _STANDS.get(offer.state, Stand.TAKEN)


_STANDS = {
    OfferState.ACCEPTED: Stand.COMING,
    OfferState.DECLINED: Stand.DECLINED,
    OfferState.OPEN: Stand.OPEN,
    OfferState.LAPSED: Stand.OPEN,
}


def may_ring(resident: Resident | None, cause: Cause) -> bool:
    """Whether this resident's own telephone may ring because of this alarm."""
    reachable = resident is not None and bool(resident.phone) and Talk.DO_NOT_PHONE not in resident.talk
    return reachable and cause not in QUIET
