"""A provider that says nonsense of what it took: an id twice, an id without end, somebody else's attempt."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from dispatch.answers import Said
from dispatch.messages.providers.provider import Outcome, Receipt, ReceiptKind, Sent
from dispatch.messages.receipts import CODE_MAX, ID_MAX, KEY_MAX
from dispatch.rules.message import Priority
from dispatch.store.outbox import attempts, receipts
from tests.fakes.clock import NOON
from tests.fakes.provider import ScriptedProvider
from tests.fakes.twilio_faults import Fault
from tests.fakes.twilio_standin import TwilioStandin
from tests.integration.post_rig import Post
from tests.integration.twilio_rig import provider_towards, text


class Forgetful(ScriptedProvider):
    """Takes everything under one and the same id."""

    id = "the-same"

    def id_of(self, message):
        return self.id


@pytest.fixture
def a():
    return Forgetful("a")


@pytest.fixture
def b():
    return ScriptedProvider("b")


@pytest.fixture
def post(tmp_path, a, b):
    post = Post(tmp_path, a, b)
    yield post
    post.world.close()


def offered(post, number):
    post.post(f"k{number}", priority=Priority.EMERGENCY, to=f"+8613800001{number:03}")


def filed(post):
    """The messages in the order of their numbers."""
    return sorted(post.world.messages(), key=lambda each: each.to)


def test_an_id_that_another_attempt_has_leaves_this_one_in_doubt_and_the_next_road_takes_it_at_once(post, a, b):
    for number in range(3):
        offered(post, number)
    assert post.deliver() == 3
    assert post.deliver() == 2, "not only when the lease is over"
    assert sorted(post.outcomes(each) for each in post.world.messages()) == [
        [("a", "taken")], [("a", "unknown"), ("b", "taken")], [("a", "unknown"), ("b", "taken")]
    ]  # fmt: skip
    assert {each.state for each in post.world.messages()} == {"sent"}


def test_the_next_step_comes_sooner_as_for_every_doubt(post, a):
    offered(post, 1)
    post.deliver()
    alarm_id = post.press()
    post.deliver()
    offer = post.offer(alarm_id, "C1")
    assert post.outcomes(post.message(alarm_id, person=offer.person)) == [("a", "unknown")]
    assert (post.world.alarm(alarm_id).due_at - post.world.clock.now()).total_seconds() <= 30


def test_with_no_other_road_it_is_tried_again_and_again(tmp_path, a):
    post = Post(tmp_path, a)
    offered(post, 1)
    offered(post, 2)
    for _ in range(3):
        post.deliver()
        post.wait(5)
    second = filed(post)[1]
    assert (second.state, set(post.outcomes(second))) == ("uncertain", {("a", "unknown")})
    a.id = "another"
    post.wait(60)
    post.deliver()
    assert filed(post)[1].state == "sent"
    post.world.close()


def test_an_id_without_end_is_none_and_what_else_is_said_is_cut(post, a):
    a.id = "x" * (ID_MAX + 1)
    offered(post, 1)
    post.deliver()
    a.id = "short"
    a.says.append(lambda each: replace(a.taken(each), status="s" * 500, code="c" * 500))
    offered(post, 2)
    post.deliver()
    first, second = filed(post)
    assert post.outcomes(first)[0] == ("a", "unknown")
    (kept,) = post.attempts(second)
    assert (kept.outcome, kept.provider_id, len(kept.status), len(kept.code)) == ("taken", "short", CODE_MAX, CODE_MAX)


def kept(post):
    with post.world.reading.connect() as connection:
        return list(connection.execute(select(receipts))), list(connection.execute(select(attempts)))


def test_a_hook_that_names_one_attempt_and_the_id_of_another_takes_it_from_neither(post, b):
    post.providers.pop("a")
    offered(post, 1)
    offered(post, 2)
    jobs = post.courier.claim(16, emergency=True)
    for job in jobs:
        post.courier.carry(job)
    mixed = replace(b.receipt(jobs[0].outgoing, ReceiptKind.DELIVERED), provider_id=b.id_of(jobs[1].outgoing))
    post.courier.receive("b", [mixed])
    first, second = (post.attempts(each)[0] for each in filed(post))
    assert (first.status, first.provider_id) == ("delivered", b.id_of(jobs[0].outgoing))
    assert second.provider_id == b.id_of(jobs[1].outgoing)


@pytest.mark.parametrize("kind", [ReceiptKind.DELIVERED, ReceiptKind.FAILED])
def test_no_provider_speaks_for_the_attempt_of_another(post, a, b, kind):
    alarm_id = post.press()
    (job,) = post.courier.claim(16, emergency=True)
    post.courier.carry(job)
    post.courier.receive("b", [b.receipt(job.outgoing, kind)])
    (attempt,) = post.attempts(post.message(alarm_id, person=post.world.carer("C1")))
    assert (attempt.provider, attempt.outcome, attempt.status) == ("a", "taken", "queued")
    assert post.offer(alarm_id, "C1").state.value == "open"


def test_what_a_hook_says_without_end_is_cut_to_what_can_be_kept(post, a):
    offered(post, 1)
    (job,) = post.courier.claim(16, emergency=True)
    assert post.courier.carry(job) is None
    endless = Receipt(
        key="k" * 999, kind=ReceiptKind.FAILED, provider_id="p" * 999, attempt_id=job.outgoing.attempt_id,
        status="s" * 999, code="c" * 999,
    )  # fmt: skip
    for _ in range(2):
        post.courier.receive("a", [endless, replace(endless, provider_id="")])
    (receipt,), (attempt,) = kept(post)
    assert [len(each) for each in (receipt.key, receipt.status, receipt.code)] == [KEY_MAX, CODE_MAX, CODE_MAX]
    assert (attempt.status, attempt.provider_id, len(attempt.code)) == ("failed", "the-same", CODE_MAX)
    assert len(post.world.messages()[0].reason) <= KEY_MAX


def test_what_is_unknown_stays_unknown(post, a):
    a.says.append(Sent(outcome=Outcome.UNKNOWN, detail="no answer"))
    offered(post, 1)
    post.deliver(most=1)
    assert post.attempts(post.world.messages()[0])[0].detail == "no answer"


# ------------------------------------------------------------------------- signs and values that nothing can be made of


@pytest.mark.parametrize("id_", ["\ud800", "a\x00b", "a\nb", ""])
def test_an_id_that_cannot_be_kept_is_a_doubt_and_not_an_error(post, a, id_):
    a.id = id_
    offered(post, 1)
    post.deliver()
    assert post.outcomes(post.world.messages()[0])[0] == ("a", "unknown")


def test_words_that_cannot_be_kept_are_made_plain(post, a):
    a.says.append(Sent(outcome=Outcome.REFUSED, code="\ud800", detail="no \udfff\x00", status="\x00"))
    offered(post, 1)
    post.deliver()
    (one,) = post.attempts(post.world.messages()[0])
    assert (one.outcome, one.code, one.detail, one.status) == ("refused", "?", "no ??", "?")
    strange = Receipt(key="\ud800", kind=ReceiptKind.SENT, provider_id="\ud800", attempt_id=None, status="\x00")
    post.courier.receive("a", [strange])
    assert [row.key for row in kept(post)[0]] == ["?"]


@pytest.mark.parametrize("text", ["1\ud83d", "\x001", "1" + "\udfff" * 5000])
def test_an_answer_with_half_an_emoji_is_an_answer_and_holds_up_none_beside_it(post, text):
    """As a part of a long text that is missing leaves it, or a webhook that was cut."""
    alarm_id = post.press()
    post.deliver()
    said = Said(key="k\ud800" * 200, sender="+8613800000001", text=text)
    other = Said(key="2", sender="\x00" * 50, text="?")
    assert post.world.answers.receive("a", [said, other]) == 2
    assert post.world.answers.receive("a", [said, other]) == 0
    post.world.wake()
    assert post.offer(alarm_id, "C1").state.value == "accepted"


@pytest.mark.error_lines("provider_broke")
@pytest.mark.parametrize("mistake", [TypeError, KeyError, RuntimeError, OSError])
def test_a_provider_that_raises_leaves_a_doubt_and_the_next_road_is_tried_at_once(post, a, b, mistake):
    def raises(_):
        raise mistake("planted")

    a.says.append(raises)
    alarm_id = post.press()
    post.deliver()
    post.deliver()
    message = post.message(alarm_id, person=post.world.carer("C1"))
    assert (message.state, post.outcomes(message)) == ("sent", [("a", "unknown"), ("b", "taken")])
    assert len(b.sent) == 1


@pytest.mark.error_lines("provider_broke")
def test_a_provider_that_raises_when_asked_after_a_doubt_holds_nothing_up(tmp_path, a):
    post = Post(tmp_path, a)
    a.says.append(Sent(outcome=Outcome.UNKNOWN, detail="no answer"))
    offered(post, 1)
    post.deliver()

    def raises(*_):
        raise TypeError("planted")

    a.look_up = raises
    post.wait(5)
    post.deliver()
    assert post.outcomes(post.world.messages()[0]) == [("a", "unknown"), ("a", "taken")]
    post.world.close()


TAKEN = {"sid": "SM" + "1" * 32, "status": "queued"}
NONSENSE = {
    "no object": [1],
    "no sid": {},
    "a sid of another kind": {"sid": 5},
    "a date of another kind": {**TAKEN, "date_created": 5},
    "the 45th of May": {**TAKEN, "date_created": "Thu, 45 May 2026 00:00:00 +0000"},
    "the year 99999": {**TAKEN, "date_updated": "Thu, 01 Jan 99999 00:00:00 +0000"},
    "ten megabytes": {**TAKEN, "body": "x" * 10_000_000},
}


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
def test_an_answer_of_201_that_makes_no_sense_is_a_doubt_in_time_and_the_next_is_taken(said):
    with TwilioStandin() as standin, provider_towards(standin) as twilio:
        standin.will(Fault(how="status", status=201, body=json.dumps(said)))
        assert twilio.send(text()).outcome is Outcome.UNKNOWN
        assert twilio.send(text()).outcome is Outcome.TAKEN
        standin.always = Fault(how="status", status=200, body=json.dumps(said))
        assert getattr(twilio.look_up(text(), TAKEN["sid"], NOON), "outcome", None) is not Outcome.NOT_SENT
        page = {"messages": [said], "next_page_uri": None, "page": 0}
        standin.always = Fault(how="status", status=200, body=json.dumps(page))
        assert getattr(twilio.fetch(NOON), "replies", ()) == ()
        assert twilio.look_up(text(), None, NOON) is None or "date" not in str(said)
