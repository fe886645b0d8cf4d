"""Twilio's provider against our stand-in over real sockets: what it sends and what it finds again."""

import logging
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.messages.providers.provider import Blame, Channel, Outcome, ReceiptKind
from dispatch.messages.providers.twilio import TwilioProvider, TwilioSettings
from tests.fakes import twilio_faults
from tests.fakes.twilio_faults import refuse
from tests.fakes.twilio_standin import TwilioStandin
from tests.integration.twilio_rig import HURRIED, PUBLIC, SETTINGS, TEXT, TO, call, provider_towards, text, towards


@pytest.fixture
def standin() -> Iterator[TwilioStandin]:
    with TwilioStandin() as standin:
        yield standin


@pytest.fixture
def twilio(standin) -> Iterator[TwilioProvider]:
    with provider_towards(standin) as provider:
        yield provider


# ------------------------------------------------------------------------------------------------ what is sent


def test_a_text_carries_its_attempt_in_the_callback(twilio, standin):
    message = text(validity_s=60, seq=2)
    sent = twilio.send(message)
    assert sent.outcome is Outcome.TAKEN
    assert sent.provider_id == standin.made[0]["sid"]
    assert (sent.status, sent.kind, sent.http_status) == ("queued", ReceiptKind.QUEUED, 201)
    assert standin.creates() == [
        {
            "To": TO,
            "From": "+15005550006",
            "Body": TEXT,
            "Attempt": "2",
            "ValidityPeriod": "60",
            "StatusCallback": f"{PUBLIC}/hooks/twilio/receipt?a={message.attempt_id}"
            "#ct=2000&rt=5000&tt=15000&rc=5&rp=all",
        }
    ]


@pytest.mark.parametrize(("asked", "sent"), [(1, "5"), (5, "5"), (36_000, "36000"), (100_000, "36000")])
def test_the_validity_stays_within_what_twilio_takes(twilio, standin, asked, sent):
    twilio.send(text(validity_s=asked))
    assert standin.creates()[0]["ValidityPeriod"] == sent


def test_a_messaging_service_picks_the_sender(standin):
    towards(standin.base_url, messaging_service_sid="MG1", from_="")
    assert standin.creates()[0]["MessagingServiceSid"] == "MG1"
    assert "From" not in standin.creates()[0]


@pytest.mark.parametrize("more", [{}, {"messaging_service_sid": "MG1"}])
def test_what_is_no_emergency_leaves_by_a_sender_of_its_own(standin, more):
    with provider_towards(standin, notices_from="+15005550007", **more) as twilio:
        for urgent in (False, True):
            twilio.send(text(urgent=urgent))
    notice, emergency = standin.creates()
    assert (notice["From"], "MessagingServiceSid" in notice) == ("+15005550007", False)
    assert emergency.get("From") != "+15005550007"
    assert emergency.get("MessagingServiceSid") == more.get("messaging_service_sid")


def test_an_answerable_call_says_its_text_twice_and_takes_a_key(twilio, standin):
    message = call()
    assert twilio.send(message).outcome is Outcome.TAKEN
    form = standin.creates()[0]
    assert (form["Timeout"], form["StatusCallbackEvent"]) == ("25", "completed")
    gathers = ET.fromstring(form["Twiml"]).findall("Gather")
    assert len(gathers) == 3
    assert gathers[0].attrib == {
        "input": "dtmf",
        "numDigits": "1",
        "timeout": "6",
        "method": "POST",
        "action": f"{PUBLIC}/hooks/twilio/voice?a={message.attempt_id}&l=zh",
    }
    say = gathers[0].find("Say")
    assert (say.text, say.attrib["loop"], say.attrib["language"]) == (TEXT, "2", "zh-CN")


def test_a_call_that_takes_no_keys_only_says_its_text(twilio, standin):
    twilio.send(text(channel=Channel.VOICE, lang="en"))
    twiml = ET.fromstring(standin.creates()[0]["Twiml"])
    assert [child.tag for child in twiml] == ["Say"]
    assert (twiml[0].attrib["language"], twiml[0].attrib["loop"]) == ("en-GB", "2")


def test_a_long_call_stays_within_twilios_limit(twilio, standin):
    twilio.send(call(text="很长" * 700))
    assert len(standin.creates()[0]["Twiml"]) <= 4000


def test_a_refused_callback_address_is_left_out_once(twilio, standin):
    standin.will(refuse(21609))
    assert twilio.send(text()).outcome is Outcome.TAKEN
    first, second = standin.creates()
    assert "StatusCallback" in first
    assert "StatusCallback" not in second


def test_a_refused_callback_address_is_not_tried_a_third_time(twilio, standin):
    standin.will(refuse(21609), refuse(21609))
    sent = twilio.send(call())
    assert (sent.outcome, sent.code, sent.blame) == (Outcome.REFUSED, "21609", Blame.CONFIG)
    assert len(standin.creates()) == 2


def test_without_settings_nothing_leaves(standin):
    provider = TwilioProvider(TwilioSettings(base_url=standin.base_url))
    assert provider.lacking() == ["account_sid", "auth_token", "from", "public_url"]
    assert provider.send(text()).outcome is Outcome.REFUSED
    assert provider.send(text()).blame is Blame.CONFIG
    assert standin.requests == []


def test_without_a_caller_no_call_is_tried(standin):
    provider = TwilioProvider(replace(SETTINGS, base_url=standin.base_url, from_="", messaging_service_sid="MG1"))
    assert not provider.capability(TO).voice
    assert provider.send(call()).outcome is Outcome.REFUSED
    assert standin.requests == []


def test_the_environment_is_never_read(monkeypatch, twilio, standin):
    for name in ("ACCOUNT_SID", "AUTH_TOKEN", "EDGE", "REGION"):
        monkeypatch.setenv(f"TWILIO_{name}", "wrong")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert twilio.send(text()).outcome is Outcome.TAKEN


def test_towards_mainland_china_no_replies_and_no_links(twilio):
    mainland, elsewhere = twilio.capability("+8613800000001"), twilio.capability("+85251234567")
    assert (mainland.two_way, mainland.urls, mainland.voice, mainland.receipts) == (False, False, True, True)
    assert (elsewhere.two_way, elsewhere.urls, elsewhere.voice, elsewhere.receipts) == (True, True, True, True)


def test_no_phone_number_is_logged(twilio, standin, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("twilio.http_client").setLevel(logging.WARNING)
    sent = twilio.send(text(to="+15005550001"))
    twilio.look_up(text(), None, datetime.now(UTC))
    assert "8613800000001" not in sent.detail
    assert "447700900123" not in caplog.text
    assert "15005550001" not in caplog.text


# ------------------------------------------------------------------------------------------------ looking up


@pytest.mark.parametrize("channel", list(Channel))
def test_what_was_taken_before_the_line_broke_is_found(twilio, standin, channel):
    since, message = datetime.now(UTC), text(channel=channel)
    standin.will(twilio_faults.RESET)
    assert twilio.send(message).outcome is Outcome.UNKNOWN
    found = twilio.look_up(message, None, since)
    assert (found.outcome, found.provider_id) == (Outcome.TAKEN, standin.made[0]["sid"])


def test_what_never_arrived_is_not_found(twilio, standin):
    standin.will(twilio_faults.EMPTY_503)
    message = text()
    twilio.send(message)
    twilio.send(text(text="another"))
    twilio.send(text(to="+447700900999"))
    assert twilio.look_up(message, None, datetime.now(UTC)).outcome is Outcome.NOT_SENT


def test_an_older_message_with_the_same_words_is_not_mistaken_for_it(twilio, standin):
    standin.now = lambda: time.time() - 60
    twilio.send(text())
    standin.now = time.time
    assert twilio.look_up(text(), None, datetime.now(UTC)).outcome is Outcome.NOT_SENT


def test_a_page_full_of_others_cannot_tell(twilio, standin):
    for _ in range(50):
        twilio.send(text(text="another"))
    assert twilio.look_up(text(), None, datetime.now(UTC) - timedelta(minutes=1)) is None


@pytest.mark.parametrize(("make", "status", "kind", "over"), [
    (text, "undelivered", ReceiptKind.UNDELIVERED, False),
    (text, "failed", ReceiptKind.FAILED, False),
    (text, "delivered", ReceiptKind.DELIVERED, False),
    (call, "in-progress", ReceiptKind.SENT, False),
    (call, "no-answer", ReceiptKind.UNDELIVERED, True),
    (call, "completed", ReceiptKind.DELIVERED, True),
])  # fmt: skip
def test_by_its_id_it_says_how_it_stands(twilio, standin, make, status, kind, over):
    message = make()
    sid = twilio.send(message).provider_id
    standin.made[0]["status"] = status
    found = twilio.look_up(message, sid, datetime.now(UTC))
    assert (found.outcome, found.provider_id, found.status, found.kind) == (Outcome.TAKEN, sid, status, kind)
    assert found.over is over


@pytest.mark.parametrize("name", ["HANG", "DRIP", "EMPTY_503", "HTML_201", "REDIRECT"])
def test_a_look_up_that_fails_cannot_tell(standin, name):
    standin.will(getattr(twilio_faults, name), getattr(twilio_faults, name))
    with provider_towards(standin, **HURRIED) as twilio:
        assert twilio.look_up(text(), None, datetime.now(UTC)) is None
        assert twilio.look_up(text(), "SM1", datetime.now(UTC)) is None
