"""From a receiver at the edge to an alarm at the service: nothing lost and nothing doubled, whatever lies between."""

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.decoders.decoder import Frame
from devices.decoders.rflink import Rflink, encode
from devices.decoders.surgard import Surgard
from devices.edge import GATHERED_MAX, Edge
from devices.forwarder import BACKOFF_MAX_S, BACKOFF_S, BATCH_MAX, BEAT_S
from devices.link import Answer
from devices.reception import Reception
from devices.spool import Lane, Spool, Weight
from devices.spool_file import SpoolBroken, open_file
from devices.store.devices import devices, seen
from devices.supervision import Supervision
from dispatch import ids
from dispatch.desk import Spool as Spooled
from dispatch.errors import Busy as Refused
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import operator
from dispatch.rules.signal import Event
from dispatch.store.signals import Signals, signals, spooled, spools
from tests.integration.edge_rig import PENDANTS, EdgeRig, Service


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path / "service")
    yield service
    service.stop()


@pytest.fixture
def rig(tmp_path, service):
    rig = EdgeRig(tmp_path, service)
    yield rig
    rig.stop()


def direct(service) -> Reception:
    """A gateway wired to the service itself, beside the edge."""
    world = service.world
    return Reception(
        world.desk, Supervision(world.transactions), world.reading, world.clock, ids.new_id,
        protocols={"hall": "rflink", "wired-panel": "surgard"}, stations={},
    )  # fmt: skip


def radio(address: str, event: Event = Event.BUTTON) -> Frame:
    return Rflink().feed(encode(address, event, count=1))[0]


def panel(text: bytes) -> Frame:
    return Surgard().feed(text)[0]


EMERGENCY = b"5011 181234E12000001\x14"


def of_home(number: int) -> str:
    return f"P{number}"


# ------------------------------------------------------------------------------------------------ as if it were wired


def test_a_button_at_the_edge_is_a_press_by_what_it_is_registered_as(rig, service):
    rig.press(PENDANTS[0])
    rig.deliver()
    (alarm,) = service.alarms()
    assert (alarm["home"], alarm["press_count"], alarm["cause"]) == (of_home(0), 1, "press")
    with service.world.reading.connect() as connection:
        (kept,) = Signals(connection).of_alarm(alarm["id"])
    assert (kept["gateway"], kept["trusted"]) == ("garden", 1)
    assert kept["raw"].startswith(b"20;")


def test_a_strangers_button_raises_nothing_and_is_listed_for_pairing(rig, service):
    rig.press("EV1527:ffffff:01")
    rig.deliver()
    assert service.alarms() == []


def test_a_burst_is_one_press_and_the_next_press_another(rig, service):
    rig.press(PENDANTS[0])
    rig.clock.advance(10)
    rig.press(PENDANTS[0])
    rig.deliver()
    assert service.presses() == {of_home(0): 2}


def test_an_emergency_of_an_unknown_account_is_raised_with_the_station_of_its_receiver(rig, service):
    rig.hear(panel(EMERGENCY), gateway="panel")
    rig.deliver()
    (alarm,) = service.alarms()
    assert alarm["home"] is None
    assert service.world.alarm(alarm["id"]).station_id == service.world.id_of_station("S1")


def test_a_frame_with_a_wrong_checksum_is_raised_and_marked(rig, service):
    rig.hear(Frame(event=Event.PRESS, raw=b"x", address="1234", explicit=True, trusted=False), gateway="panel")
    rig.deliver()
    with service.world.reading.connect() as connection:
        assert connection.execute(signals.select()).one().trusted == 0


def test_low_batteries_and_life_signs_are_seen_at_the_service(rig, service):
    rig.press(PENDANTS[1], Event.LOW_BATTERY)
    rig.hear(Frame(event=Event.HEARTBEAT, raw=b"", address=PENDANTS[2]))
    rig.deliver()
    seen = {row.device_id: row for row in _seen(service)}
    low, alive = (service.world.id_of(devices, f"PD{number}") for number in (1, 2))
    assert (seen[low].battery_low, seen[alive].battery_low) == (True, False)


def _seen(service):
    with service.world.reading.connect() as connection:
        return connection.execute(seen.select()).all()


def test_what_waited_is_seen_as_of_when_it_was_heard_and_its_alarm_marked_as_late(rig, service):
    rig.road.cut = True
    rig.hear(Frame(event=Event.HEARTBEAT, raw=b"", address=PENDANTS[2]))
    rig.press(PENDANTS[0])
    heard_at = rig.clock.now()
    rig.clock.advance(3 * 3600)
    rig.road.cut = False
    rig.deliver()
    (alarm,) = service.alarms()
    assert alarm["delayed_s"] == 3 * 3600
    assert [row.last_at for row in _seen(service)].count(heard_at) == 2


@pytest.mark.parametrize("wall", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)])
def test_an_edge_whose_clock_is_wrong_is_believed_about_how_long_ago(tmp_path, service, wall):
    rig = EdgeRig(tmp_path, service)
    right = service.clock.wall
    service.clock.wall = wall
    rig.press(PENDANTS[0])
    body = rig.forwarders[Lane.CALLS]._body(rig.spool.batch(Lane.CALLS, most=9, most_bytes=10**6))
    service.clock.wall = right + timedelta(seconds=90)
    service.clock.steady += 90
    answer = service.post(body | {"signals": [body["signals"][0] | {"age_s": 90.0}]})
    assert answer.status == 200, answer.body
    (alarm,) = service.alarms()
    assert alarm["delayed_s"] == 90
    rig.stop()


# ------------------------------------------------------------------------------------------------ several heard it


def test_one_press_heard_by_an_edge_and_by_a_wired_gateway_is_one(rig, service):
    wired = direct(service)
    wired.hear(radio(PENDANTS[0]), gateway="hall")
    rig.clock.advance(0.4)
    rig.press(PENDANTS[0])
    rig.deliver()
    assert service.presses() == {of_home(0): 1}


def test_the_same_where_the_edge_was_first(tmp_path, service):
    """The copies at the wired gateway come after the edge's report, by the web's own reception."""
    rig = EdgeRig(tmp_path, service)
    other = EdgeRig(tmp_path, service, name="roof-edge", receiver="roof")
    rig.press(PENDANTS[0])
    rig.deliver()
    service.clock.advance(0.5)
    other.press(PENDANTS[0])
    other.deliver()
    assert service.presses() == {of_home(0): 1}
    rig.stop()
    other.stop()


def test_the_same_by_one_reception_whose_memory_knows_both(service):
    """What an edge has reported is no new press when a wired gateway hears its copies, and the next one is."""
    reception = direct(service)
    frame = radio(PENDANTS[0])
    reception.report(frame, Spooled("e", "e1", 1), protocol="rflink", gateway="garden", waited_s=0.5)
    assert reception.hear(frame, gateway="hall").copy
    service.clock.advance(10)
    assert not reception.hear(frame, gateway="hall").copy
    assert service.presses() == {of_home(0): 2}


def test_a_report_that_could_not_be_kept_is_no_reason_to_pass_over_its_copies(service):
    reception, frame = direct(service), radio(PENDANTS[0])
    service.world.desk._transactions = Busy(service.world.transactions)
    with pytest.raises(Refused):
        reception.report(frame, Spooled("e", "e1", 1), protocol="rflink", gateway="garden", waited_s=0.0)
    assert reception.hear(frame, gateway="hall").alarm_id is not None


class Busy:
    """Transactions of which the first fails."""

    def __init__(self, inner) -> None:
        self.inner, self.failed = inner, False

    def run(self, work, **how):
        if not self.failed:
            self.failed = True
            raise Refused("the database is busy; try again")
        return self.inner.run(work, **how)


def test_a_press_that_waited_is_told_from_a_later_one_that_did_not(rig, service):
    """The edge alone heard the first; an hour later a wired gateway hears another, and only then the edge's comes."""
    rig.road.cut = True
    rig.press(PENDANTS[0])
    rig.clock.advance(3600)
    direct(service).hear(radio(PENDANTS[0]), gateway="hall")
    rig.road.cut = False
    rig.deliver()
    assert service.presses() == {of_home(0): 2}


def test_a_copy_that_waited_does_not_raise_a_closed_alarm_again(rig, service):
    direct(service).hear(radio(PENDANTS[0]), gateway="hall")
    rig.road.cut = True
    rig.clock.advance(0.2)
    rig.press(PENDANTS[0])
    rig.clock.advance(600)
    (alarm,) = service.alarms()
    service.world.desk.close(alarm["id"], outcome=Outcome.FALSE_ALARM, by=operator("o1"))
    rig.road.cut = False
    rig.deliver()
    assert service.presses() == {of_home(0): 1}


def test_a_panel_that_repeats_until_it_is_answered_is_kept_each_time_and_counts_once(rig, service):
    """Its answer was lost on the wire: the same frame again, and answered again, within its window."""
    frame = panel(EMERGENCY)
    for _ in range(3):
        assert rig.hear(frame, gateway="panel").durable
        rig.clock.advance(4)
    assert rig.waiting()[0] == 3
    rig.deliver()
    assert [alarm["press_count"] for alarm in service.alarms()] == [1]
    rig.clock.advance(120)
    rig.hear(frame, gateway="panel")
    rig.deliver()
    assert [alarm["press_count"] for alarm in service.alarms()] == [2]


# ------------------------------------------------------------------------------------------------ on the way


def test_a_lost_answer_doubles_nothing(rig, service):
    rig.deliver()
    for number in range(5):
        rig.road.lose_answers = 2
        rig.press(PENDANTS[number])
        rig.pass_time(30)
    assert service.presses() == {of_home(number): 1 for number in range(5)}
    assert rig.waiting() == (0, 0)


def test_nothing_is_let_go_before_the_service_has_it(rig, service):
    rig.deliver()
    rig.road.answer = lambda body: Answer(status=503, body={}, retry_after_s=2.0) if body["signals"] else None
    rig.press(PENDANTS[0])
    rig.pass_time(10)
    assert rig.waiting() == (1, 0)
    rig.restart()
    rig.road.answer = lambda body: None
    rig.deliver()
    assert service.presses() == {of_home(0): 1}


def test_a_press_does_not_wait_behind_a_storm(rig, service):
    rig.deliver()
    rig.road.cut = True
    for number in range(3 * BATCH_MAX):
        rig.hear(Frame(event=Event.MAINS_FAIL, raw=b"", address=f"EV1527:{number:06x}:02", dedup_key=f"{number}"))
    rig.press(PENDANTS[0])
    rig.road.cut = False
    rig.road.bodies.clear()
    rig.step()
    assert service.presses() == {of_home(0): 1}, "in the first exchange"
    assert rig.road.sent() == [1, BATCH_MAX]
    rig.deliver()
    assert rig.waiting() == (0, 0)


def test_of_a_storm_of_life_signs_the_last_of_each_device_are_sent(rig, service):
    rig.deliver()
    rig.road.cut = True
    for number in range(30_000):
        rig.hear(Frame(event=Event.HEARTBEAT, raw=b"", address=f"EV1527:{number % 500:06x}:02"))
        if number % 7_000 == 0:
            rig.edge.settle()
    rig.edge.settle()
    assert rig.waiting() == (0, 500)
    rig.road.cut = False
    rig.road.bodies.clear()
    rig.deliver()
    assert sum(rig.road.sent()) == 500


def test_an_edge_with_nothing_to_say_lets_itself_be_heard(rig):
    rig.deliver()
    rig.road.bodies.clear()
    rig.pass_time(10 * BEAT_S)
    assert 9 <= sum("status" in body for body in rig.road.bodies) <= 22
    assert sum(rig.road.sent()) == 0


@pytest.mark.error_lines("signal_given_up", "status_refused")
def test_a_signal_the_service_does_not_understand_stops_no_other_and_is_told_of(rig, service):
    """An edge newer than its service: one word of it is unknown there."""
    rig.deliver()
    for number in range(6):
        rig.press(PENDANTS[number])
    poison = rig.spool.batch(Lane.CALLS, most=9, most_bytes=10**6)[3]
    rig.spool.replace(Lane.CALLS, poison.seq, poison.body.replace('"button"', '"teleported"'))
    rig.deliver()
    assert service.presses() == {of_home(number): 1 for number in (0, 1, 2, 4, 5)}
    assert [(lost.why, PENDANTS[3] in lost.body) for lost in rig.lost] == [("refused", True)]
    assert [entry["what"] for entry in service.entries("edge_told")] == ["refused"]
    assert rig.waiting() == (0, 0)


@pytest.mark.error_lines("signal_given_up")
def test_a_record_that_the_disk_has_changed_is_told_of_in_its_place(rig, service):
    rig.press(PENDANTS[0])
    rig.press(PENDANTS[1])
    rig.stop()
    data = rig.path.read_bytes()
    named = PENDANTS[0].split(":")[1].encode()
    rig.path.write_bytes(data.replace(named, b"0a0005"))
    rig.start()
    rig.deliver()
    assert service.presses() == {of_home(1): 1}, "nobody's alarm was invented"
    assert [entry["what"] for entry in service.entries("edge_told")] == ["damaged"]


@pytest.mark.parametrize("page", [{}, {"held": "7"}, {"hello": "guest"}])
def test_a_page_of_somebody_else_holds_nothing(rig, service, page):
    """A hotel's sign-in page answers 200 to everything."""
    rig.deliver()
    rig.road.answer = lambda body: Answer(status=200, body=page)
    rig.press(PENDANTS[0])
    rig.pass_time(12)
    assert rig.waiting() == (1, 0)
    assert "not one of our service" in rig.contact.reason
    rig.road.answer = lambda body: None
    rig.pass_time(12)
    assert service.presses() == {of_home(0): 1}


def test_a_key_that_was_revoked_is_a_service_that_cannot_be_reached(rig):
    rig.deliver()
    rig.road.answer = lambda body: Answer(status=401, body={})
    rig.press(PENDANTS[0])
    rig.pass_time(12)
    assert rig.contact.reason == "the service answers 401"
    assert rig.waiting() == (1, 0)


def waits(rig, tries: int) -> list[float]:
    """How long the lane of calls waits after each of so many tries in a row."""
    return [rig.forwarders[Lane.CALLS].step() for _ in range(tries)]


def test_between_tries_it_waits_longer_each_time_and_never_long(rig):
    rig.deliver()
    rig.road.cut = True
    rig.press(PENDANTS[0])
    found = waits(rig, 8)
    for number, wait_s in enumerate(found):
        longest_s = min(BACKOFF_MAX_S, BACKOFF_S * 2**number)
        assert longest_s / 2 <= wait_s <= longest_s
    assert len(set(found[-3:])) > 1, "not all edges at once"


def test_a_service_that_asks_for_time_gets_it(rig):
    rig.deliver()
    rig.road.answer = lambda body: Answer(status=503, body={}, retry_after_s=30.0)
    rig.press(PENDANTS[0])
    assert waits(rig, 2) == [30.0, 30.0]


def test_a_service_that_takes_nothing_is_not_asked_without_end(rig):
    rig.deliver()
    rig.road.answer = lambda body: Answer(status=200, body={"held": 0})
    rig.press(PENDANTS[0])
    assert min(waits(rig, 6)[1:]) > 0
    assert "does not take" in rig.contact.reason


class Full:
    """A disk that is broken for a while."""

    def __init__(self, path: Path) -> None:
        self.inner, self.broken = open_file(path), False

    def execute(self, statement, values=()):
        if self.broken and statement.startswith(("BEGIN", "VACUUM")):
            raise self.inner.OperationalError("attempt to write a readonly database")
        return self.inner.execute(statement, values)

    def __getattr__(self, name):
        return getattr(self.inner, name)


@pytest.fixture
def broken(tmp_path, service):
    """An edge, and the disk under its spool."""
    disks = []
    spool = Spool(tmp_path / "s.db", service.clock, connect=lambda path: disks.append(Full(path)) or disks[-1])
    edge = Edge(spool, service.clock, name="e", protocols={"garden": "rflink"}, stations={}, ring=lambda lane: None)
    yield edge, spool, disks[0]
    spool.close()


def test_what_could_not_be_kept_counts_as_not_heard(broken):
    """The gateway hands it over again; memory must not take it for a copy then."""
    edge, spool, disk = broken
    disk.broken = True
    for _ in range(2):
        with pytest.raises(SpoolBroken):
            edge.hear(radio(PENDANTS[0]), gateway="garden")
    disk.broken = False
    assert edge.hear(radio(PENDANTS[0]), gateway="garden").durable
    assert spool.waiting().calls == 1


def test_life_signs_that_could_not_be_written_are_written_later_and_not_answered_before(broken):
    edge, spool, disk = broken
    alive = Frame(event=Event.HEARTBEAT, raw=b"", address="a")
    assert not edge.hear(alive, gateway="garden").durable
    disk.broken = True
    with pytest.raises(SpoolBroken):
        edge.settle()
    with pytest.raises(SpoolBroken):
        edge.hear(Frame(event=Event.HEARTBEAT, raw=b"", address="b", answers=True), gateway="garden")
    disk.broken = False
    edge.settle()
    assert spool.waiting().news == 2


def test_a_life_sign_whose_sender_waits_is_on_disk_when_it_is_answered(broken):
    edge, spool, _ = broken
    assert edge.hear(Frame(event=Event.HEARTBEAT, raw=b"", address="a", answers=True), gateway="garden").durable
    assert spool.waiting().news == 1


@pytest.mark.parametrize(
    ("event", "weight"),
    [(Event.MOTION, Weight.LASTING), (Event.TAMPER, Weight.NEWS), (Event.HEARTBEAT, Weight.LIFE)],
)
def test_what_could_be_a_press_by_the_register_is_never_given_up(tmp_path, broken, event, weight):
    edge, _, _ = broken
    edge.hear(Frame(event=event, raw=b"", address="a", dedup_key="k"), gateway="garden")
    edge.settle()
    connection = open_file(tmp_path / "s.db", read_only=True)
    assert connection.execute("SELECT lane, weight FROM kept").fetchall() == [("news", weight)]
    connection.close()


def test_more_devices_than_memory_takes_are_written_at_once(broken):
    edge, spool, _ = broken
    for number in range(GATHERED_MAX + 3):
        edge.hear(Frame(event=Event.HEARTBEAT, raw=b"", address=f"{number}"), gateway="garden")
    assert spool.waiting().news == 3
    edge.settle()
    assert spool.waiting().news == GATHERED_MAX + 3


# ------------------------------------------------------------------------------------------------ things put back


@pytest.mark.error_lines("service_has_less")
def test_a_service_restored_to_an_hour_ago_gets_what_it_lacks_once(tmp_path, rig, service):
    for number in range(3):
        rig.press(PENDANTS[number])
        rig.press(PENDANTS[number], Event.LOW_BATTERY)
    rig.deliver()
    service.copy(tmp_path / "copy")
    before = service.presses()
    for number in range(2, 6):
        rig.clock.advance(600)
        rig.press(PENDANTS[number])
        rig.press(PENDANTS[number], Event.TAMPER)
        rig.hear(Frame(event=Event.HEARTBEAT, raw=b"", address=PENDANTS[number]))
        rig.deliver()
    assert service.presses() == {**before, **{of_home(number): 1 for number in range(3, 6)}, of_home(2): 2}
    rig.clock.advance(1200)
    service.restore(tmp_path / "copy")
    assert service.presses() == before
    rig.pass_time(60)
    assert service.presses() == {**before, **{of_home(number): 1 for number in range(3, 6)}, of_home(2): 2}
    late = {alarm["home"]: alarm["delayed_s"] for alarm in service.alarms()}
    assert late[of_home(5)] == pytest.approx(1200, abs=30)
    assert late[of_home(3)] == pytest.approx(1200 + 2 * 600, abs=30)
    rig.press(PENDANTS[7])
    rig.pass_time(20)
    assert service.presses()[of_home(7)] == 1


@pytest.mark.error_lines("service_has_less", "service_cut_off")
@pytest.mark.parametrize("seed", range(3))
def test_copies_restores_restarts_and_lost_answers_in_any_order_lose_and_double_nothing(tmp_path, seed):
    """Each press is of another home or another minute, so that every one of them counts."""
    draw = random.Random(seed)
    service = Service(tmp_path / "service", homes=12)
    rig = EdgeRig(tmp_path, service)
    pressed: dict[str, int] = {}
    copies: list[Path] = []
    for number in range(45):
        what = draw.choice(["press", "press", "press", "time", "copy", "restore", "restart", "lose", "cut", "life"])
        if what == "press":
            home = draw.randrange(12)
            rig.clock.advance(5)
            rig.press(PENDANTS[home])
            pressed[of_home(home)] = pressed.get(of_home(home), 0) + 1
        elif what == "time":
            rig.road.cut = False
            rig.pass_time(draw.choice([2, 15, 90]))
        elif what == "copy":
            copies.append(tmp_path / f"copy{number}")
            service.copy(copies[-1])
        elif what == "restore" and copies:
            service.restore(draw.choice(copies))
        elif what == "restart":
            rig.restart()
        elif what == "lose":
            rig.road.lose_answers = draw.randint(1, 3)
        elif what == "cut":
            rig.road.cut = True
            rig.pass_time(10)
        else:
            rig.hear(Frame(event=Event.HEARTBEAT, raw=b"", address=PENDANTS[draw.randrange(12)]))
    rig.road.cut = False
    rig.pass_time(120)
    assert service.presses() == pressed
    assert rig.waiting() == (0, 0)
    assert len(service.alarms()) == len(pressed)
    rig.stop()
    service.stop()


def test_a_wiped_spool_doubles_nothing_and_goes_on(rig, service):
    rig.press(PENDANTS[0])
    rig.deliver()
    rig.stop()
    for file in rig.path.parent.glob(f"{rig.path.name}*"):
        file.unlink()
    rig.start()
    rig.press(PENDANTS[1])
    rig.deliver()
    assert service.presses() == {of_home(0): 1, of_home(1): 1}


@pytest.mark.error_lines("spool_renewed")
def test_a_spool_wiped_under_a_running_edge_loses_nothing(rig, service):
    rig.road.cut = True
    rig.press(PENDANTS[0])
    for file in rig.path.parent.glob(f"{rig.path.name}*"):
        file.unlink()
    rig.clock.advance(10)
    rig.press(PENDANTS[1])
    rig.road.cut = False
    rig.restart()
    rig.deliver()
    assert service.presses() == {of_home(0): 1, of_home(1): 1}


@pytest.mark.error_lines("spool_is_older")
def test_a_disk_put_back_from_a_copy_loses_no_press_to_its_own_old_numbers(tmp_path, rig, service):
    """Its next numbers were given before, to other presses: the service would take them for repetitions."""
    rig.press(PENDANTS[0])
    rig.deliver()
    rig.stop()
    shutil.copy(rig.path, tmp_path / "image")
    rig.start()
    for number in (1, 2, 3):
        rig.press(PENDANTS[number])
        rig.deliver()
    rig.stop()
    shutil.copy(tmp_path / "image", rig.path)
    rig.start()
    for number in (4, 5):
        rig.press(PENDANTS[number])
    rig.deliver()
    assert service.presses() == {of_home(number): 1 for number in range(6)}
    assert [lost.why for lost in rig.lost] == ["older"]
    assert [entry["what"] for entry in service.entries("edge_told")] == ["older"]


def test_numbers_the_service_has_are_not_kept_one_by_one(rig, service):
    for number in range(8):
        rig.press(PENDANTS[number])
        rig.clock.advance(5)
    rig.deliver()
    with service.world.reading.connect() as connection:
        assert connection.execute(spooled.select()).all() == []
        rows = connection.execute(spools.select()).all()
    assert {(row.gateway, row.held) for row in rows} == {("garden-edge", 8)}
