"""The life of a call that rings in, and how it stands between somebody who was called and the alarm."""

import itertools
from dataclasses import replace

import pytest

from dispatch.ids import CallId, HomeId, ResidentId
from dispatch.rules.alarm import OfferState, State
from dispatch.rules.calls import (
    WAIT_S,
    CallState,
    File,
    Judgement,
    News,
    Rang,
    after,
    came,
    file_meant,
    judged,
    raises,
    woken,
)
from dispatch.rules.people import Person
from dispatch.rules.talks import Stand, standing_of
from tests.unit.rules.test_alarm import NOW, WANG, an_alarm, an_offer, at


def a_call(sender="+8613800000101"):
    return came(CallId("c1"), Rang(key="CA1", news=News.CAME, sender=sender), provider="twilio", now=NOW)


def test_a_call_rings_until_its_time_is_over():
    call = a_call()
    assert (call.state, call.due_at, raises(call)) == (CallState.RINGING, at(WAIT_S), False)
    missed = woken(call, at(WAIT_S))
    assert (missed.state, missed.due_at, missed.ended_at, raises(missed)) == (CallState.MISSED, None, at(WAIT_S), True)


@pytest.mark.parametrize("order", list(itertools.permutations([News.CAME, News.TAKEN, News.ENDED])))
def test_in_whatever_order_it_is_told_a_call_that_was_taken_is_answered(order):
    call = a_call()
    for seconds, news in enumerate(order):
        call = after(call, news, at(seconds))
    assert (call.state, call.due_at) == (CallState.ANSWERED, None)
    assert not raises(call)


@pytest.mark.parametrize("news", list(News))
def test_the_same_news_again_changes_nothing(news):
    once = after(a_call(), news, at(1))
    assert after(once, news, at(2)) == once


def test_a_call_that_ends_without_being_taken_is_due_at_once():
    call = after(a_call(), News.ENDED, at(3))
    assert (call.state, call.due_at, call.ended_at) == (CallState.MISSED, at(3), at(3))


@pytest.mark.parametrize("judgement", list(Judgement))
def test_what_a_human_has_judged_raises_nothing_by_itself(judgement):
    call = judged(a_call(), judgement, by=WANG, now=at(1))
    assert (call.state, call.judged_by, call.due_at) == (CallState.RINGING, WANG, None)
    assert not raises(woken(after(call, News.ENDED, at(2)), at(2)))


@pytest.mark.parametrize("sender", ["", "anonymous", "+266696687x", "12345", "sip:a@b", "+0123456789", "+86 138"])
def test_what_is_no_number_is_withheld(sender):
    call = a_call(sender)
    assert (call.number, call.subject) == (None, "phone:c1")


def test_a_number_has_one_subject_however_often_it_rings():
    assert a_call().subject == replace(a_call(), id=CallId("c2")).subject == "phone:+8613800000101"


H1, H2, R1, R2 = HomeId("h1"), HomeId("h2"), ResidentId("r1"), ResidentId("r2")
RESIDENT, SPOUSE = File(person=Person("resident:r1"), home_id=H1, resident_id=R1), File(
    person=Person("resident:r2"), home_id=H1, resident_id=R2
)  # fmt: skip
KIN, ELSEWHERE = File(person=Person("contact:k1"), home_id=H1), File(person=Person("contact:k2"), home_id=H2)
STAFF = File(person=Person("carer:c1"))


@pytest.mark.parametrize(("files", "home", "resident"), [
    ((RESIDENT,), H1, R1), ((KIN,), H1, None), ((RESIDENT, KIN), H1, R1), ((RESIDENT, STAFF), H1, R1),
    ((RESIDENT, SPOUSE), H1, None), ((KIN, ELSEWHERE), None, None), ((STAFF,), None, None), ((), None, None),
])  # fmt: skip
def test_a_file_is_meant_where_there_is_only_one_home(files, home, resident):
    meant = file_meant(files)
    assert (meant and meant.home_id, meant and meant.resident_id) == (home, resident)


@pytest.mark.parametrize(("offer", "alarm", "waits", "stand"), [
    (OfferState.OPEN, State.OFFERED, False, Stand.OPEN),
    (OfferState.OPEN, State.ACCEPTED, False, Stand.OPEN),
    (OfferState.OPEN, State.OFFERED, True, Stand.UNKNOWN),
    (OfferState.LAPSED, State.OFFERED, False, Stand.OPEN),
    (OfferState.LAPSED, State.ACCEPTED, False, Stand.TAKEN),
    (OfferState.WITHDRAWN, State.ACCEPTED, False, Stand.TAKEN),
    (OfferState.ACCEPTED, State.ACCEPTED, False, Stand.COMING),
    (OfferState.DECLINED, State.OFFERED, False, Stand.DECLINED),
    (OfferState.ACCEPTED, State.CLOSED, False, Stand.OVER),
    (OfferState.OPEN, State.CLOSED, True, Stand.OVER),
])  # fmt: skip
def test_how_it_stands(offer, alarm, waits, stand):
    assert standing_of(an_alarm(alarm), an_offer(state=offer), waits=waits) is stand
