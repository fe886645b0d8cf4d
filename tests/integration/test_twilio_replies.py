"""Texts that came in, asked of Twilio because their webhooks may have been lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.messages.providers.provider import Listing, Outcome
from dispatch.messages.providers.twilio import TwilioProvider
from tests.fakes import twilio_faults
from tests.fakes.twilio_standin import TwilioStandin
from tests.integration.twilio_rig import HURRIED, SETTINGS, TO, provider_towards, text

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
    (reply,) = twilio.fetch(minute_ago()).replies
    assert (reply.key, reply.sender, reply.text, reply.voice) == ("SM77", TO, "1 ", False)


def test_what_we_wrote_and_what_went_to_others_is_no_answer(standin, twilio):
    twilio.send(text())
    twilio.send(text(to=OURS))
    standin.write("SM78", sender=TO, to="+15005550099", body="1")
    assert twilio.fetch(minute_ago()).replies == ()


def test_what_came_before_is_left_out(standin, twilio):
    standin.now = (datetime.now(UTC) - timedelta(minutes=10)).timestamp
    standin.write("SM79", sender=TO, to=OURS, body="1")
    assert twilio.fetch(minute_ago()).replies == ()
    assert len(twilio.fetch(datetime.now(UTC) - timedelta(minutes=11)).replies) == 1


@pytest.mark.parametrize(
    "fault", [twilio_faults.HANG, twilio_faults.EMPTY_503, twilio_faults.HTML_201, twilio_faults.too_many()]
)
def test_what_cannot_be_asked_is_none_and_not_nothing(standin, fault):
    standin.always = fault
    with provider_towards(standin, **HURRIED) as twilio:
        assert twilio.fetch(minute_ago()) is None


def test_without_credentials_nobody_is_asked(standin):
    with provider_towards(standin, auth_token="") as provider:
        assert provider.fetch(minute_ago()) is None
    assert standin.requests == []


def test_with_a_messaging_service_answers_to_all_its_numbers_count(standin):
    standin.write("SM80", sender=TO, to="+15005550098", body="1")
    with provider_towards(standin, messaging_service_sid="MG1") as provider:
        assert [each.key for each in provider.fetch(minute_ago()).replies] == ["SM80"]


def test_answers_to_the_number_of_notices_count_and_never_cost_those_to_the_other(standin):
    standin.write("SM91", sender=TO, to=OURS, body="1")
    standin.write("SM92", sender=TO, to="+15005550007", body="3")
    with provider_towards(standin, notices_from="+15005550007") as provider:
        assert [each.key for each in provider.fetch(minute_ago()).replies] == ["SM91", "SM92"]
        standin.always = twilio_faults.EMPTY_503
        assert provider.fetch(minute_ago()) is None


@pytest.mark.parametrize("apart", [timedelta(minutes=20), timedelta(minutes=-20), timedelta(hours=30)], ids=str)
def test_with_our_own_clock_wrong_an_answer_is_found_and_told_by_our_clock(standin, apart):
    standin.write("SM81", sender=TO, to=OURS, body="1")
    standin.now = (datetime.now(UTC) - timedelta(minutes=10)).timestamp
    standin.write("SM82", sender=TO, to=OURS, body="old")
    ours = lambda: datetime.now(UTC) + apart  # noqa: E731
    with provider_towards(standin, now=ours) as twilio:
        twilio.fetch(ours() - timedelta(minutes=1))
        (reply,) = twilio.fetch(ours() - timedelta(minutes=1)).replies
    assert reply.key == "SM81"
    assert abs(reply.said_at - ours()) < timedelta(seconds=30)


def test_years_off_it_is_found_at_the_second_look(standin):
    """As a machine whose battery is dead believes; the first answer of the provider says what time it is."""
    standin.write("SM83", sender=TO, to=OURS, body="1")
    with provider_towards(standin, now=lambda: datetime.now(UTC) + timedelta(days=3650)) as twilio:
        since = datetime.now(UTC) + timedelta(days=3650, minutes=-1)
        twilio.fetch(since)
        assert [each.key for each in twilio.fetch(since).replies] == ["SM83"]


@pytest.mark.parametrize("apart", [timedelta(minutes=20), timedelta(minutes=-20)], ids=str)
def test_with_our_own_clock_wrong_what_was_taken_is_found_and_what_is_older_is_not(standin, apart):
    ours = lambda: datetime.now(UTC) + apart  # noqa: E731
    with provider_towards(standin, now=ours) as twilio:
        message = text()
        sent = twilio.send(message)
        assert twilio.look_up(message, None, ours()).provider_id == sent.provider_id
        assert twilio.look_up(message, None, ours() + timedelta(minutes=1)).outcome is Outcome.NOT_SENT
