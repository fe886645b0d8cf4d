"""Signals from forwarding gateways: a batch is checked whole, kept whole, then answered."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from devices.web.signals import BATCH_MAX
from dispatch.errors import Invalid
from dispatch.rules.alarm import State
from dispatch.store.signals import Signals
from tests.builders import House, build_world
from tests.fakes.foreign_lock import foreign_lock

API = "/api/v1/signals"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    world = build_world(tmp_path)
    built = House(world)
    yield built
    built.close()
    world.close()


@pytest.fixture
def gateway(house):
    return house.machine("signals")


def press(house: House, seq: int, device: str = "EV1527:0a1b2c:01", event: str = "press", **more):
    at = house.world.clock.now().isoformat()
    return {"seq": seq, "protocol": "rflink", "device": device, "event": event, "received_at": at, **more}


def batch(*signals, epoch: str = "e1"):
    return {"gateway": "hall", "epoch": epoch, "signals": list(signals)}


def alarms(house: House):
    return house.review.recent(100)


def test_an_answer_promises_that_everything_is_on_disk(house, gateway):
    answer = gateway.post(
        API, json=batch(press(house, 1), press(house, 2, "EV1527:0a1b2d:01"), press(house, 3, event="heartbeat"))
    )
    assert answer.status_code == 200
    assert (answer.json["stored"], answer.json["copies"]) == (3, 0)
    assert sorted(answer.json["alarms"]) == sorted(each["id"] for each in alarms(house))
    assert {each["home"] for each in alarms(house)} == {"H1", "H2"}


def test_it_is_acted_upon_right_after_the_answer_and_not_by_the_sweep(house, gateway):
    before = len(house.world.nudges)
    answer = gateway.post(API, json=batch(press(house, 1)))
    assert len(house.world.nudges) == before
    answer.close()  # What the server does once it has sent all of it (PEP 3333).
    assert len(house.world.nudges) == before + 1


def test_the_same_numbers_again_are_harmless(house, gateway):
    gateway.post(API, json=batch(press(house, 1)))
    again = gateway.post(API, json=batch(press(house, 1), press(house, 2)))
    assert (again.json["stored"], again.json["copies"]) == (1, 1)
    assert [each["press_count"] for each in alarms(house)] == [2]


@pytest.mark.error_lines("commit_failed")
@pytest.mark.parametrize("event", ["press", "heartbeat"])
def test_while_somebody_else_holds_the_file_it_is_later_and_the_same_again_counts_once(house, gateway, event):
    """A tool that was left open on the file: the sender has its signals and is told when to come again."""
    once = batch(press(house, 1, event=event))
    with foreign_lock(house.world.path / "anling.db", house.world.transactions):
        later = gateway.post(API, json=once)
    assert (later.status_code, later.headers["Retry-After"]) == (503, "2")
    assert (later.content_type, later.json["type"]) == ("application/problem+json", "urn:anling:problem:busy")
    assert alarms(house) == []
    assert gateway.post(API, json=once).json["stored"] == 1
    assert [each["press_count"] for each in alarms(house)] == [1] * (event == "press")


def test_a_new_spool_counts_from_the_beginning(house, gateway):
    gateway.post(API, json=batch(press(house, 1)))
    assert gateway.post(API, json=batch(press(house, 1), epoch="e2")).json["copies"] == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"event": "yawn"}, "event"),
        ({"received_at": "2026-11-21T12:00:00"}, "received_at"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, "received_at"),
        ({"seq": "1"}, "seq"),
        ({"seq": -1}, "seq"),
        ({"seq": 2**63}, "seq"),
        ({"device": ""}, "device"),
        ({"device": "a\x00"}, "device"),
        ({"lat": 38.0}, "lng"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_one_wrong_signal_refuses_the_batch_and_is_named(house, gateway, wrong, field):
    answer = gateway.post(API, json=batch(press(house, 1), press(house, 2) | wrong))
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert field in answer.json["errors"]["json"]["signals"]["1"]
    assert alarms(house) == []


def test_a_batch_has_a_limit(house, gateway):
    assert gateway.post(API, json=batch(*[press(house, 1)] * (BATCH_MAX + 1))).status_code == 422
    assert gateway.post(API, json=batch()).status_code == 422


def test_emergencies_come_first(house, gateway):
    gateway.post(API, json=batch(press(house, 1, "EV1527:0a1b2d:01", "cancel"), press(house, 2, "EV1527:0a1b2d:01")))
    (alarm,) = alarms(house)
    assert house.world.kinds(alarm["id"]) == ["raised", "heard_cancel"]


def test_a_position_is_the_alarms_place_while_it_is_fresh(house, gateway):
    gateway.post(API, json=batch(press(house, 1, lat=38.05, lng=114.5)))
    (alarm,) = alarms(house)
    assert alarm["place"] == {"lat": 38.05, "lng": 114.5, "source": "device"}


def test_an_old_position_is_not(house, gateway):
    old = (house.world.clock.now() - timedelta(hours=1)).isoformat()
    gateway.post(API, json=batch(press(house, 1, lat=38.05, lng=114.5, position_at=old)))
    assert [each["place"]["source"] for each in alarms(house)] == ["home"]


def test_a_signal_that_waited_in_the_spool_is_marked_as_late(house, gateway):
    late = (house.world.clock.now() - timedelta(minutes=5)).isoformat()
    gateway.post(API, json=batch(press(house, 1) | {"received_at": late}))
    assert [each["delayed_s"] for each in alarms(house)] == [300]


def test_an_unregistered_radio_device_raises_nothing(house, gateway):
    answer = gateway.post(API, json=batch(press(house, 1, "EV1527:ffffff:01")))
    assert (answer.status_code, answer.json["alarms"]) == (200, [])


def test_an_operator_may_hand_signals_in_and_a_stranger_may_not(house):
    assert house.operators().post(API, json=batch(press(house, 1))).status_code == 200
    assert house.machine("read").post(API, json=batch(press(house, 2))).status_code == 403
    assert house.stranger().post(API, json=batch(press(house, 2))).status_code == 401


class Breaking:
    """Transactions that fail from the nth unit on."""

    def __init__(self, inner, left: int) -> None:
        self.inner, self.left = inner, left

    def run(self, work, **how):
        from dispatch.errors import Busy

        self.left -= 1
        if self.left < 0:
            raise Busy("the database is busy; try again")
        return self.inner.run(work, **how)


def test_a_batch_kept_by_half_is_not_answered_and_may_come_again(tmp_path):
    world = build_world(tmp_path)
    world.desk._transactions = Breaking(world.transactions, 1)
    house = House(world)
    gateway, whole = house.machine("signals"), batch(press(house, 1), press(house, 2, "EV1527:0a1b2d:01"))
    assert gateway.post(API, json=whole).status_code == 503
    assert len(world.nudges) == 1, "what was kept before it broke off is acted upon all the same"
    world.desk._transactions = world.transactions
    again = gateway.post(API, json=whole)
    assert (again.json["stored"], again.json["copies"]) == (1, 1)
    assert [each["press_count"] for each in alarms(house)] == [1, 1]
    assert {each["state"] for each in alarms(house)} == {State.RAISED}
    with world.reading.connect() as connection:
        assert [len(Signals(connection).of_alarm(each["id"])) for each in alarms(house)] == [1, 1]
    house.close()
    world.close()


# ------------------------------------------------------------------------------------------------ whose key it is


def bound(house, *gateways):
    client = house.app.test_client()
    key = house.keys.new_key("edge", "signals", gateways=gateways)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


def told_by(house, gateway, event="press", seq=1, **more):
    at = house.world.clock.now().isoformat()
    signal = {"seq": seq, "protocol": "rflink", "device": "EV1527:0a1b2c:01", "event": event, "received_at": at}
    return {"gateway": gateway, "epoch": "e1", "signals": [signal], **more}


def seen(house):
    with house.world.reading.connect() as connection:
        return connection.exec_driver_sql("SELECT COUNT(*) FROM seen").scalar_one()


def test_a_key_speaks_for_the_gateways_it_was_made_for(house):
    mine = bound(house, "hall", "roof")
    for gateway in ("hall", "roof"):
        assert mine.post(API, json=told_by(house, gateway, "heartbeat")).json["stored"] == 1
    assert seen(house) == 1


def test_of_any_other_only_its_calls_for_help_are_believed_and_marked(house):
    other = bound(house, "hall")
    other.post(API, json=told_by(house, "roof", "heartbeat", status={"receivers": []}))
    assert seen(house) == 0
    told = other.post(API, json=told_by(house, "roof", seq=2, ask_register=["rflink"])).json
    assert (len(told["alarms"]), told["held"], "register" in told) == (1, 2, False)
    assert seen(house) == 0
    with house.world.reading.connect() as connection:
        assert connection.exec_driver_sql("SELECT trusted FROM signals").scalar_one() == 0
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM edges").scalar_one() == 0


def test_nobody_speaks_for_a_gateway_that_has_a_key_of_its_own(house):
    bound(house, "hall")
    anybody = house.machine("signals")
    anybody.post(API, json=told_by(house, "hall", "heartbeat"))
    assert seen(house) == 0
    anybody.post(API, json=told_by(house, "cellar", "heartbeat"))
    assert seen(house) == 1


def test_a_revoked_key_keeps_no_gateway_to_itself(house):
    bound(house, "hall")
    house.keys.revoke(house.keys.keys()[0].prefix)
    house.machine("signals").post(API, json=told_by(house, "hall", "heartbeat"))
    assert seen(house) == 1


@pytest.mark.parametrize("names", [("two words",), ("",), ("x" * 401,)])
def test_a_name_that_is_none_is_refused(house, names):
    with pytest.raises(Invalid):
        house.keys.new_key("edge", "signals", gateways=names)


def test_what_is_nested_without_end_is_refused_and_no_failure_of_ours(house, gateway):
    deep = b'{"gateway": "hall", "epoch": "e1", "signals": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = gateway.post(API, data=deep, content_type="application/json")
    garbled = gateway.post(API, data=b"{", content_type="application/json")
    assert (answer.status_code, answer.json["type"], alarms(house)) == (garbled.status_code, garbled.json["type"], [])
    assert answer.status_code < 500
