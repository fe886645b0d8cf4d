"""Webhooks out, against receivers of our own on this machine; signatures are checked by the standard's own library."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from dispatch.clock import SystemClock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.rules.alarm import Outcome
from dispatch.rules.outward import RETRY_S, Template
from dispatch.rules.people import operator
from dispatch.rules.record import Line as RecordLine
from dispatch.store.record import Record
from dispatch.store.subscriptions import DISABLED, Subscriptions
from dispatch.subscribers.book import Asked, Book
from dispatch.subscribers.line import Line, is_public
from dispatch.subscribers.postman import Postman
from dispatch.subscribers.secrets import Signing
from schedules.timers import Timers
from tests.builders import DISTRICT, build_world
from tests.fakes.line import until

BY = operator("wangfang")
SOURCE = "https://anling.example"
PRIVATE = ("王秀英", "柏林", "钥匙盒", "13800000", "moderate", "hospital")


class Receiver:
    """A program of somebody else: answers what it is told to, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                receiver.hold.wait(60)
                status, headers, said = receiver.answers.pop(0) if receiver.answers else (204, {}, b"")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def says(self, *statuses: int) -> None:
        self.answers += [(each, {}, b"{}") for each in statuses]

    def numbers(self) -> list[int]:
        return [json.loads(body)["data"]["entry"] for _, body in self.got]

    def types(self) -> list[str]:
        return [json.loads(body)["type"].split(".")[2] for _, body in self.got]

    def close(self) -> None:
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()


class Rig:
    """A small district that tells others."""

    def __init__(self, folder, *, district: str = DISTRICT) -> None:
        self.world = build_world(folder, district=district)
        self.signing = Signing("s" * 40)
        self.wire = Line(SystemClock(), private=True, total_s=60.0)
        self.impatient = Line(SystemClock(), private=True, total_s=0.5)
        self.stopped: list[str] = []
        self.postman = self.new_postman()
        world = self.world
        self.book = Book(world.transactions, world.reading, world.clock, self.signing, private=True, nudge=lambda: None)

    def new_postman(self, **more) -> Postman:
        world = self.world
        return Postman(
            more.get("transactions", world.transactions), world.reading, world.clock, more.get("wire", self.wire),
            self.signing, source=SOURCE, give_up=timedelta(days=5), disabled=self.stopped.append,
        )  # fmt: skip

    def add(self, url: str, **more):
        return self.book.add(Asked(name="city", url=url, **more), by=BY)

    def carry(self, postman: Postman | None = None) -> None:
        postman = postman or self.postman
        for id_ in postman.due(self.world.clock.now(), 10):
            postman.wake(id_)

    def story(self, note: str = "送医院，王秀英"):
        """An alarm from the press to the closing."""
        world, person = self.world, self.world.carer("C1")
        alarm_id = world.press()
        world.wake()
        world.desk.accept(alarm_id, person, by=person)
        world.desk.close(alarm_id, by=BY, outcome=Outcome.HOSPITAL, note=note)
        return alarm_id

    def kinds(self) -> list[str]:
        with self.world.reading.connect() as connection:
            return [each.kind for each in Record(connection).after(0, 1000)]

    def state(self, id_: str):
        return self.book.get(id_)


@pytest.fixture
def rig(tmp_path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.world.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def verified(secret: str, got: tuple[dict[str, str], bytes], at: datetime) -> None:
    """The library judges by the machine's clock: the signature is checked, and the time by ourselves."""
    headers, body = got
    signed = Webhook(secret).sign(headers["webhook-id"], at, body.decode())
    assert signed in headers["webhook-signature"].split(" ")
    assert int(headers["webhook-timestamp"]) == int(at.timestamp())


def test_a_whole_alarm_is_told_in_order_signed_and_without_a_word_about_anybody(rig, receiver):
    subscription = rig.add(receiver.url, types=["anling.alarm.*"])
    alarm_id = rig.story()
    rig.carry()
    told = [kind for kind in rig.kinds() if kind not in {"webhook_added"}]
    assert receiver.types() == told
    assert receiver.numbers() == sorted(receiver.numbers())
    secret = rig.book.reveal(subscription.id, by=BY)
    for got in receiver.got:
        verified(secret, got, rig.world.clock.now())
        body = json.loads(got[1])
        assert {"specversion", "id", "source", "type", "time", "timestamp", "data"} <= set(body)
        assert body["data"]["links"]["alarm"] == f"{SOURCE}/alarms/{alarm_id}"
        assert not any(word in got[1].decode() for word in PRIVATE)
    rig.carry()
    assert rig.state(subscription.id).cursor > receiver.numbers()[-1], "later entries were passed over"
    assert len(receiver.got) == len(told)


MARKUP = '<b>甲&amp;</b>[去](https://evil.example)@all=HYPERLINK("x")\\n"}'
"""Markup of pages, of groups' robots and of tables, and what would end a string of JSON."""


@pytest.mark.parametrize("template", list(Template))
def test_markup_in_names_and_notes_arrives_nowhere(tmp_path, receiver, template):
    written = json.dumps(MARKUP, ensure_ascii=False)
    district = DISTRICT.replace('"王秀英"', written).replace('address = "', 'address = "<i>院</i>')
    rig = Rig(tmp_path, district=district)
    receiver.answers += [(200, {}, b'{"errcode":0}')] * 20
    rig.book.add(Asked(name=MARKUP, url=receiver.url, template=template, types=["anling.alarm.*"]), by=BY)
    alarm_id = rig.story(note=MARKUP)
    rig.world.desk.note(alarm_id, MARKUP, by=BY)
    rig.carry()
    assert [each for each in rig.kinds() if each in {"raised", "closed", "noted"}] == ["raised", "closed", "noted"]
    assert len(receiver.got) > 3
    for _, body in receiver.got:
        said = body.decode()
        assert not [each for each in ("<", ">", "&amp;", "evil", "@", "HYPERLINK", "甲", "院") if each in said]
        told = json.loads(said)
        if template is not Template.STANDARD:
            assert told["msgtype"] == "text", "no robot reads markup in it"
    rig.world.close()


def test_the_standards_own_library_takes_it_and_refuses_another_secret(rig, receiver):
    rig.world.clock.advance((datetime.now(UTC) - rig.world.clock.now()).total_seconds())
    subscription = rig.add(receiver.url)
    rig.world.press()
    rig.carry()
    headers, body = receiver.got[0]
    assert Webhook(rig.book.reveal(subscription.id, by=BY)).verify(body, headers)["type"] == "anling.alarm.raised.v1"
    with pytest.raises(WebhookVerificationError):
        Webhook(Signing("x" * 40).secret(subscription.id, 1)).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(rig.book.reveal(subscription.id, by=BY)).verify(body + b" ", headers)


def test_two_secrets_sign_for_a_day_after_a_change(rig, receiver):
    subscription = rig.add(receiver.url)
    old = rig.book.reveal(subscription.id, by=BY)
    rig.book.rotate(subscription.id, by=BY)
    new = rig.book.reveal(subscription.id, by=BY)
    assert old != new
    with pytest.raises(Conflict):
        rig.book.rotate(subscription.id, by=BY)
    rig.world.press()
    rig.carry()
    for secret in (old, new):
        verified(secret, receiver.got[-1], rig.world.clock.now())
    rig.world.clock.advance(24 * 3600)
    rig.world.press("H2", "R2")
    rig.carry()
    verified(new, receiver.got[-1], rig.world.clock.now())
    with pytest.raises(AssertionError):
        verified(old, receiver.got[-1], rig.world.clock.now())


def test_what_is_not_taken_is_tried_again_with_the_same_id_and_nothing_overtakes_it(rig, receiver):
    subscription = rig.add(receiver.url, types=["anling.alarm.raised.v1"])
    receiver.says(500, 503, 429, 301)
    rig.world.press()
    rig.world.press("H2", "R2")
    for wait_s in (0, *RETRY_S[:4]):
        rig.world.clock.advance(wait_s)
        rig.carry()
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(set(ids[:5])) == 1, "four noes, and the fifth time it was taken"
    assert len(ids) == 6
    assert ids[5] != ids[4]
    states = [(each.state, each.tries, each.error) for each in rig.book.log(subscription.id, 10)]
    assert states == [("delivered", 1, None), ("delivered", 5, None)]


def test_it_is_not_tried_before_its_time(rig, receiver):
    rig.add(receiver.url)
    receiver.says(500, 500)
    rig.world.press()
    rig.carry()
    rig.world.clock.advance(RETRY_S[0] - 0.01)
    rig.carry()
    assert len(receiver.got) == 1
    assert rig.postman.next_due() > rig.world.clock.now()
    rig.world.clock.advance(0.01)
    rig.carry()
    assert len(receiver.got) == 2


class Died(BaseException):
    """The process ends here."""


class Killed:
    """Transactions that die at the commit with a number: the answer came, and nobody wrote it down."""

    def __init__(self, inner, at: int) -> None:
        self._inner, self._left = inner, at

    def run(self, work, **more):
        self._left -= 1
        if self._left < 0:
            raise Died
        return self._inner.run(work, **more)


@pytest.mark.parametrize("at", range(4))
def test_killed_at_any_commit_nothing_is_lost_and_a_second_one_has_the_same_id(rig, receiver, at):
    rig.add(receiver.url, types=["anling.alarm.*"])
    rig.story()
    with pytest.raises(Died):
        rig.carry(rig.new_postman(transactions=Killed(rig.world.transactions, at)))
    rig.carry()
    by_id = {}
    for headers, body in receiver.got:
        assert by_id.setdefault(headers["webhook-id"], body) == body
    first_seen = list(dict.fromkeys(receiver.numbers()))
    assert first_seen == sorted(first_seen)
    assert len(receiver.got) - len(by_id) == 1
    assert len(by_id) == len([kind for kind in rig.kinds() if kind != "webhook_added"])


def test_a_receiver_that_says_nothing_is_left_after_the_limit(rig, receiver):
    subscription = rig.add(receiver.url)
    receiver.hold.clear()
    rig.world.press()
    rig.carry(rig.new_postman(wire=rig.impatient))
    (row,) = rig.book.log(subscription.id, 10)
    assert (row.error, row.status, row.state) == ("timeout", None, "failed")
    assert row.took_ms < 5000


def test_a_receiver_that_drips_is_left_after_the_limit(rig):
    """Each byte comes in time, the whole never does."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError), listening.accept()[0] as line:
            line.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.05):
                line.sendall(b"X-A: b\r\n")

    threading.Thread(target=drip, daemon=True).start()
    subscription = rig.add(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    rig.world.press()
    rig.carry(rig.new_postman(wire=rig.impatient))
    over.set()
    listening.close()
    (row,) = rig.book.log(subscription.id, 10)
    assert (row.error, row.state) == ("timeout", "failed")


def test_a_redirect_into_the_own_network_is_an_answer_and_not_followed(rig, receiver):
    subscription = rig.add(receiver.url)
    receiver.answers.append((302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b""))
    rig.world.press()
    rig.carry()
    assert len(receiver.got) == 1
    assert rig.book.log(subscription.id, 1)[0].error == "redirect"


def test_an_endless_answer_is_read_to_the_cap(rig, receiver):
    subscription = rig.add(receiver.url)
    receiver.answers.append((200, {}, b"x" * 5_000_000))
    rig.world.press()
    rig.carry()
    assert rig.book.log(subscription.id, 1)[0].state == "delivered"


PLACES_WITHIN = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "255.255.255.255", "::",
]  # fmt: skip


@pytest.mark.parametrize("number", PLACES_WITHIN)
def test_an_address_within_is_refused_as_a_number_and_as_what_a_name_leads_to(number):
    assert not is_public(number)
    asked = []

    def resolve(host: str, port: int):
        asked.append(host)
        return [(socket.AF_INET, ("93.184.215.14", port)), (socket.AF_INET, (number, port))]

    line = Line(SystemClock(), private=False, resolve=resolve)
    result = line.post("https://rebound.example/hook", {}, b"{}")
    assert (result.error, asked) == ("address_refused", ["rebound.example"])


@pytest.mark.parametrize("number", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_an_address_of_the_open_net_is_none_of_ours(number):
    assert is_public(number)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "http://city.example/", "ftp://a.b/",
        "https://user:pw@city.example/", "https://city.example/#x", "javascript:alert(1)", "https://", "https:///x",
        "https://city.example:99999/", "https://城.example/", "https://a.b/\r\nX: y", "https://a.b/ x",
        "https://a.b/" + "x" * 600, "https://a.b:0/",
    ],
)  # fmt: skip
def test_an_address_that_must_not_be_entered_is_refused_with_its_field(rig, url):
    book = Book(rig.world.transactions, rig.world.reading, rig.world.clock, rig.signing, private=False, nudge=int)
    with pytest.raises(Invalid) as refused:
        book.add(Asked(name="x", url=url), by=BY)
    assert "url" in refused.value.errors["json"]


def test_only_hosts_of_the_settings_are_told_whenever_an_address_was_entered(rig, receiver):
    """The list is asked when an address is entered and before each message, and before any name is looked up."""
    world, hosts, asked = rig.world, ("hooks.city.example", ".bureau.example"), []

    def resolve(host: str, port: int):
        asked.append(host)
        return []

    earlier = rig.add(receiver.url)
    world.press()
    rig.carry(rig.new_postman(wire=Line(SystemClock(), private=True, hosts=hosts, resolve=resolve)))
    assert (receiver.got, asked) == ([], [])
    assert [each.error for each in rig.book.log(earlier.id, 5)] == ["host_not_listed"]

    book = Book(world.transactions, world.reading, world.clock, rig.signing, private=True, hosts=hosts, nudge=int)
    for url in ("https://hooks.city.example/a", "https://HOOKS.city.example/a", "https://a.b.bureau.example:8443/"):
        book.add(Asked(name="x", url=url), by=BY)
    for url in ("https://city.example/", "https://xhooks.city.example/", "https://bureau.example/", receiver.url,
                "https://hooks.city.example.evil.example/", "https://evilbureau.example/"):  # fmt: skip
        with pytest.raises(Invalid, match=r"webhooks\.hosts"):
            book.add(Asked(name="x", url=url), by=BY)


def test_the_list_of_hosts_lets_through_what_it_names_and_none_is_nobody(receiver):
    assert Line(SystemClock(), private=True, hosts=("127.0.0.1",)).post(receiver.url, {}, b"{}").taken
    assert Line(SystemClock(), private=True, hosts=()).post(receiver.url, {}, b"{}").error == "host_not_listed"


@pytest.mark.parametrize(
    ("more", "field"), [({"types": ["anling.alarm"]}, "types"), ({"types": ["raised"]}, "types"),
                        ({"stations": ["S9"]}, "stations")],
)  # fmt: skip
def test_filters_that_mean_nothing_are_refused(rig, receiver, more, field):
    with pytest.raises(Invalid) as refused:
        rig.add(receiver.url, **more)
    assert field in refused.value.errors["json"]


def test_only_what_is_asked_for_is_told(rig, receiver):
    other = Receiver()
    rig.add(receiver.url, types=["anling.alarm.closed.v1"], stations=["S1"])
    rig.add(other.url, types=["anling.service.*"])
    rig.story()
    rig.world.transactions.run(
        lambda tx: tx.log(RecordLine(kind="gateway_lost", by="service", facts={"gateway": "hall"}))
    )
    rig.carry()
    other.close()
    assert receiver.types() == ["closed"]
    assert other.types() == ["gateway_lost"]


def test_a_street_in_the_shadow_is_told_to_no_program(rig, receiver):
    from dispatch.store.shadows import Shadows

    rig.world.transactions.run(lambda tx: Shadows(tx.connection).switch("*", "shadow", at=tx.now, by=BY))
    rig.add(receiver.url)
    rig.world.press()
    rig.carry()
    assert "raised" in rig.kinds()
    assert receiver.got == []


def test_who_takes_nothing_for_days_is_stopped_and_goes_on_from_there(rig, receiver):
    subscription = rig.add(receiver.url, types=["anling.alarm.raised.v1"])
    receiver.says(*[500] * 40)
    rig.world.press()
    for _ in range(40):
        rig.world.clock.advance(36_000)
        rig.carry()
        if rig.state(subscription.id).state == DISABLED:
            break
    assert rig.stopped == ["city"]
    assert "webhook_disabled" in rig.kinds()
    assert rig.postman.due(rig.world.clock.now(), 10) == []
    receiver.answers.clear()
    tried = len(receiver.got)
    rig.book.resume(subscription.id, by=BY)
    rig.carry()
    assert len(receiver.got) == tried + 1
    assert receiver.numbers()[-1] == receiver.numbers()[0]


def test_gone_means_gone(rig, receiver):
    subscription = rig.add(receiver.url)
    receiver.says(410)
    rig.world.press()
    rig.carry()
    assert rig.state(subscription.id).state == DISABLED


def test_a_message_that_is_disliked_is_passed_over_in_the_end(rig, receiver):
    subscription = rig.add(receiver.url, types=["anling.alarm.raised.v1"])
    receiver.says(422, 422, 422, 422, 422)
    rig.world.press()
    rig.world.press("H2", "R2")
    for wait_s in (0, *RETRY_S[:5]):
        rig.world.clock.advance(wait_s)
        rig.carry()
    states = [each.state for each in rig.book.log(subscription.id, 10)]
    assert states == ["delivered", "given_up"]


def test_a_dead_receiver_keeps_no_other_waiting(rig, receiver):
    dead = socket.create_server(("127.0.0.1", 0))
    rig.add(f"http://127.0.0.1:{dead.getsockname()[1]}/")
    rig.add(receiver.url)
    rig.world.press()
    timers = Timers([rig.new_postman(wire=rig.impatient)], SystemClock(), workers=2)
    timers.start()
    try:
        until(lambda: receiver.got)
    finally:
        timers.stop()
        dead.close()
    assert receiver.types()[0] == "raised"


def test_a_test_and_a_replay_leave_at_once_and_are_tried_once(rig, receiver):
    subscription = rig.add(receiver.url, types=["anling.alarm.raised.v1"])
    rig.world.press()
    rig.carry()
    rig.book.test(subscription.id, by=BY)
    live = rig.book.log(subscription.id, 10)[-1]
    rig.book.replay(subscription.id, live.id, by=BY)
    receiver.says(500)
    rig.carry()
    assert [body for _, body in receiver.got][2] == receiver.got[0][1]
    assert receiver.got[2][0]["webhook-id"] == receiver.got[0][0]["webhook-id"]
    assert json.loads(receiver.got[1][1])["type"] == "anling.service.test.v1"
    states = [each.state for each in rig.book.log(subscription.id, 10)]
    assert sorted(states) == ["delivered", "delivered", "failed"], "the test and the replay leave together"
    rig.world.clock.advance(3600)
    rig.carry()
    assert len(receiver.got) == 3
    with pytest.raises(NotFound):
        rig.book.replay(subscription.id, "nothing", by=BY)


@pytest.mark.parametrize("template", [Template.WECOM, Template.DINGTALK])
def test_a_robot_is_told_in_its_form_and_its_real_no_is_read(rig, receiver, template):
    subscription = rig.add(receiver.url + "?key=693a91f6", template=template, types=["anling.alarm.raised.v1"])
    receiver.answers += [(200, {}, b'{"errcode":93000,"errmsg":"invalid webhook url"}'), (200, {}, b'{"errcode":0}')]
    rig.world.press()
    rig.carry()
    assert rig.book.log(subscription.id, 1)[0].error == "robot_93000"
    rig.world.clock.advance(RETRY_S[0])
    rig.carry()
    said = json.loads(receiver.got[-1][1])
    assert said["msgtype"] == "text"
    assert said["text"]["content"].startswith("安铃 ")
    assert "新警报" in said["text"]["content"]
    assert rig.book.log(subscription.id, 1)[0].state == "delivered"


def test_the_log_is_forgotten_after_its_time_and_what_waits_is_not(rig, receiver):
    subscription = rig.add(receiver.url)
    rig.world.press()
    rig.carry()
    rig.world.clock.advance(91 * 86_400)
    rig.book.test(subscription.id, by=BY)
    rig.postman.tidy()
    assert [each.why for each in rig.book.log(subscription.id, 10)] == ["test"]


def test_a_clock_that_is_set_back_makes_nobody_wait(rig, receiver):
    subscription = rig.add(receiver.url)
    receiver.says(500)
    rig.world.press()
    rig.carry()
    before = rig.state(subscription.id).due_at
    rig.world.transactions.run(lambda tx: Subscriptions(tx.connection).shift_due(-3600))
    assert before - rig.state(subscription.id).due_at == timedelta(hours=1)
