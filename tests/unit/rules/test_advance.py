"""What happens when an alarm falls due."""

import pytest

from dispatch.rules.advance import advance
from dispatch.rules.alarm import OfferState, Proof, Role, State
from tests.unit.rules.test_alarm import (
    C1,
    C2,
    C3,
    DAUGHTER,
    QUICK,
    SON,
    a_choice,
    a_policy,
    a_situation,
    an_alarm,
    an_offer,
    at,
    backup,
)

DUE = {"due_at": at(0)}


def kinds(decision):
    return [line.kind for line in decision.lines]


def sentences(decision):
    return [(draft.sentence, draft.person) for draft in decision.drafts]


def pages(decision):
    return [draft.facts["why"] for draft in decision.drafts if draft.sentence == "page"]


# ------------------------------------------------------------------------------------------------ nothing to do


@pytest.mark.parametrize("alarm", [an_alarm(State.CLOSED), an_alarm(due_at=at(0.001))])
def test_what_is_over_or_woken_too_early_is_left_as_it_is(alarm):
    decision = advance(a_situation(alarm))
    assert (decision.alarm, decision.lines, decision.drafts, decision.offers) == (alarm, (), (), ())


# ------------------------------------------------------------------------------------------------ asking


def test_the_first_step_asks_the_nearest_and_the_next_is_due_after_its_wait():
    decision = advance(a_situation(an_alarm(State.RAISED, **DUE)))
    alarm = decision.alarm
    assert (alarm.state, alarm.step, alarm.rounds, alarm.due_at, alarm.stepped_at) == (
        State.OFFERED, 1, 0, at(20), at(0),
    )  # fmt: skip
    assert [(offer.person, offer.state) for offer in decision.offers] == [(C1, OfferState.OPEN)]
    assert kinds(decision) == ["step_taken", "offered"]
    assert decision.lines[0].facts["step"] == "offer_nearest"
    assert (decision.lines[0].facts["index"], decision.lines[0].facts["round"]) == (0, 0)
    assert decision.choice is not None, "why this one is kept with the alarm"


def test_who_was_asked_before_lapses_when_another_is_asked():
    decision = advance(a_situation(an_alarm(**DUE), an_offer(C1), an_offer(C2, OfferState.DECLINED)))
    assert {offer.person: offer.state for offer in decision.offers} == {C1: OfferState.LAPSED, C3: OfferState.OPEN}
    assert kinds(decision) == ["lapsed", "step_taken", "offered"]


def test_a_call_lets_nobody_lapse_and_keeps_no_choice():
    decision = advance(a_situation(an_alarm(step=1, **DUE), an_offer(C1)))
    assert (decision.offers, decision.choice) == ((), None)
    assert kinds(decision) == ["step_taken", "called"]
    assert (decision.alarm.state, decision.alarm.due_at, decision.alarm.step) == (State.OFFERED, at(10), 2)


def test_a_step_that_can_do_nothing_is_skipped_at_once():
    nobody = a_choice(excluded={"asked_already": 1})
    decision = advance(a_situation(an_alarm(**DUE), an_offer(C1, OfferState.LAPSED), choice=nobody))
    assert [(line.kind, line.facts.get("why")) for line in decision.lines][:2] == [
        ("step_skipped", "nobody_left"), ("step_skipped", "nobody_asked"),
    ]  # fmt: skip
    assert [line.version for line in decision.lines if line.version] == [8, 9, 10]
    assert {offer.person for offer in decision.offers} == {DAUGHTER, SON}
    assert decision.alarm.step == 3


def test_before_anybody_was_asked_the_alarm_is_still_raised():
    policy = a_policy({"step": "page_operator", "wait_s": 5}, *QUICK)
    decision = advance(a_situation(an_alarm(State.RAISED, **DUE), policy=policy))
    assert (decision.alarm.state, decision.alarm.step, pages(decision)) == (State.RAISED, 1, ["nobody_coming"])


@pytest.mark.parametrize("choice", [None, a_choice(), a_choice(excluded={"suspended": 3})])
def test_with_nobody_on_duty_it_goes_straight_to_everybody(choice):
    decision = advance(a_situation(an_alarm(State.RAISED, **DUE), choice=choice))
    assert kinds(decision)[:2] == ["nobody_on_duty", "step_taken"]
    assert decision.lines[1].facts["step"] == "all_hands"
    assert (decision.alarm.step, decision.alarm.rounds, decision.alarm.due_at) == (4, 1, at(120))


@pytest.mark.parametrize("excluded", [{"asked_already": 1}, {"declined": 1}])
def test_those_asked_before_are_somebody_on_duty(excluded):
    decision = advance(a_situation(an_alarm(step=1, **DUE), an_offer(C1), choice=a_choice(excluded=excluded)))
    assert "nobody_on_duty" not in kinds(decision)


def test_the_last_step_is_repeated_and_counts_its_rounds():
    situation = a_situation(an_alarm(step=4, rounds=2, **DUE), an_offer(C1))
    decision = advance(situation)
    assert (decision.alarm.step, decision.alarm.rounds, decision.alarm.due_at) == (4, 3, at(120))
    assert "nobody_on_duty" not in kinds(decision)
    assert decision.lines[0].facts["round"] == 2
    assert pages(decision) == ["all_hands"]


def test_at_the_last_step_nobody_on_duty_is_no_news():
    assert "nobody_on_duty" not in kinds(advance(a_situation(an_alarm(step=4, **DUE), choice=None)))


def test_a_last_step_that_can_do_nothing_is_repeated_all_the_same():
    policy = a_policy({"step": "call_carer", "wait_s": 60})
    decision = advance(a_situation(an_alarm(**DUE), policy=policy))
    assert kinds(decision) == ["step_taken"]
    assert (decision.alarm.step, decision.alarm.rounds, decision.alarm.due_at) == (0, 1, at(60))


def test_a_step_beyond_the_policy_is_its_last():
    decision = advance(a_situation(an_alarm(step=9, **DUE), an_offer(C1)))
    assert decision.lines[0].facts["step"] == "all_hands"


# ------------------------------------------------------------------------------------------------ on the way


LONG = a_policy(*({"step": "page_operator", "wait_s": 58} for _ in range(5)), {"step": "all_hands", "wait_s": 120})


def test_a_fall_back_leaves_out_what_has_no_time_left():
    alarm = an_alarm(State.RAISED, stepped_at=at(-120), due_at=at(0))
    decision = advance(a_situation(alarm, policy=LONG))
    assert (decision.lines[0].facts["index"], decision.alarm.step) == (3, 4), "116 s of steps fit into what is left"
    begun = advance(a_situation(an_alarm(State.RAISED, due_at=at(0)), policy=LONG))
    assert begun.alarm.step == 1, "without one every step has its turn"


def test_who_is_late_is_asked_and_becomes_backup_and_another_is_asked():
    lead = an_offer(C1, OfferState.ACCEPTED, arrival_due_at=at(0))
    decision = advance(a_situation(an_alarm(State.ACCEPTED, step=3, **DUE), lead))
    assert {offer.person: (offer.state, offer.role) for offer in decision.offers} == {
        C1: (OfferState.ACCEPTED, Role.BACKUP), C2: (OfferState.OPEN, None),
    }  # fmt: skip
    assert kinds(decision) == ["not_arrived", "operator_paged", "step_taken", "offered"]
    assert [line.version for line in decision.lines] == [8, None, 9, None]
    assert sentences(decision)[0] == ("ask_arrival", C1)
    assert pages(decision) == ["not_arrived"]
    assert (decision.alarm.state, decision.alarm.step, decision.alarm.due_at) == (State.OFFERED, 1, at(20))


def test_while_a_second_is_wanted_the_policy_goes_on_beside_the_leader():
    lead = an_offer(C1, OfferState.ACCEPTED, arrival_due_at=at(300))
    decision = advance(a_situation(an_alarm(State.ACCEPTED, **DUE), lead, an_offer(C2)))
    assert {offer.person: offer.state for offer in decision.offers} == {C2: OfferState.LAPSED, C3: OfferState.OPEN}
    assert (decision.alarm.state, decision.alarm.due_at, decision.alarm.step) == (State.ACCEPTED, at(20), 1)


def test_beside_the_leader_no_step_waits_longer_than_their_arrival():
    lead = an_offer(C1, OfferState.ACCEPTED, arrival_due_at=at(7))
    assert advance(a_situation(an_alarm(State.ACCEPTED, **DUE), lead)).alarm.due_at == at(7)


def test_an_accepted_alarm_without_a_leader_is_a_defect():
    with pytest.raises(AssertionError):
        advance(a_situation(an_alarm(State.ACCEPTED, **DUE), backup()))


# ------------------------------------------------------------------------------------------------ in the room


@pytest.mark.parametrize(
    ("proof", "why", "again_s"), [("claimed", "arrival_claimed", 120), ("voice", "not_closed", 600)]
)
def test_an_arrival_nobody_verified_or_closed_pages_the_operator_again_and_again(proof, why, again_s):
    there = an_offer(C1, OfferState.ACCEPTED, attended_at=at(-60))
    alarm = an_alarm(State.ATTENDED, proof=Proof(proof), **DUE)
    decision = advance(a_situation(alarm, there, backup()))
    assert kinds(decision) == [why, "operator_paged"]
    assert decision.lines[1].facts == {"why": why, "numbers": 1}
    assert (decision.alarm.state, decision.alarm.due_at, decision.alarm.stepped_at) == (
        State.ATTENDED, at(again_s), at(0),
    )  # fmt: skip
    assert pages(decision) == [why]
    assert sentences(decision)[1:] == [("ask_outcome", C1)], "only who is there is asked"
