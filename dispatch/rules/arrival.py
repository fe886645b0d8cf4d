"""Standing in the room: the arrival with its proof, and the clock that runs from it."""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch.errors import AlarmClosed
from dispatch.rules.alarm import (
    CLAIM_CHECK_S,
    CLOSE_S,
    POSITION_PROOF_M,
    Alarm,
    Offer,
    OfferState,
    Proof,
    State,
    change,
)
from dispatch.rules.message import Fact
from dispatch.rules.people import Person
from dispatch.rules.place import Position, distance_m
from dispatch.rules.record import Line


def attend(
    alarm: Alarm, offer: Offer, *, proof: Proof, by: Person, now: datetime, at: Position | None = None
) -> tuple[Alarm, Offer, Line]:
    """
    Somebody is there. `claimed` alone keeps the clock with the operator; every other proof starts the closing clock.

    A position further than 200 m from the place proves nothing: it counts as claimed and is flagged. The caller has
    made sure that the person accepted first.

    Raises:
        AlarmClosed: it is over.
    """
    if not alarm.open:
        raise AlarmClosed(f"alarm {alarm.number} is closed")
    assert offer.state is OfferState.ACCEPTED
    facts: dict[str, Fact] = {"person": offer.person, "offer": offer.id}
    if proof is Proof.POSITION:
        proof, facts["distance_m"] = _by_position(alarm, at)
    there = replace(offer, attended_at=offer.attended_at or now, proof=proof)
    if alarm.proof is not None and alarm.proof is not Proof.CLAIMED:
        proof = alarm.proof
    facts["proof"] = str(proof)
    after, line = change(
        alarm, "attended", by, facts,
        state=State.ATTENDED, attended_at=alarm.attended_at or now, proof=proof,
        due_at=_closing_clock(alarm, proof, now),
    )  # fmt: skip
    return after, there, line


def _closing_clock(alarm: Alarm, proof: Proof, now: datetime) -> datetime:
    """
    From the first proof an hour to the closing; from a mere claim two minutes to the operator's check.

    Somebody else who arrives later, or the same person again, puts neither off.
    """
    due_at = now + timedelta(seconds=CLAIM_CHECK_S if proof is Proof.CLAIMED else CLOSE_S)
    better = alarm.proof is Proof.CLAIMED and proof is not Proof.CLAIMED
    return due_at if alarm.due_at is None or alarm.state is not State.ATTENDED or better else min(alarm.due_at, due_at)


def _by_position(alarm: Alarm, at: Position | None) -> tuple[Proof, int | None]:
    if at is None or alarm.place is None:
        return Proof.CLAIMED, None
    away_m = round(distance_m(at, alarm.place))
    return (Proof.POSITION if away_m <= POSITION_PROOF_M else Proof.CLAIMED), away_m
