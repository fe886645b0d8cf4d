"""Coverage against a brute force that asks every carer about every home in every minute, and holes planted by seed."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from dispatch.ids import CarerId
from dispatch.rules.barriers import Barrier, Crossing, Detours
from dispatch.rules.place import Position
from dispatch.rules.travel import Means, StraightLine
from schedules.coverage.rules.gaps import gaps
from schedules.coverage.rules.reach import CITY_S, COUNTRY_S, Dwelling, Gap, Helper, Reason, uncovered_at
from tests.fakes.clock import NOON

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RIVER = Barrier(
    name="river",
    line=(Position(37.9, 114.49), Position(38.2, 114.49)),
    crossings=(Crossing(at=Position(38.12, 114.49)),),
)
STRAIGHT, ACROSS = StraightLine(), Detours(open_country=StraightLine(), barriers=[RIVER])


def town(seed: int, *, homes=14, carers=7, hours=7):
    """A few streets on both banks, with carers who come and go on whole minutes."""
    chance = random.Random(seed)

    def place(spread: float) -> Position:
        return Position(38.07 + chance.gauss(0, spread), 114.49 + chance.gauss(0, spread))

    dwellings = [
        Dwelling(code=f"H{n:02}", community=f"K{n % 3}", position=place(0.02) if n else None,
                 limit_s=COUNTRY_S if n % 5 == 4 else CITY_S)
        for n in range(homes)
    ]  # fmt: skip
    helpers = [
        Helper(carer_id=CarerId(f"C{n}"), place=place(0.01) if chance.random() < 0.9 else None,
               means=chance.choice(list(Means)), reachable=chance.random() < 0.8, presence=shifts(chance, hours))
        for n in range(carers)
    ]  # fmt: skip
    return dwellings, helpers, NOON, NOON + hours * HOUR


def shifts(chance: random.Random, hours: int):
    edges = sorted(chance.sample(range(-60, hours * 60 + 60), 2 * chance.randint(0, 3)))
    return [(NOON + a * MINUTE, NOON + b * MINUTE) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def by_hand(dwelling, helpers, at, travel) -> Reason | None:
    """One home at one instant, without any cleverness."""
    on_duty = [each for each in helpers if any(start <= at < end for start, end in each.presence)]
    near = [each for each in on_duty if dwelling.position is None or is_near(dwelling, each, travel)]
    if any(each.reachable for each in near):
        return None
    if not on_duty:
        return Reason.NOBODY_ON_DUTY
    answering = any(each.reachable for each in on_duty)
    return Reason.TOO_FAR if answering and not near else Reason.NOBODY_REACHABLE


def is_near(dwelling, helper, travel) -> bool:
    place = helper.place
    return place is not None and travel.seconds(place, dwelling.position, helper.means) <= dwelling.limit_s


def minutes(start, end):
    return (start + n * MINUTE for n in range(int((end - start) / MINUTE)))


@pytest.mark.parametrize("travel", [STRAIGHT, ACROSS], ids=["straight", "river"])
def test_every_minute_is_as_the_brute_force_says(travel):
    reasons = set()
    for seed in range(10):
        dwellings, helpers, start, end = town(seed)
        found = gaps(dwellings, helpers, start=start, end=end, travel=travel)
        for at in minutes(start, end):
            told = {each.code: by_hand(each, helpers, at, travel) for each in dwellings}
            reasons |= set(told.values())
            assert uncovered_at(found, at) == {code: why for code, why in told.items() if why}
    assert reasons == {None, *Reason}


@pytest.mark.parametrize("seed", range(8))
def test_each_gap_is_as_long_as_it_is_true_and_no_longer(seed):
    dwellings, helpers, start, end = town(seed)
    for gap in gaps(dwellings, helpers, start=start, end=end, travel=STRAIGHT):
        for each in (each for each in dwellings if each.code in gap.homes):
            assert each.community == gap.community
            assert gap.start_at == start or by_hand(each, helpers, gap.start_at - MINUTE, STRAIGHT) != gap.reason
            assert gap.end_at == end or by_hand(each, helpers, gap.end_at, STRAIGHT) != gap.reason


# ------------------------------------------------------------------------------------------------- planted by seed

ZONE = ZoneInfo("Asia/Shanghai")
TONIGHT = datetime(2026, 11, 22, tzinfo=ZONE)
HERE, NEXT_DOOR = Position(38.07, 114.47), Position(38.071, 114.471)
FORTNIGHT = timedelta(days=14)


def guarded(chance: random.Random):
    """Two carers who relieve each other at eight and at midnight for two weeks: no hole anywhere."""
    days = [TONIGHT + timedelta(days=n) for n in range(-1, 15)]
    night = [(day - 8 * HOUR, day) for day in days] + [(day, day + 8 * HOUR) for day in days]
    late = [(day + 8 * HOUR, day + 16 * HOUR) for day in days]
    chance.shuffle(night)
    chance.shuffle(late)
    one = Helper(carer_id=CarerId("N"), place=HERE, means=Means.EBIKE, reachable=True, presence=night)
    two = replace(one, carer_id=CarerId("L"), presence=late)
    dwellings = [
        Dwelling(code=f"H{n}", community="K", position=Position(38.07 + n / 1000, 114.47), limit_s=CITY_S)
        for n in range(5)
    ]
    return dwellings, [one, two]


def look(dwellings, helpers, travel=STRAIGHT) -> list[Gap]:
    return gaps(dwellings, helpers, start=TONIGHT, end=TONIGHT + FORTNIGHT, travel=travel)


def later(window, by):
    return window[0] + by, window[1]


def shorter(window, by):
    return window[0], window[1] - by


@pytest.mark.parametrize("seed", range(6))
def test_shifts_that_end_at_24_hours_leave_no_hole(seed):
    assert look(*guarded(random.Random(seed))) == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("cut", [later, shorter], ids=["begins late", "ends early"])
@pytest.mark.parametrize("length", [timedelta(microseconds=1), MINUTE], ids=["a microsecond", "a minute"])
def test_a_hole_is_found_where_it_was_made_and_nowhere_else(seed, cut, length):
    chance = random.Random(seed)
    dwellings, helpers = guarded(chance)
    presence = list(helpers[1].presence)
    number = chance.choice([n for n, (start, _) in enumerate(presence) if TONIGHT < start < TONIGHT + 13 * 24 * HOUR])
    was, presence[number] = presence[number], cut(presence[number], length)
    start = was[0] if cut is later else was[1] - length
    hole = Gap(
        community="K", reason=Reason.NOBODY_ON_DUTY, start_at=start, end_at=start + length,
        homes=tuple(each.code for each in dwellings),
    )  # fmt: skip
    assert look(dwellings, [helpers[0], replace(helpers[1], presence=presence)]) == [hole]


@pytest.mark.parametrize("seed", range(3))
def test_a_carer_who_failed_the_test_is_nobody_for_all_of_their_shifts(seed):
    dwellings, (night, late) = guarded(random.Random(seed))
    found = look(dwellings, [night, replace(late, reachable=False)])
    expected = sorted(window for window in late.presence if TONIGHT <= window[0] < TONIGHT + FORTNIGHT)
    assert [(gap.start_at, gap.end_at) for gap in found] == expected
    assert {gap.reason for gap in found} == {Reason.NOBODY_REACHABLE}


@pytest.mark.parametrize("seed", range(3))
def test_a_river_without_a_bridge_nearby_is_too_far_and_one_with_a_bridge_is_not(seed):
    dwellings, helpers = guarded(random.Random(seed))
    west = [replace(each, place=Position(38.07, 114.488)) for each in helpers]
    bank = [replace(each, position=Position(each.position.lat, 114.492)) for each in dwellings]
    bridge = replace(RIVER, crossings=(Crossing(at=Position(38.075, 114.49)),))
    assert look(bank, west) == []
    assert [(gap.reason, len(gap.homes)) for gap in look(bank, west, ACROSS)] == [(Reason.TOO_FAR, 5)]
    assert look(bank, west, Detours(open_country=STRAIGHT, barriers=[bridge])) == []


def test_a_home_without_a_position_is_alone_only_while_nobody_at_all_can_be_reached():
    helper = Helper(carer_id=CarerId("C"), place=None, means=Means.FOOT, reachable=True, presence=[(NOON, NOON + HOUR)])
    home = Dwelling(code="H", community="", position=None, limit_s=CITY_S)
    (gap,) = gaps([home], [helper], start=NOON, end=NOON + 2 * HOUR, travel=STRAIGHT)
    assert (gap.start_at, gap.end_at, gap.reason) == (NOON + HOUR, NOON + 2 * HOUR, Reason.NOBODY_ON_DUTY)


def test_exactly_a_quarter_of_an_hour_is_in_time():
    there = StraightLine().seconds(HERE, NEXT_DOOR, Means.FOOT)
    helper = Helper(carer_id=CarerId("C"), place=HERE, means=Means.FOOT, reachable=True, presence=[(NOON, NOON + HOUR)])
    home = Dwelling(code="H", community="", position=NEXT_DOOR, limit_s=there)
    window = {"start": NOON, "end": NOON + HOUR, "travel": STRAIGHT}
    assert gaps([home], [helper], **window) == []
    assert len(gaps([replace(home, limit_s=there * (1 - 1e-9))], [helper], **window)) == 1


@pytest.mark.drill
@pytest.mark.parametrize("travel", [STRAIGHT, ACROSS], ids=["straight", "river"])
def test_twenty_thousand_homes_for_two_weeks_take_ten_seconds_at_most(travel):
    chance = random.Random(1)
    centres = [Position(38 + chance.random() * 0.18, 114.4 + chance.random() * 0.23) for _ in range(60)]

    def place() -> Position:
        near = chance.choice(centres)
        return Position(near.lat + chance.gauss(0, 0.006), near.lng + chance.gauss(0, 0.006))

    def turns():
        for day in range(-1, 15):
            start = NOON + timedelta(days=day, hours=8 * chance.randrange(3), minutes=chance.randrange(60))
            if chance.random() < 0.7:
                yield start, start + 8 * HOUR

    dwellings = [
        Dwelling(code=f"H{n}", community=f"K{n % 60}", position=place(), limit_s=CITY_S) for n in range(20_000)
    ]
    helpers = [
        Helper(carer_id=CarerId(f"C{n}"), place=place(), means=chance.choice(list(Means)),
               reachable=chance.random() < 0.9, presence=list(turns()))
        for n in range(500)
    ]  # fmt: skip
    began = process_time()
    found = gaps(dwellings, helpers, start=NOON, end=NOON + FORTNIGHT, travel=travel)
    assert found
    assert process_time() - began <= 10.0
