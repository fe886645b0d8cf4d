"""Standing in the room: proofs and the clock to the closing."""

import pytest

from dispatch.errors import AlarmClosed
from dispatch.rules.alarm import OfferState, Proof, State
from dispatch.rules.arrival import attend
from dispatch.rules.place import Position
from tests.unit.rules.test_alarm import C1, NOW, PLACE, an_alarm, an_offer, at

COMING = an_offer(state=OfferState.ACCEPTED)
METRE = 1 / 111_195
"""A metre in degrees of latitude, on the sphere the rules reckon with."""


def attended(alarm, proof, *, offer=COMING, where=None):
    return attend(alarm, offer, proof=proof, by=C1, now=NOW, at=where)


@pytest.mark.parametrize("proof", [Proof.RESIDENT_BUTTON, Proof.DOOR_CODE, Proof.VOICE])
def test_a_proof_gives_an_hour_to_the_closing(proof):
    after, there, line = attended(an_alarm(State.ACCEPTED), proof)
    assert (after.state, after.attended_at, after.proof, after.due_at) == (State.ATTENDED, NOW, proof, at(3600))
    assert (there.attended_at, there.proof, there.state) == (NOW, proof, OfferState.ACCEPTED)
    assert (line.kind, line.facts["proof"], line.facts["person"]) == ("attended", str(proof), C1)
    assert "distance_m" not in line.facts


def test_a_mere_claim_is_the_operators_to_check_within_two_minutes():
    after, _, _ = attended(an_alarm(State.ACCEPTED, due_at=at(9)), Proof.CLAIMED)
    assert (after.proof, after.due_at) == (Proof.CLAIMED, at(120))


@pytest.mark.parametrize(("away_m", "proof"), [(0, "position"), (199, "position"), (200, "position"), (202, "claimed")])
def test_a_position_proves_within_two_hundred_metres(away_m, proof):
    where = Position(PLACE.lat + away_m * METRE, PLACE.lng)
    after, there, line = attended(an_alarm(State.ACCEPTED), Proof.POSITION, where=where)
    assert (str(after.proof), str(there.proof), line.facts["distance_m"]) == (proof, proof, away_m)


@pytest.mark.parametrize(("where", "place"), [(None, PLACE), (PLACE, None)])
def test_without_a_position_or_a_place_nothing_is_proved(where, place):
    after, _, line = attended(an_alarm(State.ACCEPTED, place=place), Proof.POSITION, where=where)
    assert (after.proof, line.facts["distance_m"]) == (Proof.CLAIMED, None)


def test_a_later_arrival_does_not_put_the_closing_off():
    alarm = an_alarm(State.ATTENDED, attended_at=at(-600), due_at=at(3000))
    after, there, _ = attended(alarm, Proof.VOICE)
    assert (after.due_at, after.attended_at, there.attended_at) == (at(3000), at(-600), NOW)


def test_a_claim_after_a_proof_keeps_the_proof_and_its_clock():
    after, _, _ = attended(an_alarm(State.ATTENDED, due_at=at(3000)), Proof.CLAIMED)
    assert (after.proof, after.due_at) == (Proof.DOOR_CODE, at(3000))


def test_a_claim_repeated_does_not_put_the_check_off():
    after, _, _ = attended(an_alarm(State.ATTENDED, proof=Proof.CLAIMED, due_at=at(50)), Proof.CLAIMED)
    assert after.due_at == at(50)


def test_a_check_that_is_far_off_comes_nearer_by_a_claim():
    after, _, _ = attended(an_alarm(State.ATTENDED, proof=Proof.CLAIMED, due_at=at(500)), Proof.CLAIMED)
    assert after.due_at == at(120)


def test_a_proof_after_a_claim_starts_the_hour():
    after, _, _ = attended(an_alarm(State.ATTENDED, proof=Proof.CLAIMED, due_at=at(50)), Proof.DOOR_CODE)
    assert (after.proof, after.due_at) == (Proof.DOOR_CODE, at(3600))


def test_who_says_it_twice_came_when_they_first_said_it():
    again = an_offer(state=OfferState.ACCEPTED, attended_at=at(-90))
    assert attended(an_alarm(State.ATTENDED), Proof.VOICE, offer=again)[1].attended_at == at(-90)


def test_each_person_is_filed_with_their_own_proof():
    there = attended(an_alarm(State.ATTENDED), Proof.CLAIMED, offer=an_offer(state=OfferState.ACCEPTED))[1]
    assert there.proof is Proof.CLAIMED


def test_nobody_arrives_at_what_is_over():
    with pytest.raises(AlarmClosed):
        attended(an_alarm(State.CLOSED), Proof.VOICE)


def test_who_arrives_has_accepted_first():
    with pytest.raises(AssertionError):
        attended(an_alarm(State.ACCEPTED), Proof.VOICE, offer=an_offer())
