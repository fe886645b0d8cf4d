"""A flood of forged emergencies at an open port: it calls the carers once, and hides nobody whom we know."""

from dataclasses import fields

from devices.crowds import Crowds
from devices.decoders import contact_id
from devices.rules.strangers import OWN_MAX, OWN_S
from dispatch.ids import SignalId
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import Person
from dispatch.rules.signal import Cause, Event, Signal
from dispatch.store.signals import Signals, signals
from tests.integration.test_panels import Scene, scene

__all__ = ["scene"]


def forge(scene: Scene, count: int, *, first=0, event=Event.PRESS) -> list:
    """Presses of so many accounts that nobody knows, and the alarms they are answered with."""
    said = (contact_id.encode(f"F{number}:001", event) for number in range(first, first + count))
    return [alarm for each in said for alarm in scene.hear("contact_id", each)]


def test_a_flood_of_strangers_is_a_few_alarms_and_one_that_they_share(scene, log_lines):
    alarms = forge(scene, 300)
    assert len(alarms) == 300, "every one is answered for"
    assert len(set(alarms)) == len(scene.open) == OWN_MAX + 1
    crowd = scene.world.alarm(alarms[-1])
    assert (crowd.home_id, crowd.station_id) == (None, scene.world.id_of_station("S1"))
    assert crowd.press_count == 1
    assert [line["event"] for line in log_lines].count("strangers_share_an_alarm") == 1
    with scene.world.reading.connect() as connection:
        (row,) = Signals(connection).of_alarm(crowd.id)
    assert row["copies"] == 300 - OWN_MAX
    assert row["details"] == {"account": f"F{OWN_MAX}:001"}


def test_whoever_we_know_is_heard_in_the_middle_of_it(scene):
    forge(scene, 50)
    (alarm,) = scene.hear("contact_id", contact_id.encode("1234:001"))
    assert scene.world.alarm(alarm).home_id == scene.world.home("contact_id")
    assert len(scene.open) == OWN_MAX + 2


def test_at_another_gateway_a_stranger_has_an_alarm_of_its_own(scene):
    forge(scene, 50)
    before = len(scene.open)
    scene.hear("surgard", b"5011 187777E10001001\x14")
    assert len(scene.open) == before + 1


def test_when_the_shared_alarm_is_closed_the_next_stranger_raises_it_again(scene):
    shared = forge(scene, 20)[-1]
    scene.world.desk.close(shared, outcome=Outcome.FALSE_ALARM, by=Person("operator:o1"))
    (again,) = set(forge(scene, 5, first=100))
    assert again != shared
    assert scene.world.alarm(again).open


class ClosesFirst:
    """A desk at which somebody closes an alarm just before a signal for it is taken."""

    def __init__(self, desk, alarm) -> None:
        self._desk, self._alarm = desk, alarm

    def receive(self, signal, **how):
        if how.get("said_in"):
            self._desk.close(self._alarm, outcome=Outcome.FALSE_ALARM, by=Person("operator:o1"))
        return self._desk.receive(signal, **how)


def test_closing_while_a_stranger_is_on_its_way_loses_nobody(scene):
    shared, world = forge(scene, 20)[-1], scene.world
    with world.reading.connect() as connection:
        (row,) = Signals(connection).of_alarm(shared)
    told = {each.name: row[each.name] for each in fields(Signal) if each.name in row} | {"id": SignalId("late")}
    late = Signal(
        **told | {"event": Event.PRESS, "cause": Cause.PRESS, "received_at": world.clock.now(), "heard_at": None}
    )
    received = Crowds(ClosesFirst(world.desk, shared), world.reading, world.clock).join(late, spool=None)
    assert received.alarm_id != shared
    assert world.alarm(received.alarm_id).open


def test_a_graver_cause_among_them_makes_the_shared_alarm_graver(scene):
    water, _ = forge(scene, OWN_MAX, event=Event.WATER), None
    (shared,) = set(forge(scene, 10, first=100, event=Event.WATER))
    assert scene.world.alarm(shared).cause is Cause.WATER
    assert set(forge(scene, 10, first=200)) == {shared}
    assert scene.world.alarm(shared).cause is Cause.PRESS
    assert scene.world.alarm(shared).press_count == 2
    assert shared not in water


def test_after_a_quiet_hour_strangers_are_believed_again(scene):
    forge(scene, 50)
    before = len(scene.open)
    scene.world.clock.advance(OWN_S)
    forge(scene, 1, first=500)
    assert len(scene.open) == before + 1


def test_a_flood_leaves_few_rows(scene):
    forge(scene, 300)
    with scene.world.reading.connect() as connection:
        assert len(connection.execute(signals.select()).all()) == OWN_MAX + 1
