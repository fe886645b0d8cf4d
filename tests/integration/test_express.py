"""The short way of machines through the web: what it answers is what the application would have answered."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request_started
from werkzeug.test import Client

from devices.web.signals import BATCH_MAX
from dispatch.web.app import BODY_MAX
from tests.builders import House, build_world

API = "/api/v1/signals"
AT = "2026-11-21T04:00:00+00:00"


class Ways:
    """One service, reached by both ways; how many requests came to the application."""

    def __init__(self, folder: Path) -> None:
        self.world = build_world(folder)
        self.house = House(self.world)
        self.key = self.house.keys.new_key("edge", "signals")
        self.house.keys.check(self.key, "signals")
        self.came = 0
        request_started.connect(self._came, self.house.app)
        app = self.house.app
        self.short = Client(app)
        self.whole = Client(lambda environ, start: Flask.wsgi_app(app, environ, start))

    def _came(self, _app: Flask, **_: object) -> None:
        self.came += 1

    def post(self, way: Client, epoch: str, asked: dict):
        headers = {"Authorization": f"Bearer {self.key}", "X-Forwarded-For": "203.0.113.9"} | asked.get("headers", {})
        what = {
            each: asked[each] for each in ("path", "query_string", "method", "data", "content_type") if each in asked
        }
        if "data" not in what:
            what["json"] = {"gateway": "hall", "epoch": epoch, **asked["body"]}
        answer = way.open(**({"path": API, "method": "POST"} | what), headers=headers)
        answer.close()
        return answer


@pytest.fixture(scope="module")
def ways(tmp_path_factory) -> Iterator[Ways]:
    built = Ways(tmp_path_factory.mktemp("ways"))
    yield built
    built.house.close()
    built.world.close()


def said(seq: int = 1, **more) -> dict:
    return {
        "seq": seq,
        "protocol": "rflink",
        "device": "EV1527:ffffff:01",
        "event": "heartbeat",
        "received_at": AT,
    } | more


def body(*signals: dict, **more) -> dict:
    return {"body": {"signals": list(signals), **more}}


SHORT = {
    "one": body(said()),
    "one that counts on": body(said(), after=0),
    "some": body(said(1), said(2), said(2)),
    "a status": body(status={"calls": 0, "receivers": []}),
    "the register": body(said(), ask_register=["rflink", "none"]),
    "in other words": body(said(device="门铃")) | {"headers": {"Accept-Language": "en", "Cookie": "anling_lang=en"}},
    "bearer in small letters": body(said()) | {"headers": {"Cookie": "anling=nonsense"}},
    "with a character set": {"data": b'{"gateway":"hall","epoch":"e9","signals":[],"status":{}}',
                             "content_type": "application/json; charset=utf-8"},
}  # fmt: skip

WHOLE = {
    "no key": body(said()) | {"headers": {"Authorization": ""}},
    "not a key": body(said()) | {"headers": {"Authorization": "Bearer none"}},
    "nobody's key": body(said()) | {"headers": {"Authorization": "Bearer al_000000000000." + 43 * "A"}},
    "another scheme": body(said()) | {"headers": {"Authorization": "Basic YTpi"}},
    "a wrong signal": body(said(event="yawn")),
    "too many": body(*[said()] * (BATCH_MAX + 1)),
    "nothing": body(),
    "no object": {"data": b"[]", "content_type": "application/json"},
    "no JSON": {"data": b"{", "content_type": "application/json"},
    "no text": {"data": b"\xff", "content_type": "application/json"},
    "a form": {"data": b"gateway=hall", "content_type": "application/x-www-form-urlencoded"},
    "too large": {"data": b" " * (BODY_MAX + 1), "content_type": "application/json"},
    "with a question": body(said()) | {"query_string": "x=1"},
    "read": {"method": "GET", "data": b""},
}  # fmt: skip


def told(answer) -> tuple:
    """What an answer says, without what names this one request, and that the application looked for a cookie."""
    once = {"X-Request-Id", "Content-Length", "Vary"}
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in once)
    words = {name: value for name, value in (answer.json or {}).items() if name != "instance"}
    return answer.status, headers, words


@pytest.mark.parametrize("name", SHORT)
def test_what_is_plain_and_right_goes_the_short_way_and_is_answered_alike(ways, name):
    before = ways.came
    short = ways.post(ways.short, f"short {name}", SHORT[name])
    assert ways.came == before
    assert told(short) == told(ways.post(ways.whole, f"whole {name}", SHORT[name]))
    assert short.status_code == 200
    assert len(short.headers["X-Request-Id"]) == 32
    assert short.text.endswith("}\n")
    assert int(short.headers["Content-Length"]) == len(short.data)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_everything_else_is_refused_by_the_application(ways, name):
    before = ways.came
    short = ways.post(ways.short, "e", WHOLE[name])
    assert ways.came == before + 1
    assert told(short) == told(ways.post(ways.whole, "e", WHOLE[name]))
    assert short.status_code >= 400


@pytest.mark.error_lines("request_failed")
def test_what_is_too_deep_to_be_read_is_left_to_the_application(ways):
    before = ways.came
    ways.post(ways.short, "e", {"data": b"[" * 100_000, "content_type": "application/json"})
    assert ways.came == before + 1


def test_a_press_is_raised_and_acted_upon_once_the_answer_is_sent(ways):
    before, alarms = len(ways.world.nudges), len(ways.house.review.recent(100))
    headers = {"Authorization": f"bearer {ways.key}"}
    press = {"gateway": "hall", "epoch": "press", "signals": [said(device="EV1527:0a1b2c:01", event="press")]}
    came, answer = ways.came, ways.short.post(API, json=press, headers=headers)
    assert (ways.came, len(ways.world.nudges)) == (came, before)
    assert len(answer.json["alarms"]) == 1
    answer.close()
    assert len(ways.world.nudges) == before + 1
    assert len(ways.house.review.recent(100)) == alarms + 1


def test_a_key_that_is_to_be_marked_as_used_goes_the_whole_way_once(ways):
    ways.world.clock.advance(90)
    before = ways.came
    for each in ("used 1", "used 2"):
        assert ways.post(ways.short, each, body(said())).status_code == 200
    assert ways.came == before + 1
    assert ways.house.keys.keys()[0].last_used_at == ways.world.clock.now()


def test_a_key_for_other_things_is_refused_by_the_application(ways):
    other = ways.house.keys.new_key("program", "read")
    answer = ways.short.post(API, json=body(said())["body"], headers={"Authorization": f"Bearer {other}"})
    assert answer.status_code == 403


def test_a_revoked_key_gets_in_by_neither_way(ways):
    key = ways.house.keys.new_key("gone", "signals")
    asked = body(said()) | {"headers": {"Authorization": f"Bearer {key}"}}
    assert ways.post(ways.short, "gone", asked).status_code == 200
    ways.house.keys.revoke(key[3:15])
    assert ways.post(ways.short, "gone", asked).status_code == 401


@pytest.mark.error_lines("request_failed")
def test_what_nobody_foresaw_is_told_by_the_application_without_doing_it_again(ways):
    ways.world.transactions._before_commit = lambda: tries.append(1) or (_ for _ in ()).throw(RuntimeError("gone"))
    tries: list[int] = []
    answer = ways.post(ways.short, "broken", body(said(device="EV1527:0a1b2c:01", event="press")))
    ways.world.transactions._before_commit = lambda: None
    assert (answer.status_code, answer.json["type"]) == (500, "urn:anling:problem:internal-error")
    assert len(tries) == 1
