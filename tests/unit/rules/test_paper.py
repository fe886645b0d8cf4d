"""Times typed in from paper, when a duty sheet is due, and the streets of a map without tiles."""

from datetime import timedelta

import pytest

from dispatch.errors import Conflict, Invalid
from dispatch.ids import AlarmId, HomeId, PolicyId
from dispatch.rules import paper, sheets
from dispatch.rules.alarm import Alarm, Outcome, State
from dispatch.rules.paper import PAPER_MAX, Slip
from dispatch.rules.people import Home, Person
from dispatch.rules.place import Position
from dispatch.rules.signal import Cause
from dispatch.rules.streets import MARGIN, streets
from tests.builders import NOON

CARER = Person("carer:c1")


def alarm(*, raised_at, **more):
    return Alarm(
        id=AlarmId("a"), number="1", subject="home:h/-", cause=Cause.PRESS, state=State.RAISED, raised_at=raised_at,
        pressed_at=raised_at, due_at=NOON, policy_id=PolicyId("p"), **more,
    )  # fmt: skip


def ago(minutes):
    return NOON - timedelta(minutes=minutes)


def slip(**more):
    more.setdefault("home_id", HomeId("h1"))
    more.setdefault("raised_at", ago(60))
    return Slip(**more)


def wrong(made):
    with pytest.raises(Invalid) as refused:
        paper.check(made, NOON)
    return set(refused.value.errors)


def test_a_whole_case_in_order_is_right():
    whole = slip(person=CARER, accepted_at=ago(58), arrived_at=ago(40), closed_at=ago(5), outcome=Outcome.HELPED)
    paper.check(whole, NOON)
    paper.check(slip(raised_at=NOON), NOON)
    paper.check(Slip(alarm_id=AlarmId("a"), closed_at=ago(1), outcome=Outcome.TEST), NOON)


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (slip(raised_at=NOON + timedelta(microseconds=1)), {"raised_at"}),
        (slip(raised_at=NOON - PAPER_MAX - timedelta(seconds=1)), {"raised_at"}),
        (slip(person=CARER, accepted_at=ago(61)), {"accepted_at"}),
        (slip(person=CARER, accepted_at=ago(50), arrived_at=ago(51)), {"arrived_at"}),
        (slip(closed_at=ago(61), outcome=Outcome.HELPED), {"closed_at"}),
        (slip(accepted_at=ago(50)), {"person"}),
        (slip(closed_at=ago(5)), {"outcome"}),
        (slip(outcome=Outcome.HELPED), {"outcome"}),
        (slip(raised_at=None), {"raised_at"}),
        (slip(alarm_id=AlarmId("a")), {"home"}),
        (Slip(closed_at=ago(1), outcome=Outcome.HELPED), {"home"}),
        (Slip(alarm_id=AlarmId("a")), {"raised_at"}),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(made, named):
    assert wrong(made) == named


def test_two_weeks_to_the_second_are_still_believed():
    paper.check(slip(raised_at=NOON - PAPER_MAX), NOON)


def test_nothing_happens_before_the_alarm():
    with pytest.raises(Invalid):
        paper.fits(alarm(raised_at=NOON), "accepted_at", ago(1))
    paper.fits(alarm(raised_at=ago(1)), "accepted_at", ago(1))


@pytest.mark.parametrize("name", ["accepted_at", "arrived_at"])
def test_what_is_known_is_not_written_over(name):
    known = alarm(raised_at=ago(60), accepted_at=ago(30), attended_at=ago(20))
    with pytest.raises(Conflict, match="already"):
        paper.fits(known, name, ago(25))


def test_what_came_before_something_known_is_a_note():
    known = alarm(raised_at=ago(60), accepted_at=ago(30))
    with pytest.raises(Conflict, match="later"):
        paper.fits(known, "arrived_at", ago(31))
    paper.fits(known, "arrived_at", ago(30))


def test_the_minute_of_the_alarm_is_after_it():
    known = alarm(raised_at=NOON + timedelta(seconds=30))
    assert paper.settled(known, NOON) == known.raised_at
    assert paper.settled(known, ago(1)) == ago(1)
    assert paper.settled(known, NOON + timedelta(minutes=1)) == NOON + timedelta(minutes=1)
    assert paper.settled(alarm(raised_at=NOON), NOON) == NOON


# ------------------------------------------------------------------------------------------------ sheets


def test_a_sheet_is_due_at_a_change_of_shift_and_twice_a_day():
    assert sheets.is_due(None, NOON, None)
    assert not sheets.is_due(ago(10), NOON, None)
    assert not sheets.is_due(ago(10), NOON, ago(11))
    assert sheets.is_due(ago(10), NOON, ago(9))
    assert not sheets.is_due(ago(10), NOON, NOON + timedelta(minutes=1))
    assert sheets.is_due(NOON - sheets.EVERY, NOON, None)


def test_a_sheet_from_the_future_does_not_keep_back_the_next():
    assert sheets.is_due(NOON + timedelta(days=1), NOON, None)


def test_old_sheets_go_and_the_newest_two_stay():
    there = {f"s{days}": NOON - timedelta(days=days) for days in range(6)}
    assert sorted(sheets.old(there, NOON)) == ["s3", "s4", "s5"]
    assert sheets.old({"s9": NOON - timedelta(days=9), "s8": NOON - timedelta(days=8)}, NOON) == []


# ------------------------------------------------------------------------------------------------ streets


def home(address, lat=None, lng=0.0):
    position = None if lat is None else Position(lat, lng)
    return Home(id=HomeId(address), code=address, address=address, position=position, station_id=None)


def test_a_street_is_the_box_around_its_homes():
    drawn = streets([home("红星里 1-1", 38.0, 114.0), home("红星里 9-2", 38.01, 114.02), home("东里 3", 38.5, 114.5),
                     home("西里 4"), home("5-1-1", 38.2, 114.2)])  # fmt: skip
    assert [each.name for each in drawn] == ["东里", "红星里"]
    box = drawn[1]
    assert (box.south, box.north) == pytest.approx((38.0 - MARGIN, 38.01 + MARGIN))
    assert (box.west, box.east) == pytest.approx((114.0 - MARGIN, 114.02 + MARGIN))
