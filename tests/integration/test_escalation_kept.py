"""An escalation file that is damaged: what a centre at work goes by, and what a first start refuses."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from config.doctor_files import broken_files
from config.options import EscalationSettings
from config.settings import Settings
from config.wiring_desk import escalation_anyway, keep_escalation, read_escalation
from dispatch.errors import Busy, Misconfigured
from dispatch.rules.signal import Cause
from dispatch.store.policies import StandingPolicies
from tests.builders import build_world
from tests.e2e.rig import policy
from tests.integration.test_broken_files import STRANGE

MORE = {
    **STRANGE,
    "zeros": b"\0" * 400,
    "cut off": policy("offer_nearest 30", "all_hands 60").encode()[:-20],
    "policies that are a word": b'policies = "all"\n',
    "policies that are numbers": b"policies = [1]\n",
    "an unknown step": policy("wish 30", "all_hands 60").encode(),
    "a wait beyond the promise": policy("offer_nearest 90", "all_hands 60").encode(),
    "no policy for fire": policy("all_hands 60").replace('"fire", ', "").encode(),
}
"""What power cuts, upgrades and hands leave of a file."""


@pytest.fixture
def world(tmp_path):
    world = build_world(tmp_path)
    yield world
    world.close()


def settings_of(folder, content):
    file = folder / "own.toml"
    file.write_bytes(content)
    return replace(Settings(home=folder), escalation=EscalationSettings(file=file))


def started(world, settings):
    """What is in force after a start, kept as a start keeps it; and what it logged."""
    with capture_logs() as logs:
        escalation = escalation_anyway(settings, world.reading)
    keep_escalation(world.transactions, world.reading, escalation)
    return escalation.policies, [(each["event"], each["room"]) for each in logs]


@pytest.mark.parametrize("content", MORE)
def test_a_centre_at_work_goes_by_what_stood_last_and_keeps_it(world, tmp_path, content):
    own, told = started(world, settings_of(tmp_path, policy("offer_nearest 25", "all_hands 60").encode()))
    assert told == []
    broken = settings_of(tmp_path, MORE[content])
    for _ in range(2):
        stood, told = started(world, broken)
        assert told == [("room_file_refused", "escalation")]
        assert stood == own
    assert broken_files(broken)[0] == "escalation file"
    with pytest.raises(Misconfigured):
        read_escalation(broken)


def test_a_file_that_is_gone_is_a_damaged_one(world, tmp_path):
    own, _ = started(world, settings_of(tmp_path, policy("all_hands 60").encode()))
    gone = replace(Settings(home=tmp_path), escalation=EscalationSettings(file=tmp_path / "gone.toml"))
    assert started(world, gone) == (own, [("room_file_refused", "escalation")])


def test_where_alarms_were_but_nothing_stood_the_plainest_policy_asks_everybody_in_turn(world, tmp_path):
    world.press()
    plain, told = started(world, settings_of(tmp_path, b"= = ="))
    assert told == [("room_file_refused", "escalation")]
    for cause in Cause:
        assert plain.of(cause).steps
    press = plain.of(Cause.PRESS)
    assert press.steps[0].step == "page_operator"
    assert {"offer_nearest", "call_family", "emergency_service"} < {each.step for each in press.steps}
    assert press.steps[-1].step == "all_hands"
    with world.reading.connect() as connection:
        assert StandingPolicies(connection).get() is None


def test_what_stood_last_and_means_nothing_to_this_program_gives_way_to_the_plainest(world, tmp_path):
    row = {"name": "of old", "causes": ["press"], "steps": [{"step": "by_carrier_pigeon", "wait_s": 60}]}
    world.transactions.run(lambda tx: StandingPolicies.put(tx, [row]))
    plain, told = started(world, settings_of(tmp_path, b""))
    assert ("room_file_refused", "standing escalation") in told
    assert plain.of(Cause.PRESS).name == "plain"


@pytest.mark.error_lines("room_file_refused")
def test_a_row_that_nobody_can_read_stops_no_start_and_gives_way_to_the_next(world, tmp_path):
    mine = settings_of(tmp_path, policy("offer_nearest 25", "all_hands 60").encode())
    own, _ = started(world, mine)
    spoil(world)
    assert started(world, mine) == (own, [("room_file_refused", "standing escalation")])
    assert started(world, mine) == (own, [])
    spoil(world)
    plain, _ = started(world, settings_of(tmp_path, b"= = ="))
    assert plain.of(Cause.PRESS).name == "plain"


@pytest.mark.error_lines("room_file_refused", "escalation_not_kept")
def test_a_shelf_that_the_database_cannot_read_ends_no_start(world, tmp_path):
    mine = settings_of(tmp_path, policy("offer_nearest 25", "all_hands 60").encode())
    world.transactions.run(lambda tx: tx.connection.exec_driver_sql("DROP TABLE standing_policies"))
    own, told = started(world, mine)
    assert told == [("room_file_refused", "standing escalation")]
    assert own == read_escalation(mine).policies


def spoil(world):
    world.transactions.run(lambda tx: tx.connection.exec_driver_sql("UPDATE standing_policies SET rows = '[{'"))


@pytest.mark.parametrize("error", [OSError("no space left"), Busy("stopping"), OperationalError("", {}, Exception())])
def test_a_start_does_not_end_because_its_policies_cannot_be_put_aside(world, tmp_path, monkeypatch, error):
    def fail(tx, rows):
        raise error

    monkeypatch.setattr(StandingPolicies, "put", fail)
    escalation = escalation_anyway(settings_of(tmp_path, policy("all_hands 60").encode()), world.reading)
    with capture_logs() as logs:
        keep_escalation(world.transactions, world.reading, escalation)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["escalation_not_kept"]


def test_a_first_start_refuses_it_with_the_place(world, tmp_path):
    with pytest.raises(Misconfigured, match=r"policies\.0\.steps\.0\.step"):
        escalation_anyway(settings_of(tmp_path, MORE["an unknown step"]), world.reading)


def test_a_file_as_it_stood_is_written_once(world, tmp_path):
    settings = settings_of(tmp_path, policy("all_hands 60").encode())
    started(world, settings)
    before = world.clock.now()
    world.clock.advance(60)
    started(world, settings)
    with world.reading.connect() as connection:
        kept_at = connection.exec_driver_sql("SELECT kept_at FROM standing_policies").scalar_one()
    assert kept_at == int(before.timestamp() * 1_000_000)
