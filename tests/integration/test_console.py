"""The console provider: what only it does. The contract it shares with the others is in test_providers."""

import threading

import pytest

from dispatch.errors import Busy, Invalid
from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers.console import ConsoleFault, ConsolePanel, ConsoleProvider, ConsoleSettings
from dispatch.messages.providers.provider import Channel, Forged, Outcome, Outgoing


def text(to="+8613800000001") -> Outgoing:
    return Outgoing(attempt_id=AttemptId(new_id()), channel=Channel.SMS, to=to, text="王秀英 跌倒")


def test_it_can_do_everything_everywhere_but_in_a_simulated_country():
    console = ConsoleProvider(ConsoleSettings())
    assert console.capability("+8613800000001").two_way
    mimic = ConsoleProvider(ConsoleSettings(simulate_country="+86"))
    mainland, elsewhere = mimic.capability("+8613800000001"), mimic.capability("+447700900123")
    assert (mainland.two_way, mainland.urls, mainland.voice) == (False, False, True)
    assert elsewhere.two_way


@pytest.mark.parametrize(
    ("fault", "outcome", "delivered"),
    [
        (ConsoleFault.NONE, Outcome.TAKEN, 1),
        (ConsoleFault.REFUSE, Outcome.REFUSED, 0),
        (ConsoleFault.HANG, Outcome.UNKNOWN, 0),
        (ConsoleFault.UNKNOWN, Outcome.UNKNOWN, 1),
        (ConsoleFault.NOT_SENT, Outcome.NOT_SENT, 0),
    ],
)
def test_a_fault_can_be_switched_on_and_off(fault, outcome, delivered):
    panel, seen = ConsolePanel(), []
    console = ConsoleProvider(ConsoleSettings(deliver=seen.append, panel=panel, hang_s=0.05))
    panel.set_fault(fault)
    assert console.send(text()).outcome is outcome
    assert len(seen) == delivered
    panel.set_fault(ConsoleFault.NONE)
    assert console.send(text()).outcome is Outcome.TAKEN


def test_a_hanging_send_is_let_go_when_the_fault_is_switched_off():
    panel, sent = ConsolePanel(), []
    console = ConsoleProvider(ConsoleSettings(panel=panel, hang_s=60))
    panel.set_fault(ConsoleFault.HANG)
    thread = threading.Thread(target=lambda: sent.append(console.send(text())))
    thread.start()
    panel.set_fault(ConsoleFault.NONE)
    thread.join(60)
    assert [one.outcome for one in sent] in ([Outcome.UNKNOWN], [Outcome.TAKEN])


def test_a_busy_display_is_certainly_not_sent():
    def busy(_message):
        raise Busy("The writer has too much to do.")

    assert ConsoleProvider(ConsoleSettings(deliver=busy)).send(text()).outcome is Outcome.NOT_SENT


def test_two_processes_do_not_believe_each_other():
    panel = ConsolePanel()
    form = panel.reply(sender="+8613800000001", text="1")
    with pytest.raises(Forged):
        ConsoleProvider(ConsoleSettings()).hear(panel.hook("reply", form))


def test_two_replies_with_the_same_words_are_two():
    panel = ConsolePanel()
    console = ConsoleProvider(ConsoleSettings(panel=panel))
    keys = {console.hear(panel.hook("reply", panel.reply(sender="+86138", text="1"))).replies[0].key for _ in range(2)}
    assert len(keys) == 2


def test_a_form_over_the_wire_is_read_from_the_body_too():
    panel = ConsolePanel()
    hook = panel.hook("reply", panel.reply(sender="+8613800000001", text="接单 "))
    bare = type(hook)(kind=hook.kind, url=hook.url, headers=hook.headers, body=hook.body, query={})
    assert ConsoleProvider(ConsoleSettings(panel=panel)).hear(bare).replies[0].text == "接单 "


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("receipt", {"status": "delivered"}),
        ("receipt", {"attempt_id": "a", "status": "vanished"}),
        ("reply", {"text": "1"}),
        ("voice", {"attempt_id": "a", "from": "+86138"}),
        ("fax", {}),
    ],
)
def test_a_form_that_makes_no_sense_is_invalid(kind, form):
    panel = ConsolePanel()
    with pytest.raises(Invalid):
        ConsoleProvider(ConsoleSettings(panel=panel)).hear(panel.hook(kind, {"token": panel.token, "id": "1"} | form))
