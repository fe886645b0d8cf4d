"""Words that cannot be made, and a message that cannot be made ready: somebody hears something, or the siren sounds."""

import pytest

from dispatch.horn.signs import look
from dispatch.messages import claiming, variables
from dispatch.messages.words import last_words
from dispatch.rules.message import Channel, Priority
from dispatch.vitals import Vitals
from tests.fakes.provider import UNKNOWN, ScriptedProvider
from tests.integration.post_rig import Post

PLANTED = [KeyError, AttributeError, RuntimeError, OSError]


class Unsure(ScriptedProvider):
    """Fails whenever it is asked what it can do for one number."""

    def __init__(self, name, fails_for=""):
        super().__init__(name)
        self.fails_for = fails_for

    def capability(self, to):
        if to == self.fails_for:
            raise RuntimeError("planted")
        return super().capability(to)


@pytest.fixture
def road():
    return Unsure("a")


@pytest.fixture
def post(tmp_path, road):
    post = Post(tmp_path, road)
    yield post
    post.world.close()


def spoil(monkeypatch, mistake, *sentences):
    """Sentences of these names, or all, cannot be made."""
    render = claiming.render

    def spoilt(sentence, *more, **said):
        if not sentences or sentence in sentences:
            raise mistake("planted")
        return render(sentence, *more, **said)

    monkeypatch.setattr(claiming, "render", spoilt)


@pytest.mark.error_lines("wording_failed", "plain_wording_failed")
@pytest.mark.parametrize("mistake", [*PLANTED, NameError])
def test_an_offer_whose_plain_words_fail_too_leaves_in_words_in_which_nothing_is_filled(
    post, road, monkeypatch, mistake
):
    spoil(monkeypatch, KeyError, "offer")
    monkeypatch.setattr(claiming.Claims, "_plain_text", _with_plain(claiming.Claims._plain_text, monkeypatch, mistake))
    alarm_id = post.press()
    post.deliver()
    assert [each.text for each in road.sent] == ["【安铃】有老人告警，请立即联系值守台。"]
    assert post.message(alarm_id, person=post.world.carer("C1")).state == "sent"


def _with_plain(real, monkeypatch, mistake):
    """The plain words as they are, over a sentence that fails in this way."""

    def spoilt(self, message, provider):
        spoil(monkeypatch, mistake)
        return real(self, message, provider)

    return spoilt


@pytest.mark.error_lines("wording_failed", "plain_wording_failed")
@pytest.mark.parametrize("channel", list(Channel))
def test_an_exercise_says_that_it_is_one_whatever_words_are_left(post, road, monkeypatch, channel):
    fields = {"priority": Priority.EMERGENCY, "sentence": "offer", "channel": channel}
    spoil(monkeypatch, KeyError, "offer")
    post.post("plain", facts={"exercise": 1}, **fields)
    post.deliver()
    spoil(monkeypatch, KeyError)
    post.post("last", facts={"exercise": 1}, lang="en", **fields)
    post.deliver()
    assert "演习！" in road.sent[0].text
    assert road.sent[1].text == "EXERCISE! Anling: ALARM. Please call the desk at once."


def test_the_last_words_fit_one_text_in_either_language():
    assert len(last_words("zh", exercise=True)) <= 70
    assert last_words("en", exercise=True).isascii()
    assert last_words("fr", exercise=False) == last_words("zh", exercise=False)


@pytest.mark.parametrize("mistake", [KeyError, AttributeError, ZeroDivisionError, RuntimeError])
def test_a_template_that_cannot_be_filled_is_refused_by_its_provider_and_raises_nothing(monkeypatch, post, mistake):
    def slip(*_, **__):
        raise mistake("planted")

    monkeypatch.setattr(variables, "parameters", slip)
    post.post("one")
    (message,) = post.world.messages()
    capability = claiming.replace(ScriptedProvider("b").capability(""), free_text=False)
    assert variables.variables(message, capability, post.world.calendar.local) == {}


# ------------------------------------------------------------------------------- nothing can be made ready


@pytest.mark.error_lines("claim_failed")
def test_a_message_that_cannot_be_made_ready_holds_up_nobody_behind_it(post, road):
    road.fails_for = "+8613800000077"
    post.post("strange", priority=Priority.EMERGENCY, to=road.fails_for)
    post.post("next", priority=Priority.EMERGENCY)
    post.deliver(most=1)
    post.deliver(most=1)
    assert [each.to for each in road.sent] == ["+8613800000009"]
    road.fails_for = ""
    post.wait(5)
    post.deliver()
    assert [each.state for each in post.world.messages()] == ["sent", "sent"], "and it is tried again"


@pytest.mark.error_lines("claim_failed", "wording_failed", "plain_wording_failed")
def test_the_siren_sounds_for_an_emergency_that_cannot_be_made_ready_although_others_were_told(post, road):
    alarm_id = post.press()
    post.deliver()
    road.fails_for = "+8613800000077"
    post.post("strange", priority=Priority.EMERGENCY, to=road.fails_for, alarm_id=alarm_id)
    vitals = _vitals(post)
    for seconds in (5, 5, 5, 4):
        post.deliver()
        vitals.check()
        assert vitals.worries == (), "not before its time"
        post.wait(seconds)
    post.deliver()
    post.wait(2)
    (message,) = [each for each in post.world.messages() if each.to == road.fails_for]
    assert (message.state, message.reason, post.attempts(message)) == ("posted", claiming.UNREADY, [])
    assert message.tries >= 4
    vitals.check()
    assert vitals.worries == ("message_not_taken",)
    assert _siren_sees(post) == (message.id,), "by itself too, without the engine"


@pytest.mark.error_lines("claim_failed", "wording_failed", "plain_wording_failed")
def test_a_second_road_that_cannot_be_made_ready_leaves_the_first_its_time(tmp_path):
    slow, unsure = ScriptedProvider("slow"), Unsure("unsure")
    post = Post(tmp_path, slow, unsure)
    alarm_id = post.press()
    (job,) = post.courier.claim(16, emergency=True)
    unsure.fails_for = job.outgoing.to
    # It fails only once it has been chosen.
    post.courier.roads.able = lambda message: [slow, unsure]
    post.wait(3)
    assert post.hedge() == []
    assert post.hedge() == [], "nor is it looked for again and again"
    unsure.fails_for = ""
    slow.says.append(UNKNOWN)
    post.courier.carry(job)
    assert post.outcomes(post.message(alarm_id, person=post.world.carer("C1"))) == [("slow", "unknown")]
    post.deliver()
    assert [each.to for each in unsure.sent] == [job.outgoing.to]
    post.world.close()


def _vitals(post):
    world = post.world
    return Vitals(
        world.transactions, world.reading, world.clock, world.path / "engine.beat", database=None, untaken_s=20.0,
        others=dict,
    )  # fmt: skip


def _siren_sees(post):
    world = post.world
    return look(world.path, world.path / "anling.db", world.clock, untaken_s=20.0, overdue_s=30.0).untaken
