"""What providers should have told by webhook is asked of them too: fates, receipts, replies."""

from datetime import timedelta

import pytest

from dispatch.messages.courier import RECEIPT_LIMIT_S
from dispatch.messages.providers.provider import Blame, Inbound, Listed, Outcome, ReceiptKind, Sent
from dispatch.rules import alarm
from dispatch.rules.alarm import OfferState, State
from dispatch.rules.message import Channel, Priority
from dispatch.rules.people import Person
from tests.fakes.line import until
from tests.fakes.provider import NOT_SENT, UNKNOWN, ScriptedProvider
from tests.integration.post_rig import Post


class Listing(ScriptedProvider):
    """A provider that also lists what people have sent."""

    def __init__(self, name, **more):
        super().__init__(name, **more)
        self.box = []
        self.receipts, self.done = [], []
        self.asked_since = []

    def fetch(self, since):
        self.asked_since.append(since)
        if self.box is None:
            return None
        kept = tuple(each for each in self.box if each.said_at >= since)
        return Listed(replies=kept, receipts=tuple(self.receipts), done=lambda: self.done.append(len(kept)))


@pytest.fixture
def a():
    return Listing("a")


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


# ------------------------------------------------------------------------------------------------ in doubt


def test_what_is_in_doubt_is_looked_for_while_another_road_has_it_already(two, a, b):
    alarm_id = two.press()
    a.says.append(a.takes_but_says_nothing)
    two.deliver()
    assert two.deliver() == 1, "the other road at once, without waiting for a look-up"
    assert (a.looked_up, len(b.sent)) == ([], 1)
    assert two.reconcile() == []
    two.wait(2)
    two.reconcile()
    message = two.message(alarm_id)
    assert two.outcomes(message) == [("a", "confirmed"), ("b", "taken")]
    assert message.state == "sent"
    assert '"outcome":"confirmed"' in two.settled()[-1]


def test_absent_is_believed_the_second_time_half_a_minute_later(two, a):
    alarm_id = two.press()
    a.says.append(UNKNOWN)
    two.deliver()
    two.deliver()
    a.has[a.sent[0].attempt_id] = NOT_SENT
    ends = []
    for wait_s in (2, 3, 10, 45):
        two.wait(wait_s)
        two.reconcile()
        ends.append(two.outcomes(two.message(alarm_id))[0][1])
    assert ends == ["unknown", "unknown", "unknown", "absent"]
    assert two.recorded("message_settled")[-1].count('"outcome":"absent"') == 1


def test_a_provider_that_cannot_tell_leaves_it_unknown_and_is_not_asked_for_ever(two, a):
    alarm_id = two.press()
    a.says.append(UNKNOWN)
    two.deliver()
    two.deliver()
    attempt_id = a.sent[0].attempt_id
    asked = 0
    for _ in range(400):
        two.wait(1)
        asked += two.reconcile().count(attempt_id)
    assert (asked, a.looked_up.count(attempt_id)) == (5, 5)
    assert two.outcomes(two.message(alarm_id))[0] == ("a", "unknown")


def test_a_notice_in_doubt_waits_until_it_is_certainly_not_there(post, a):
    post.post("k", priority=Priority.FAMILY)
    a.says.append(UNKNOWN)
    post.deliver(emergency=False)
    a.has[a.sent[0].attempt_id] = NOT_SENT
    post.wait(5)
    post.reconcile()
    assert post.deliver(emergency=False) == 0, "once is not believed"
    for wait_s in (15, 40):
        post.wait(wait_s)
        post.reconcile()
    assert post.deliver(emergency=False) == 1
    assert post.outcomes(post.world.messages()[0]) == [("a", "absent"), ("a", "taken")]


def test_a_notice_in_doubt_that_is_found_is_not_sent_again(post, a):
    post.post("k", priority=Priority.FAMILY)
    a.says.append(a.takes_but_says_nothing)
    post.deliver(emergency=False)
    post.wait(5)
    post.reconcile()
    (message,) = post.world.messages()
    assert (message.state, message.due_at, len(a.sent)) == ("sent", None, 1)


def test_a_late_receipt_turns_absent_into_confirmed(two, a):
    alarm_id = two.press()
    a.says.append(UNKNOWN)
    two.deliver()
    two.deliver()
    a.has[a.sent[0].attempt_id] = NOT_SENT
    for wait_s in (2, 3, 10, 45):
        two.wait(wait_s)
        two.reconcile()
    two.courier.receive("a", [a.receipt(a.sent[0], ReceiptKind.DELIVERED)])
    assert two.outcomes(two.message(alarm_id)) == [("a", "confirmed"), ("b", "taken")]
    assert two.message(alarm_id).state == "delivered"


# ------------------------------------------------------------------------------------------------ receipts


def test_a_lost_receipt_is_asked_for(post, a):
    alarm_id = post.press()
    post.deliver()
    a.has[a.sent[0].attempt_id] = Sent(
        outcome=Outcome.TAKEN, provider_id=a.id_of(a.sent[0]), status="delivered", kind=ReceiptKind.DELIVERED
    )
    post.wait(14.9)
    assert post.reconcile() == []
    post.wait(0.1)
    post.reconcile()
    assert post.message(alarm_id).state == "delivered"
    post.wait(RECEIPT_LIMIT_S)
    assert post.reconcile() == [], "it has said its last word"
    assert "receipt_missing" not in post.world.kinds(alarm_id)


def test_a_failure_whose_receipt_was_lost_asks_the_next_carer(post, a):
    alarm_id = post.press()
    post.deliver()
    a.has[a.sent[0].attempt_id] = Sent(
        outcome=Outcome.TAKEN, provider_id=a.id_of(a.sent[0]), kind=ReceiptKind.UNDELIVERED, code="30003"
    )
    post.wait(15)
    post.reconcile()
    assert post.offer(alarm_id, "C1").state is OfferState.LAPSED
    assert post.offer(alarm_id, "C2").state is OfferState.OPEN


def test_with_no_receipt_at_the_limit_they_are_called_at_once_by_another_provider(two, a, b):
    alarm_id = two.press()
    two.deliver()
    for wait_s in (15, 14.9):
        two.wait(wait_s)
        two.reconcile()
    assert two.deliver() == 0
    two.wait(0.1)
    two.reconcile()
    assert two.deliver() == 1
    assert [(each.channel, each.to) for each in b.sent] == [(Channel.VOICE, a.sent[0].to)]
    assert [each for each in two.world.kinds(alarm_id) if each in {"message_silent", "receipt_missing", "called"}] == [
        "message_silent", "receipt_missing", "called",
    ]  # fmt: skip
    assert two.world.alarm(alarm_id).due_at == two.world.clock.now() + timedelta(seconds=30), "the step goes on"


@pytest.mark.parametrize("first", ["taken", "in doubt"])
def test_a_call_nobody_answered_is_known_without_its_webhook(two, a, b, first):
    alarm_id = two.press()
    two.deliver()
    for _ in range(2):
        two.wait(15)
        two.reconcile()
    if first == "in doubt":
        b.says.append(b.takes_but_says_nothing)
    two.deliver()
    (call,) = b.sent
    b.has[call.attempt_id] = Sent(
        outcome=Outcome.TAKEN, provider_id=b.id_of(call), kind=ReceiptKind.UNDELIVERED, status="no-answer", over=True
    )
    two.wait(15)
    two.reconcile()
    assert "not_answered" in two.world.kinds(alarm_id)
    assert two.offer(alarm_id, "C1").state is OfferState.LAPSED
    assert two.world.alarm(alarm_id).due_at <= two.world.clock.now() + timedelta(seconds=1)


def test_a_provider_that_hangs_when_asked_does_not_hold_up_the_call(two, a, b):
    """Silence is judged by what is on file: whoever asks is not waited for."""
    two.press()
    two.deliver()
    reconciler = two.reconciler()
    two.wait(15)
    assert len(reconciler.take()) == 1, "asked, and no answer yet"
    two.wait(15)
    reconciler.take()
    assert two.deliver() == 1
    assert b.sent[0].channel is Channel.VOICE


def test_where_nobody_calls_the_text_leaves_by_the_other_provider(tmp_path):
    a, b = ScriptedProvider("a", voice=False), ScriptedProvider("b", voice=False)
    post = Post(tmp_path, a, b)
    alarm_id = post.press()
    post.deliver()
    for _ in range(2):
        post.wait(15)
        post.reconcile()
    assert post.deliver() == 1
    message = post.message(alarm_id)
    assert [each.why for each in post.attempts(message)] == [None, "silent"]
    assert post.outcomes(message) == [("a", "taken"), ("b", "taken")]
    assert message.state == "sent"
    post.world.close()


def test_with_no_other_road_at_all_the_next_step_comes_sooner(tmp_path):
    a = ScriptedProvider("a", voice=False)
    post = Post(tmp_path, a)
    alarm_id = post.press()
    post.deliver()
    for _ in range(2):
        post.wait(15)
        post.reconcile()
    assert post.world.alarm(alarm_id).due_at <= post.world.clock.now() + timedelta(seconds=30)
    assert post.deliver() == 0
    post.world.close()


def test_who_is_being_called_already_is_not_called_twice(two, b):
    alarm_id = two.press()
    two.deliver()
    two.wait(15)
    two.reconcile()
    two.world.desk.unheard(two.offer(alarm_id, "C1").id, not_by="a")
    two.deliver()
    two.wait(15)
    two.reconcile()
    assert sum(each.channel is Channel.VOICE for each in two.world.messages(alarm_id)) == 1


def test_who_has_answered_is_not_called(post):
    alarm_id = post.press()
    post.deliver()
    who = post.world.carer("C1")
    post.world.desk.accept(alarm_id, who, by=who)
    for _ in range(2):
        post.wait(15)
        post.reconcile()
    assert "receipt_missing" not in post.world.kinds(alarm_id)


def test_a_door_that_was_not_delivered_leaves_by_the_other_provider(two, a, b):
    alarm_id = two.press()
    two.deliver()
    who = two.world.carer("C1")
    two.world.desk.accept(alarm_id, who, by=who)
    two.deliver()
    for _ in range(2):
        two.wait(15)
        two.reconcile()
    two.deliver()
    assert ["4711" in each.text for each in b.sent if each.channel is Channel.SMS] == [True]


def test_where_receipts_never_come_silence_says_nothing(tmp_path):
    a = ScriptedProvider("a", receipts=False)
    post = Post(tmp_path, a)
    alarm_id = post.press()
    post.deliver()
    post.wait(RECEIPT_LIMIT_S)
    assert post.reconcile() == []
    assert "receipt_missing" not in post.world.kinds(alarm_id)
    post.world.close()


def test_the_limit_may_be_switched_off(post):
    post.courier = post.another_courier(limit_s=0.0)
    alarm_id = post.press()
    post.deliver()
    for _ in range(4):
        post.wait(15)
        post.reconcile()
    assert "message_silent" not in post.world.kinds(alarm_id)


def test_once_its_alarm_is_over_and_nothing_is_judged_a_receipt_can_wait(post, a):
    post.courier = post.another_courier(limit_s=0.0)
    alarm_id = post.press()
    post.deliver()
    post.world.desk.close(alarm_id, outcome=alarm.Outcome.HELPED, by=Person("operator:1"))
    looked = {}
    for elapsed_s in (15, 60, 119, 120, 300, 899, 900):
        post.wait(elapsed_s - max(looked, default=0))
        looked[elapsed_s] = post.reconcile().count(a.sent[0].attempt_id)
    assert looked == {15: 0, 60: 0, 119: 0, 120: 1, 300: 0, 899: 0, 900: 1}


def test_what_is_in_doubt_is_looked_for_at_once_though_its_alarm_is_over(post, a):
    post.courier = post.another_courier(limit_s=0.0)
    alarm_id = post.press()
    a.says.append(a.takes_but_says_nothing)
    post.deliver()
    post.world.desk.close(alarm_id, outcome=alarm.Outcome.HELPED, by=Person("operator:1"))
    post.wait(2)
    assert len(post.reconcile()) == 1
    assert len(a.looked_up) == 1


def test_a_road_of_which_nothing_arrives_is_tried_last(two, a, b):
    for number in range(3):
        two.post(f"k{number}", priority=Priority.EMERGENCY, to=f"+861380000001{number}")
    two.deliver()
    for _ in range(2):
        two.wait(15)
        two.reconcile()
    assert two.recorded("road_doubted") == ['{"channel":"sms","provider":"a","seconds":15,"side":"arriving"}']
    two.deliver()
    a.sent.clear()
    b.sent.clear()
    two.post("next", priority=Priority.EMERGENCY, to="+8613800000019")
    two.deliver()
    assert (len(a.sent), len(b.sent)) == (0, 1)
    two.courier.receive("a", [a.receipt(job_of(two, "k0"), ReceiptKind.DELIVERED)])
    assert len(two.recorded("road_trusted")) == 1


def job_of(post, key):
    """What was given to the first provider for this message."""
    (message,) = [each for each in post.world.messages() if each.facts.get("number") == key]
    attempt = post.attempts(message)[0]
    return type("Given", (), {"attempt_id": attempt.id})()


# ------------------------------------------------------------------------------------------------ replies


def reply(post, text, *, key="SM1", ago_s=1.0, sender="+8613800000001"):
    said_at = post.world.clock.now() - timedelta(seconds=ago_s)
    return Inbound(key=key, sender=sender, text=text, said_at=said_at)


def test_a_reply_whose_webhook_was_lost_is_an_acceptance(post, a):
    alarm_id = post.press()
    post.deliver()
    post.wait(20)
    a.box.append(reply(post, "1"))
    post.reconciler().list_replies("a")
    post.world.wake()
    assert post.world.alarm(alarm_id).state is State.ACCEPTED


def test_a_reply_that_came_both_ways_has_one_effect(post, a):
    alarm_id = post.press()
    post.deliver()
    post.wait(20)
    a.box.append(reply(post, "1"))
    reconciler = post.reconciler()
    keep = reconciler._keep
    keep("a", a.box)
    post.world.wake()
    before = (post.world.alarm(alarm_id), post.world.messages(alarm_id))
    reconciler.list_replies("a")
    reconciler.list_replies("a")
    post.world.wake()
    assert (post.world.alarm(alarm_id), post.world.messages(alarm_id)) == before
    assert post.world.kinds(alarm_id).count("accepted") == 1


def test_an_old_reply_accepts_nothing_that_was_asked_after_it(post, a):
    alarm_id = post.press()
    post.deliver()
    a.box.append(reply(post, "1", ago_s=120))
    post.reconciler().list_replies("a")
    post.world.wake()
    assert post.world.alarm(alarm_id).state is State.OFFERED


def test_each_provider_is_asked_at_its_rhythm_and_with_an_overlap(post, a):
    reconciler = post.reconciler(poll_s=60.0)
    assert reconciler.inboxes_due() == ["a"]
    reconciler.list_replies("a")
    begun = post.world.clock.now()
    post.wait(59.9)
    assert reconciler.inboxes_due() == []
    post.wait(0.1)
    assert reconciler.inboxes_due() == ["a"]
    reconciler.list_replies("a")
    assert a.asked_since == [begun - timedelta(minutes=17), begun - timedelta(minutes=2)]


def test_after_a_failure_the_next_list_reaches_back_to_the_last_good_one(post, a):
    reconciler = post.reconciler()
    reconciler.list_replies("a")
    begun = post.world.clock.now()
    box, a.box = a.box, None
    for _ in range(3):
        post.wait(60)
        reconciler.list_replies("a")
    a.box = box
    assert a.asked_since[-1] == begun - timedelta(minutes=2)


def test_polling_may_be_switched_off(post):
    assert post.reconciler(poll_s=0.0).inboxes_due() == []


def test_a_provider_that_lists_nothing_is_not_asked(tmp_path):
    post = Post(tmp_path, ScriptedProvider("b"))
    assert post.reconciler().inboxes_due() == []
    post.world.close()


# ------------------------------------------------------------------------------------------------ in its threads


def test_running_it_finds_replies_and_receipts_by_itself(post, a):
    alarm_id = post.press()
    post.deliver()
    post.wait(15)
    a.has[a.sent[0].attempt_id] = Sent(
        outcome=Outcome.TAKEN, provider_id=a.id_of(a.sent[0]), status="delivered", kind=ReceiptKind.DELIVERED
    )
    a.box.append(reply(post, "1"))
    reconciler = post.reconciler()
    reconciler.start()
    try:
        until(lambda: post.message(alarm_id).state == "delivered")
        until(lambda: post.world.answers.due(post.world.clock.now(), 5))
    finally:
        reconciler.stop()
    post.world.wake()
    assert post.world.alarm(alarm_id).state is State.ACCEPTED


@pytest.mark.error_lines("reconciling_failed")
def test_a_provider_that_breaks_its_contract_stops_no_other_look(post, a):
    for key in ("k", "l"):
        post.post(key, priority=Priority.EMERGENCY, to=f"+86138000000{ord(key)}")
    post.deliver()
    post.wait(15)
    asked = []
    a.look_up = lambda outgoing, provider_id, since: asked.append(outgoing.to) or 1 / 0
    reconciler = post.reconciler()
    reconciler.start()
    try:
        until(lambda: len(asked) == 2)
    finally:
        reconciler.stop()


# ------------------------------------------------------------------------------------------------ roads in doubt


def fail_three(post, a):
    for number in range(3):
        post.post(f"k{number}", priority=Priority.EMERGENCY, to=f"+861380000001{number}")
    a.says.extend([NOT_SENT] * 3)
    post.deliver()
    post.deliver()


def next_one(post, a, b, key):
    a.sent.clear()
    b.sent.clear()
    post.post(key, priority=Priority.EMERGENCY, to="+8613800000019")
    post.deliver()
    return (len(a.sent), len(b.sent))


def test_after_three_failures_the_other_provider_is_the_first(two, a, b):
    fail_three(two, a)
    assert two.recorded("road_doubted") == ['{"channel":"sms","provider":"a","seconds":15,"side":"giving"}']
    assert next_one(two, a, b, "next") == (0, 1)
    assert two.courier.breakers.facts() == {"a.sms.giving": True}
    assert two.courier.breakers.in_trouble("a")


def test_calls_have_a_road_of_their_own(two, a, b):
    fail_three(two, a)
    two.post("call", priority=Priority.EMERGENCY, channel=Channel.VOICE)
    a.sent.clear()
    two.deliver()
    assert [each.channel for each in a.sent] == [Channel.VOICE]


def test_a_road_in_doubt_is_asked_before_an_emergency_has_to_find_out(two, a, b):
    reconciler = two.reconciler()
    fail_three(two, a)
    two.wait(15)
    assert next_one(two, a, b, "one") == (0, 1), "its time is over, but nobody has asked it"
    box, a.box = a.box, None
    assert reconciler.probes_due() == ["a"]
    reconciler.probe("a")
    assert reconciler.probes_due() == []
    assert next_one(two, a, b, "two") == (0, 1)
    a.box = box
    two.wait(30)
    reconciler.probe("a")
    assert two.recorded("road_trusted") == ['{"channel":"sms","provider":"a","seconds":0,"side":"giving"}']
    assert next_one(two, a, b, "three") == (1, 0)


def test_where_it_cannot_be_asked_one_message_finds_out(tmp_path, b):
    a = ScriptedProvider("a")
    post = Post(tmp_path, a, b)
    fail_three(post, a)
    post.wait(15)
    a.says.append(NOT_SENT)
    assert next_one(post, a, b, "one") == (1, 0)
    post.deliver()
    assert next_one(post, a, b, "two") == (0, 1)
    post.wait(30)
    assert next_one(post, a, b, "three") == (1, 0)
    assert next_one(post, a, b, "four") == (1, 0)
    post.world.close()


def test_when_every_road_is_in_doubt_all_are_tried_in_their_order(two, a, b):
    fail_three(two, a)
    for number in range(3):
        two.post(f"l{number}", priority=Priority.EMERGENCY, to=f"+861380000002{number}")
    b.says.extend([NOT_SENT] * 3)
    a.says.extend([NOT_SENT] * 3)
    two.deliver()
    two.deliver()
    assert two.courier.breakers.facts() == {"a.sms.giving": True, "b.sms.giving": True}
    assert next_one(two, a, b, "next") == (1, 0)


@pytest.mark.parametrize(
    "said",
    [
        Sent(outcome=Outcome.NOT_SENT, http_status=429, retry_after_s=7.0),
        Sent(outcome=Outcome.REFUSED, blame=Blame.RECIPIENT, code="21614", http_status=400),
        Sent(outcome=Outcome.REFUSED, blame=Blame.CONFIG, code="21606", http_status=400),
    ],
)
def test_what_says_nothing_of_the_road_does_not_count(two, a, b, said):
    for number in range(8):
        two.post(f"k{number}", priority=Priority.EMERGENCY, to=f"+861380000001{number}")
    a.says.extend([said] * 8)
    two.deliver()
    assert two.courier.breakers.facts().get("a.sms.giving", False) is False


def test_a_road_that_tells_no_receipts_is_better_than_one_that_does_not_take(two, a, b):
    fail_three(two, a)
    for _ in range(2):
        two.wait(15)
        two.courier.breakers.tried("a", Channel.SMS)
        two.reconcile()
    assert two.courier.breakers.facts() == {"a.sms.giving": True, "b.sms.arriving": True}
    assert next_one(two, a, b, "next") == (0, 1)


def test_a_closed_account_counts_at_once(two, a, b):
    two.post("k", priority=Priority.EMERGENCY)
    a.says.append(Sent(outcome=Outcome.REFUSED, blame=Blame.CONFIG, code="20003", http_status=401))
    two.deliver()
    two.deliver()
    assert next_one(two, a, b, "next") == (0, 1)


# ------------------------------------------------------------------------------------------------ what was lost


def test_receipts_that_are_listed_count_like_those_that_came(post, a):
    alarm_id = post.press()
    post.deliver()
    a.receipts.append(a.receipt(a.sent[0], ReceiptKind.DELIVERED))
    post.reconciler().list_replies("a")
    assert post.message(alarm_id).state == "delivered"
    assert a.done == [0], "it was told that all is kept"


def test_what_could_not_be_kept_is_not_done(post, a):
    def fails(provider, found):
        raise RuntimeError

    reconciler = post.reconciler(keep=fails)
    with pytest.raises(RuntimeError):
        reconciler.list_replies("a")
    assert a.done == []
    post.reconciler().list_replies("a")
    assert a.done == [0]


def test_a_clock_set_back_leaves_out_no_answer_that_came_since(post, a):
    """By the new time it was given before the last list, which was made by the old one."""
    alarm_id = post.press()
    post.deliver()
    reconciler = post.reconciler()
    reconciler.list_replies("a")
    post.world.clock.step_wall(-3600)
    post.wait(60)
    a.box.append(Inbound(key="r1", sender=a.sent[0].to, text="1", said_at=post.world.clock.now()))
    post.wait(1)
    reconciler.list_replies("a")
    post.world.wake()
    assert post.world.alarm(alarm_id).state is State.ACCEPTED


def test_after_a_long_outage_answers_are_listed_back_to_the_oldest_open_alarm(post, a):
    alarm_id = post.press()
    post.deliver()
    post.wait(30)
    a.box.append(Inbound(key="r1", sender=a.sent[0].to, text="1", said_at=post.world.clock.now()))
    # Nobody listened for two hours; what is started then knows nothing of what was listed before.
    post.world.clock.advance(7200)
    post.reconciler().list_replies("a")
    post.world.wake()
    assert post.world.alarm(alarm_id).accepted_at is not None


def test_with_nothing_open_no_more_than_a_restart_is_listed_and_never_more_than_a_day(post, a):
    post.reconciler().list_replies("a")
    post.press()
    post.world.clock.advance(5 * 86_400)
    post.reconciler().list_replies("a")
    now = post.world.clock.now()
    assert now - a.asked_since[1] == timedelta(hours=24, minutes=2)
    assert (now - timedelta(days=5)) - a.asked_since[0] == timedelta(minutes=17)


def test_asking_a_road_in_doubt_keeps_what_it_tells(post, a):
    alarm_id = post.press()
    post.deliver()
    a.box.append(Inbound(key="r1", sender=a.sent[0].to, text="1", said_at=post.world.clock.now()))
    post.reconciler().probe("a")
    post.world.wake()
    assert post.world.alarm(alarm_id).state is State.ACCEPTED
