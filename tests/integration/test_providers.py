"""
The contract that every provider keeps, whatever it sends with.

A new provider brings a `Rig`: how to make it without the real thing, and what its hooks look like when genuine.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from dispatch.errors import Invalid
from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers import PROVIDERS
from dispatch.messages.providers.console import ConsoleFault, ConsolePanel, ConsoleSettings
from dispatch.messages.providers.provider import (
    Capability,
    Channel,
    Forged,
    Hook,
    Outcome,
    Outgoing,
    Provider,
    ReceiptKind,
)
from dispatch.messages.providers.twilio import TwilioProvider, TwilioSettings
from tests.fakes import twilio_faults
from tests.fakes.twilio_standin import ACCOUNT, TOKEN, TwilioStandin

TO = "+447700900123"
ATTEMPT = AttemptId("0123456789abcdef0123456789abcdef")
DEADLINE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """
    One provider, ready to be tried. `fault` makes the next send end in this outcome; `arrived` are the texts that got
    through; `hooks` are genuine, by kind: a receipt "delivered", a reply "1 " and the key 1, all of `ATTEMPT`.
    """

    provider: Provider
    fault: Callable[[Outcome], None]
    arrived: Callable[[], list[str]]
    hooks: dict[str, Hook]
    forge: Callable[[Hook], Hook]


def _console(stack: ExitStack) -> Rig:
    panel, arrived = ConsolePanel(), []
    faults = {
        Outcome.REFUSED: ConsoleFault.REFUSE,
        Outcome.NOT_SENT: ConsoleFault.NOT_SENT,
        Outcome.UNKNOWN: ConsoleFault.HANG,
    }
    settings = ConsoleSettings(deliver=lambda it: arrived.append(it.text), panel=panel, hang_s=DEADLINE_S)
    forms = {
        "receipt": panel.receipt(attempt_id=ATTEMPT, kind=ReceiptKind.DELIVERED),
        "reply": panel.reply(sender=TO, text="1 "),
        "voice": panel.press(attempt_id=ATTEMPT, sender=TO, digits="1"),
    }
    return Rig(
        provider=PROVIDERS["console"](settings),
        fault=lambda outcome: panel.set_fault(faults[outcome]),
        arrived=lambda: list(arrived),
        hooks={kind: panel.hook(kind, form) for kind, form in forms.items()},
        forge=lambda hook: replace(hook, form=dict(hook.form) | {"token": (ConsolePanel().token,)}),
    )


def _twilio(stack: ExitStack) -> Rig:
    standin = stack.enter_context(TwilioStandin())
    provider = TwilioProvider(
        TwilioSettings(
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            from_="+15005550006",
            public_url="https://anling.example",
            base_url=standin.base_url,
            total_deadline_s=DEADLINE_S,
            connect_s=0.4,
            read_s=0.4,
            slot_wait_s=0.2,
        )
    )
    stack.callback(provider.close)
    faults = {
        Outcome.REFUSED: twilio_faults.refuse(21211),
        Outcome.NOT_SENT: twilio_faults.too_many(),
        Outcome.UNKNOWN: twilio_faults.DRIP,
    }
    forms = {
        "receipt": {"MessageSid": "SM1", "MessageStatus": "delivered"},
        "reply": {"MessageSid": "SM2", "From": TO, "To": "+15005550006", "Body": "1 "},
        "voice": {"CallSid": "CA1", "Digits": "1", "To": TO, "From": "+15005550006"},
    }
    return Rig(
        provider=provider,
        fault=lambda outcome: standin.will(faults[outcome]),
        arrived=lambda: [made["body"] or made["_params"]["Twiml"] for made in standin.made],
        hooks={kind: _signed(kind, form | {"AccountSid": ACCOUNT}) for kind, form in forms.items()},
        forge=lambda hook: replace(hook, form=dict(hook.form) | {"To": ("+8613800000001",)}),
    )


def _signed(kind: str, form: dict[str, str]) -> Hook:
    url = f"https://anling.example/hooks/twilio/{kind}?a={ATTEMPT}"
    signature = RequestValidator(TOKEN).compute_signature(url, form)
    return Hook(
        kind=kind,
        url=url,
        headers={"X-Twilio-Signature": signature},
        body=b"",
        query={"a": ATTEMPT},
        form={name: (value,) for name, value in form.items()},
    )


RIGS: dict[str, Callable[[ExitStack], Rig]] = {"console": _console, "twilio": _twilio}


@pytest.fixture(params=sorted(PROVIDERS))
def rig(request) -> Iterator[Rig]:
    with ExitStack() as stack:
        yield RIGS[request.param](stack)


def text(**more) -> Outgoing:
    return Outgoing(
        **({"attempt_id": AttemptId(new_id()), "channel": Channel.SMS, "to": TO, "text": "王秀英 跌倒"} | more)
    )


def test_every_provider_has_a_rig_and_is_named_as_it_is_registered():
    assert set(RIGS) == set(PROVIDERS)
    with ExitStack() as stack:
        assert {name: RIGS[name](stack).provider.name for name in PROVIDERS} == {name: name for name in PROVIDERS}


def test_a_provider_that_is_set_up_lacks_nothing(rig):
    assert list(rig.provider.lacking()) == []


@pytest.mark.parametrize("to", ["+8613800000001", TO, "+15005550006", "+", ""])
def test_it_says_what_it_can_do_towards_any_number(rig, to):
    assert isinstance(rig.provider.capability(to), Capability)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("answerable", [False, True])
@pytest.mark.parametrize("channel", list(Channel))
def test_what_is_taken_has_an_id_and_arrives_once(rig, channel, answerable, lang):
    if channel is Channel.VOICE:
        assert rig.provider.capability(TO).voice
    message = text(channel=channel, answerable=answerable, lang=lang)
    sent = rig.provider.send(message)
    assert sent.outcome is Outcome.TAKEN
    assert sent.provider_id
    assert sent.status
    assert isinstance(sent.kind, ReceiptKind)
    (arrived,) = rig.arrived()
    assert message.text in arrived


def test_two_attempts_have_two_ids(rig):
    assert rig.provider.send(text()).provider_id != rig.provider.send(text()).provider_id


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_SENT, Outcome.UNKNOWN])
def test_a_failure_is_said_and_not_raised_and_in_time(rig, outcome):
    rig.fault(outcome)
    began = time.monotonic()
    sent = rig.provider.send(text())
    assert time.monotonic() - began < DEADLINE_S + 0.5
    assert sent.outcome is outcome
    assert sent.provider_id is None
    assert sent.blame is not None
    assert TO not in sent.detail


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_SENT])
def test_what_was_certainly_not_sent_did_not_arrive(rig, outcome):
    rig.fault(outcome)
    rig.provider.send(text())
    assert rig.arrived() == []


def test_what_it_named_it_finds(rig):
    message = text()
    since = datetime.now(UTC)
    sent = rig.provider.send(message)
    found = rig.provider.look_up(message, sent.provider_id, since)
    assert (found.outcome, found.provider_id) == (Outcome.TAKEN, sent.provider_id)
    assert isinstance(found.kind, ReceiptKind)


def test_of_what_never_came_it_never_says_taken(rig):
    found = rig.provider.look_up(text(), None, datetime.now(UTC))
    assert found is None or found.outcome is Outcome.NOT_SENT


def test_many_threads_may_send_at_once(rig):
    sent = []
    crowd = [threading.Thread(target=lambda: sent.append(rig.provider.send(text()))) for _ in range(16)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert {one.outcome for one in sent} == {Outcome.TAKEN}
    assert len({one.provider_id for one in sent}) == 16


def test_a_receipt_says_what_became_of_which_attempt(rig):
    heard = rig.provider.hear(rig.hooks["receipt"])
    (receipt,) = heard.receipts
    assert (receipt.kind, receipt.attempt_id) == (ReceiptKind.DELIVERED, ATTEMPT)
    assert receipt.provider_id
    assert heard.replies == ()
    assert heard.answer.status in (200, 204)


def test_a_reply_is_what_the_person_wrote(rig):
    heard = rig.provider.hear(rig.hooks["reply"])
    (reply,) = heard.replies
    assert (reply.sender, reply.text, reply.voice, reply.attempt_id) == (TO, "1 ", False, None)
    assert heard.receipts == ()


def test_a_key_press_names_its_attempt(rig):
    (reply,) = rig.provider.hear(rig.hooks["voice"]).replies
    assert (reply.sender, reply.text, reply.voice, reply.attempt_id) == (TO, "1", True, ATTEMPT)


@pytest.mark.parametrize("kind", ["receipt", "reply", "voice"])
def test_a_copy_of_a_hook_has_the_same_key(rig, kind):
    first, second = (rig.provider.hear(rig.hooks[kind]) for _ in range(2))
    assert [one.key for one in (*first.receipts, *first.replies)] == [
        one.key for one in (*second.receipts, *second.replies)
    ]


@pytest.mark.parametrize("kind", ["receipt", "reply", "voice"])
def test_a_hook_without_proof_is_forged(rig, kind):
    hook = rig.hooks[kind]
    for forged in (rig.forge(hook), replace(hook, headers={}, form={}, body=b""), replace(hook, headers={}, form={})):
        with pytest.raises(Forged):
            rig.provider.hear(replace(forged, body=b""))


def test_a_hook_of_no_known_kind_is_invalid_or_forged(rig):
    with pytest.raises((Invalid, Forged)):
        rig.provider.hear(replace(rig.hooks["reply"], kind="fax"))


@pytest.mark.parametrize("kind", ["receipt", "reply", "voice"])
def test_what_cannot_be_kept_makes_the_provider_come_again(rig, kind):
    answer = rig.provider.hear(rig.hooks[kind]).not_kept
    assert answer.status == 503 or "Redirect" in answer.body
