"""
The contract that every provider keeps, whatever it sends with. What stands behind each is in `provider_rigs.py`.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import ANY

import pytest

from dispatch.errors import Invalid
from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers import PROVIDERS
from dispatch.messages.providers.provider import (
    Blame,
    Capability,
    Channel,
    Forged,
    Hook,
    Listed,
    Listening,
    Listing,
    Outcome,
    Outgoing,
    ReceiptKind,
)
from tests.fakes import twilio_faults
from tests.fakes.twilio_faults import Fault
from tests.integration.provider_rigs import ATTEMPT, DEADLINE_S, RIGS, Rig
from tests.ports import free_port

OVER_HTTP = ("aliyun", "twilio", "webhook")
SLACK_S = 15.0
"""What a busy machine may add: whoever waited for a drip to its end would wait for 24 s, for one that hangs 60."""


@pytest.fixture(params=sorted(PROVIDERS))
def rig(request) -> Iterator[Rig]:
    with ExitStack() as stack:
        yield RIGS[request.param](stack)


@pytest.fixture(params=OVER_HTTP)
def online(request) -> Iterator[Rig]:
    with ExitStack() as stack:
        yield RIGS[request.param](stack)


def text(rig: Rig, **more) -> Outgoing:
    said = {"attempt_id": AttemptId(new_id()), "channel": Channel.SMS, "to": rig.to, "text": "王秀英 跌倒"}
    return Outgoing(**(said | {"sentence": "offer", "params": rig.params} | more))


def test_every_provider_has_a_rig_and_is_named_as_it_is_registered():
    assert set(RIGS) == set(PROVIDERS)
    with ExitStack() as stack:
        assert {name: RIGS[name](stack).provider.name for name in PROVIDERS} == {name: name for name in PROVIDERS}


def test_a_provider_that_is_set_up_lacks_nothing(rig):
    assert list(rig.provider.lacking()) == []


# ------------------------------------------------------------------------------------------------ what it can do


@pytest.mark.parametrize("to", ["+8613800000001", "+447700900123", "+15005550006", "120", "+", ""])
def test_it_says_what_it_can_do_towards_any_number(rig, to):
    assert isinstance(rig.provider.capability(to), Capability)


def test_what_each_can_do_towards_mainland_china_and_elsewhere():
    """The table that wording and fail-over go by: a wrong line here asks people for answers that never come back."""
    told = {}
    with ExitStack() as stack:
        for name in PROVIDERS:
            provider = RIGS[name](stack).provider
            for to in ("+8613800000001", "+447700900123"):
                can = provider.capability(to)
                told[name, to[:3]] = (can.sms, can.voice, can.two_way, can.urls, can.free_text, can.cross_border)
    assert told == EXPECTED


EXPECTED = {
    ("aliyun", "+86"): (True, False, True, False, False, False),
    ("aliyun", "+44"): (False, False, False, False, False, False),
    ("console", "+86"): (True, True, True, True, True, False),
    ("console", "+44"): (True, True, True, True, True, False),
    ("modem", "+86"): (True, False, True, True, True, False),
    ("modem", "+44"): (True, False, True, True, True, False),
    ("twilio", "+86"): (True, True, False, False, True, False),
    ("twilio", "+44"): (True, True, True, True, True, False),
    ("webhook", "+86"): (True, True, True, True, True, False),
    ("webhook", "+44"): (True, True, True, True, True, False),
}
"""sms, voice, two_way, urls, free_text, cross_border."""


# ------------------------------------------------------------------------------------------------ sending


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("answerable", [False, True])
@pytest.mark.parametrize("channel", list(Channel))
def test_what_is_taken_has_an_id_and_arrives_once_and_what_it_cannot_do_is_refused(rig, channel, answerable, lang):
    message = text(rig, channel=channel, answerable=answerable, lang=lang)
    sent = rig.provider.send(message)
    if channel is Channel.VOICE and not rig.provider.capability(rig.to).voice:
        assert (sent.outcome, sent.blame, rig.arrived()) == (Outcome.REFUSED, Blame.CONFIG, [])
        return
    assert sent.outcome is Outcome.TAKEN
    assert sent.provider_id
    assert sent.status
    assert isinstance(sent.kind, ReceiptKind)
    (arrived,) = rig.arrived()
    assert message.text in arrived


def test_two_attempts_have_two_ids(rig):
    assert rig.provider.send(text(rig)).provider_id != rig.provider.send(text(rig)).provider_id


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_SENT, Outcome.UNKNOWN])
def test_a_failure_is_said_and_not_raised_and_in_time(rig, outcome):
    rig.fault(outcome)
    began = time.monotonic()
    sent = rig.provider.send(text(rig))
    assert time.monotonic() - began < DEADLINE_S + SLACK_S
    assert sent.outcome is outcome
    assert sent.provider_id is None
    assert sent.blame is not None
    assert rig.to[-6:] not in sent.detail


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_SENT])
def test_what_was_certainly_not_sent_did_not_arrive(rig, outcome):
    rig.fault(outcome)
    rig.provider.send(text(rig))
    assert rig.arrived() == []


def test_after_a_failure_the_next_one_arrives(rig):
    rig.fault(Outcome.NOT_SENT)
    rig.provider.send(text(rig))
    rig.well()
    assert rig.provider.send(text(rig)).outcome is Outcome.TAKEN


def test_what_it_named_it_finds(rig):
    message = text(rig)
    since = rig.since()
    sent = rig.provider.send(message)
    found = rig.provider.look_up(message, sent.provider_id, since)
    assert (found.outcome, found.provider_id) == (Outcome.TAKEN, sent.provider_id)
    assert isinstance(found.kind, ReceiptKind)


def test_of_what_never_came_it_never_says_taken(rig):
    found = rig.provider.look_up(text(rig), None, rig.since())
    assert found is None or found.outcome is Outcome.NOT_SENT


def test_many_threads_may_send_at_once(rig):
    sent = []
    crowd = [threading.Thread(target=lambda: sent.append(rig.provider.send(text(rig)))) for _ in range(16)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert {one.outcome for one in sent} == {Outcome.TAKEN}
    assert len({one.provider_id for one in sent}) == 16


# ------------------------------------------------------------------------------------------------ over HTTP

UNCERTAIN = {
    "black hole": twilio_faults.HANG,
    "drip": twilio_faults.DRIP,
    "dripping headers": twilio_faults.DRIP_HEADERS,
    "closed": twilio_faults.CLOSE,
    "reset": twilio_faults.RESET,
    "half an answer": twilio_faults.HALF_BODY,
    "500": twilio_faults.ERROR_500,
    "503": twilio_faults.EMPTY_503,
    "redirect": twilio_faults.REDIRECT,
    "a page": twilio_faults.HTML_201,
    "garbage": Fault(how="status", status=200, body="\x00\xff{{{"),
    "another kind of JSON": Fault(how="status", status=200, body="[1, 2]"),
}


@pytest.mark.parametrize("fault", UNCERTAIN.values(), ids=UNCERTAIN)
def test_what_may_have_been_taken_is_unknown_and_nobody_waits_longer_than_the_total(online, fault):
    online.wire(fault)
    began = time.monotonic()
    sent = online.provider.send(text(online))
    assert time.monotonic() - began < DEADLINE_S + SLACK_S
    assert (sent.outcome, sent.provider_id) == (Outcome.UNKNOWN, None)
    assert sent.blame is Blame.PROVIDER


def test_nobody_is_sent_to_twice_by_one_attempt(online):
    online.wire(twilio_faults.HANG)
    online.provider.send(text(online))
    assert len(online.named()) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("99999999999999999999", 3600), ("soon", None), ("-3", None), ("", None), ("1e9", None)],
)
def test_too_many_was_not_sent_and_says_for_how_long(online, header, seconds):
    online.wire(twilio_faults.too_many(header))
    sent = online.provider.send(text(online))
    assert (sent.outcome, sent.http_status, sent.retry_after_s) == (Outcome.NOT_SENT, 429, seconds)
    assert online.arrived() == []


def test_a_date_to_come_again_is_understood_by_the_answers_own_clock(online):
    online.wire(replace(twilio_faults.too_many(), headers=(
        ("Retry-After", "Mon, 02 Mar 2026 12:00:30 GMT"), ("Date", "Mon, 02 Mar 2026 12:00:00 GMT"))))  # fmt: skip
    assert online.provider.send(text(online)).retry_after_s in {30, 3600, 0}


def test_where_nobody_listens_nothing_was_sent(online):
    sent = online.towards(f"http://127.0.0.1:{free_port()}").send(text(online))
    assert (sent.outcome, sent.blame) == (Outcome.NOT_SENT, Blame.PROVIDER)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_another_no_is_a_no_and_condemns_no_number(online, status):
    online.wire(Fault(how="status", status=status, body="{}"))
    sent = online.provider.send(text(online))
    assert (sent.outcome, sent.http_status) == (Outcome.REFUSED, status)
    assert sent.blame is not Blame.RECIPIENT


def test_a_second_try_of_one_attempt_is_named_alike_and_another_attempt_is_not(online):
    message = text(online)
    for each in (message, replace(message, seq=2), text(online)):
        online.provider.send(each)
    first, again, other = online.named()
    assert first == again == message.attempt_id
    assert other != first


def test_a_provider_that_hangs_does_not_hold_more_than_its_places(online):
    """As many callers as there are places hang; the next is told in time that nothing was sent, or is unknown."""
    online.wire(*[twilio_faults.HANG] * 40)
    began = time.monotonic()
    sent = []
    crowd = [threading.Thread(target=lambda: sent.append(online.provider.send(text(online)))) for _ in range(40)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert {one.outcome for one in sent} <= {Outcome.UNKNOWN, Outcome.NOT_SENT}
    assert len(sent) == 40
    assert time.monotonic() - began < 2 * DEADLINE_S + SLACK_S


# ------------------------------------------------------------------------------------------------ asked


def a_day_ago(rig: Rig) -> datetime:
    return rig.since() - timedelta(days=1)


def test_whoever_calls_back_can_be_asked_for_what_was_lost(online):
    assert isinstance(online.provider, Listing)
    assert online.provider.fetch(a_day_ago(online)) == Listed(done=ANY), "nothing has come"


def test_an_answer_whose_hook_was_lost_is_found_with_the_key_of_its_hook(online):
    online.lose()
    listed = online.provider.fetch(a_day_ago(online))
    listed.done()
    (found,), (told,) = listed.replies, online.provider.hear(online.hooks["reply"]).replies
    assert (found.key, found.sender, found.text) == (told.key, told.sender, told.text)
    assert (found.attempt_id, found.voice) == (told.attempt_id, told.voice)
    # The pretended servers have the real time, and our own clock may stand still: it is told by ours.
    assert abs(found.said_at - online.since()) < timedelta(minutes=1)


@pytest.mark.parametrize("fault", [*UNCERTAIN.values(), twilio_faults.too_many(), Fault(how="status", status=401, body="{}")])  # noqa: E501  # fmt: skip
def test_what_cannot_be_asked_is_none_in_time_and_is_there_the_next_time(online, fault):
    online.lose()
    online.mute(fault)
    began = time.monotonic()
    assert online.provider.fetch(a_day_ago(online)) is None
    assert time.monotonic() - began < 2 * DEADLINE_S + SLACK_S
    online.well()
    # A kept connection that the server has left may cost one more.
    listed = online.provider.fetch(a_day_ago(online)) or online.provider.fetch(a_day_ago(online))
    assert len(listed.replies) == 1


# ------------------------------------------------------------------------------------------------ secrets


def test_no_secret_and_no_number_is_logged_or_shown(rig, caplog, log_lines):
    caplog.set_level(logging.DEBUG)
    for outcome in (Outcome.REFUSED, Outcome.UNKNOWN):
        rig.fault(outcome)
        sent = rig.provider.send(text(rig))
        rig.well()
        assert rig.to[-8:] not in str(sent)
    rig.provider.send(text(rig))
    for hook in rig.hooks.values():
        with pytest.raises(Forged):
            rig.provider.hear(rig.forge(hook))
    told = f"{caplog.text} {log_lines} {rig.provider!r} {getattr(rig.provider, '_settings', '')!r}"
    assert [secret for secret in rig.secrets if secret in told] == []
    assert rig.to[-8:] not in caplog.text + str(log_lines)


# ------------------------------------------------------------------------------------------------ hooks


def test_a_receipt_says_what_became_of_which_attempt(rig):
    if "receipt" not in rig.hooks:
        return _hears_nothing(rig)
    heard = rig.provider.hear(rig.hooks["receipt"])
    (receipt,) = heard.receipts
    assert (receipt.kind, receipt.attempt_id) == (ReceiptKind.DELIVERED, ATTEMPT)
    assert receipt.provider_id
    assert heard.replies == ()
    assert heard.answer.status in (200, 204)
    return None


def test_a_reply_is_what_the_person_wrote(rig):
    if "reply" not in rig.hooks:
        return _hears_nothing(rig)
    heard = rig.provider.hear(rig.hooks["reply"])
    (reply,) = heard.replies
    assert (reply.sender, reply.text, reply.voice, reply.attempt_id) == (rig.to, "1 ", False, None)
    assert heard.receipts == ()
    return None


def test_a_key_press_names_its_attempt(rig):
    if "voice" not in rig.hooks:
        assert not rig.provider.capability(rig.to).voice
        return
    (reply,) = rig.provider.hear(rig.hooks["voice"]).replies
    assert (reply.sender, reply.text, reply.voice, reply.attempt_id) == (rig.to, "1", True, ATTEMPT)


def _hears_nothing(rig: Rig) -> None:
    """A provider without hooks hears over a line of its own, and believes nobody who calls."""
    assert isinstance(rig.provider, Listening)
    assert rig.hooks == {}
    with pytest.raises(Forged):
        rig.provider.hear(Hook(kind="reply", url="https://anling.example/", headers={}, body=b"", query={}))


def test_a_copy_of_a_hook_has_the_same_key(rig):
    for hook in rig.hooks.values():
        first, second = (rig.provider.hear(hook) for _ in range(2))
        keys = [one.key for one in (*first.receipts, *first.replies)]
        assert keys == [one.key for one in (*second.receipts, *second.replies)]
        assert keys
        assert max(map(len, keys)) <= 160


def test_a_hook_without_proof_is_forged(rig):
    for hook in rig.hooks.values():
        bare = replace(hook, headers={}, form={}, body=b"", url="https://anling.example/hooks")
        for forged in (rig.forge(hook), bare):
            with pytest.raises(Forged):
                rig.provider.hear(forged)


def test_a_hook_of_no_known_kind_is_invalid_or_forged(rig):
    for hook in rig.hooks.values():
        with pytest.raises((Invalid, Forged)):
            rig.provider.hear(replace(hook, kind="fax"))


def test_what_cannot_be_kept_makes_the_provider_come_again(rig):
    for hook in rig.hooks.values():
        answer = rig.provider.hear(hook).not_kept
        assert answer.status == 503 or "Redirect" in answer.body
