"""
Laws of rounds over a real house on a hand clock, on days of every kind: month ends, leap days, quarters, clock changes.
"""

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.ids import HomeId, ResidentId
from dispatch.rules.people import SERVICE, operator
from dispatch.rules.rights import DISTRICT
from schedules.calendar import Calendar
from schedules.rounds.opening import Opening
from schedules.rounds.rounding import RoundsDesk
from schedules.rounds.rules import round as rules
from schedules.rounds.rules.book import Late, Means, read_book
from schedules.rounds.rules.days import Interval, add_months, age_on, first_due, planned_on
from schedules.rounds.rules.round import Kind, Result, Round, Stage
from schedules.rounds.store.rounds import Listed, Rounds
from tests.builders import DISTRICT as FILE
from tests.builders import build_world

BOOK = read_book(tomllib.loads((Path(__file__).parents[2] / "config/care/rounds.toml").read_text(encoding="utf-8")))
DAYS = st.dates(date(2024, 1, 1), date(2029, 12, 31))
EVERY = st.one_of(
    st.builds(lambda n: Interval(days=n), st.integers(1, 31)),
    st.builds(lambda n: Interval(months=n), st.integers(1, 12)),
)  # fmt: skip
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "America/Sao_Paulo", "Asia/Beirut"])


@given(DAYS, EVERY)
def test_an_interval_never_skips_a_month_and_is_never_longer_than_said(day, every):
    after = every.after(day)
    assert after > day
    if every.months:
        assert (after.year * 12 + after.month) - (day.year * 12 + day.month) == every.months
        assert after.day <= day.day
    else:
        assert (after - day).days == every.days


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 3, date(2027, 3, 31)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_month_ends(day, months, after):
    assert add_months(day, months) == after


def test_who_was_born_on_a_leap_day_is_a_year_older_on_the_first_of_march():
    born = date(1944, 2, 29)
    assert [age_on(born, day) for day in (date(2026, 2, 28), date(2026, 3, 1), date(2024, 2, 29))] == [81, 82, 80]


@given(DAYS, EVERY, st.text(min_size=1, max_size=8))
def test_a_first_round_lies_within_the_interval(start, every, key):
    assert start < first_due(every, start, key) <= every.after(start)


@given(DAYS, st.integers(0, 40), st.integers(0, 40))
def test_a_planned_day_lies_between_opening_and_due(due_on, lead, before):
    opened = due_on - timedelta(days=before)
    assert opened <= planned_on(due_on, lead, opened) <= due_on


@given(ZONES, DAYS, st.integers(0, 24 * 60 - 1), st.sampled_from(sorted(BOOK.classes)))
def test_a_deadline_is_the_end_of_its_local_day_whatever_the_clocks_do(zone, day, minute, cls):
    calendar = Calendar(zone)
    now = calendar.start_of(day) + timedelta(minutes=minute)

    class Unit:
        def __init__(self):
            self.now = now

        def new_id(self):
            return "r"

    today = calendar.day_of(now)
    listed = Listed(
        resident_id=ResidentId("x"), cls=cls, by_hand=False, why="", responsible="", since=today, last_on=today
    )
    made = Opening(BOOK, calendar, lambda _: True).regular(Unit(), listed, HomeId("h"))
    assert made.due_on == BOOK.classes[cls].every.after(today)
    assert made.deadline == calendar.start_of(made.due_on + timedelta(days=1))
    assert calendar.day_of(made.deadline - timedelta(microseconds=1)) == made.due_on


ROUND = Round(
    id="r", key="k", resident_id=ResidentId("x"), home_id=HomeId("h"), kind=Kind.REGULAR, cls="high", why="",
    means=(Means.VISIT,), opened_on=date(2026, 1, 1), plan_on=date(2026, 1, 5), due_on=date(2026, 1, 8),
    deadline=datetime(2026, 1, 8, 16, tzinfo=UTC), late=Late(remind=-14, list=12, alarm=24, again=24),
    look_at=datetime(2026, 1, 8, 2, tzinfo=UTC),
)  # fmt: skip


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_an_open_round_always_waits_and_takes_its_steps_in_order(waits):
    now, round_, steps = datetime(2026, 1, 1, tzinfo=UTC), ROUND, []
    for hours in waits:
        now += timedelta(hours=hours)
        before = round_
        round_, step = rules.look(round_, now)
        steps += [step] if step else []
        assert round_.look_at is not None
        assert step is not None or round_ == before or round_.look_at > now
        if now >= ROUND.deadline + timedelta(hours=24 + 3 * 40) and len(waits) > 8:
            assert round_.stage is not Stage.QUIET
    assert steps == sorted(steps, key=list(Stage).index)
    assert set(steps[3:]) <= {Stage.ALARMED}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    world = build_world(
        tmp_path_factory.mktemp("rounds"),
        district=FILE.replace('level = "moderate"', 'level = "moderate", cats = ["living_alone"]').replace(
            'name = "赵大爷"', 'name = "赵大爷", born_on = 1950-01-01'
        ).replace('name = "张桂兰"', 'name = "张桂兰", cats = ["disabled"]'),
        start=datetime(2027, 11, 20, 2, tzinfo=UTC),
    )  # fmt: skip
    yield world
    world.close()


def test_nobody_on_a_list_is_ever_without_an_open_round_or_longer_than_the_interval_without_a_deadline(house):
    """A hundred and thirty days over two month ends, a year's end and 29 February, results now and then, by a seed."""
    world = house
    desk = RoundsDesk(
        world.transactions, world.reading, world.clock, world.calendar, BOOK, world.desk, nudge=lambda: None
    )
    desk.check()
    people = {world.resident(code): code for code in ("R1", "R2", "R3")}
    began = world.calendar.day_of(world.clock.now())
    seen = dict.fromkeys(people, began)
    entered = 0
    for number in range(130):
        world.clock.advance(86_400)
        today = world.calendar.day_of(world.clock.now())
        for id_ in desk.due(world.clock.now(), 100):
            desk.wake(id_)
        with world.reading.connect() as connection:
            shelf = Rounds(connection)
            opened = {id_: [each for each in shelf.open_of(id_) if each.kind is Kind.REGULAR] for id_ in people}
            classes = {id_: shelf.listed(id_).cls for id_ in people}
        for id_, found in opened.items():
            assert len(found) == 1
            assert found[0].due_on <= BOOK.classes[classes[id_]].every.after(seen[id_])
            if (number * 7 + int(people[id_][1]) * 3) % 9 == 0:
                result = (Result.WELL, Result.NOT_MET, Result.REFUSED)[number % 3]
                means = found[0].means[0]
                if result is Result.NOT_MET:
                    continue
                desk.enter(found[0].id, result, means, by=operator("o"), area=DISTRICT)
                seen[id_] = today
                entered += 1
    assert entered > 10
    assert {classes[each] for each in people} == {"high", "key", "other"}
    assert SERVICE == "service"
