"""The real courier over a real store, moved by hand, with providers that say what they are told to say."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from unittest.mock import Mock

import pytest

from dispatch.errors import Busy
from dispatch.messages.courier import EMERGENCY_WORKERS
from dispatch.messages.providers.provider import Capability, Outcome, ReceiptKind, Sent
from dispatch.rules.alarm import OfferState, Proof, State
from dispatch.rules.alarm import Outcome as End
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.record import Line
from dispatch.store.database import TransactionLost
from dispatch.store.outbox import LEASE, Outbox
from dispatch.store.precedence import Precedence
from dispatch.store.record import Record
from tests.builders import NOON
from tests.fakes.line import until
from tests.fakes.provider import NOT_SENT, REFUSED_CONFIG, REFUSED_RECIPIENT, UNKNOWN, ScriptedProvider
from tests.integration.post_rig import WANG, Post


@pytest.fixture
def a():
    return ScriptedProvider("a")


@pytest.fixture
def b():
    return ScriptedProvider("b")


@pytest.fixture
def post(tmp_path, a):
    post = Post(tmp_path, a)
    yield post
    post.world.close()


@pytest.fixture
def two(tmp_path, a, b):
    post = Post(tmp_path, a, b)
    yield post
    post.world.close()


# ------------------------------------------------------------------------------------------------ taken


def test_a_message_that_is_taken_is_sent_and_nothing_waits(post, a):
    alarm_id = post.press()
    assert post.deliver() == 1
    message = post.message(alarm_id)
    assert (message.state, message.sent_at, message.due_at, message.tries) == ("sent", post.world.clock.now(), None, 1)
    (attempt,) = post.attempts(message)
    assert (attempt.outcome, attempt.provider_id, attempt.status) == ("taken", a.id_of(a.sent[0]), "queued")
    assert (a.sent[0].to, a.sent[0].answerable) == ("+8613800000001", True)
    assert "柏林小区" in a.sent[0].text == attempt.text
    assert post.deliver() == 0
    assert '"outcome":"taken"' in post.settled()[0]


def test_the_attempt_is_on_file_before_the_network_is_touched(post, a):
    alarm_id = post.press()
    seen = []
    a.says.append(lambda outgoing: seen.extend(post.outcomes(post.message(alarm_id))) or a.taken(outgoing))
    post.deliver()
    assert seen == [("a", "in_flight")]


def test_a_press_is_on_its_way_until_its_letter_leaves_and_what_became_of_it_gives_way(post, a, monkeypatch):
    presses, seen = Precedence(post.world.clock), []
    post.courier = post.another_courier(precedence=presses)
    alarm_id = post.press()
    presses.begin(alarm_id)
    a.says.append(lambda outgoing: seen.append(presses.busy()) or a.taken(outgoing))
    monkeypatch.setattr(presses, "give_way", lambda: seen.extend(post.outcomes(post.message(alarm_id))))
    post.deliver()
    assert seen == [False, ("a", "in_flight")]
    assert post.outcomes(post.message(alarm_id)) == [("a", "taken")]


def test_how_long_a_provider_may_try_is_what_is_left_within_bounds(post, a):
    for key, left_s in (("long", 3600), ("some", 60), ("hardly", 3)):
        post.post(key, priority=Priority.EMERGENCY, expires_at=post.world.clock.now() + timedelta(seconds=left_s))
    post.deliver()
    assert sorted(each.validity_s for each in a.sent) == [10, 60, 120]


# ------------------------------------------------------------------------------------------------ refused


def test_who_cannot_be_reached_by_anybody_is_replaced_at_once(post, a):
    alarm_id = post.press()
    a.says.append(REFUSED_RECIPIENT)
    post.deliver()
    message = post.message(alarm_id, person=post.world.carer("C1"))
    assert (message.state, message.reason, message.due_at) == ("failed", "refused 21614", None)
    assert post.offer(alarm_id, "C1").state is OfferState.LAPSED
    assert post.offer(alarm_id, "C2").state is OfferState.OPEN
    assert post.deliver() == 1, "and the text to the next one leaves"


def test_a_refusal_of_the_recipient_is_another_providers_chance(two, a, b):
    alarm_id = two.press()
    a.says.append(REFUSED_RECIPIENT)
    two.deliver()
    assert two.offer(alarm_id, "C1").state is OfferState.OPEN
    two.deliver()
    assert two.outcomes(two.message(alarm_id)) == [("a", "refused"), ("b", "taken")]
    assert two.message(alarm_id).state == "sent"


def test_refused_by_both_the_recipient_cannot_be_reached(two, a, b):
    alarm_id = two.press()
    a.says.append(REFUSED_RECIPIENT)
    b.says.append(REFUSED_RECIPIENT)
    two.deliver()
    two.deliver()
    assert two.offer(alarm_id, "C1").state is OfferState.LAPSED


@pytest.mark.parametrize(("asked_s", "away_s"), [(7.0, 7.0), (None, 2.0), (3600.0, 30.0)])
def test_who_says_too_many_is_tried_last_until_it_has_room_again(two, a, b, asked_s, away_s):
    """Each message would otherwise be given there in vain first: twice the work, just when there is most to send."""
    a.says.append(Sent(outcome=Outcome.NOT_SENT, http_status=429, retry_after_s=asked_s))
    for number, seconds in enumerate([0.0, away_s - 0.5, 1.0]):
        two.wait(seconds)
        two.post(f"n{number}", priority=Priority.EMERGENCY)
        while two.deliver():
            pass
    assert (len(a.sent), len(b.sent)) == (2, 2), "the first in vain, the second not at all, the third again"
    assert not any(two.courier.breakers.facts().values()), "it works, and no breaker opens"


@pytest.mark.parametrize("refusal", [REFUSED_CONFIG, NOT_SENT])
def test_what_one_provider_will_not_carry_the_next_does_at_once(two, a, b, refusal):
    alarm_id = two.press()
    a.says.append(refusal)
    two.deliver()
    assert two.message(alarm_id).state == "posted"
    assert two.deliver() == 1
    assert two.outcomes(two.message(alarm_id)) == [("a", refusal.outcome.value), ("b", "taken")]


def test_when_nobody_carries_it_an_emergency_is_tried_again_after_growing_times(post, a):
    post.post("k", priority=Priority.EMERGENCY)
    a.says.extend([NOT_SENT] * 7)
    waits = []
    for _ in range(7):
        post.deliver()
        (message,) = post.world.messages()
        waits.append((message.due_at - post.world.clock.now()).total_seconds())
        post.wait(waits[-1])
    assert waits == [5, 10, 20, 40, 60, 60, 60]
    assert post.deliver() == 1
    assert post.world.messages()[0].state == "sent"


def test_an_emergency_does_not_stay_away_as_long_as_a_provider_asks(post, a):
    busy = Sent(outcome=Outcome.NOT_SENT, retry_after_s=300.0)
    for key, priority in (("urgent", Priority.EMERGENCY), ("reminder", Priority.REMINDER)):
        post.post(key, priority=priority)
    a.says.extend([busy, busy])
    post.deliver()
    post.deliver(emergency=False)
    waits = {each.priority: (each.due_at - post.world.clock.now()).total_seconds() for each in post.world.messages()}
    assert waits == {Priority.EMERGENCY: 5, Priority.REMINDER: 300}


def test_after_the_last_provider_the_first_is_tried_again(two, a, b):
    two.post("k", priority=Priority.EMERGENCY)
    a.says.extend([NOT_SENT] * 2)
    b.says.extend([NOT_SENT] * 2)
    for _ in range(5):
        two.deliver()
        two.wait(60)
    (message,) = two.world.messages()
    assert [provider for provider, _ in two.outcomes(message)] == ["a", "b", "a", "b", "a"]


def test_a_call_goes_to_a_provider_that_can_call(tmp_path, b):
    post = Post(tmp_path, ScriptedProvider("texts", voice=False), b)
    post.post("k", priority=Priority.EMERGENCY, channel=Channel.VOICE)
    post.deliver()
    assert [each.channel for each in b.sent] == [Channel.VOICE]
    post.world.close()


def test_a_number_refused_by_the_only_one_who_can_call_cannot_be_reached(tmp_path, a):
    post = Post(tmp_path, a, ScriptedProvider("texts", voice=False))
    post.post("k", priority=Priority.EMERGENCY, channel=Channel.VOICE)
    a.says.append(REFUSED_RECIPIENT)
    post.deliver()
    (message,) = post.world.messages()
    post.world.close()
    assert message.state == "failed"


def test_a_call_that_fails_waits_although_another_provider_could_text(tmp_path, a):
    post = Post(tmp_path, a, ScriptedProvider("texts", voice=False))
    post.post("k", priority=Priority.EMERGENCY, channel=Channel.VOICE)
    a.says.append(NOT_SENT)
    post.deliver()
    (message,) = post.world.messages()
    now = post.world.clock.now()
    post.world.close()
    assert message.due_at > now


def test_with_nobody_able_the_first_is_asked_all_the_same(tmp_path):
    texts = ScriptedProvider("texts", voice=False)
    post = Post(tmp_path, texts)
    post.post("k", priority=Priority.EMERGENCY, channel=Channel.VOICE)
    post.deliver()
    assert len(texts.sent) == 1
    post.world.close()


# ------------------------------------------------------------------------------------------------ in doubt


def test_in_doubt_the_other_provider_sends_at_once_and_the_next_step_comes_sooner(two, a, b):
    alarm_id = two.press()
    a.says.append(UNKNOWN)
    two.deliver()
    message = two.message(alarm_id)
    assert (message.state, message.due_at) == ("uncertain", two.world.clock.now())
    assert two.world.alarm(alarm_id).due_at == two.world.clock.now() + timedelta(seconds=30)
    assert "delivery_unknown" in two.world.kinds(alarm_id)
    two.deliver()
    assert two.outcomes(message) == [("a", "unknown"), ("b", "taken")]
    assert two.message(alarm_id).state == "sent"


def test_what_is_found_at_its_provider_is_not_sent_again(post, a):
    alarm_id = post.press()
    a.says.append(a.takes_but_says_nothing)
    post.deliver()
    assert post.deliver() == 0, "first it is given a moment"
    post.wait(2)
    assert post.deliver() == 1
    message = post.message(alarm_id)
    assert (message.state, len(a.sent), len(a.looked_up)) == ("sent", 1, 1)
    assert post.outcomes(message) == [("a", "confirmed"), ("a", "absent")]
    assert '"outcome":"confirmed"' in post.settled()[-1]


def test_what_was_found_for_another_attempt_settles_no_doubt(post, a):
    """Calls to one number look alike: a look-up may bring the call of another message."""
    other = post.press()
    post.deliver()
    theirs = a.taken(a.sent[0])
    alarm_id = post.world.press("H2", "R2")
    post.world.wake()
    a.says.append(UNKNOWN)
    post.deliver()
    a.has[a.sent[1].attempt_id] = theirs
    post.wait(2)
    assert post.deliver() == 1
    assert (post.message(other).state, post.message(alarm_id).state) == ("sent", "sent")
    assert post.outcomes(post.message(alarm_id)) == [("a", "unknown"), ("a", "taken")]


@pytest.mark.parametrize("found", [None, NOT_SENT])
def test_what_is_not_found_is_sent_again_with_the_doubt_on_file(post, a, found):
    alarm_id = post.press()
    a.says.append(UNKNOWN)
    post.deliver()
    post.wait(2)
    a.has[a.sent[0].attempt_id] = found
    post.deliver()
    message = post.message(alarm_id)
    assert (message.state, len(a.sent), message.tries) == ("sent", 2, 2)
    assert post.outcomes(message) == [("a", "unknown"), ("a", "taken")]


def test_a_doubt_about_a_provider_that_is_gone_is_not_looked_up(two, a, b):
    alarm_id = two.press()
    a.says.append(UNKNOWN)
    two.deliver()
    del two.providers["a"]
    two.deliver()
    assert (two.message(alarm_id).state, a.looked_up, len(b.sent)) == ("sent", [], 1)


def test_what_stays_in_doubt_waits_longer_each_time(post, a):
    post.post("k", priority=Priority.EMERGENCY)
    a.says.extend([UNKNOWN] * 4)
    waits = []
    for _ in range(4):
        post.deliver()
        (message,) = post.world.messages()
        waits.append((message.due_at - post.world.clock.now()).total_seconds())
        post.wait(waits[-1])
    assert waits == [2, 10, 20, 40]


# ------------------------------------------------------------------------------------------------ pointless


def test_what_is_over_is_not_asked_any_more_but_still_told(post, a):
    alarm_id = post.press()
    post.world.desk.close(alarm_id, outcome=End.TEST, by=WANG)
    post.deliver()
    assert (post.message(alarm_id).state, post.message(alarm_id).reason) == ("cancelled", "the alarm is closed")
    assert post.message(alarm_id, "stand_down").state == "sent"
    assert len(a.sent) == 1


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda desk, id_, who: desk.decline(id_, who, by=who), "the offer is declined"),
        (lambda desk, id_, who: desk.accept(id_, who, by=who), "the offer is accepted"),
    ],
)
def test_who_has_answered_is_not_asked_any_more(post, act, why):
    alarm_id = post.press()
    who = post.world.carer("C1")
    act(post.world.desk, alarm_id, who)
    post.deliver()
    message = post.message(alarm_id, person=who)
    assert (message.state, message.reason, message.due_at) == ("cancelled", why, None)


def test_who_let_the_time_pass_is_still_asked(post):
    alarm_id = post.press()
    post.world.desk.unreached(post.offer(alarm_id, "C1").id, code="x")
    post.deliver()
    assert post.message(alarm_id, person=post.world.carer("C1")).state == "sent"


def test_a_door_is_not_told_to_who_gave_up_before_it_left(post, a):
    alarm_id = post.press()
    who = post.world.carer("C1")
    post.world.desk.accept(alarm_id, who, by=who)
    post.world.desk.decline(alarm_id, who, by=who)
    post.deliver()
    message = post.message(alarm_id, "details")
    assert (message.state, message.reason) == ("cancelled", "the offer is declined")
    assert all("4711" not in each.text for each in a.sent)


def test_what_is_too_old_is_not_sent(post, a):
    alarm_id = post.press()
    post.wait(600)
    post.deliver()
    assert (post.message(alarm_id).state, post.message(alarm_id).reason, a.sent) == ("expired", "expired", [])


# ------------------------------------------------------------------------------------------------ leases


def test_a_late_word_about_a_lost_lease_changes_no_message(two, a, b):
    alarm_id = two.press()
    (late,) = two.courier.claim(16, emergency=True)
    two.wait(LEASE.total_seconds())
    assert two.deliver() == 1
    assert two.message(alarm_id).state == "sent"
    before = two.message(alarm_id)
    a.says.append(NOT_SENT)
    two.courier.carry(late)
    assert two.message(alarm_id) == before
    assert two.outcomes(before) == [("a", "not_sent"), ("b", "taken")], "but what became of the attempt is on file"


def test_what_was_given_up_and_is_taken_after_all_stays_on_file_as_a_doubt(two, a, b):
    """A machine so busy that the lease ran out under a call: the message went twice, and the file says why."""
    alarm_id = two.press()
    (late,) = two.courier.claim(16, emergency=True)
    two.wait(LEASE.total_seconds())
    two.deliver()
    two.courier.carry(late)
    assert len(a.sent) == len(b.sent) == 1
    assert two.outcomes(two.message(alarm_id)) == [("a", "confirmed"), ("b", "taken")]


def test_under_a_lease_nobody_else_takes_the_message(post):
    post.press()
    assert len(post.courier.claim(16, emergency=True)) == 1
    post.wait(LEASE.total_seconds() - 0.001)
    assert post.courier.claim(16, emergency=True) == []
    post.wait(0.001)
    assert len(post.courier.claim(16, emergency=True)) == 1


def test_what_a_stopped_service_had_in_flight_is_looked_up_first(post, a):
    alarm_id = post.press()
    (job,) = post.courier.claim(16, emergency=True)
    a.has[job.outgoing.attempt_id] = a.taken(job.outgoing)
    assert post.world.transactions.run(lambda tx: Outbox(tx.connection).strand(tx.now)) == 1
    message = post.message(alarm_id)
    assert (message.state, post.outcomes(message)) == ("uncertain", [("a", "unknown")])
    post.deliver()
    assert (post.message(alarm_id).state, a.sent) == ("sent", [])


def test_after_a_stop_the_old_claim_is_worth_nothing(post, a):
    alarm_id = post.press()
    (job,) = post.courier.claim(16, emergency=True)
    post.world.transactions.run(lambda tx: Outbox(tx.connection).strand(tx.now))
    before = post.message(alarm_id)
    post.courier.carry(job)
    assert post.message(alarm_id) == before


# ------------------------------------------------------------------------------------------------ receipts


def sent(post, a):
    alarm_id = post.press()
    post.deliver()
    return alarm_id, a.sent[-1]


def test_a_receipt_says_that_it_was_delivered(post, a):
    alarm_id, outgoing = sent(post, a)
    post.courier.receive("a", [a.receipt(outgoing, ReceiptKind.DELIVERED)])
    message = post.message(alarm_id)
    assert (message.state, message.delivered_at) == ("delivered", post.world.clock.now())
    assert post.attempts(message)[0].status == "delivered"


def test_a_doubled_receipt_changes_nothing(post, a):
    alarm_id, outgoing = sent(post, a)
    receipt = a.receipt(outgoing, ReceiptKind.UNDELIVERED, code="30003")
    post.courier.receive("a", [receipt])
    before = (post.world.alarm(alarm_id), post.world.offers(alarm_id), post.world.messages(alarm_id))
    post.courier.receive("a", [receipt, receipt])
    assert (post.world.alarm(alarm_id), post.world.offers(alarm_id), post.world.messages(alarm_id)) == before


def test_no_receipts_are_no_work(post):
    post.courier.receive("a", [])
    assert post.settled() == []


def test_a_receipt_for_nothing_known_is_kept_and_harmless(post, a):
    post.post("k", priority=Priority.EMERGENCY)
    (job,) = post.courier.claim(1, emergency=True)
    other = ScriptedProvider("a").receipt(job.outgoing, ReceiptKind.DELIVERED, named=False)
    post.courier.receive("somebody", [other])
    assert post.world.messages()[0].state == "claimed"


def test_receipts_out_of_order_only_move_upwards(post, a):
    alarm_id, outgoing = sent(post, a)
    for kind in (ReceiptKind.DELIVERED, ReceiptKind.SENT, ReceiptKind.QUEUED):
        post.courier.receive("a", [a.receipt(outgoing, kind)])
    message = post.message(alarm_id)
    assert (message.state, post.attempts(message)[0].status) == ("delivered", "delivered")


def test_a_delivery_that_overtakes_our_own_settling_is_not_taken_back(post, a):
    alarm_id = post.press()

    def at_once(outgoing):
        post.courier.receive("a", [a.receipt(outgoing, ReceiptKind.DELIVERED)])
        return a.taken(outgoing)

    a.says.append(at_once)
    post.deliver()
    message = post.message(alarm_id)
    assert (message.state, message.due_at) == ("delivered", None)
    assert post.attempts(message)[0].status == "delivered"


def test_a_receipt_settles_a_doubt(post, a):
    alarm_id = post.press()

    def at_once(outgoing):
        post.courier.receive("a", [a.receipt(outgoing, ReceiptKind.SENT)])
        return UNKNOWN

    a.says.append(at_once)
    post.deliver()
    message = post.message(alarm_id)
    assert (message.state, post.outcomes(message)) == ("sent", [("a", "confirmed")])


def test_a_delivery_told_while_in_doubt_ends_the_trying(post, a):
    alarm_id = post.press()
    a.says.append(UNKNOWN)
    post.deliver()
    post.courier.receive("a", [a.receipt(a.sent[0], ReceiptKind.DELIVERED)])
    post.wait(10)
    assert post.deliver() == 0
    message = post.message(alarm_id)
    assert (message.state, post.outcomes(message)) == ("delivered", [("a", "confirmed")])


@pytest.mark.parametrize("kind", [ReceiptKind.UNDELIVERED, ReceiptKind.FAILED])
def test_who_did_not_get_the_text_is_replaced(post, a, kind):
    alarm_id, outgoing = sent(post, a)
    post.courier.receive("a", [a.receipt(outgoing, kind, code="30003")])
    message = post.message(alarm_id, person=post.world.carer("C1"))
    assert (message.state, message.reason) == ("failed", f"{kind} 30003")
    assert post.offer(alarm_id, "C1").state is OfferState.LAPSED
    assert post.offer(alarm_id, "C2").state is OfferState.OPEN


def test_a_failed_call_replaces_nobody_because_the_text_may_be_read(post, a):
    alarm_id, _ = sent(post, a)
    post.world.advance(60)
    post.deliver()
    call = a.sent[-1]
    assert call.channel is Channel.VOICE
    post.courier.receive("a", [a.receipt(call, ReceiptKind.FAILED, code="busy")])
    assert post.offer(alarm_id, "C1").state is OfferState.OPEN


def test_a_failure_told_after_the_delivery_replaces_nobody(post, a):
    alarm_id, outgoing = sent(post, a)
    post.courier.receive("a", [a.receipt(outgoing, ReceiptKind.DELIVERED)])
    post.courier.receive("a", [a.receipt(outgoing, ReceiptKind.UNDELIVERED)])
    assert post.message(alarm_id).state == "delivered"
    assert post.offer(alarm_id, "C1").state is OfferState.OPEN


def test_a_failure_told_by_the_providers_own_number_replaces_as_well(post, a):
    alarm_id, outgoing = sent(post, a)
    post.courier.receive("a", [a.receipt(outgoing, ReceiptKind.FAILED, named=False)])
    assert post.message(alarm_id, person=post.world.carer("C1")).state == "failed"
    assert post.offer(alarm_id, "C1").state is OfferState.LAPSED


def test_a_failure_that_overtakes_our_own_settling_is_not_called_sent(post, a):
    alarm_id = post.press()

    def at_once(outgoing):
        post.courier.receive("a", [a.receipt(outgoing, ReceiptKind.FAILED, code="30005")])
        return a.taken(outgoing)

    a.says.append(at_once)
    post.deliver()
    assert post.offer(alarm_id, "C1").state is OfferState.LAPSED
    assert post.message(alarm_id, person=post.world.carer("C1")).state == "failed"


# ------------------------------------------------------------------------------------------------ words


@pytest.mark.error_lines("wording_failed")
def test_when_the_words_fail_the_plain_sentence_leaves(post, a):
    post.post("k", priority=Priority.EMERGENCY, sentence="no_such_sentence")
    post.deliver()
    assert post.world.messages()[0].state == "sent"
    assert post.world.messages()[0].id in a.sent[0].text


# ------------------------------------------------------------------------------------------------ order


def test_a_text_that_sends_to_the_desk_names_its_number_where_numbers_may_stand(tmp_path, a):
    a._capability = Capability(two_way=True, urls=True)
    post = Post(tmp_path, a)
    courier = post.another_courier(desk="031188888888")
    post.post("k", priority=Priority.EMERGENCY)
    for job in courier.claim(16, emergency=True):
        courier.carry(job)
    post.world.close()
    assert a.sent[0].text == "【安铃】告警 k，请联系值守台 031188888888"


def test_emergencies_are_claimed_before_reminders_and_by_workers_of_their_own(post, a):
    for number in range(20):
        post.post(f"reminder{number}", priority=Priority.REMINDER)
    post.post("confirmation", priority=Priority.CONFIRMATION)
    post.wait(1)
    post.post("emergency", priority=Priority.EMERGENCY)
    jobs = post.courier.claim(16, emergency=True)
    assert [job.message.priority for job in jobs] == [Priority.EMERGENCY, Priority.CONFIRMATION]
    assert {job.message.priority for job in post.courier.claim(16, emergency=False)} == {Priority.REMINDER}


def test_within_the_notices_the_most_urgent_leaves_first(post):
    for priority in (Priority.REPORT, Priority.REMINDER, Priority.FAMILY):
        post.post(str(priority), priority=priority)
        post.wait(1)
    jobs = [post.courier.claim(1, emergency=False)[0] for _ in range(3)]
    assert [job.message.priority for job in jobs] == [Priority.FAMILY, Priority.REMINDER, Priority.REPORT]


def test_no_more_is_claimed_than_can_be_carried(post):
    for number in range(5):
        post.post(f"k{number}", priority=Priority.EMERGENCY)
    assert len(post.courier.claim(3, emergency=True)) == 3
    assert len(post.courier.claim(3, emergency=True)) == 2


# ------------------------------------------------------------------------------------------------ in its threads


def test_running_it_sends_what_is_posted_while_notices_hang(post, a):
    hanging, let_go = threading.Event(), threading.Event()

    def hang(outgoing):
        hanging.set()
        assert let_go.wait(30)
        return a.taken(outgoing)

    a.says.append(hang)
    post.post("reminder", priority=Priority.REMINDER)
    courier = post.another_courier(notice_workers=1)
    courier.start()
    try:
        courier.nudge()
        until(hanging.is_set)
        for number in range(40):
            post.post(f"e{number}", priority=Priority.EMERGENCY)
        courier.nudge()
        until(lambda: len(a.sent) == 41)
    finally:
        let_go.set()
        courier.stop()
    states = Counter((each.priority, each.state) for each in post.world.messages())
    assert states == {(Priority.EMERGENCY, "sent"): 40, (Priority.REMINDER, "sent"): 1}


def test_at_its_start_it_takes_up_what_was_left_in_flight(post, a):
    alarm_id = post.press()
    post.courier.claim(16, emergency=True)
    courier = post.another_courier()
    courier.start()
    try:
        until(lambda: post.message(alarm_id).state == "sent")
    finally:
        courier.stop()
    assert post.outcomes(post.message(alarm_id)) == [("a", "unknown"), ("a", "taken")]


def test_a_start_is_led_by_what_was_pending_until_its_provider_has_answered(post, a):
    begun, let_go = threading.Event(), threading.Event()

    def hang(outgoing):
        begun.set()
        assert let_go.wait(30)
        return a.taken(outgoing)

    a.says.append(hang)
    post.press()
    courier = post.another_courier()
    courier.start()
    try:
        assert begun.wait(30), "it looks at once, without having been nudged"
        assert not courier.lead(0.01), "whoever starts it goes on after its time, whatever a provider does"
        let_go.set()
        assert courier.lead(30)
        courier.start()
        until(lambda: len(a.sent) == 1 and post.message().state == "sent")
    finally:
        courier.stop()
    assert post.outcomes(post.message()) == [("a", "taken")], "begun again it strands nothing that is its own"


def test_nobody_waits_for_a_courier_that_has_nothing_to_send(post):
    courier = post.another_courier()
    courier.start()
    try:
        assert courier.lead(30)
    finally:
        courier.stop()


@pytest.mark.error_lines("provider_broke")
def test_a_provider_that_breaks_its_contract_stops_nobody_else(post, a):
    def burst(outgoing):
        raise ZeroDivisionError

    a.says.append(burst)
    for number in range(3):
        post.post(f"k{number}", priority=Priority.EMERGENCY)
    courier = post.another_courier(emergency_workers=1)
    courier.start()
    try:
        until(lambda: len(a.sent) == 3)
    finally:
        courier.stop()
    assert Counter(each.state for each in post.world.messages()) == {"sent": 2, "uncertain": 1}
    post.wait(LEASE.total_seconds())
    post.deliver()
    assert {each.state for each in post.world.messages()} == {"sent"}


def test_several_engines_leave_each_others_claims_alone_at_the_start(post, a):
    post.press()
    (job,) = post.courier.claim(16, emergency=True)
    courier = post.another_courier(alone=False)
    courier.start()
    courier.stop()
    with post.world.reading.connect() as connection:
        attempt = Outbox(connection).attempt(job.outgoing.attempt_id)
    assert attempt.outcome == "in_flight"


def test_a_whole_alarm_leaves_in_the_end(post, a):
    alarm_id = post.press()
    post.deliver()
    who = post.world.carer("C1")
    post.world.desk.accept(alarm_id, who, by=who)
    post.deliver()
    post.world.desk.attend(alarm_id, who, proof=Proof.DOOR_CODE, by=who)
    post.world.desk.close(alarm_id, outcome=End.HELPED, by=WANG)
    post.deliver()
    assert post.world.alarm(alarm_id).state is State.CLOSED
    assert ["4711" in each.text for each in a.sent][:2] == [False, True]
    assert {each.state for each in post.world.messages(alarm_id)} == {"sent"}


# ------------------------------------------------------------------------------------------------ riding along


@pytest.fixture
def riding(post):
    """A courier whose threads carry and whose loop does not look: what leaves has ridden along."""
    courier = post.another_courier()
    courier._carriers.start()
    yield courier
    courier._carriers.stop()


def letter(key, **more):
    return Draft(
        key=key, sentence="plain", channel=Channel.SMS, priority=Priority.EMERGENCY, to="+8613800000009",
        person="carer:x", lang="zh", expires_at=NOON + timedelta(hours=1), facts={"number": key, "place": ""}, **more,
    )  # fmt: skip


def posting(ride, *drafts):
    def work(tx):
        Outbox.post(tx, drafts)
        ride.claim(tx)

    return work


def test_a_letter_leaves_with_the_unit_that_posts_it(post, a, riding):
    with riding.ride() as ride:
        post.world.transactions.run(posting(ride, letter("k")))
        assert a.sent == []
    until(lambda: [each.state for each in post.world.messages()] == ["sent"])
    assert len(a.sent) == 1


def test_a_unit_that_fails_takes_its_letters_back_and_frees_their_places(post, a, riding):
    def fail(tx):
        posting(ride, letter("k"))(tx)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), riding.ride() as ride:
        post.world.transactions.run(fail)
    assert (post.world.messages(), a.sent) == ([], [])
    assert riding._carriers.take(100, emergency=True) == EMERGENCY_WORKERS


def test_a_unit_run_again_claims_once(post, a, riding):
    with riding.ride() as ride:
        post.world.transactions.run(ride.claim)
        post.world.transactions.run(posting(ride, letter("k")))
    until(lambda: [each.state for each in post.world.messages()] == ["sent"])
    riding.stop()
    assert riding._carriers.take(100, emergency=True) == EMERGENCY_WORKERS


def test_a_unit_that_runs_after_its_caller_has_gone_claims_nothing(post, a, riding):
    with riding.ride() as ride:
        pass
    post.world.transactions.run(posting(ride, letter("k")))
    assert [each.state for each in post.world.messages()] == ["posted"]
    assert riding._carriers.take(100, emergency=True) == EMERGENCY_WORKERS


@pytest.mark.error_lines("ride_failed")
def test_a_letter_that_cannot_be_claimed_does_not_cost_the_decision(post, a, riding, monkeypatch):
    class Unheard(Exception):
        """Of a kind that nobody thought of."""

    def fail(*_, **__):
        raise Unheard

    monkeypatch.setattr(riding._claims, "_attempt", fail)
    with riding.ride() as ride:
        post.world.transactions.run(posting(ride, letter("k")))
    assert [each.state for each in post.world.messages()] == ["posted"]
    assert post.deliver() == 1


def test_a_claim_that_loses_the_transaction_costs_the_whole_decision(post, a, riding, monkeypatch):
    """As on a full disk: going on without one would keep the lines of a decision that is not kept."""

    def lose(tx, *_, **__):
        tx.connection.connection.cursor().execute("ROLLBACK")
        raise OSError("disk full")

    def decide(tx):
        Outbox.post(tx, [letter("k")])
        tx.log(Line(kind="noted", by="service"))
        ride.claim(tx)

    monkeypatch.setattr(riding._claims, "claim_in", lose)
    with pytest.raises(TransactionLost), riding.ride() as ride:
        post.world.transactions.run(decide)
    assert post.world.messages() == []
    with post.world.reading.connect() as connection:
        assert Record(connection).head()[0] == 0


class Impatient:
    """Transactions whose caller gives up, once, although the unit becomes durable right after."""

    def __init__(self, inner):
        self._inner, self.gave_up = inner, 0

    def run(self, work, **more):
        result = self._inner.run(work, **more)
        if not self.gave_up:
            self.gave_up = 1
            raise Busy("the database is busy")
        return result


@pytest.mark.error_lines("courier_failed")
def test_what_was_claimed_for_a_loop_that_gave_up_waiting_leaves_before_its_lease(post, a):
    """The hand clock stands still: nothing else would ever find it."""
    post.post("k", priority=Priority.EMERGENCY)
    courier = post.another_courier(alone=False)
    courier._transactions = Impatient(post.world.transactions)
    courier.start()
    try:
        until(lambda: [each.state for each in post.world.messages()] == ["sent"])
    finally:
        courier.stop()
    assert (len(a.sent), post.outcomes(post.world.messages()[0])) == (1, [("a", "taken")])
    assert courier._carriers.take(100, emergency=True) == EMERGENCY_WORKERS


@pytest.mark.error_lines("courier_failed")
@pytest.mark.parametrize("fails", ["hedge", "claim"])
def test_what_fails_in_every_round_keeps_nothing_else_from_leaving(post, a, monkeypatch, fails):
    """Neither second roads nor claims that come to nothing, as on a disk that takes longer than their callers wait."""
    courier = post.another_courier(alone=False)
    post.post("k", priority=Priority.EMERGENCY)
    if fails == "claim":
        courier._adrift.leave(courier.claim(1, emergency=True), partial(courier._taken_up, courier._carriers))
        post.post("l", priority=Priority.EMERGENCY)
    monkeypatch.setattr(courier._flights, "overdue", lambda now_s: True)
    monkeypatch.setattr(courier, fails, Mock(side_effect=Busy("the database is busy")))
    courier.start()
    try:
        until(lambda: "sent" in [each.state for each in post.world.messages()])
    finally:
        courier.stop()
    assert len(a.sent) == 1


def test_what_rode_with_a_decision_whose_caller_gave_up_waiting_leaves_before_its_lease(post, a):
    courier = post.another_courier()
    courier.start()
    try:
        with pytest.raises(Busy), courier.ride() as ride:
            Impatient(post.world.transactions).run(posting(ride, letter("k")))
        until(lambda: [each.state for each in post.world.messages()] == ["sent"])
    finally:
        courier.stop()
    assert len(a.sent) == 1
    assert courier._carriers.take(100, emergency=True) == EMERGENCY_WORKERS


def test_a_caller_that_gives_up_while_its_letters_are_claimed_loses_neither_them_nor_their_places(post, a):
    courier = post.another_courier()
    courier.start()
    try:
        seats = courier.ride()
        ride = seats.__enter__()
        claim = ride._claim

        def claim_slowly(tx, most):
            jobs = claim(tx, most)
            ride.miss()
            return jobs

        ride._claim = claim_slowly
        post.world.transactions.run(posting(ride, letter("k")))
        until(lambda: [each.state for each in post.world.messages()] == ["sent"])
    finally:
        courier.stop()
    assert len(a.sent) == 1
    assert courier._carriers.take(100, emergency=True) == EMERGENCY_WORKERS


def test_what_was_never_claimed_or_is_claimed_anew_is_not_taken_up(post, a):
    courier = post.another_courier()
    post.post("k", priority=Priority.EMERGENCY)
    (old,) = courier.claim(16, emergency=True)
    post.wait(LEASE.total_seconds())
    taken = []
    courier._adrift.leave([old], lambda job: taken.append(job) or True)
    courier._adrift.take_up()
    assert taken == [], "its lease is over: whoever claims it now may send it as well"
    (new,) = courier.claim(16, emergency=True)
    unknown = replace(new, outgoing=replace(new.outgoing, attempt_id="nobody"))
    courier._adrift.leave([old, unknown, new], lambda job: taken.append(job) or True)
    courier._adrift.take_up()
    assert taken == [new]
    post.wait(LEASE.total_seconds())
    courier._adrift.take_up()
    assert not courier._adrift


def test_when_no_place_is_free_the_letter_waits_for_the_courier(post, a, riding):
    riding._carriers.take(100, emergency=True)
    with riding.ride() as ride:
        post.world.transactions.run(posting(ride, letter("k")))
    assert [each.state for each in post.world.messages()] == ["posted"]


def test_a_letter_claimed_while_all_is_being_stopped_is_looked_up_at_the_next_start(post, a, riding):
    with riding.ride() as ride:
        post.world.transactions.run(posting(ride, letter("k")))
        riding._carriers.stop()
    assert a.sent == []
    riding.start()
    riding.stop()
    (message,) = post.world.messages()
    assert post.attempts(message)[0].outcome != "in_flight"
