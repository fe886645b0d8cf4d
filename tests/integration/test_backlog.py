"""Emergencies pass a backlog, and two carers who answer at once: in real threads, on a real clock."""

import threading
import time

import pytest

from dispatch.answers import Said
from dispatch.rules.alarm import OfferState, Role
from dispatch.rules.message import Priority, Rank
from dispatch.rules.pacing import Pace
from tests.fakes.line import until
from tests.fakes.provider import ScriptedProvider
from tests.integration.post_rig import Post

REMINDERS = 1000
SLOW_S = 0.2


class Slow(ScriptedProvider):
    """A provider that takes its time for everything, and keeps when it had taken what."""

    def __init__(self, name):
        super().__init__(name)
        self.closing = threading.Event()
        self.taken_s = {}

    def send(self, message):
        if not message.urgent:
            self.closing.wait(SLOW_S)
        sent = super().send(message)
        self.taken_s[message.to] = time.monotonic()
        return sent


@pytest.fixture
def a():
    return Slow("a")


@pytest.fixture
def post(tmp_path, a):
    post = Post(tmp_path, a)
    yield post
    post.world.close()


def test_an_offer_passes_a_thousand_reminders_in_less_than_a_second(post, a):
    for number in range(REMINDERS):
        post.post(f"r{number}", priority=Priority.REMINDER, to=f"+86139{number:08}", person=f"contact:{number}")
    assert Pace().quiet_until <= post.world.calendar.local(post.world.clock.now()).time() < Pace().quiet_from
    courier = post.another_courier()
    courier.start()
    try:
        courier.nudge()
        # Outside quiet hours: reminders are leaving, and hold every place that they may have.
        until(lambda: len(a.sent) >= 4)
        began_s = time.monotonic()
        post.press()
        courier.nudge()
        until(lambda: "+8613800000001" in a.taken_s)
        took_s = a.taken_s["+8613800000001"] - began_s
        waiting = sum(each.state == "posted" for each in post.world.messages())
    finally:
        a.closing.set()
        courier.stop()
    assert took_s < 1.0
    assert waiting > REMINDERS / 2, "the backlog was there all the while"


def test_confirmations_that_hang_leave_half_of_the_places_to_emergencies(post, a):
    def hang(message):
        a.closing.wait(30)
        return a.taken(message)

    for number in range(10):
        a.says.append(hang)
        post.post(f"c{number}", priority=Priority.CONFIRMATION, to=f"+86139{number:08}")
    courier = post.another_courier(emergency_workers=4)
    courier.start()
    try:
        courier.nudge()
        until(lambda: len(a.sent) == 2)
        a.says.clear()
        post.press()
        courier.nudge()
        until(lambda: "+8613800000001" in a.taken_s)
        assert len(a.sent) == 3
        a.closing.set()
        until(lambda: len(a.sent) == 11)
    finally:
        a.closing.set()
        courier.stop()
    assert {each.state for each in post.world.messages()} == {"sent"}


def test_a_first_offer_passes_calls_to_all_that_hang_and_so_does_a_confirmation(post, a):
    def hang(message):
        a.closing.wait(30)
        return a.taken(message)

    for number in range(20):
        a.says.append(hang)
        call_to_all(post, number)
    courier = post.another_courier(emergency_workers=8)
    courier.start()
    try:
        courier.nudge()
        until(lambda: len(a.sent) == 6)
        a.says.clear()
        post.press()
        post.post("c", priority=Priority.CONFIRMATION, to="+8613800000008")
        courier.nudge()
        until(lambda: {"+8613800000001", "+8613800000008"} <= set(a.taken_s))
        assert len(a.sent) == 8, "and no further call to all took their places"
        a.closing.set()
        until(lambda: len(a.sent) == 22)
    finally:
        a.closing.set()
        courier.stop()


def test_calls_to_all_leave_although_first_offers_never_end(post, a):
    def hang(message):
        a.closing.wait(30)
        return a.taken(message)

    for number in range(20):
        a.says.append(hang)
        post.post(f"f{number}", priority=Priority.EMERGENCY, to=f"+86139{number:08}", alarm_id=None)
        call_to_all(post, number)
    courier = post.another_courier(emergency_workers=8)
    courier.start()
    try:
        courier.nudge()
        until(lambda: len(a.sent) == 8)
        called = [each.to for each in a.sent if each.to.startswith("+86137")]
        assert len(called) == 2
    finally:
        a.closing.set()
        courier.stop()


def test_a_press_takes_no_calls_to_all_along(post, a):
    """Whoever decides about a press would wait for their claims; the courier takes them up beside it."""
    courier = post.another_courier(emergency_workers=8)
    courier._carriers.start()
    for number in range(20):
        call_to_all(post, number)
    with courier.ride() as ride:
        post.world.transactions.run(ride.claim)
    post.world.desk._rides = courier.ride
    until(lambda: len(a.sent) == 2)
    assert courier._carriers.wait_idle(30)
    courier._shares.begin(post.courier.claim(2, emergency=True))
    post.press()
    assert courier._carriers.wait_idle(30)
    courier.stop()
    assert [each.to for each in a.sent[2:]] == ["+8613800000001"]


def test_a_second_road_takes_no_share_from_calls_to_all(post, a):
    courier, over = post.another_courier(emergency_workers=4), threading.Event()
    a.says.append(lambda message: (over.wait(60), a.taken(message))[1])
    call_to_all(post, 0)
    (job,) = courier.claim(1, emergency=True)
    before = courier._shares.room(riding=False)
    courier._beside.start()
    courier._beside.take(1, emergency=True)
    courier._beside.go(job, emergency=True)
    until(lambda: a.sent)
    assert courier._shares.room(riding=False) == before, "while it is under way"
    over.set()
    courier._beside.stop()


def test_first_offers_then_calls_to_all_then_repeated_ones_then_confirmations(post):
    post.post("confirmation", priority=Priority.CONFIRMATION)
    for rank in (Rank.AGAIN, Rank.TO_ALL, Rank.FIRST):
        post.post(rank.name, priority=Priority.EMERGENCY, rank=rank)
        post.wait(0.1)
    jobs = post.courier.claim(16, emergency=True)
    assert [job.message.facts["number"] for job in jobs] == ["FIRST", "TO_ALL", "AGAIN", "confirmation"]


def call_to_all(post, number):
    rank = Rank.AGAIN if number % 2 else Rank.TO_ALL
    post.post(f"k{number}", priority=Priority.EMERGENCY, to=f"+86137{number:08}", rank=rank)


def test_two_carers_answer_at_once_three_times_each_and_one_leads(post, a):
    """Each from a thread of its own, each answer by webhook and listed besides."""
    alarm_id = post.press()
    post.deliver()
    post.world.advance(120)
    answers, phones = post.world.answers, ("+8613800000001", "+8613800000002")
    barrier = threading.Barrier(6)

    def answer(phone, number):
        barrier.wait()
        for key in (f"{phone}-{number}", f"{phone}-0"):
            answers.receive("a", [Said(key=key, sender=phone, text="1")])

    threads = [threading.Thread(target=answer, args=(phone, number)) for phone in phones for number in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    post.world.wake()
    asked = [each for each in post.world.offers(alarm_id) if each.person != "x"]
    leads = [each for each in asked if each.role is Role.LEAD]
    assert len(leads) == 1
    accepted = [each for each in asked if each.state is OfferState.ACCEPTED]
    assert [each.role for each in accepted if each.role is not Role.LEAD] == []
    assert post.world.kinds(alarm_id).count("accepted") == 1
