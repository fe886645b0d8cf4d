"""The demo's past: a month that the real desk has lived, whole and in order."""

from datetime import timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select

from config.demo_care import DAYS as DAYS_OF_CARE
from config.demo_clock import PastClock
from config.demo_district import tonight_text
from config.demo_meals import DAYS_MAX, PastMeals
from config.demo_month import ALARMS, BY_MISTAKE, DAYS
from config.demo_run import _begin, _settings
from config.wiring import build
from devices.store.devices import Devices
from dispatch.clock import SystemClock
from dispatch.ids import new_id
from dispatch.rules.alarm import Outcome, State
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from dispatch.rules.signal import Cause
from dispatch.store.alarms import Alarms
from dispatch.store.record import Record
from schedules.care.rules.bed import State as BedState
from schedules.care.rules.presence import State as VisitState
from schedules.care.store.beds import Beds
from schedules.care.store.visit_points import Findings
from schedules.care.store.visits import Visits
from schedules.meals.store.servings import servings
from schedules.money.rules.statement import Kind
from schedules.money.rules.statement import State as StatementState
from schedules.money.store.statements import Statements
from schedules.orders.store.orders import Orders
from schedules.places.store import ServicePoints
from schedules.rounds.store.rounds import Rounds
from tests.fakes.clock import NOON

CHINA = timezone(timedelta(hours=8))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    home = tmp_path_factory.mktemp("month")
    settings, now = _settings(home, Path("/dev/null"), 1, "rflink"), SystemClock().now()
    _begin(settings, tonight_text(now), "kite-7431-river", "rflink")
    house = build(settings, SystemClock(), new_id)
    yield now, house
    house.stop()


@pytest.fixture(scope="module")
def lived(house):
    now, house = house
    with house.reading.connect() as connection:
        yield now, connection


def test_every_alarm_of_the_month_is_over(lived):
    now, connection = lived
    everything = Alarms(connection).recent(ALARMS + 2)
    month = [each for each in everything if each.cause is not Cause.MISSED_VISIT]
    assert len(month) == ALARMS
    assert len(everything) == ALARMS + 1, "one visit was missed"
    assert {each.state for each in everything} == {State.CLOSED}
    assert {each.state for each in month} == {State.CLOSED}
    assert min(each.raised_at for each in month) > now - timedelta(days=DAYS)
    assert max(each.closed_at for each in month) < now
    assert sum(each.attended_at is not None for each in month) >= ALARMS - 3


def test_there_is_something_to_find(lived):
    _, connection = lived
    month, (leaned_on,) = (
        Alarms(connection).recent(ALARMS + 1),
        [each for each in Devices(connection).active() if each.code == BY_MISTAKE],
    )
    mistakes = [each for each in month if each.home_id == leaned_on.home_id and each.outcome is Outcome.FALSE_ALARM]
    took_s = [(each.attended_at - each.raised_at).total_seconds() for each in month if each.attended_at]
    assert len(mistakes) >= 3
    assert max(took_s) > 30 * 60, "the slow night"
    assert sorted(took_s)[len(took_s) // 2] < 15 * 60


def test_the_record_is_whole_and_in_the_order_of_time(lived):
    _, connection = lived
    told = [each.at for each in Record(connection).after(0, 10_000)]
    assert len(told) > 500
    assert told == sorted(told)


def test_home_care_has_something_on_every_page(lived):
    now, connection = lived
    day = (now + timedelta(hours=8)).date()
    visits = [
        each for number in range(DAYS_OF_CARE + 1) for each in Visits(connection).on(day - timedelta(days=number))
    ]
    assert sum(each.state is VisitState.MISSED for each in visits) == 1
    assert sum(each.counts for each in visits) >= 5 * (DAYS_OF_CARE - 1)
    assert {each.code for each in Findings(connection).open(10)} == {"too_far"}
    assert len(Visits(connection).on(day + timedelta(days=1))) >= 5
    assert len(Beds(connection).in_state(BedState.ACTIVE)) == 5
    assert {each.service for each in Orders(connection).newest(DISTRICT, most=9)} == {"errand", "hairdressing"}
    assert len(ServicePoints(connection).all()) == 3
    assert Rounds(connection).next_due() is not None


def _last_closed(now):
    """A day of the month that was closed last, on the first of the month after it, in the morning."""
    today = (now - timedelta(hours=1.5)).astimezone(CHINA)
    first = today.date().replace(day=1)
    return (first if today.hour >= 8 or today.day > 1 else first - timedelta(days=1)).replace(day=1) - timedelta(days=1)


def test_on_whatever_day_the_demo_is_opened_a_month_has_been_closed_that_meals_were_served_in(house):
    _, house = house
    past = PastMeals(house, PastClock(NOON), operator("clerk"))
    for number in range(800):
        until = NOON + timedelta(hours=11 * number)
        events = past.events(until)
        days = {at.astimezone(CHINA).date() for at, _ in events}
        assert events[0][0] > until - timedelta(days=DAYS_MAX), until
        assert _last_closed(until) in days, until
        assert _last_closed(until) + timedelta(days=1) in days, until


def test_the_canteen_served_and_last_months_money_hangs_out_for_objections(lived):
    now, connection = lived
    answers = [str(each) for each in connection.execute(select(servings.c.reason)).scalars()]
    assert len(answers) > 100
    assert answers.count("unknown_diner") == 1
    assert {"ok", "unknown_diner"} < set(answers), "somebody came twice"
    drawn = Statements(connection).page(DISTRICT, month=f"{_last_closed(now):%Y-%m}")
    assert {each.kind for each in drawn} == {Kind.PAYEE, Kind.FUND}
    assert {each.state for each in drawn} == {StatementState.PUBLISHED}
