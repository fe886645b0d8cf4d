"""What providers call: believed only with proof, kept before it is answered, harmless when it comes again."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from dispatch.errors import Busy
from dispatch.messages.providers.provider import Answer, Heard, Inbound, ReceiptKind
from dispatch.messages.providers.twilio import TwilioProvider
from dispatch.rules.alarm import State
from dispatch.store.outbox import Outbox
from dispatch.store.replies import Replies
from dispatch.web.hooks import BODY_MAX
from tests.builders import PUBLIC_URL, House, build_world
from tests.fakes.twilio_standin import ACCOUNT, TOKEN
from tests.integration.twilio_rig import SETTINGS


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    world = build_world(tmp_path)
    built = House(world)
    yield built
    built.close()
    world.close()


@pytest.fixture
def twilio(tmp_path: Path) -> Iterator[House]:
    world = build_world(tmp_path)
    provider = TwilioProvider(SETTINGS)
    built = House(world, providers={"twilio": provider})
    yield built
    built.close()
    provider.close()
    world.close()


def post(house: House, path: str, form, **headers):
    return house.stranger().post(path, data=form, headers=headers)


def signed(house: House, target: str, form: dict[str, str], **more):
    """A post as Twilio makes it: signed over the public address, letter by letter."""
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + target, form)
    return house.stranger().post(target, data=form, headers={"X-Twilio-Signature": signature}, **more)


def replies(house: House):
    with house.world.reading.connect() as connection:
        return Replies(connection).recent(100)


def attempts(house: House):
    return [attempt for message in house.review.messages(100) for attempt in message["attempts"]]


REPLY = {"AccountSid": ACCOUNT, "MessageSid": "SM1", "From": "+8613800000001", "Body": "1"}


# ------------------------------------------------------------------------------------------------ an alarm by text


def test_an_alarm_is_accepted_by_text_and_accepted_once(house):
    alarm = house.world.press()
    house.world.wake()
    (offer,) = house.world.offers(alarm)
    form = house.panel.reply(sender="+8613800000001", text="1")
    for _ in range(3):
        assert post(house, "/hooks/console/reply", form).status_code == 204
        house.world.wake()
    assert len(replies(house)) == 1
    assert house.world.alarm(alarm).state is State.ACCEPTED
    assert house.world.kinds(alarm).count("accepted") == 1
    assert offer.person == house.world.carer("C1")


def test_what_a_reply_means_is_found_out_after_it_was_answered(house):
    alarm = house.world.press()
    house.world.wake()
    post(house, "/hooks/console/reply", house.panel.reply(sender="+8613800000001", text="1"))
    assert house.world.alarm(alarm).state is State.OFFERED
    house.world.wake()
    assert house.world.alarm(alarm).state is State.ACCEPTED


def test_a_receipt_that_overtakes_our_own_settling_is_kept(house):
    house.world.press()
    house.world.wake()
    (job, *_) = house.courier.claim(10, emergency=True)
    form = house.panel.receipt(attempt_id=job.outgoing.attempt_id, kind=ReceiptKind.DELIVERED)
    assert post(house, "/hooks/console/receipt", form).status_code == 204
    assert [each["status"] for each in attempts(house)] == ["delivered"]
    house.courier.carry(job)
    assert [each["status"] for each in attempts(house)] == ["delivered"]


def test_a_receipt_for_nothing_we_sent_is_kept_without_effect(house):
    form = house.panel.receipt(attempt_id="0" * 32, kind=ReceiptKind.FAILED)
    assert post(house, "/hooks/console/receipt", form).status_code == 204


# ------------------------------------------------------------------------------------------------ forgeries


@pytest.mark.parametrize("kind", ["receipt", "reply", "voice"])
def test_a_forged_hook_does_nothing_and_learns_nothing(house, log_lines, kind):
    answer = post(house, f"/hooks/console/{kind}", {"token": "guessed", "id": "1", "from": "+86", "text": "1"})
    assert answer.status_code == 403
    assert answer.content_type == "application/problem+json"
    assert "token" not in answer.text
    assert replies(house) == []
    assert house.forgeries.by_provider() == {"console": 1}
    assert [line["event"] for line in log_lines if line["log_level"] == "warning"] == ["hook_forged"]


def test_a_session_is_no_proof(house):
    assert house.operators().post("/hooks/console/reply", data={"from": "+86", "text": "1"}).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [("/hooks/nobody/reply", 404), ("/hooks/console/other", 404), ("/hooks/console", 404), ("/hooks/", 404)],
)
def test_who_is_not_there_is_not_found(house, path, status):
    answer = post(house, path, {})
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_hooks_are_only_posted(house, method):
    assert getattr(house.stranger(), method)("/hooks/console/reply").status_code == 405


def test_a_body_without_end_is_refused(house):
    answer = post(house, "/hooks/console/reply", {**house.panel.reply(sender="+86", text="x" * BODY_MAX)})
    assert answer.status_code == 413
    assert replies(house) == []


def test_what_is_proved_but_not_understood_is_the_providers_fault(house):
    assert post(house, "/hooks/console/reply", {"token": house.panel.token}).status_code == 422


# ------------------------------------------------------------------------------------------------ the signature


@pytest.mark.parametrize(
    "target",
    [
        "/hooks/twilio/reply",
        "/hooks/twilio/reply?m=12%2F3&x=%E7%B4%A7",
        "/hooks/twilio/reply?m=a+b%20c&n=",
        "/hooks/twilio/reply?x=%e7%b4%a7&x=2",
    ],
)
def test_a_signature_is_checked_over_the_address_as_it_was_sent(twilio, target):
    assert signed(twilio, target, REPLY).status_code == 200
    (reply,) = replies(twilio)
    assert (reply.provider, reply.sender, reply.text) == ("twilio", "+8613800000001", "1")


def test_blank_values_are_part_of_what_was_signed(twilio):
    assert signed(twilio, "/hooks/twilio/reply", {**REPLY, "Body": "", "MediaUrl": ""}).status_code == 200


def test_the_public_address_counts_and_not_the_one_a_proxy_asks_for(twilio):
    answer = signed(twilio, "/hooks/twilio/reply?a=1", REPLY, base_url="http://10.0.0.7:8080")
    assert answer.status_code == 200
    assert replies(twilio)


@pytest.mark.parametrize(
    "environ",
    [
        {"REQUEST_URI": "", "RAW_URI": "/hooks/twilio/reply?m=12%2F3"},
        {"REQUEST_URI": "http://inside:8080/hooks/twilio/reply?m=12%2F3", "RAW_URI": ""},
        {"REQUEST_URI": "", "RAW_URI": ""},
    ],
    ids=["gunicorn", "absolute form", "neither"],
)
def test_every_server_says_the_address_in_its_own_way(twilio, environ):
    assert signed(twilio, "/hooks/twilio/reply?m=12%2F3", REPLY, environ_overrides=environ).status_code == 200


@pytest.mark.parametrize(
    "target", ["/hooks/twilio/reply?m=12/3", "/hooks/twilio/reply?m=12%2f3", "/hooks/twilio/reply?m=12%2F3&n=1"]
)
def test_a_signature_for_another_address_is_forged(twilio, target):
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC_URL}/hooks/twilio/reply?m=12%2F3", REPLY)
    answer = post(twilio, target, REPLY, **{"X-Twilio-Signature": signature})
    assert answer.status_code == 403
    assert replies(twilio) == []


def test_an_altered_form_is_forged(twilio):
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC_URL}/hooks/twilio/reply", REPLY)
    answer = post(twilio, "/hooks/twilio/reply", urlencode({**REPLY, "Body": "2"}), **{"X-Twilio-Signature": signature})
    assert answer.status_code == 403


def test_a_key_pressed_in_a_call_is_kept_for_its_call(twilio):
    form = {"AccountSid": ACCOUNT, "CallSid": "CA1", "To": "+8613800000001", "From": "+15005550006", "Digits": "1"}
    answer = signed(twilio, "/hooks/twilio/voice?a=0123456789abcdef&l=zh", form)
    assert (answer.status_code, answer.content_type) == (200, "text/xml; charset=utf-8")
    (reply,) = replies(twilio)
    assert (reply.attempt_id, reply.voice) == ("0123456789abcdef", True)


# ------------------------------------------------------------------------------------------------ while nothing is kept


class Full:
    """A database that keeps nothing."""

    def run(self, work, **how):
        raise Busy("the database is busy; try again")


class Deaf:
    """A provider that believes everything, and has an answer of its own for what could not be kept."""

    name = "deaf"

    def __init__(self, **answers) -> None:
        self.answers = answers

    def hear(self, hook):
        return Heard(replies=(Inbound(key="1", sender="+86", text="1"),), **self.answers)


@pytest.mark.error_lines("hook_not_kept")
@pytest.mark.parametrize(
    ("provider", "status"), [(Deaf(), 503), (Deaf(not_kept=Answer(body="<Response/>", status=200)), 200)]
)
def test_what_could_not_be_kept_is_asked_for_again(tmp_path, provider, status):
    world = build_world(tmp_path)
    world.answers._transactions = Full()
    house = House(world, providers={"deaf": provider})
    assert post(house, "/hooks/deaf/reply", {}).status_code == status
    assert replies(house) == []
    house.close()
    world.close()


def test_a_delivered_message_shows_as_delivered(house):
    alarm = house.world.press()
    house.world.wake()
    for job in house.courier.claim(10, emergency=True):
        house.courier.carry(job)
        form = house.panel.receipt(attempt_id=job.outgoing.attempt_id, kind=ReceiptKind.DELIVERED)
        post(house, "/hooks/console/receipt", form)
    with house.world.reading.connect() as connection:
        assert {each.state for each in Outbox(connection).of_alarm(alarm)} == {"delivered"}
