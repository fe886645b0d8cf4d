"""What alarm panels say, from the bytes to the alarm: whose it is, what is a copy, and what joins."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.decoders import DECODERS, contact_id, dc09, surgard
from devices.decoders.dc09_message import framed
from devices.reception import Reception
from devices.supervision import Supervision
from dispatch.ids import new_id
from dispatch.rules.alarm import Outcome, State
from dispatch.rules.people import Person
from dispatch.rules.signal import Event
from dispatch.store.alarms import Alarms
from tests.builders import DISTRICT, World, build_world

PANELS = ("contact_id", "dc09", "surgard")
ENCODERS = {"contact_id": contact_id.encode, "dc09": dc09.encode, "surgard": surgard.encode}
DEVICES = "\n".join(
    f"""
[[homes]]
code = "{protocol}"
address = "红星里 3-{place}01"
lat = 38.0730
lng = 114.4930
residents = [{{ code = "{protocol}1", name = "甲" }}, {{ code = "{protocol}2", name = "乙" }}]
devices = [
    {{ code = "{protocol}A", kind = "pendant", protocol = "{protocol}", address = "1234:1", resident = "{protocol}1" }},
    {{ code = "{protocol}B", kind = "pendant", protocol = "{protocol}", address = "1234:2", resident = "{protocol}2" }},
    {{ code = "{protocol}C", kind = "panel", protocol = "{protocol}", address = "BCDE" }},
]
"""
    for place, protocol in enumerate(PANELS, 1)
)


class Seen(Supervision):
    """Supervision that tells whom it saw."""

    def __init__(self, transactions) -> None:
        super().__init__(transactions)
        self.last = {}

    def saw(self, device_id, at, **how):
        self.last[device_id] = at
        super().saw(device_id, at, **how)


class Scene:
    """A receiver of each kind over a small district; `hear` gives the alarms that bytes have led to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.supervision = Seen(world.transactions)
        self.reception = Reception(
            world.desk, self.supervision, world.reading, world.clock, new_id,
            protocols={name: name for name in PANELS}, stations={name: world.id_of_station("S1") for name in PANELS},
        )  # fmt: skip
        self.decoders = {name: DECODERS[name]() for name in PANELS}

    def hear(self, name: str, data: bytes):
        received = [self.reception.hear(frame, gateway=name) for frame in self.decoders[name].feed(data)]
        return [each.alarm_id for each in received if each is not None and each.alarm_id is not None]

    @property
    def open(self):
        with self.world.reading.connect() as connection:
            return Alarms(connection).open()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    world = build_world(tmp_path, district=DISTRICT + DEVICES)
    yield Scene(world)
    world.close()


@pytest.mark.parametrize("name", PANELS)
def test_the_zone_says_whose_press_it_is(scene, name):
    (first,) = scene.hear(name, ENCODERS[name]("1234:001"))
    assert scene.world.alarm(first).home_id == scene.world.home(name)
    assert scene.world.alarm(first).resident_id == scene.world.resident(f"{name}1")


@pytest.mark.parametrize("name", PANELS)
def test_a_zone_nobody_registered_is_its_accounts(scene, name):
    (alarm,) = scene.hear(name, ENCODERS[name]("BCDE:017"))
    assert scene.world.alarm(alarm).home_id == scene.world.home(name)


@pytest.mark.parametrize("name", PANELS)
def test_a_press_from_an_account_that_nobody_knows_is_heard_all_the_same(scene, name):
    (alarm,) = scene.hear(name, ENCODERS[name]("7777:001"))
    assert scene.world.alarm(alarm).home_id is None


@pytest.mark.parametrize("name", PANELS)
def test_a_copy_is_no_second_press(scene, name):
    press = ENCODERS[name]("1234:001")
    (alarm,) = scene.hear(name, press)
    scene.world.clock.advance(20)
    scene.hear(name, press + press)
    assert [each.press_count for each in scene.open] == [1]
    assert scene.world.alarm(alarm).press_count == 1


@pytest.mark.parametrize(("name", "digit"), [("dc09", 1), ("contact_id", -2)])
def test_a_damaged_press_raises_the_alarm_and_the_right_copy_joins_it(scene, name, digit):
    """The panel repeats because nobody answered; the repetition is the same press."""
    press = ENCODERS[name]("1234:001")
    damaged = bytearray(press)
    damaged[digit] ^= 1
    (alarm,) = scene.hear(name, bytes(damaged))
    scene.hear(name, press)
    assert [(each.id, each.press_count) for each in scene.open] == [(alarm, 1)]


@pytest.mark.parametrize("name", PANELS)
def test_a_cancel_never_closes(scene, name):
    (alarm,) = scene.hear(name, ENCODERS[name]("1234:001"))
    scene.hear(name, ENCODERS[name]("1234:001", Event.CANCEL, count=1))
    scene.hear(name, ENCODERS[name]("1234:001", Event.RESTORE, count=2))
    assert scene.world.alarm(alarm).state is State.RAISED


def test_two_people_in_one_block_are_both_heard(scene):
    """One message, two pendants of two people: neither hides the other."""
    scene.hear("dc09", framed(b'"SIA-DCS"0040R0L0#1234[#1234|Nri1/QA1/QA2]'))
    assert {each.resident_id for each in scene.open} == {scene.world.resident(f"dc09{place}") for place in (1, 2)}


def test_an_encrypted_press_at_a_wrong_time_is_one_press_with_the_one_that_follows(scene):
    key, pad = "00112233445566778899AABBCCDDEEFF", bytes(16)
    scene.decoders["dc09"] = dc09.Dc09(keys={"*": key})
    now = scene.world.clock.now()
    scene.hear("dc09", dc09.encode("1234:1", key=key, at=now - timedelta(hours=3), pad=pad))
    scene.hear("dc09", dc09.encode("1234:1", key=key, at=now, pad=pad))
    assert [each.press_count for each in scene.open] == [1]


KEY, PAD = "00112233445566778899AABBCCDDEEFF", bytes(16)


def sealed(at, address="1234:1", *, event=Event.PRESS):
    return dc09.encode(address, event, key=KEY, at=at, pad=PAD)


@pytest.fixture
def sealing(scene):
    scene.decoders["dc09"] = dc09.Dc09(keys={"*": KEY})
    return scene


@pytest.mark.parametrize("later", [timedelta(minutes=11), timedelta(days=3), timedelta(days=400)])
def test_a_recording_of_what_was_heard_raises_nothing_again(sealing, later, log_lines):
    world = sealing.world
    press = sealed(world.clock.now() - timedelta(seconds=5))
    (alarm,) = sealing.hear("dc09", press)
    world.desk.close(alarm, outcome=Outcome.FALSE_ALARM, by=Person("operator:o1"))
    world.clock.advance(later.total_seconds())
    sealing.hear("dc09", press)
    assert sealing.open == []
    assert [line["event"] for line in log_lines if line["event"] == "message_out_of_time"] == ["message_out_of_time"]


def test_a_recording_of_a_second_try_raises_nothing_either(sealing):
    """It was answered under its first time; the second time is that of the same statement."""
    world = sealing.world
    first, second = sealed(world.clock.now()), sealed(world.clock.now() + timedelta(seconds=10))
    (alarm,) = sealing.hear("dc09", first)
    world.desk.close(alarm, outcome=Outcome.FALSE_ALARM, by=Person("operator:o1"))
    world.clock.advance(3600)
    sealing.hear("dc09", second)
    assert sealing.open == []


def test_a_panel_without_a_clock_is_heard_each_time_it_calls(sealing):
    """It counts and dates from the beginning after every power cut, and has never heard of a NAK."""
    world = sealing.world
    press = sealed(datetime(2000, 1, 1, tzinfo=UTC))
    (alarm,) = sealing.hear("dc09", press)
    world.desk.close(alarm, outcome=Outcome.HELPED, by=Person("operator:o1"))
    world.clock.advance(3600)
    (again,) = sealing.hear("dc09", press)
    assert again != alarm


def test_a_recording_nobody_has_heard_is_heard_and_marked(sealing):
    """Whoever kept it from us, the call was never answered."""
    now = sealing.world.clock.now()
    (alarm,) = sealing.hear("dc09", sealed(now - timedelta(hours=3)))
    assert sealing.world.alarm(alarm).delayed_s == 3 * 3600


def test_a_recording_makes_no_panel_look_alive(sealing):
    world, seen = sealing.world, sealing.supervision
    now = world.clock.now()
    sealing.hear("dc09", sealed(now - timedelta(hours=3), "BCDE", event=Event.HEARTBEAT))
    assert seen.last == {}
    sealing.hear("dc09", sealed(now, "BCDE", event=Event.HEARTBEAT))
    assert len(seen.last) == 1


@pytest.mark.parametrize(
    ("told", "delayed_s"),
    [(datetime(1970, 1, 1, tzinfo=UTC), 0), (datetime(2009, 5, 1, tzinfo=UTC), 0), (None, 0), (timedelta(hours=8), 0),
     (timedelta(hours=-3), 10_800), (timedelta(days=-30), 30 * 86_400), (timedelta(days=-32), 0),
     (timedelta(days=300), 0)],
)  # fmt: skip
def test_a_time_that_no_device_can_mean_is_unknown(scene, told, delayed_s):
    """A watch that was never told the date begins in 1970; its press is not fifty years late."""
    sent_at = scene.world.clock.now() + told if isinstance(told, timedelta) else told
    (frame,) = contact_id.ContactId().feed(contact_id.encode("1234:1"))
    received = scene.reception.hear(replace(frame, sent_at=sent_at), gateway="contact_id")
    assert scene.world.alarm(received.alarm_id).delayed_s == delayed_s
