"""Planned absence: it holds silence back, never a press; it ends by itself, warns before, and asks afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.errors import Conflict, Invalid
from dispatch.review import Review
from dispatch.rules.absences import Kind
from dispatch.rules.rights import DISTRICT
from dispatch.rules.signal import Cause
from dispatch.store import absences as shelf
from dispatch.store.follow_ups import FollowUps
from tests.integration.registry_rig import OPERATOR, RegistryRig, at


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RegistryRig]:
    rig = RegistryRig(tmp_path)
    yield rig
    rig.close()


def away(rig, resident="R1", *, hours=24.0, after=0.0, kind=Kind.HOSPITAL):
    begins = at(after) if after else None
    until = at(hours)
    return rig.absent.begin(resident, kind, from_at=begins, until_at=until, by=OPERATOR, area=DISTRICT, note="市一院")


def to_do(rig):
    with rig.world.reading.connect() as connection:
        return [each.kind.value for each in FollowUps(connection).to_do(100)]


def kinds(rig):
    return [line.kind for line, _ in rig.lines() if line.kind.startswith(("absence", "inactivity"))]


def test_silence_of_somebody_away_is_written_down_and_raises_nothing(rig):
    away(rig)
    assert rig.silence() is None
    assert kinds(rig) == ["absence_planned", "absence_begun", "inactivity_held"]
    rig.pass_time(24 * 3600)
    assert rig.silence() is not None


def test_a_press_of_somebody_away_raises_as_always_and_says_where_they_should_be(rig):
    away(rig)
    alarm = rig.world.press("H1", "R1")
    story = Review(rig.world.reading, lambda: at(0).date()).story(alarm, "zh")
    assert story["resident_file"]["away"] == {"kind": "hospital", "until_at": at(24).isoformat()}
    for cause in (Cause.FALL, Cause.FIRE, Cause.WANDERING):
        assert rig.world.press("H1", "R1", cause) is not None


def test_before_it_begins_and_after_it_ends_silence_is_an_alarm_whatever_the_timers_did(rig):
    away(rig, hours=10, after=5)
    first = rig.silence()
    assert first is not None
    rig.world.clock.advance(10 * 3600)  # Nobody woke anything.
    assert rig.silence() == first


def test_a_sensor_of_the_whole_home_is_held_only_while_everybody_is_away(rig):
    away(rig, "R2")
    assert rig.silence("H2", None) is not None
    assert rig.silence("H2", "R2") is None
    away(rig, "R3")
    assert rig.silence("H2", None) is None


def test_it_warns_then_ends_then_asks_until_somebody_says(rig):
    id_ = away(rig, hours=24)
    rig.pass_time(23 * 3600 - 1)
    assert rig.absent.notices(rig.world.clock.now()) == (0, 0)
    rig.pass_time(2)
    assert rig.absent.notices(rig.world.clock.now()) == (1, 0)
    rig.pass_time(3600)
    assert rig.absent.notices(rig.world.clock.now()) == (0, 1)
    assert to_do(rig) == ["absence_ended"]
    rig.pass_time(25 * 3600)
    assert kinds(rig) == [
        "absence_planned", "absence_begun", "absence_ends_soon", "absence_ended", "absence_asked_again",
        "absence_asked_again",
    ]  # fmt: skip
    rig.absent.end(id_, by=OPERATOR, area=DISTRICT)
    assert to_do(rig) == []
    assert rig.absent.notices(rig.world.clock.now()) == (0, 0)
    with pytest.raises(Conflict):
        rig.absent.end(id_, by=OPERATOR, area=DISTRICT)


def test_whoever_prolongs_one_that_ran_over_holds_silence_back_again(rig):
    id_ = away(rig, hours=24)
    rig.pass_time(25 * 3600)
    assert rig.silence() is not None
    rig.absent.prolong(id_, until_at=at(72), by=OPERATOR, area=DISTRICT)
    assert to_do(rig) == []
    assert rig.silence("H1", "R1") is None
    rig.pass_time(48 * 3600)
    assert to_do(rig) == ["absence_ended"]
    assert kinds(rig).count("absence_ends_soon") == 2


def test_after_days_without_anybody_looking_every_step_is_written_down_at_once(rig):
    away(rig, hours=10, after=5)
    rig.world.clock.advance(5 * 24 * 3600)
    (id_,) = rig.absent.due(rig.world.clock.now(), 10)
    rig.absent.wake(id_)
    assert kinds(rig) == ["absence_planned", "absence_begun", "absence_ended"]
    assert to_do(rig) == ["absence_ended"]


@pytest.mark.parametrize(("after", "hours"), [(5, 4), (0, -1), (0, 24 * 93)])
def test_times_that_make_no_sense_are_refused(rig, after, hours):
    with pytest.raises(Invalid) as refused:
        away(rig, hours=hours, after=after)
    assert "until_at" in refused.value.errors["json"]


def test_two_at_the_same_time_are_one_too_many(rig):
    away(rig, hours=24)
    with pytest.raises(Conflict):
        away(rig, hours=48)
    away(rig, hours=72, after=48)


@pytest.mark.error_lines("absence_not_told")
def test_what_cannot_be_told_of_an_absence_is_an_alarm(rig):
    away(rig)
    broken = shelf.absences.update().values(kind="nonsense")
    rig.world.transactions.run(lambda tx: tx.connection.execute(broken))
    assert rig.silence() is not None
