"""The life of a call that rings in, and how it stands between somebody who was called and the alarm."""

import itertools
from dataclasses import replace

import pytest

from dispatch.ids import AlarmId, CallId, CarerId, HomeId, ResidentId
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
    served,
    woken,
)
from dispatch.rules.people import Person, carer
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


def test_a_carer_served_by_key_raises_nothing_and_rings_again_when_they_ask_for_the_desk():
    call = served(a_call("+8613800000001"), by=carer(CarerId("c1")), now=at(5))
    assert (call.state, call.judged, call.due_at) == (CallState.ANSWERED, Judgement.NO_ALARM, None)
    over = after(call, News.ENDED, at(9))
    assert (over.state, over.ended_at, raises(woken(over, at(99)))) == (CallState.ANSWERED, at(9), False)
    rings = after(call, News.DESK, at(7))
    assert (rings.state, rings.judged, rings.due_at) == (CallState.RINGING, None, at(7 + WAIT_S))
    assert after(rings, News.DESK, at(8)) == rings
    assert raises(woken(after(rings, News.ENDED, at(20)), at(20)))


def test_no_key_undoes_what_a_human_at_the_desk_has_said_or_what_is_an_alarm():
    for judgement in Judgement:
        said = judged(a_call(), judgement, by=WANG, now=at(3))
        assert served(said, by=carer(CarerId("c1")), now=at(5)) == said
        assert after(said, News.DESK, at(6)) == said
    alarm = replace(a_call(), alarm_id=AlarmId("a1"))
    assert served(alarm, by=carer(CarerId("c1")), now=at(5)) == alarm


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
