"""
The life of a home-care bed (家庭养老床位), and who may take it a step further.

    applied ─► assessed ─► (first review) ─► approved ─► built ─► accepted ─► active ⇄ suspended
       │           │             │              │          │         │          │         │
       └───────────┴─────────────┴──── end ─────┴──────────┴─────────┴──────────┴─────────┴──► ended ─► as it was before

Each step leaves a row behind: who, when, in which post, with which opinion and number. The order is that of the
national platform (CARE-RULES 1.5, S63): the town reviews first, the district second, and those are two people. What
suspends and what ends a bed is a proposal of CARE-RULES 1.6 with limits that are settings: no accessible official text
gives the full list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dispatch.errors import Conflict
from dispatch.ids import ResidentId
from dispatch.rules.people import Person


class State(StrEnum):
    """How far a bed has come."""

    APPLIED = "applied"
    ASSESSED = "assessed"
    APPROVED = "approved"
    BUILT = "built"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Deed(StrEnum):
    """What takes a bed further."""

    APPLY = "apply"
    ASSESS = "assess"
    FIRST_REVIEW = "first_review"
    """The town's: the bed stays assessed until the district has agreed."""
    SEND_BACK = "send_back"
    """A reviewer wants it assessed, or put, otherwise."""
    APPROVE = "approve"
    """The district's."""
    BUILD = "build"
    ACCEPT = "accept"
    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    END = "end"
    REOPEN = "reopen"
    """The ending was a mistake."""


class Why(StrEnum):
    """Why a bed is suspended or has ended."""

    HOSPITAL = "hospital"
    AWAY = "away"
    SHORT_STAY = "short_stay"
    """In an institution for a short time."""
    ASKED = "asked"
    """The family asked for a break (Shanghai's rule, CARE-RULES 1.6, S58)."""
    DIED = "died"
    MOVED = "moved"
    INSTITUTION = "institution"
    LEVEL = "level"
    """The level is not one that has a claim any more."""
    WITHDREW = "withdrew"
    AGENCY = "agency"
    """Another agency serves this bed from now on."""
    REFUSED = "refused"


PAUSES = frozenset({Why.HOSPITAL, Why.AWAY, Why.SHORT_STAY, Why.ASKED})
ENDINGS = frozenset({Why.DIED, Why.MOVED, Why.INSTITUTION, Why.LEVEL, Why.WITHDREW, Why.AGENCY, Why.REFUSED})

_ALIVE = frozenset(State) - {State.ENDED}

FROM: Mapping[Deed, frozenset[State]] = {
    Deed.ASSESS: _ALIVE,
    Deed.FIRST_REVIEW: frozenset({State.ASSESSED}),
    Deed.SEND_BACK: frozenset({State.ASSESSED}),
    Deed.APPROVE: frozenset({State.ASSESSED}),
    Deed.BUILD: frozenset({State.APPROVED}),
    Deed.ACCEPT: frozenset({State.BUILT}),
    Deed.ACTIVATE: frozenset({State.ACCEPTED}),
    Deed.SUSPEND: frozenset({State.ACTIVE}),
    Deed.RESUME: frozenset({State.SUSPENDED}),
    Deed.END: _ALIVE,
    Deed.REOPEN: frozenset({State.ENDED}),
}
"""From where each deed is legal."""

_TO: Mapping[Deed, State] = {
    Deed.APPLY: State.APPLIED, Deed.SEND_BACK: State.APPLIED, Deed.APPROVE: State.APPROVED, Deed.BUILD: State.BUILT,
    Deed.ACCEPT: State.ACCEPTED, Deed.ACTIVATE: State.ACTIVE, Deed.SUSPEND: State.SUSPENDED,
    Deed.RESUME: State.ACTIVE, Deed.END: State.ENDED,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """One home-care bed. `number` is what people call it; `standard` names the month's duty that it is held to."""

    id: str
    number: str
    resident_id: ResidentId
    state: State
    applied_on: date
    applied_by: Person
    standard: str
    first_by: Person | None = None
    """Who reviewed for the town; None until somebody has, and again after each new assessment."""
    agency: str = ""
    """The organisation that serves (2 服务机构)."""
    agreed_from: date | None = None
    agreed_until: date | None = None
    """The service agreement, last day included."""
    why: Why | None = None
    """Of a suspension or an ending."""
    absence_id: str | None = None
    """The absence that suspended it by itself, and whose end resumes it."""
    before: State | None = None
    """Of a bed that has ended: where it stood."""
    ended_on: date | None = None
    version: int = 1

    def __post_init__(self) -> None:
        assert (self.state is State.ENDED) == (self.ended_on is not None)
        assert self.absence_id is None or self.state is State.SUSPENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step on paper. `on` is the local day from which it holds, `number` that of the document, `post` the role."""

    id: str
    bed_id: str
    deed: Deed
    state: State
    """Where the bed stood afterwards."""
    at: datetime
    by: Person
    on: date
    post: str = ""
    opinion: str = ""
    org: str = ""
    number: str = ""
    why: Why | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """After how long an absence suspends, and which levels have a claim to a bed."""

    hospital: timedelta = timedelta(days=15)
    away: timedelta = timedelta(days=30)
    levels: frozenset[str] = frozenset({"mild", "moderate", "severe", "total"})


def refuse_illegal(bed: Bed, deed: Deed) -> None:
    """
    Lets pass what is legal from where the bed stands.

    Raises:
        Conflict: it is not.
    """
    if bed.state not in FROM[deed]:
        raise Conflict(_NOT_NOW[bed.state])


def refuse_reviewer(bed: Bed, deed: Deed, by: Person) -> None:
    """
    The reviews are by two people, and whoever put the application in is neither of them.

    Raises:
        Conflict: this person may not give this review, or it is not its turn.
    """
    if by == bed.applied_by:
        raise Conflict("Whoever put the application in does not review it.")
    if deed is Deed.FIRST_REVIEW and bed.first_by is not None:
        raise Conflict("The town has reviewed this already.")
    if deed is Deed.APPROVE and bed.first_by is None:
        raise Conflict("The town's review comes first.")
    if deed is Deed.APPROVE and by == bed.first_by:
        raise Conflict("The second review is somebody else's.")


def reached(bed: Bed, deed: Deed) -> State:
    """Where this deed takes the bed; a new assessment moves only one that waits for it."""
    if deed is Deed.ASSESS:
        return State.ASSESSED if bed.state is State.APPLIED else bed.state
    if deed is Deed.REOPEN:
        # An ending took it out of suspension too: whether anybody is away is looked at anew.
        return State.ACTIVE if bed.before is State.SUSPENDED else bed.before or State.APPLIED
    return _TO.get(deed, bed.state)


_NOT_NOW: Mapping[State, str] = {
    State.APPLIED: "This bed waits for an assessment.",
    State.ASSESSED: "This bed waits for its reviews.",
    State.APPROVED: "This bed is approved and has to be built.",
    State.BUILT: "This bed is built and has to be accepted.",
    State.ACCEPTED: "This bed is accepted and has to be taken into service.",
    State.ACTIVE: "This bed is in service.",
    State.SUSPENDED: "This bed is suspended.",
    State.ENDED: "This bed has ended.",
}
