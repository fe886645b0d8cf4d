"""Laws of rotations: random cycles, in zones whose clocks are moved, over month ends and leap days."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatch.ids import CarerId, StationId
from schedules.calendar import Calendar
from schedules.duty.rules import Shift, overlapping
from schedules.duty.rules.rotation import Laid, Place, Rotation, Window, faults, settle, turns

ZONES = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Pacific/Apia",
)
CALENDARS = {zone: Calendar(zone) for zone in ZONES}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
windows = st.builds(Window, start=times, end=times)
days = st.one_of(
    st.dates(date(2010, 1, 1), date(2030, 1, 1)),
    st.sampled_from([date(2024, 2, 27), date(2028, 2, 27), date(2026, 12, 30), date(2011, 12, 27), date(2026, 3, 26)]),
)


@st.composite
def rotations(draw) -> Rotation:
    cycle = tuple(tuple(each) for each in draw(st.lists(st.lists(windows, max_size=2), min_size=1, max_size=9)))
    carers = draw(st.lists(st.sampled_from("ABCDE"), unique=True, min_size=1, max_size=4))
    places = tuple(Place(carer_id=CarerId(each), offset=draw(st.integers(0, len(cycle) - 1))) for each in carers)
    assume(faults(cycle, places) == [])
    return Rotation(
        id="r", station_id=StationId("s"), name="rotation", first_day=draw(days), cycle=cycle, places=places
    )


def laid(turn, id_="x") -> Laid:
    shift = Shift(id=id_, carer_id=turn.carer_id, start_at=turn.start_at, end_at=turn.end_at)
    return Laid(turn=turn, shift=shift)


@settings(max_examples=50)
@given(rotations(), st.sampled_from(ZONES))
def test_nobody_is_there_twice_at_once_whatever_the_clocks_do(rotation, zone):
    found = turns(rotation, rotation.first_day, rotation.first_day + 12 * DAY, CALENDARS[zone].instant)
    shifts = [laid(each, str(number)).shift for number, each in enumerate(found)]
    for number, shift in enumerate(shifts):
        assert overlapping(shift, shifts[number + 1 :]) == []


@settings(max_examples=50)
@given(rotations(), st.integers(0, 900), st.sampled_from(ZONES))
def test_no_day_is_lost_and_the_cycle_comes_round(rotation, ahead, zone):
    first, length = rotation.first_day + ahead * DAY, len(rotation.cycle)
    found = turns(rotation, first, first + length * DAY, CALENDARS["Asia/Shanghai"].instant)
    for place in rotation.places:
        mine = [each for each in found if each.carer_id == place.carer_id]
        assert len(mine) == sum(len(each) for each in rotation.cycle), "each day of the cycle once, from any day on"
    later = turns(rotation, first + length * DAY, first + 2 * length * DAY, CALENDARS["Asia/Shanghai"].instant)
    assert [each.start_at + length * DAY for each in found] == [each.start_at for each in later]
    piecewise = [
        each for number in range(length)
        for each in turns(rotation, first + number * DAY, first + (number + 1) * DAY, CALENDARS[zone].instant)
    ]  # fmt: skip
    assert piecewise == turns(rotation, first, first + length * DAY, CALENDARS[zone].instant)


@settings(max_examples=50)
@given(rotations(), st.data())
def test_laying_again_changes_nothing_and_what_was_changed_by_hand_stays(rotation, data):
    first, until = rotation.first_day, rotation.first_day + 8 * DAY
    now = CALENDARS["Asia/Shanghai"].start_of(first) - MINUTE
    wanted = turns(rotation, first, until, CALENDARS["Asia/Shanghai"].instant)
    fresh = settle(wanted, [], now=now, until=until)
    assert (list(fresh.lay), fresh.move, fresh.drop) == (wanted, [], [])
    known = [laid(each) for each in wanted]
    again = settle(wanted, known, now=now, until=until)
    assert (again.lay, again.move, again.drop) == ([], [], [])
    if known:
        gone = data.draw(st.sampled_from(known))
        rest = [Laid(turn=each.turn) if each is gone else each for each in known]
        assert settle(wanted, rest, now=now, until=until).lay == [], "what was taken out by hand stays out"
        ended = settle([], rest, now=now, until=until)
        assert set(map(id, ended.drop)) == {id(each) for each in rest if each.shift is not None}


def moves(calendar: Calendar, year: int) -> list[datetime]:
    """The instants of a year at which the clocks of a place are moved, to the hour before."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=number) for number in range(366 * 24)]
    return [
        a for a, b in pairwise(hours) if calendar.local(a).utcoffset() != calendar.local(b).utcoffset()
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_windows_that_touch_on_the_wall_touch_in_truth_around_every_change_of_the_clocks(zone):
    calendar = CALENDARS[zone]
    walls = [time(hour, minute) for hour in range(24) for minute in (0, 30)]
    for moment in moves(calendar, 2011) + moves(calendar, 2026):
        day = calendar.local(moment).date() - DAY
        marks = [calendar.instant(day + number * DAY, at) for number in range(4) for at in walls]
        assert marks == sorted(marks), "later on the wall is never earlier in truth"
        pieces = [(a, b) for a, b in pairwise(marks) if a < b]
        assert sum(((b - a) for a, b in pieces), timedelta()) == marks[-1] - marks[0], "no gap, nothing double"
        for at, mark in zip(walls * 4, marks, strict=True):
            shown = calendar.local(mark).time()
            skipped = calendar.local(mark - MINUTE).utcoffset() != calendar.local(mark).utcoffset()
            assert shown == at or skipped


@pytest.mark.parametrize(
    ("day", "start", "end", "begins", "hours"),
    [
        (date(2026, 3, 29), time(2, 30), time(10), datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 7),  # 02:30 is skipped
        (date(2026, 10, 25), time(2, 30), time(10), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 8.5),  # it comes twice
        (date(2026, 3, 28), time(20), time(8), datetime(2026, 3, 28, 19, 0, tzinfo=UTC), 11),
        (date(2026, 10, 24), time(20), time(8), datetime(2026, 10, 24, 18, 0, tzinfo=UTC), 13),
        (date(2026, 11, 22), time(8), time(8), datetime(2026, 11, 22, 7, 0, tzinfo=UTC), 24),
    ],
)
def test_a_shift_in_the_hour_of_the_change_exists_once_and_is_as_long_as_it_is(day, start, end, begins, hours):
    rotation = Rotation(
        id="r", station_id=StationId("s"), name="n", first_day=day, cycle=((Window(start=start, end=end),),),
        places=(Place(carer_id=CarerId("A"), offset=0),),
    )  # fmt: skip
    (turn,) = turns(rotation, day, day + DAY, CALENDARS["Europe/Berlin"].instant)
    assert (turn.start_at, turn.end_at - turn.start_at) == (begins, timedelta(hours=hours))


def test_cycles_that_nobody_can_walk_are_named():
    day, night = Window(start=time(8), end=time(20)), Window(start=time(20), end=time(9))
    at = Place(carer_id=CarerId("A"), offset=0)
    assert faults([[day], []], [at]) == []
    assert faults([[night], [day]], [at]) == ["overlap"], "until nine, and from eight"
    assert faults([[day], [night]], [at]) == ["overlap"], "the last day meets the first"
    assert faults([[day, day]], [at]) == ["overlap"]
    assert faults([], [at]) == ["length"]
    assert faults([[day]], [at, at]) == ["places"]
    assert faults([[day]], [Place(carer_id=CarerId("A"), offset=1)]) == ["offset"]


def test_a_moved_cycle_moves_what_is_untouched_and_tries_again_what_could_not_be_laid():
    at, until = datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 30)
    rotation = Rotation(
        id="r", station_id=StationId("s"), name="n", first_day=date(2026, 11, 23),
        cycle=((Window(start=time(8), end=time(20)),),), places=(Place(carer_id=CarerId("A"), offset=0),),
    )  # fmt: skip
    before = turns(rotation, date(2026, 11, 23), until, CALENDARS["Asia/Shanghai"].instant)
    later = Rotation(
        id="r", station_id=StationId("s"), name="n", first_day=date(2026, 11, 23), last_day=date(2026, 11, 27),
        cycle=((Window(start=time(9), end=time(20)),),), places=rotation.places,
    )  # fmt: skip
    after = turns(later, date(2026, 11, 23), until, CALENDARS["Asia/Shanghai"].instant)
    known = [laid(each) for each in before]
    known[1] = Laid(turn=before[1], why="rest")
    known[2] = Laid(turn=before[2], shift=laid(before[3]).shift)
    done = settle(after, known, now=at, until=until)
    assert [each.day.day for each in done.lay] == [24]
    assert [(old.turn.day.day, new.start_at.hour) for old, new in done.move] == [(26, 1), (27, 1)], "the 23rd has begun"
    assert [each.turn.day.day for each in done.drop] == [28, 29]
