"""Calls where no key comes back, or that nobody makes: another road, and never a siren for it."""

from datetime import timedelta

import pytest

from dispatch.messages.providers.provider import Blame, Capability, Channel, Outcome, Sent
from dispatch.rules.message import Priority
from dispatch.rules.people import Person
from tests.fakes.provider import ScriptedProvider
from tests.fakes.twilio_standin import TwilioStandin
from tests.integration.post_rig import Post
from tests.integration.twilio_rig import TO, provider_towards, text


class Teller(ScriptedProvider):
    """Calls, and brings no key back."""

    def capability(self, to):
        return Capability(sms=True, voice=True, two_way=True, receipts=True, keys=False)


class Texter(ScriptedProvider):
    """Carries texts and refuses calls, as the modem does."""

    def __init__(self, name):
        super().__init__(name, voice=False)

    def send(self, message):
        if message.channel is Channel.VOICE:
            return Sent(outcome=Outcome.REFUSED, blame=Blame.CONFIG, detail="carries no calls")
        return super().send(message)


@pytest.fixture
def posts(tmp_path):
    made = []

    def post(*providers):
        made.append(Post(tmp_path, *providers))
        return made[-1]

    yield post
    for each in made:
        each.world.close()


def asked_by_call(post):
    """An alarm whose carer has had a text, and is to be called now."""
    alarm_id = post.press()
    post.deliver()
    post.world.desk.unheard(post.offer(alarm_id, "C1").id, not_by="nobody")
    return alarm_id


def test_a_key_is_asked_for_by_who_brings_it_back(posts):
    a, b = Teller("a"), ScriptedProvider("b")
    post = posts(a, b)
    asked_by_call(post)
    post.deliver()
    assert [each.channel for each in a.sent] == [Channel.SMS]
    assert [each.channel for each in b.sent] == [Channel.VOICE]
    assert "请按一" in b.sent[0].text


def test_where_nobody_else_calls_it_is_told_and_no_key_is_asked_for(posts):
    a = Teller("a")
    post = posts(a)
    asked_by_call(post)
    post.deliver()
    (call,) = [each for each in a.sent if each.channel is Channel.VOICE]
    assert "按一" not in call.text
    assert "请看短信，或马上联系值守台" in call.text


def test_a_call_nobody_makes_brings_the_next_step_at_once_and_is_not_tried_again(posts):
    a = Texter("a")
    post = posts(a)
    alarm_id = asked_by_call(post)
    post.deliver()
    call = next(each for each in post.world.messages(alarm_id) if each.channel is Channel.VOICE)
    assert (call.state, call.due_at, call.reason) == ("failed", None, "nobody_calls")
    assert "not_answered" in post.world.kinds(alarm_id)
    assert post.world.alarm(alarm_id).due_at <= post.world.clock.now() + timedelta(seconds=5)
    # Who was asked by text may still come.
    who = Person(call.person)
    post.world.desk.accept(alarm_id, who, by=who)
    assert post.world.alarm(alarm_id).accepted_at is not None


def test_a_call_that_only_tells_leaves_as_a_text(posts):
    a, b = Texter("a"), Texter("b")
    post = posts(a, b)
    post.post("k", sentence="page", priority=Priority.EMERGENCY, channel=Channel.VOICE, facts={"why": "x"})
    post.deliver()
    assert post.deliver() == 1
    (message,) = post.world.messages()
    assert (message.channel, message.state) == (Channel.SMS, "sent")
    assert [each.channel for each in (*a.sent, *b.sent)] == [Channel.SMS]


def test_120_is_never_written_to(posts):
    a = Texter("a")
    post = posts(a)
    post.post("k", sentence="emergency_sheet", priority=Priority.EMERGENCY, channel=Channel.VOICE, to="120")
    post.deliver()
    (message,) = post.world.messages()
    assert (message.channel, message.state, a.sent) == (Channel.VOICE, "posted", [])
    assert message.due_at is not None


def test_twilio_that_cannot_find_us_tells_and_asks_for_no_key():
    with TwilioStandin() as standin, provider_towards(standin, called_back=False) as twilio:
        assert not twilio.capability(TO).keys
        twilio.send(text(channel=Channel.VOICE, answerable=True))
        (made,) = standin.made
    assert "<Gather" not in made["_params"]["Twiml"]
    assert "MachineDetection" not in made["_params"]
