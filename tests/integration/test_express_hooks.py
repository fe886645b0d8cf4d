"""The short way of providers through the web: kept and answered as the application would, understood afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request_started
from sqlalchemy.exc import OperationalError
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from werkzeug.test import Client

from dispatch.ids import AttemptId
from dispatch.messages.providers.provider import Answer, Heard, Inbound, Inquiry
from dispatch.messages.providers.twilio import TwilioProvider
from dispatch.store.replies import Replies
from dispatch.web.hooks import BODY_MAX
from tests.builders import PUBLIC_URL, House, build_world
from tests.fakes.twilio_standin import ACCOUNT, TOKEN
from tests.integration.twilio_rig import SETTINGS


class Ways:
    """One service, reached by both ways; how many requests came to the application, what was handed over when."""

    def __init__(self, folder: Path) -> None:
        self.world = build_world(folder)
        self.provider = TwilioProvider(SETTINGS)
        self.house = House(self.world, providers={"twilio": self.provider})
        self.came = 0
        request_started.connect(self._came, self.house.app)
        app = self.house.app
        self.short = Client(app)
        self.whole = Client(lambda environ, start: Flask.wsgi_app(app, environ, start))

    def _came(self, _app: Flask, **_: object) -> None:
        self.came += 1

    def post(self, way: Client, target: str, form: dict[str, str], *, token: str = TOKEN):
        signature = RequestValidator(token).compute_signature(PUBLIC_URL + target, form)
        return way.open(target, method="POST", data=form, headers={"X-Twilio-Signature": signature})

    def replies(self) -> int:
        with self.world.reading.connect() as connection:
            return len(Replies(connection).recent(100))

    def close(self) -> None:
        self.house.close()
        self.provider.close()
        self.world.close()


@pytest.fixture(scope="module")
def ways(tmp_path_factory) -> Iterator[Ways]:
    built = Ways(tmp_path_factory.mktemp("ways"))
    yield built
    built.close()


OF = {"AccountSid": ACCOUNT}
REPLY = OF | {"MessageSid": "SM1", "From": "+447700999999", "To": "+15005550006", "Body": "谢谢"}
RECEIPT = OF | {"MessageSid": "SM2", "MessageStatus": "delivered"}
CALL = OF | {"CallSid": "CA1", "CallStatus": "in-progress", "Direction": "inbound", "From": "+447700999999"}

SHORT = {
    "a reply": ("/hooks/twilio/reply", REPLY),
    "a receipt": ("/hooks/twilio/receipt?a=none", RECEIPT),
    "a receipt with odd letters": ("/hooks/twilio/receipt?a=%2Fnone%20", RECEIPT),
    "a call": ("/hooks/twilio/voice", CALL),
}
WHOLE = {
    "an unknown kind": ("/hooks/twilio/letter", REPLY, TOKEN),
    "an unknown provider": ("/hooks/nobody/reply", REPLY, TOKEN),
    "a forgery": ("/hooks/twilio/reply", REPLY, "forged"),
    "another account": ("/hooks/twilio/reply", REPLY | {"AccountSid": "ACother"}, TOKEN),
    "without its number": ("/hooks/twilio/receipt", {"AccountSid": ACCOUNT}, TOKEN),
    "too long": ("/hooks/twilio/reply", REPLY | {"Body": "x" * BODY_MAX}, TOKEN),
}


def told(answer) -> tuple:
    """What an answer says, without what names this one request, and that the application looked for a cookie."""
    once = {"X-Request-Id", "Vary"}
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in once)
    words = {name: value for name, value in (answer.json or {}).items() if name != "instance"} if answer.is_json else {}
    return answer.status, headers, words or answer.data


@pytest.mark.parametrize("name", SHORT)
def test_what_proves_where_it_comes_from_goes_the_short_way_and_is_answered_alike(ways, name):
    before = ways.came
    short = ways.post(ways.short, *SHORT[name])
    assert ways.came == before
    assert told(short) == told(ways.post(ways.whole, *SHORT[name]))
    assert short.status_code in {200, 204}
    assert len(short.headers["X-Request-Id"]) == 32


@pytest.mark.parametrize("name", WHOLE)
def test_everything_else_is_refused_by_the_application_and_counted_once(ways, name):
    target, form, token = WHOLE[name]
    before, forged, kept = ways.came, ways.house.forgeries.by_provider().get("twilio", 0), ways.replies()
    short = ways.post(ways.short, target, form, token=token)
    assert (ways.came, ways.replies()) == (before + 1, kept)
    assert ways.house.forgeries.by_provider().get("twilio", 0) == forged + (name in {"a forgery", "another account"})
    whole = ways.post(ways.whole, target, form, token=token)
    # How long a problem is depends on the number of the request that stands in it.
    assert told(short)[0] == told(whole)[0]
    assert told(short)[2] == told(whole)[2]
    assert short.status_code >= 400


def test_an_answer_is_understood_once_the_provider_has_its_own(ways):
    before, kept = len(ways.world.nudges), ways.replies()
    answer = ways.post(ways.short, "/hooks/twilio/reply", REPLY | {"MessageSid": "SM9", "Body": "1"})
    assert (len(ways.world.nudges), ways.replies()) == (before, kept + 1)
    answer.close()
    assert len(ways.world.nudges) == before + 1


class OnTheLine:
    """A provider whose caller pressed a key and waits to hear what it did."""

    name = "line"

    def hear(self, hook):
        asked = Inquiry(key="asked", attempt_id=AttemptId("none"), answer=lambda standing: Answer(body="thanks"))
        return Heard(replies=(Inbound(key="1", sender="+86", text="1"),), inquiry=asked)


def test_a_key_pressed_on_the_line_is_understood_before_the_caller_hears_how_it_stands(tmp_path):
    world = build_world(tmp_path)
    house = House(world, providers={"line": OnTheLine()})
    answer = house.app.test_client().post("/hooks/line/voice", data={})
    assert (answer.text, len(world.nudges)) == ("thanks", 1)
    answer.close()
    assert len(world.nudges) == 1
    house.close()
    world.close()


@pytest.mark.error_lines("hook_not_kept")
def test_what_cannot_be_kept_is_said_so_and_comes_again(ways):
    def broken() -> None:
        raise OperationalError("COMMIT", None, OSError("the disk is full"))

    kept = ways.replies()
    ways.world.transactions._before_commit = broken
    answer = ways.post(ways.short, "/hooks/twilio/reply", REPLY | {"MessageSid": "SM10"})
    ways.world.transactions._before_commit = lambda: None
    assert (answer.status_code, ways.replies()) == (503, kept)
    assert ways.post(ways.short, "/hooks/twilio/reply", REPLY | {"MessageSid": "SM10"}).status_code < 300
    assert ways.replies() == kept + 1
