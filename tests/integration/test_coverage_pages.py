"""The page and the resource of coverage: what somebody sees of it, and what not."""

from datetime import UTC, timedelta

import pytest

from config.wiring_coverage import letters
from dispatch.rules.rights import Role
from dispatch.store.people import carers
from schedules.coverage.agent import CoverageWatch
from schedules.coverage.working_out import work_out
from schedules.duty.store import Shifts
from tests.integration.rights_rig import OURS, THEIRS, Town

HOUR = timedelta(hours=1)
API = "/api/v1/coverage"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """C1 of our station has shifts but for one hour of tomorrow; the other station, far away, has none."""
    town = Town(tmp_path_factory.mktemp("town"))
    town.before = town.browser(frozenset({Role.MANAGER})).get("/coverage").text
    house = town.house
    town.hole = house.clock.now().replace(minute=0, second=0, microsecond=0) + 24 * HOUR
    with house.reading.connect() as connection:
        c1 = connection.execute(carers.select().where(carers.c.code == "C1")).one().id
    for number, (start, end) in enumerate([(-48 * HOUR, timedelta()), (HOUR, 500 * HOUR)]):
        row = {"id": f"cov{number}", "carer_id": c1, "start_at": town.hole + start, "end_at": town.hole + end}
        house.transactions.run(lambda tx, row=row: Shifts(tx.connection).add_once(row))
    CoverageWatch(
        house.transactions, house.reading, house.clock, question=house.homecare.coverage.watch._question,
        work_out=work_out,
        letters=letters([], house.calendar), nudge=lambda: None,
    ).check()  # fmt: skip
    yield town
    town.close()


def manager(town, station=None):
    return town.browser(frozenset({Role.MANAGER}), station)


def test_before_anything_was_worked_out_the_page_says_so(town):
    assert "has not been worked out yet" in town.before


def test_the_page_tells_each_gap_with_its_homes_and_why(town):
    page = manager(town).get("/coverage").text
    assert "nobody is on duty" in page
    assert "everybody on duty is too far away" in page
    assert "本站小区 1-101" in page
    assert "homes without anybody who could come in time: 1" in page


def test_a_stations_people_see_their_own_homes_only(town):
    for address in ("/coverage", "/coverage.json", API):
        ours = manager(town, OURS).get(address).text
        assert "邻站小区" not in ours
        assert "驿站乙" not in ours
        assert "H2" not in ours
    assert "every home has somebody who could come in time" in manager(town, OURS).get("/coverage").text
    assert "邻站小区" in manager(town, THEIRS).get("/coverage").text


def test_the_script_of_the_map_comes_only_with_a_map(town):
    pages = {
        "before": town.before, "alone": manager(town).get("/coverage").text,
        "all covered": manager(town, OURS).get("/coverage").text,
    }  # fmt: skip
    assert {name for name, page in pages.items() if 'id="map"' in page} == {"alone"}
    assert {name for name, page in pages.items() if "map-page.js" in page} == {"alone"}


def test_another_instant_is_asked_for_in_the_time_of_the_district(town):
    local = town.hole.astimezone(town.house.calendar.tzinfo)
    asked = f"{local:%Y-%m-%dT%H:%M}"
    assert "homes without anybody who could come in time: 1" in manager(town, OURS).get(f"/coverage?at={asked}").text
    drawn = manager(town, OURS).get(f"/coverage.json?at={asked}").json
    assert [each["name"] for each in drawn["stations"]] == ["本站小区 1-101"]
    assert len(drawn["streets"]) == 1
    after = f"{local + HOUR:%Y-%m-%dT%H:%M}"
    assert manager(town, OURS).get(f"/coverage.json?at={after}").json["stations"] == []


@pytest.mark.parametrize("said", ["soon", "2026-13-01T00:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_is_told_and_kept_in_the_field(town, said):
    answer = manager(town).get("/coverage", query_string={"at": said})
    assert answer.status_code == 200
    assert "This is no time" in answer.text
    assert said in answer.text


def test_programs_read_the_same(town):
    told = manager(town).get(API).json
    assert told["homes"] == 2
    assert {(row["reason"], row["count"]) for row in told["gaps"]} == {("nobody_on_duty", 1), ("too_far", 1)}
    shares = {each["name"]: each["covered"] for each in told["communities"]}
    assert shares["驿站乙"] == 0.0
    assert shares["驿站甲"] == pytest.approx(1 - 1 / (14 * 24), abs=0.0005)
    at = town.hole.astimezone(UTC).isoformat()
    assert len(manager(town).get(API, query_string={"at": at}).json["gaps"]) == 2
    assert manager(town).get(API, query_string={"at": "soon"}).status_code == 422


def test_an_installer_has_no_business_there(town):
    for address in ("/coverage", "/coverage.json", API):
        assert town.browser(frozenset({Role.INSTALLER})).get(address).status_code == 403


def test_a_gap_that_lasts_is_said_once_and_a_short_one_on_each_of_its_days(town):
    page = manager(town, THEIRS).get("/coverage").text
    lasting = [each for each in manager(town, THEIRS).get(API).json["gaps"] if each["reason"] == "too_far"]
    assert len(lasting) == 2
    assert page.count("everybody on duty is too far away") <= len(lasting) + 2
