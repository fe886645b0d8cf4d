"""Contacts are left in peace: what is over a limit waits, leaves bundled, and is never lost."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.messages.providers.provider import Capability
from dispatch.messages.segments import segments
from dispatch.rules.message import Channel, Priority
from dispatch.rules.pacing import Pace
from dispatch.store.outbox import LEASE
from tests.fakes.provider import NOT_SENT, REFUSED_RECIPIENT, ScriptedProvider
from tests.integration.post_rig import Post

KIN = "+8613800000009"


@pytest.fixture
def a():
    return ScriptedProvider("a")


@pytest.fixture
def post(tmp_path, a):
    post = Post(tmp_path, a)
    yield post
    post.world.close()


def states(post):
    return {each.facts["number"]: each.state for each in post.world.messages()}


def by_key(post, key):
    (message,) = [each for each in post.world.messages() if each.facts["number"] == key]
    return message


def family(post, *keys, **more):
    for key in keys:
        post.post(key, priority=Priority.FAMILY, **more)


def test_what_waits_for_one_contact_leaves_in_one_text(post, a):
    family(post, "one", "two", "three")
    assert post.deliver(emergency=False) == 1
    assert [word in a.sent[0].text for word in ("one", "two", "three")] == [True] * 3
    assert states(post) == dict.fromkeys(("one", "two", "three"), "sent")
    assert by_key(post, "two").bundle_id == by_key(post, "one").id
    assert {each.due_at for each in post.world.messages()} == {None}


def test_a_second_within_three_minutes_waits_for_its_time(post, a):
    family(post, "one")
    post.deliver(emergency=False)
    post.wait(60)
    family(post, "two")
    post.wait(10)
    family(post, "three")
    assert post.deliver(emergency=False) == 0
    assert states(post) == {"one": "sent", "two": "posted", "three": "posted"}
    post.wait(109)
    assert post.deliver(emergency=False) == 0
    post.wait(1)
    assert post.deliver(emergency=False) == 1
    assert states(post) == dict.fromkeys(("one", "two", "three"), "sent")
    assert len(a.sent) == 2


def test_other_contacts_and_other_kinds_have_limits_of_their_own(post):
    family(post, "one")
    post.deliver(emergency=False)
    family(post, "another", to="+8613800000010", person="contact:y")
    post.post("reminder", priority=Priority.REMINDER)
    post.deliver(emergency=False)
    assert set(states(post).values()) == {"sent"}


def test_two_people_on_one_number_are_not_mixed_into_one_text(post, a):
    family(post, "one")
    family(post, "two", person="contact:y")
    post.deliver(emergency=False)
    assert len(a.sent) == 1
    assert "two" not in a.sent[0].text


def test_an_emergency_to_the_same_contact_leaves_at_once_and_alone(post, a):
    family(post, "one")
    post.deliver(emergency=False)
    family(post, "two")
    for number in range(8):
        post.post(f"urgent{number}", priority=Priority.EMERGENCY, to=KIN)
    assert post.deliver() == 8
    assert states(post)["two"] == "posted"


def test_more_than_fits_into_four_parts_leaves_in_the_next(post, a):
    family(post, *[f"{number}-{'很长的地址' * 7}" for number in range(8)])
    post.deliver(emergency=False)
    assert segments(a.sent[0].text) <= 4
    left = [key for key, state in states(post).items() if state == "posted"]
    assert 0 < len(left) < 8
    for _ in range(8):
        post.wait(1200)
        post.deliver(emergency=False)
    assert set(states(post).values()) == {"sent"}
    everything = "".join(each.text for each in a.sent)
    assert [everything.count(f"{number}-很长") for number in range(8)] == [1] * 8


def test_a_bundle_that_was_refused_by_the_network_is_tried_again_whole(post, a):
    family(post, "one", "two")
    a.says.append(NOT_SENT)
    post.deliver(emergency=False)
    assert states(post) == {"one": "posted", "two": "posted"}
    post.wait(5)
    assert post.deliver(emergency=False) == 1
    assert "two" in a.sent[1].text
    assert states(post) == {"one": "sent", "two": "sent"}


def test_when_the_bundle_can_never_leave_each_goes_by_itself(post, a):
    family(post, "one", "two")
    a.says.append(REFUSED_RECIPIENT)
    post.deliver(emergency=False)
    assert states(post) == {"one": "failed", "two": "posted"}
    assert by_key(post, "two").bundle_id is None
    assert by_key(post, "two").due_at == post.world.clock.now()


def test_when_the_first_expires_the_others_still_leave(post, a):
    family(post, "one", expires_at=post.world.clock.now() + timedelta(seconds=100))
    family(post, "two")
    a.says.append(NOT_SENT)
    post.deliver(emergency=False)
    post.wait(100)
    post.deliver(emergency=False)
    assert states(post)["one"] == "expired"
    post.wait(180)
    post.deliver(emergency=False)
    assert states(post)["two"] == "sent"
    assert "one" not in a.sent[-1].text


def test_a_service_that_dies_with_a_bundle_in_its_hands_loses_none_of_it(post, a):
    family(post, "one", "two")
    assert len(post.courier.claim(16, emergency=False)) == 1
    post.wait(LEASE.total_seconds())
    post.deliver(emergency=False)
    assert states(post) == {"one": "sent", "two": "sent"}
    assert "two" in a.sent[0].text


def test_what_expects_an_answer_and_calls_leave_alone(post, a):
    family(post, "one")
    family(post, "call", channel=Channel.VOICE)
    family(post, "asked", answerable=True)
    post.deliver(emergency=False)
    assert [each.text.count("\n") for each in a.sent] == [0] * len(a.sent)


def test_a_provider_of_templates_gets_no_bundles(tmp_path):
    a = ScriptedProvider("a")
    a._capability = Capability(free_text=False, receipts=True)
    post = Post(tmp_path, a)
    family(post, "one", "two")
    post.deliver(emergency=False)
    assert states(post) == {"one": "sent", "two": "posted"}
    post.wait(180)
    post.deliver(emergency=False)
    assert states(post) == {"one": "sent", "two": "sent"}
    post.world.close()


def test_at_night_a_reminder_waits_for_the_morning_and_an_emergency_does_not(tmp_path, a):
    post = Post(tmp_path, a)
    post.courier = post.another_courier(pace=Pace(spread_s=0.0))
    post.wait(10 * 3600)  # Ten in the evening.
    now = post.world.clock.now()
    tomorrow = now + timedelta(days=1)
    for key, priority in (("reminder", Priority.REMINDER), ("family", Priority.FAMILY), ("offer", Priority.EMERGENCY)):
        post.post(key, priority=priority, expires_at=tomorrow)
    post.post("soon", priority=Priority.REMINDER, to="+8613800000010", expires_at=now + timedelta(seconds=50))
    post.deliver()
    post.deliver(emergency=False)
    assert states(post) == {"reminder": "posted", "family": "sent", "offer": "sent", "soon": "sent"}
    assert by_key(post, "reminder").due_at == datetime(2026, 11, 22, 0, 0, tzinfo=UTC), "eight in the morning there"
    post.wait(10 * 3600)
    post.deliver(emergency=False)
    assert states(post)["reminder"] == "sent"
    post.world.close()


def test_loops_of_polite_answers_come_to_rest(post, a):
    """Two machines that answer each other: six in a minute, the rest in few texts."""
    limits = {Priority.CONFIRMATION: ((6, 60.0),)}
    post.courier = post.another_courier(pace=Pace(limits=limits))
    for number in range(40):
        post.post(f"answer{number}", priority=Priority.CONFIRMATION)
        post.deliver()
        post.wait(0.5)
    assert len(a.sent) <= 6
    for _ in range(20):
        post.wait(30)
        post.deliver()
    assert set(states(post).values()) == {"sent"}
    assert len(a.sent) < 15
