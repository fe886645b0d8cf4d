"""A mistake in a rule, in a row or in the words of an alarm: the old person still gets somebody."""

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy.exc import OperationalError

from devices.edges import Edges
from dispatch.answers import Said
from dispatch.desk import Spool
from dispatch.messages import claiming
from dispatch.rules.alarm import State
from dispatch.rules.message import Priority
from dispatch.rules.signal import Cause
from dispatch.store.people import People
from dispatch.store.signals import Signals
from tests.builders import build_world, policies_of
from tests.fakes.provider import ScriptedProvider
from tests.integration.post_rig import Post

QUICK = ({"step": "offer_nearest", "wait_s": 2}, {"step": "all_hands", "wait_s": 10})
KINDS = [
    ValueError, KeyError, IndexError, AttributeError, TypeError, ZeroDivisionError, AssertionError, RecursionError,
    RuntimeError, UnboundLocalError, StopIteration,
]  # fmt: skip


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
@pytest.mark.parametrize("mistake", KINDS)
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
@pytest.mark.parametrize("mistake", KINDS)
def test_a_home_that_cannot_be_read_is_offered_by_its_number(world, monkeypatch, mistake):
    with monkeypatch.context() as spoilt:
        spoilt.setattr(People, "dwelling", slip(mistake))
        id_ = world.press()
    world.wake()
    assert world.alarm(id_).home_id == world.home("H1")
    assert world.messages(id_)


@pytest.mark.error_lines("home_not_read")
def test_a_home_that_can_never_be_read_becomes_plain_text_to_everybody(world, monkeypatch):
    monkeypatch.setattr(People, "dwelling", slip(ValueError))
    id_ = world.press()
    for _ in range(2):
        with pytest.raises(ValueError, match="planted") as failed:
            world.desk.wake(id_)
        world.desk.stumble(id_, failed.value)
    assert {each.sentence for each in world.messages(id_)} == {"plain"}


@pytest.mark.error_lines("press_not_counted")
@pytest.mark.parametrize("mistake", KINDS)
def test_a_second_press_that_cannot_be_counted_is_kept_with_its_alarm(world, monkeypatch, mistake):
    id_ = world.press()
    monkeypatch.setattr("dispatch.receiving.answering.join", slip(mistake))
    assert world.press() == id_
    world.wake()
    assert offered(world, id_)


@pytest.mark.error_lines("test_press_not_told", "absence_not_told", "shadow_not_told")
@pytest.mark.parametrize("mistake", [*KINDS, OperationalError])
def test_what_could_silence_an_alarm_costs_none_where_it_fails(world, monkeypatch, mistake):
    said = slip(partial(mistake, "", {}) if mistake is OperationalError else mistake)
    monkeypatch.setattr("dispatch.receiving.is_held", said)
    monkeypatch.setattr("dispatch.receiving.cover", said)
    alarms = [world.press(is_test=said), world.press("H2", cause=Cause.INACTIVITY)]
    world.wake()
    assert all(offered(world, each) for each in alarms)


@pytest.mark.error_lines("spool_not_held")
@pytest.mark.parametrize("mistake", KINDS)
def test_a_spool_that_cannot_be_counted_costs_no_press(world, monkeypatch, mistake):
    edges = Edges(world.transactions, world.reading, world.clock)
    holding = edges.holding("hall", "e1", [1], after=0)
    monkeypatch.setattr(Signals, "hold", slip(mistake))
    id_ = world.press(spool=Spool("hall", "e1", 1), also=holding.in_unit)
    world.wake()
    assert offered(world, id_)
    monkeypatch.undo()
    assert holding.held() == (0, 1)


@pytest.mark.error_lines("claim_failed")
@pytest.mark.parametrize("mistake", KINDS)
def test_a_message_that_cannot_be_made_ready_costs_none_behind_it_and_is_tried_again(tmp_path, monkeypatch, mistake):
    road = ScriptedProvider("a")
    post = Post(tmp_path, road)
    post.post("one", priority=Priority.EMERGENCY)
    with monkeypatch.context() as spoilt:
        spoilt.setattr(claiming.Claims, "outgoing", slip(mistake))
        post.deliver()
    post.post("two", priority=Priority.EMERGENCY, to="+8613800000008")
    post.deliver()
    assert [each.to for each in road.sent] == ["+8613800000008"]
    post.wait(5)
    post.deliver()
    assert len(road.sent) == 2
    post.world.close()


@pytest.mark.parametrize("mistake", KINDS)
def test_an_alarm_whose_template_cannot_be_filled_leaves_with_an_empty_one(tmp_path, monkeypatch, mistake):
    road = ScriptedProvider("a")
    road._capability = replace(road._capability, free_text=False)
    post = Post(tmp_path, road)
    monkeypatch.setattr("dispatch.messages.variables.parameters", slip(mistake))
    alarm_id = post.press()
    post.deliver()
    assert post.message(alarm_id).state == "sent"
    assert road.sent[0].params == {}
    post.world.close()


@pytest.mark.error_lines("answer_not_heard")
@pytest.mark.parametrize("mistake", [*KINDS, ImportError])
def test_a_room_that_cannot_be_furnished_costs_no_answer_to_an_alarm(world, monkeypatch, mistake):
    id_ = world.press()
    world.wake()
    monkeypatch.setattr(world.answers, "_complete", slip(mistake))
    world.answers.receive("test", [Said(key="k", sender="+8613800000001", text="1")])
    world.wake()
    assert world.alarm(id_).state is State.ACCEPTED


@pytest.mark.error_lines("wording_failed")
@pytest.mark.parametrize("mistake", KINDS)
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
