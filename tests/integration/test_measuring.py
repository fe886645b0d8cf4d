"""What is measured for the figures: four times a day, by station, from what the registers say at that moment."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from config.wiring_figures import measuring
from dispatch.figures.counted import Figures
from dispatch.rules.figures.counting import Limits
from dispatch.rules.rights import DISTRICT
from dispatch.store.record import Record
from tests.builders import build_world


@pytest.fixture
def world(tmp_path):
    world = build_world(tmp_path)
    yield world
    world.close()


def lines(world):
    with world.reading.connect() as connection:
        return [each for each in Record(connection).after(0, 10_000) if each.kind == "measured"]


def test_it_is_measured_once_in_each_quarter_of_the_day_and_counted(world):
    check = measuring(world.transactions, world.reading, world.clock, world.muster).work
    with world.writing.begin() as connection:
        query = "SELECT d.id, h.station_id FROM devices d JOIN homes h ON h.id = d.home_id ORDER BY d.code LIMIT 1"
        device, station = connection.execute(text(query)).one()
        connection.execute(text("UPDATE vigils SET silent_s = 3600 WHERE device_id = :id"), {"id": device})
    check()
    check()
    first = lines(world)
    assert [each.by for each in first] == ["service"] * len(first)
    figures = Figures(world.reading, zone=world.calendar.tzinfo, limits=Limits(), clock=world.clock)
    told = figures.report(figures.this_month(), DISTRICT)["figures"]
    assert told["device_online_rate"] == {"k": 0, "n": 1, "rate": 0.0}, "never heard"
    homes = told["coverage_rate"]["n"]
    assert homes > 0
    world.clock.advance(timedelta(hours=6).total_seconds())
    check()
    again = figures.report(figures.this_month(), DISTRICT)["figures"]
    assert again["coverage_rate"]["n"] == 2 * homes
    assert len(lines(world)) == 2 * len(first)
    assert station is None or f'"station":"{station}"' in first[0].body


def test_a_home_counts_as_covered_only_while_somebody_on_duty_is_near(world):
    check = measuring(world.transactions, world.reading, world.clock, world.muster).work
    check()
    covered = [json.loads(each.body) for each in lines(world) if "coverage" in each.body]
    assert sum(each["met"] for each in covered) > 0
    with world.writing.begin() as connection:
        connection.execute(text("DELETE FROM shifts"))
    world.roster.forget()
    world.muster.forget()
    world.clock.advance(timedelta(hours=6).total_seconds())
    before = len(lines(world))
    check()
    assert all('"met":0' in each.body for each in lines(world)[before:])
