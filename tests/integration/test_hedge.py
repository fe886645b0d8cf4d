"""A provider that has not answered an emergency in three seconds gets a second beside it."""

import threading
from datetime import timedelta

import pytest

from dispatch.messages.courier import HEDGE_S
from dispatch.messages.providers.provider import Outcome, ReceiptKind, Sent
from dispatch.rules.alarm import OfferState
from dispatch.rules.alarm import Outcome as End
from dispatch.rules.message import Priority, Rank
from dispatch.store.outbox import LEASE
from tests.fakes.line import until
from tests.fakes.provider import NOT_SENT, REFUSED_RECIPIENT, UNKNOWN, ScriptedProvider
from tests.integration.post_rig import WANG, Post


@pytest.fixture
def a():
    return ScriptedProvider("a")


@pytest.fixture
def b():
    return ScriptedProvider("b")


@pytest.fixture
def two(tmp_path, a, b):
    post = Post(tmp_path, a, b)
    yield post
    post.world.close()


def under_way(post):
    """An emergency whose first provider has not answered yet."""
    alarm_id = post.press()
    (first,) = post.courier.claim(16, emergency=True)
    return alarm_id, first


def slow(post):
    alarm_id, first = under_way(post)
    post.wait(HEDGE_S)
    (second,) = post.hedge()
    return alarm_id, first, second


def test_the_second_road_is_taken_after_three_seconds_and_not_before(two):
    under_way(two)
    two.wait(HEDGE_S - 0.001)
    assert two.hedge() == []
    two.wait(0.001)
    (second,) = two.hedge()
    assert second.provider.name == "b"
    assert two.hedge() == [], "and only once"


def test_of_many_that_are_slow_a_first_offer_gets_its_second_road_before_calls_to_all(two):
    for rank in (Rank.AGAIN, Rank.TO_ALL):
        two.post(rank.name, priority=Priority.EMERGENCY, rank=rank)
        assert len(two.courier.claim(16, emergency=True)) == 1
        two.wait(0.1)
    under_way(two)
    two.wait(HEDGE_S)
    assert [job.message.rank for job in two.hedge()] == [Rank.FIRST, Rank.TO_ALL, Rank.AGAIN]


def test_meanwhile_the_message_is_not_claimed_again(two):
    slow(two)
    assert two.courier.claim(16, emergency=True) == []


def test_taken_by_the_second_it_is_sent_and_the_first_is_kept_as_it_ends(two):
    alarm_id, first, second = slow(two)
    two.courier.carry(second)
    assert two.message(alarm_id).state == "sent"
    two.courier.carry(first)
    message = two.message(alarm_id)
    assert two.outcomes(message) == [("a", "taken"), ("b", "taken")]
    assert [each.why for each in two.attempts(message)] == [None, "hedge"], "the double is on file"
    assert '"why":"hedge"' in two.settled()[0]
    assert (message.state, message.due_at) == ("sent", None)


@pytest.mark.parametrize("end", [NOT_SENT, UNKNOWN, REFUSED_RECIPIENT])
def test_what_the_first_says_late_takes_nothing_back(two, a, end):
    alarm_id, first, second = slow(two)
    two.courier.carry(second)
    a.says.append(end)
    two.courier.carry(first)
    assert (two.message(alarm_id).state, two.message(alarm_id).due_at) == ("sent", None)
    assert two.outcomes(two.message(alarm_id)) == [("a", end.outcome.value), ("b", "taken")]


@pytest.mark.parametrize("end", [NOT_SENT, REFUSED_RECIPIENT])
def test_one_that_fails_leaves_the_message_to_the_other(two, b, end):
    alarm_id, first, second = slow(two)
    b.says.append(end)
    two.courier.carry(second)
    assert two.message(alarm_id).state == "claimed"
    assert two.offer(alarm_id, "C1").state is OfferState.OPEN
    two.courier.carry(first)
    assert two.message(alarm_id).state == "sent"


def test_when_both_fail_it_is_tried_again(two, a, b):
    alarm_id, first, second = slow(two)
    b.says.append(NOT_SENT)
    a.says.append(NOT_SENT)
    two.courier.carry(second)
    two.courier.carry(first)
    message = two.message(alarm_id)
    assert message.state == "posted"
    two.wait((message.due_at - two.world.clock.now()).total_seconds())
    two.deliver()
    assert two.message(alarm_id).state == "sent"


def test_refused_by_both_the_recipient_is_replaced_once(two, a, b):
    alarm_id, first, second = slow(two)
    a.says.append(REFUSED_RECIPIENT)
    b.says.append(REFUSED_RECIPIENT)
    two.courier.carry(second)
    two.courier.carry(first)
    assert two.offer(alarm_id, "C1").state is OfferState.LAPSED
    assert two.offer(alarm_id, "C2").state is OfferState.OPEN


def test_a_failure_told_of_one_is_none_while_the_other_has_it(two, a, b):
    alarm_id, first, second = slow(two)
    two.courier.carry(first)
    two.courier.carry(second)
    two.courier.receive("a", [a.receipt(a.sent[0], ReceiptKind.FAILED, code="30008")])
    assert two.message(alarm_id, person=two.world.carer("C1")).state == "sent"
    assert two.offer(alarm_id, "C1").state is OfferState.OPEN
    two.courier.receive("b", [b.receipt(b.sent[0], ReceiptKind.FAILED, code="30008")])
    assert two.message(alarm_id, person=two.world.carer("C1")).state == "failed"
    assert two.offer(alarm_id, "C1").state is OfferState.LAPSED


def test_what_has_become_pointless_gets_no_second_road(two, b):
    alarm_id, _ = under_way(two)
    two.world.desk.close(alarm_id, outcome=End.TEST, by=WANG)
    two.wait(HEDGE_S)
    assert two.hedge() == []
    two.wait(1)
    assert two.hedge() == [], "and nobody asks again"


def test_what_is_no_emergency_waits_for_its_one_road(two):
    two.post("k", priority=Priority.CONFIRMATION)
    two.post("l", priority=Priority.FAMILY, to="+8613800000008")
    assert len(two.courier.claim(16, emergency=True) + two.courier.claim(16, emergency=False)) == 2
    two.wait(HEDGE_S)
    assert two.hedge() == []


def test_with_one_provider_there_is_nothing_beside_it(tmp_path, a):
    post = Post(tmp_path, a)
    under_way(post)
    post.wait(HEDGE_S)
    assert post.hedge() == []
    post.world.close()


def test_hedging_may_be_switched_off(two):
    two.courier = two.another_courier(hedge_s=0.0)
    under_way(two)
    two.wait(LEASE.total_seconds() - 0.001)
    assert two.hedge() == []


def test_a_stop_in_the_middle_leaves_both_in_doubt_and_loses_nothing(two, a, b):
    alarm_id, first, _ = slow(two)
    a.has[first.outgoing.attempt_id] = a.taken(first.outgoing)
    fresh = two.another_courier(hedge_s=0.0)
    fresh.start()
    try:
        until(lambda: two.message(alarm_id).state == "sent")
    finally:
        fresh.stop()
    assert two.outcomes(two.message(alarm_id))[:2] == [("a", "confirmed"), ("b", "unknown")]
    assert (len(a.sent), len(b.sent)) == (0, 0)


def test_running_every_hanging_call_gets_its_second_road_although_all_places_are_taken(two, a, b):
    """Four workers and four calls that hang: the second roads have places of their own."""
    let_go = threading.Event()

    def hang(outgoing):
        assert let_go.wait(30)
        return Sent(outcome=Outcome.UNKNOWN)

    a.says.extend([hang] * 4)
    for number in range(4):
        two.post(f"k{number}", priority=Priority.EMERGENCY, to=f"+861380000001{number}")
    courier = two.another_courier(emergency_workers=4)
    courier.start()
    try:
        courier.nudge()
        until(lambda: len(a.sent) == 4)
        assert b.sent == []
        two.wait(HEDGE_S)
        courier.nudge()
        until(lambda: len(b.sent) == 4)
        until(lambda: {each.state for each in two.world.messages()} == {"sent"})
    finally:
        let_go.set()
        courier.stop()


def test_the_lease_still_ends_when_both_are_gone(two):
    alarm_id, _, _ = slow(two)
    two.wait((two.message(alarm_id).lease_until - two.world.clock.now()).total_seconds())
    (third,) = two.courier.claim(16, emergency=True)
    assert third.message.tries == 3
    assert [each for _, each in two.outcomes(two.message(alarm_id))] == ["unknown", "unknown", "in_flight"]
    assert two.message(alarm_id).lease_until - two.world.clock.now() == timedelta(seconds=15)
