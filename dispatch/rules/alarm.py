"""
The life of an alarm and of the offers made for it.

    raised ──► offered ──► accepted ──► attended ──► closed
                  ▲            │
                  └────────────┘  declined afterwards, or not arrived in time

Every function here takes values and returns values: the alarm as it now stands and the line that says so. Each change
of an alarm makes its version grow by exactly one and writes exactly one line with that version.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dispatch.errors import AlarmClosed, AlreadyTaken, OfferGone
from dispatch.ids import AlarmId, HomeId, OfferId, PolicyId, ResidentId, StationId
from dispatch.rules.message import Fact
from dispatch.rules.people import Person
from dispatch.rules.place import Position
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause

ARRIVAL_FACTOR = 1.5
ARRIVAL_MIN_S = 10 * 60
ARRIVAL_MAX_S = 30 * 60
"""Arrival deadline after acceptance: clamp(1.5 × ETA, 10 min, 30 min); PROMISES, section 2."""

CLOSE_S = 60 * 60
"""After arrival somebody must have closed within an hour; PROMISES, I1 (W_close)."""

CLAIM_CHECK_S = 120
"""An arrival that was only claimed is the operator's to verify within this time, again and again."""

JOIN_GAP_S = 5
"""A repeated press brings the next step forward, but never closer than this to the one before: a stuck button must not
run through the whole policy in seconds."""

STUCK_GAP_S = 30
"""At the last step everybody is being asked already: a further press repeats it no sooner than this."""

POSITION_PROOF_M = 200
"""A position proves an arrival within this distance of the alarm's place."""

PLACE_FRESH_S = 10 * 60
"""A device's own fix is the alarm's place while it is younger than this, else the home is."""


class State(StrEnum):
    """Where an alarm stands."""

    RAISED = "raised"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    ATTENDED = "attended"
    CLOSED = "closed"


LEGAL: frozenset[tuple[State, State]] = frozenset(
    {
        (State.RAISED, State.OFFERED),
        (State.RAISED, State.ACCEPTED),
        (State.OFFERED, State.ACCEPTED),
        (State.ACCEPTED, State.OFFERED),
        (State.ACCEPTED, State.ATTENDED),
        (State.CLOSED, State.RAISED),
    }
    | {(state, State.CLOSED) for state in State if state is not State.CLOSED}
    | {(state, state) for state in State}
)
"""The declared relation: any other change of state is a defect."""


class Proof(StrEnum):
    """How an arrival is known, from strongest to weakest."""

    RESIDENT_BUTTON = "resident_button"
    DOOR_CODE = "door_code"
    POSITION = "position"
    VOICE = "voice"
    CLAIMED = "claimed"


class Outcome(StrEnum):
    """How an alarm ended; a named human says which."""

    HELPED = "helped"
    FALSE_ALARM = "false_alarm"
    TEST = "test"
    HOSPITAL = "hospital"
    POLICE_FIRE = "police_fire"
    NOBODY_HOME = "nobody_home"
    DIED = "died"
    DUPLICATE = "duplicate"
    OTHER = "other"


class OfferState(StrEnum):
    """Where an offer stands. A lapsed one may still be accepted while nobody else has: late help is help."""

    OPEN = "open"
    LAPSED = "lapsed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"
    DONE = "done"
    """Accepted, and the alarm has been closed since: what remains of who came."""


class Role(StrEnum):
    """What somebody who accepted is to the alarm."""

    LEAD = "lead"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """
    One person asked about one alarm: there is one row for each pair, asked again as often as needed.

    `code` is what the person may put before the answer when several alarms are open. `eta_s` is the travel time
    estimated when asked. `asked` counts how often.
    """

    id: OfferId
    alarm_id: AlarmId
    person: Person
    code: int
    state: OfferState
    offered_at: datetime
    eta_s: int | None = None
    asked: int = 1
    role: Role | None = None
    answered_at: datetime | None = None
    arrival_due_at: datetime | None = None
    attended_at: datetime | None = None
    proof: Proof | None = None

    def __post_init__(self) -> None:
        assert (self.role is not None) == (self.state in {OfferState.ACCEPTED, OfferState.DONE})
        assert self.role is None or self.arrival_due_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """
    A need for someone to come, raised once, closed once.

    `subject` is what may have only one open alarm: the home with its resident, or the device when there is no home.
    `step` is the step of the policy to run next, `rounds` how often the last step has been repeated. `due_at` means
    look at me then; an open alarm always has one. `policy_id` names the policy it began with. `delayed_s` is how old
    the signal was when it reached us.
    """

    id: AlarmId
    number: str
    subject: str
    cause: Cause
    state: State
    raised_at: datetime
    due_at: datetime | None
    policy_id: PolicyId
    home_id: HomeId | None = None
    resident_id: ResidentId | None = None
    station_id: StationId | None = None
    place: Position | None = None
    place_source: str = "none"
    press_count: int = 1
    pressed_at: datetime
    step: int = 0
    rounds: int = 0
    stepped_at: datetime | None = None
    accepted_at: datetime | None = None
    attended_at: datetime | None = None
    proof: Proof | None = None
    closed_at: datetime | None = None
    closed_by: Person | None = None
    outcome: Outcome | None = None
    delayed_s: int = 0
    version: int = 1

    def __post_init__(self) -> None:
        assert (self.due_at is None) == (self.state is State.CLOSED), "an open alarm always has a due_at"
        assert (self.closed_by is not None) == (self.state is State.CLOSED), "only a named human closes"
        assert (self.outcome is not None) == (self.state is State.CLOSED)
        assert (self.proof is not None) <= (self.attended_at is not None)

    @property
    def open(self) -> bool:
        return self.state is not State.CLOSED

    @property
    def needs_asking(self) -> bool:
        """Whether nobody has the lead, so that the policy goes on asking."""
        return self.state in {State.RAISED, State.OFFERED}


def change(
    alarm: Alarm,
    kind: str,
    by: Person,
    /,
    facts: Mapping[str, Fact] | None = None,
    *,
    note: str | None = None,
    **now: Any,
) -> tuple[Alarm, Line]:
    """
    The alarm with these fields changed and its version grown by one, and the line that says so.

    Raises:
        AssertionError: the change of state is not in the declared relation.
    """
    after = replace(alarm, version=alarm.version + 1, **now)
    assert (alarm.state, after.state) in LEGAL, f"{alarm.state} may not become {after.state}"
    told: dict[str, Fact] = {"from": str(alarm.state), "to": str(after.state), **(facts or {})}
    return after, Line(kind=kind, by=by, alarm_id=alarm.id, version=after.version, facts=told, note=note)


def join(
    alarm: Alarm, *, cause: Cause, policy_id: PolicyId, step: int, by: Person, now: datetime
) -> tuple[Alarm, tuple[Line, ...]]:
    """
    A further signal for an alarm that is open: counted, and its next step comes earlier, never later.

    A graver cause becomes the alarm's. Where it has another policy, that one begins at once, at `step`: merging never
    delays, so the caller skips what would bring the last step later than promised. After a claimed arrival the
    resident's button is the proof that somebody stands there.
    """
    assert alarm.open
    counted: dict[str, Any] = {"press_count": alarm.press_count + 1, "pressed_at": now}
    facts: dict[str, Fact] = {"presses": alarm.press_count + 1, "cause": str(cause)}
    if alarm.state is State.ATTENDED and alarm.proof is Proof.CLAIMED and cause is Cause.PRESS:
        return _prove_by_button(alarm, by, counted, facts, now)
    if cause.graver_than(alarm.cause) and alarm.needs_asking and policy_id != alarm.policy_id:
        counted |= {"cause": cause, "policy_id": policy_id, "step": step, "rounds": 0, "due_at": now}
        after, line = change(alarm, "worsened", by, {**facts, "was": str(alarm.cause)}, **counted)
        return after, (line,)
    if cause.graver_than(alarm.cause):
        counted["cause"] = cause
    after, line = change(alarm, "pressed_again", by, facts, due_at=sooner(alarm, now), **counted)
    return after, (line,)


def _prove_by_button(
    alarm: Alarm, by: Person, counted: dict[str, Any], facts: dict[str, Fact], now: datetime
) -> tuple[Alarm, tuple[Line, ...]]:
    facts["proof"] = str(Proof.RESIDENT_BUTTON)
    close_at = now + timedelta(seconds=CLOSE_S)
    after, line = change(alarm, "arrival_proved", by, facts, proof=Proof.RESIDENT_BUTTON, due_at=close_at, **counted)
    return after, (line,)


def sooner(alarm: Alarm, now: datetime) -> datetime:
    """
    When the next step of an open alarm may come at the soonest, if something calls for it: never later than planned,
    and so far from the step before that nothing runs through the whole policy in seconds.
    """
    assert alarm.due_at is not None
    if not alarm.needs_asking:
        return alarm.due_at
    gap_s = STUCK_GAP_S if alarm.rounds else JOIN_GAP_S
    soonest = max(now, (alarm.stepped_at or now) + timedelta(seconds=gap_s))
    return min(alarm.due_at, soonest)


def arrival_due(eta_s: int | None, now: datetime) -> datetime:
    """When somebody who has just accepted must have arrived: clamp(1.5 × ETA, 10, 30 min)."""
    wanted = ARRIVAL_FACTOR * (eta_s if eta_s is not None else 0)
    return now + timedelta(seconds=min(max(wanted, ARRIVAL_MIN_S), ARRIVAL_MAX_S))


def leader(offers: Sequence[Offer]) -> Offer | None:
    """Who leads, if anybody does."""
    return next((offer for offer in offers if offer.role is Role.LEAD), None)


def accept(
    alarm: Alarm, offers: Sequence[Offer], offer: Offer, *, wanted: int, also: int, by: Person, now: datetime
) -> tuple[Alarm, Offer, Line]:
    """
    Somebody says they are coming. The first takes the lead; with `wanted` > 1 the next become backup. `also` is how
    many other alarms they are on the way to; the caller has made sure that they mean it, and the log says it.

    Raises:
        AlarmClosed: it is over.
        AlreadyTaken: enough others are on their way, or somebody is there.
        OfferGone: this person declined before or was stood down and somebody else leads.
    """
    if not alarm.open:
        raise AlarmClosed(f"alarm {alarm.number} is closed")
    coming = [each for each in offers if each.state is OfferState.ACCEPTED and each.id != offer.id]
    led = any(each.role is Role.LEAD for each in coming)
    if alarm.state is State.ATTENDED or (led and len(coming) >= wanted):
        raise AlreadyTaken(f"alarm {alarm.number} is taken")
    if offer.state is OfferState.ACCEPTED and led:
        raise OfferGone("already on the way as backup")
    taken = replace(
        offer,
        state=OfferState.ACCEPTED,
        role=Role.BACKUP if led else Role.LEAD,
        answered_at=now,
        arrival_due_at=arrival_due(offer.eta_s, now),
    )
    facts: dict[str, Fact] = {"person": taken.person, "role": str(taken.role), "offer": taken.id, "eta_s": taken.eta_s}
    if also:
        facts["both"] = also
    due_at = _arrival_clock(alarm, [*coming, taken], wanted)
    accepted_at = alarm.accepted_at if led else now
    after, line = change(alarm, "accepted", by, facts, state=State.ACCEPTED, due_at=due_at, accepted_at=accepted_at)
    return after, taken, line


def _arrival_clock(alarm: Alarm, coming: Sequence[Offer], wanted: int) -> datetime:
    """When the leader must have arrived; while more are wanted, the next step as well, whichever is earlier."""
    lead = leader(coming)
    assert lead is not None
    assert lead.arrival_due_at is not None
    assert alarm.due_at is not None
    return lead.arrival_due_at if len(coming) >= wanted else min(alarm.due_at, lead.arrival_due_at)


def decline(
    alarm: Alarm, offers: Sequence[Offer], offer: Offer, *, by: Person, now: datetime
) -> tuple[Alarm, Offer, Line]:
    """
    Somebody cannot come. If nobody else is still being asked, the next step comes at once; a leader who gives up
    reopens the asking.

    Raises:
        AlarmClosed: it is over.
    """
    if not alarm.open:
        raise AlarmClosed(f"alarm {alarm.number} is closed")
    gone = replace(offer, state=OfferState.DECLINED, role=None, arrival_due_at=None, answered_at=now)
    facts = {"person": offer.person, "offer": offer.id}
    if offer.role is Role.LEAD and alarm.state is State.ACCEPTED:
        after, line = change(alarm, "gave_up", by, facts, state=State.OFFERED, step=0, rounds=0, due_at=now)
        return after, gone, line
    asked = any(each.state is OfferState.OPEN and each.id != offer.id for each in offers)
    due_at = alarm.due_at if asked or not alarm.needs_asking else now
    after, line = change(alarm, "declined", by, facts, due_at=due_at)
    return after, gone, line


def overdue(alarm: Alarm, lead: Offer, *, by: Person, now: datetime) -> tuple[Alarm, Offer, Line]:
    """Accepted is not arrived: the asking begins again, while the first stays as backup and keeps the address."""
    backup = replace(lead, role=Role.BACKUP)
    facts = {"person": lead.person, "offer": lead.id}
    after, line = change(alarm, "not_arrived", by, facts, state=State.OFFERED, step=0, rounds=0, due_at=now)
    return after, backup, line


def close(alarm: Alarm, *, outcome: Outcome, by: Person, now: datetime, note: str | None = None) -> tuple[Alarm, Line]:
    """
    A named human ends it. Nothing else does.

    Raises:
        AlarmClosed: it is over already.
    """
    if not alarm.open:
        raise AlarmClosed(f"alarm {alarm.number} is closed")
    facts = {"outcome": str(outcome)}
    return change(
        alarm, "closed", by, facts, note=note,
        state=State.CLOSED, due_at=None, closed_at=now, closed_by=by, outcome=outcome,
    )  # fmt: skip


def reopen(alarm: Alarm, *, by: Person, now: datetime, note: str | None = None) -> tuple[Alarm, Line]:
    """A closing was a mistake: the alarm is raised again with its history, and its clocks start anew."""
    assert alarm.state is State.CLOSED
    return change(
        alarm, "reopened", by, {"outcome": str(alarm.outcome)}, note=note,
        state=State.RAISED, due_at=now, step=0, rounds=0, closed_at=None, closed_by=None, outcome=None,
        accepted_at=None, attended_at=None, proof=None,
    )  # fmt: skip
