"""Texts that came in, asked of Twilio because their webhooks may have been lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.messages.providers.provider import Listing
from dispatch.messages.providers.twilio import TwilioProvider
from tests.fakes import twilio_faults
from tests.fakes.twilio_standin import TwilioStandin
from tests.integration.twilio_rig import SETTINGS, TO, provider_towards, text

OURS = SETTINGS.from_


@pytest.fixture
def standin() -> Iterator[TwilioStandin]:
    with TwilioStandin() as standin:
        yield standin


@pytest.fixture
def twilio(standin) -> Iterator[TwilioProvider]:
    with provider_towards(standin) as provider:
        yield provider


def minute_ago() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


def test_it_is_known_that_twilio_can_be_asked(twilio):
    assert isinstance(twilio, Listing)


def test_an_answer_whose_webhook_was_lost_is_found_with_the_key_the_webhook_has(standin, twilio):
    standin.write("SM77", sender=TO, to=OURS, body="1 ")
    (reply,) = twilio.fetch_replies(minute_ago())
    assert (reply.key, reply.sender, reply.text, reply.voice) == ("SM77", TO, "1 ", False)


def test_what_we_wrote_and_what_went_to_others_is_no_answer(standin, twilio):
    twilio.send(text())
    twilio.send(text(to=OURS))
    standin.write("SM78", sender=TO, to="+15005550099", body="1")
    assert twilio.fetch_replies(minute_ago()) == []


def test_what_came_before_is_left_out(standin, twilio):
    standin.now = (datetime.now(UTC) - timedelta(minutes=10)).timestamp
    standin.write("SM79", sender=TO, to=OURS, body="1")
    assert twilio.fetch_replies(minute_ago()) == []
    assert len(twilio.fetch_replies(datetime.now(UTC) - timedelta(minutes=11))) == 1


@pytest.mark.parametrize(
    "fault", [twilio_faults.HANG, twilio_faults.EMPTY_503, twilio_faults.HTML_201, twilio_faults.too_many()]
)
def test_what_cannot_be_asked_is_none_and_not_nothing(standin, twilio, fault):
    standin.always = fault
    assert twilio.fetch_replies(minute_ago()) is None


def test_without_credentials_nobody_is_asked(standin):
    with provider_towards(standin, auth_token="") as provider:
        assert provider.fetch_replies(minute_ago()) is None
    assert standin.requests == []


def test_with_a_messaging_service_answers_to_all_its_numbers_count(standin):
    standin.write("SM80", sender=TO, to="+15005550098", body="1")
    with provider_towards(standin, messaging_service_sid="MG1") as provider:
        assert [each.key for each in provider.fetch_replies(minute_ago())] == ["SM80"]
