"""A mistake in a rule, in a row or in the words of an alarm: the old person still gets somebody."""

import pytest

from dispatch.messages import claiming
from dispatch.rules.alarm import State
from dispatch.rules.message import Priority
from dispatch.store.people import People
from tests.builders import build_world, policies_of
from tests.fakes.provider import ScriptedProvider
from tests.integration.post_rig import Post

QUICK = ({"step": "offer_nearest", "wait_s": 2}, {"step": "all_hands", "wait_s": 10})
SLIPS = [ValueError, KeyError, AttributeError, ZeroDivisionError, AssertionError, RecursionError]


@pytest.fixture
def world(tmp_path):
    world = build_world(tmp_path, policies=policies_of(*QUICK))
    yield world
    world.close()


def slip(mistake):
    def made(*_, **__):
        raise mistake("planted")

    return made


def offered(world, alarm_id):
    return [message for message in world.messages(alarm_id) if message.sentence == "offer"]


@pytest.mark.error_lines("alarm_begun_plainly")
@pytest.mark.parametrize("mistake", SLIPS)
@pytest.mark.parametrize("rule", ["dispatch.receiving.begin", "dispatch.rules.raising.Heard.place"])
def test_an_alarm_that_cannot_be_begun_is_begun_plainly_and_offered(world, monkeypatch, rule, mistake):
    monkeypatch.setattr(rule, slip(mistake))
    id_ = world.press()
    begun = world.alarm(id_)
    assert (begun.state, begun.home_id, begun.place_source) == (State.RAISED, world.home("H1"), "none")
    world.wake()
    assert world.alarm(id_).state is State.OFFERED
    assert offered(world, id_)


@pytest.mark.error_lines("home_not_read")
def test_a_home_that_cannot_be_read_is_offered_by_its_number(world, monkeypatch):
    with monkeypatch.context() as spoilt:
        spoilt.setattr(People, "dwelling", slip(ValueError))
        id_ = world.press()
        world.wake()
    assert world.alarm(id_).home_id == world.home("H1")
    assert world.messages(id_)


@pytest.mark.error_lines("press_not_counted")
def test_a_second_press_that_cannot_be_counted_is_kept_with_its_alarm(world, monkeypatch):
    id_ = world.press()
    monkeypatch.setattr("dispatch.receiving.answering.join", slip(AttributeError))
    assert world.press() == id_
    world.wake()
    assert offered(world, id_)


@pytest.mark.error_lines("wording_failed")
@pytest.mark.parametrize("mistake", SLIPS)
def test_words_that_fail_for_one_cost_neither_this_message_nor_those_behind_it(tmp_path, monkeypatch, mistake):
    def spoilt(sentence, *more, **said):
        if sentence == "strange":
            raise mistake("planted")
        return render(sentence, *more, **said)

    render, road = claiming.render, ScriptedProvider("a")
    post = Post(tmp_path, road)
    monkeypatch.setattr(claiming, "render", spoilt)
    post.post("one", priority=Priority.EMERGENCY, sentence="strange")
    post.post("two", priority=Priority.EMERGENCY, sentence="plain")
    post.deliver()
    assert [message.state for message in post.world.messages()] == ["sent", "sent"]
    assert "告警" in road.sent[0].text
    post.world.close()
