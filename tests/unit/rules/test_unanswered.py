"""A call that ended without a key."""

import pytest

from dispatch.rules.alarm import OfferState, State
from dispatch.rules.unanswered import unanswered
from tests.unit.rules.test_alarm import C1, C2, NOW, a_situation, an_alarm, an_offer, at


def test_the_offer_lapses_and_the_next_step_comes_at_once():
    decision = unanswered(a_situation(an_alarm(stepped_at=at(-30)), an_offer(C1)), C1, code="busy")
    assert [(each.person, each.state) for each in decision.offers] == [(C1, OfferState.LAPSED)]
    assert decision.alarm.due_at == NOW
    assert [line.kind for line in decision.lines] == ["not_answered", "lapsed"]
    assert decision.lines[0].facts["code"] == "busy"


@pytest.mark.parametrize(("rounds", "seconds"), [(0, 3), (1, 28)])
def test_never_sooner_than_the_gap_after_the_step_before(rounds, seconds):
    alarm = an_alarm(stepped_at=at(-2), rounds=rounds, due_at=at(110))
    assert unanswered(a_situation(alarm, an_offer(C1)), C1, code="busy").alarm.due_at == at(seconds)


def test_never_later_than_planned():
    alarm = an_alarm(stepped_at=at(-2), rounds=1, due_at=at(5))
    assert unanswered(a_situation(alarm, an_offer(C1)), C1, code="busy").alarm.due_at == at(5)


def test_while_somebody_else_is_asked_the_time_stays():
    decision = unanswered(a_situation(None, an_offer(C1), an_offer(C2)), C1, code="busy")
    assert decision.alarm.due_at == at(20)
    assert decision.offers[0].state is OfferState.LAPSED


@pytest.mark.parametrize("state", [each for each in OfferState if each is not OfferState.OPEN])
def test_who_has_answered_meanwhile_is_left_alone(state):
    situation = a_situation(None, an_offer(C1, state))
    decision = unanswered(situation, C1, code="completed")
    assert (decision.alarm, decision.lines) == (situation.alarm, ())


def test_once_it_is_over_nothing_changes():
    situation = a_situation(an_alarm(State.CLOSED), an_offer(C1))
    assert unanswered(situation, C1, code="completed").alarm == situation.alarm


def test_somebody_who_is_coming_is_not_hurried_by_the_call_of_another():
    alarm = an_alarm(State.ACCEPTED, due_at=at(600))
    situation = a_situation(alarm, an_offer(C2, OfferState.ACCEPTED), an_offer(C1))
    assert unanswered(situation, C1, code="busy").alarm.due_at == at(600)
