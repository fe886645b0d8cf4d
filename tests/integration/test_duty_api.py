"""Rotations, swaps, absences and days off as programs and people at a desk meet them."""

import re
from collections.abc import Iterator
from datetime import timedelta

import icalendar
import pytest

from schedules.duty.rules.rest import Limits
from tests.builders import build_world
from tests.integration.duty_rig import BOSS, HOUR, MONDAY
from tests.integration.test_roster import TWO, House

API = "/api/v1"


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    world = build_world(tmp_path_factory.mktemp("duty"), district=TWO, on_duty=())
    built = House(world, limits=Limits(rest_h=8, break_h=4, day_h=12))
    yield built
    built.close()
    world.close()


@pytest.fixture
def client(house):
    """A manager's browser; the plan is empty again."""
    for each in house.desk.between(MONDAY - timedelta(days=9), MONDAY + timedelta(days=300)):
        house.desk.take(each.id, by=BOSS)
    return house.operators()


def at(hours: float) -> str:
    return (MONDAY + hours * HOUR).isoformat()


def rotation(**said):
    cycle = [[{"start": "08:00", "end": "20:00"}], [{"start": "20:00", "end": "08:00"}], [], []]
    places = [{"carer": "C1", "offset": 0}, {"carer": "C2", "offset": 1}]
    return {"name": "白夜", "station": "S1", "first_day": "2026-11-23", "cycle": cycle, "places": places, **said}


def test_a_rotation_is_made_read_changed_by_version_and_ended(house, client):
    made = client.post(f"{API}/rotations", json=rotation())
    assert made.status_code == 201
    assert house.office.shifts("C1")[:2] == [(8, 20), (44, 56)]
    address = f"{API}/rotations/{made.json['id']}"
    assert client.get(address).json == made.json
    later = [[{"start": "09:00", "end": "20:00"}], [], []]
    changed = client.patch(address, json={"cycle": later, "places": [{"carer": "C1"}], "version": 1})
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert house.office.shifts("C1")[:2] == [(9, 20), (81, 92)]
    assert house.office.shifts("C2") == []
    assert client.patch(address, json={"name": "x", "version": 1}).status_code == 412
    assert client.patch(address, json={"last_day": "2026-11-23"}).status_code == 200
    assert house.office.shifts() == [(9, 20)]
    assert made.json["id"] in {each["id"] for each in client.get(f"{API}/rotations").json["items"]}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"station": "S9"}, "station"),
        ({"places": [{"carer": "C3"}]}, "places"),
        ({"places": [{"carer": "C9"}]}, "carer"),
        ({"places": [{"carer": "C1"}, {"carer": "C1"}]}, "places"),
        ({"places": [{"carer": "C1", "offset": 4}]}, "places"),
        ({"cycle": []}, "cycle"),
        ({"cycle": [[{"start": "08:00", "end": "08:00"}], [{"start": "07:00", "end": "09:00"}]]}, "cycle"),
        ({"cycle": [[{"start": "24:00", "end": "08:00"}]]}, "cycle"),
        ({"first_day": "2026-02-30"}, "first_day"),
    ],
)
def test_a_rotation_nobody_can_walk_is_refused_with_its_field(client, said, field):
    answer = client.post(f"{API}/rotations", json=rotation(**said))
    assert answer.status_code == 422
    assert field in answer.json["errors"]["json"]


@pytest.mark.parametrize(("lang", "words"), [("zh", "至少要8小时"), ("en", "8 h is the least")])
def test_a_refusal_names_both_shifts_in_the_callers_language_and_a_reason_overrules_it(house, client, lang, words):
    house.office.put("C1", 8, 20)
    client.set_cookie("anling_lang", lang)
    said = {"carer": "C1", "start": at(25), "end": at(30)}
    refused = client.post(f"{API}/shifts", json=said)
    assert refused.status_code == 409
    for each in ("11-23 08:00–20:00", "11-24 01:00–06:00", words):
        assert each in refused.json["detail"]
    assert client.post(f"{API}/shifts", json={**said, "reason": "没有别人"}).status_code == 201
    assert client.post(f"{API}/shifts", json={**said, "reason": "没有别人"}).status_code == 409
    moved = client.patch(f"{API}/shifts/{house.desk.between(MONDAY, MONDAY + 9 * HOUR)[0].id}", json={"end": at(22)})
    assert moved.status_code == 409


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "单是11-23 06:00–23:30这一班"), ("en", "with 11-23 06:00–23:30 alone")]
)
def test_a_shift_that_is_too_long_by_itself_is_named_once(client, lang, words):
    client.set_cookie("anling_lang", lang)
    refused = client.post(f"{API}/shifts", json={"carer": "C1", "start": at(6), "end": at(23.5)})
    assert refused.status_code == 409
    assert words in refused.json["detail"]
    assert refused.json["detail"].count("06:00") == 1


def test_a_swap_goes_its_way_over_the_interface_and_calendars_follow(house, client):
    mine, theirs = house.office.put("C1", 8, 20), house.office.put("C2", 56, 68)
    asked = client.post(f"{API}/swaps", json={"shift": mine.id, "carer": "C2", "return_shift": theirs.id})
    assert (asked.status_code, asked.json["state"]) == (201, "asked")
    address = f"{API}/swaps/{asked.json['id']}"
    assert client.post(f"{address}/decide", json={"yes": True}).status_code == 409
    assert client.post(f"{address}/answer", json={"yes": True}).json["state"] == "accepted"
    assert client.post(f"{address}/decide", json={"yes": True}).json["state"] == "done"
    code = house.desk.code(f"carer:{house.office.carer('C2')}")
    feed = house.stranger().get(f"/calendar/{code}.ics")
    (event,) = icalendar.Calendar.from_ical(feed.data).walk("VEVENT")
    assert (str(event["uid"]), int(event["sequence"])) == (f"{mine.id}@anling", 1)
    assert client.get(address).json["state"] == "done"
    assert client.post(f"{address}/withdraw").status_code == 409
    assert asked.json["id"] in {each["id"] for each in client.get(f"{API}/swaps").json["items"]}
    assert client.post(f"{API}/swaps", json={"shift": "nothing", "carer": "C2"}).status_code == 422


def test_an_absence_says_its_holes_and_a_stand_in_fills_them(house, client):
    house.office.put("C1", 8, 20)
    said = {"carer": "C1", "kind": "sick", "start": at(10), "end": at(30)}
    begun = client.post(f"{API}/carer-absences", json=said)
    assert begun.status_code == 201
    assert [each["start"] for each in begun.json["holes"]] == [at(10)]
    (window,) = begun.json["vacancies"]
    assert window["id"] in {each["id"] for each in client.get(f"{API}/vacancies").json["items"]}
    filled = client.post(f"{API}/vacancies/{window['id']}/fill", json={"carer": "C2"})
    assert (filled.status_code, filled.json["start"]) == (201, at(10))
    part = {"carer": "C3", "start": at(12), "end": at(13)}
    stood = client.post(f"{API}/shifts/{filled.json['id']}/stand-in", json=part)
    assert stood.status_code == 201
    assert house.office.shifts("C2") == [(10, 12), (13, 20)]
    assert client.post(f"{API}/carer-absences", json={**said, "kind": "tired"}).status_code == 422
    address = f"{API}/carer-absences/{begun.json['id']}/end"
    assert client.post(address, json={"at": at(90)}).status_code == 422
    ended = client.post(address, json={})
    assert (ended.status_code, ended.json) == (200, {"id": begun.json["id"], "forgotten": True})
    assert client.post(address, json={}).status_code == 404


def test_the_days_off_of_a_year_say_where_they_come_from_or_that_nobody_knows(client):
    known = client.get(f"{API}/holidays?year=2026").json
    assert known["published"]
    assert "国办发明电" in known["source"]
    assert {"name": "spring_festival", "first": "2026-02-15", "last": "2026-02-23",
            "worked": ["2026-02-14", "2026-02-28"]} in known["holidays"]  # fmt: skip
    unknown = client.get(f"{API}/holidays?year=2027").json
    assert (unknown["published"], unknown["holidays"], unknown["source"]) == (False, [], None)
    assert unknown["festivals"]["mid_autumn"] == "2027-09-15"
    assert client.get(f"{API}/holidays?year=x").status_code == 422


class Paper:
    """The pages as somebody without a script uses them."""

    def __init__(self, client) -> None:
        self.client = client
        self.token = client.environ_base["HTTP_X_CSRFTOKEN"]

    def send(self, path, **form):
        return self.client.post(path, data={"csrf_token": self.token, **form})


def test_what_was_typed_stays_where_it_was_refused(house, client):
    paper, c1 = Paper(client), house.office.carer("C1")
    form = {"name": "夜班", "station": "S1", "first_day": "2026-11-23", "cycle": "20:00-8:00\n休", f"place-{c1}": "1"}
    for wrong in (
        {"cycle": "8-20"}, {"cycle": "25:00-26:00"}, {"cycle": ""}, {"first_day": "x"}, {"name": " "},
        {f"place-{c1}": "3"}, {f"place-{c1}": "x"}, {f"place-{c1}": ""}, {"station": "S9"}, {"first_day": "9999-01-01"},
    ):  # fmt: skip
        answer = paper.send("/roster/rotations", **{**form, **wrong})
        assert answer.status_code == 422, wrong
        assert re.search(r'role="alert">▲ \S', answer.text)
        assert wrong.get("cycle", "20:00-8:00") in answer.text
    assert paper.send("/roster/rotations", **form).status_code == 303
    assert house.office.shifts("C1")[0] == (20, 32)
    page = client.get("/roster/rotations").text
    id_ = re.search(r'夜班.*?action="/roster/rotations/(\w+)"', page, re.DOTALL)[1]
    assert paper.send(f"/roster/rotations/{id_}", last_day="2026-11-22").status_code == 303
    assert house.office.shifts("C1") == []


def test_an_absence_and_a_swap_by_forms(house, client):
    paper, office = Paper(client), house.office
    shift = office.put("C1", 8, 20)
    form = {"carer": office.carer("C1"), "kind": "leave", "start": "2026-11-23T08:00", "end": "2026-11-23T12:00"}
    assert paper.send("/roster/absences", **{**form, "end": "2026-11-22T08:00"}).status_code == 422
    assert paper.send("/roster/absences", **{**form, "start": "now"}).status_code == 422
    assert paper.send("/roster/absences", **form).status_code == 303
    page = client.get("/roster/absences").text
    assert "无人值班：11-23 08:00–12:00" in page
    window, absence = (re.search(rf"/roster/{each}/(\w+)", page)[1] for each in ("vacancies", "absences"))
    office.put("C2", 6, 9)
    refused = paper.send(f"/roster/vacancies/{window}", carer=office.carer("C2"))
    assert refused.status_code == 409
    assert "与它重叠" in refused.text
    fill = paper.send(f"/roster/vacancies/{window}", carer=office.carer("C2"), reason="先顶一下")
    assert fill.status_code == 303
    assert paper.send(f"/roster/absences/{absence}").status_code == 303
    assert office.shifts("C1") == [(12, 20)]
    asked = paper.send("/roster/swaps", shift=shift.id, carer=office.carer("C3"), return_shift="")
    assert asked.status_code == 303
    swap = re.search(r"/roster/swaps/(\w+)/yes", client.get("/roster/swaps").text)[1]
    assert paper.send("/roster/swaps", shift=shift.id, carer=office.carer("C3")).status_code == 409
    assert paper.send(f"/roster/swaps/{swap}/yes").status_code == 303
    assert paper.send(f"/roster/swaps/{swap}/agree").status_code == 303
    assert office.shifts("C3") == [(12, 20)]
    assert paper.send("/roster/swaps", shift="").status_code == 422


def test_somebody_stands_in_from_the_week(house, client):
    paper, office = Paper(client), house.office
    night = office.put("C1", 20, 32)
    week = {"week": "2026-11-23", "station": "S1", "shift": night.id, "carer": office.carer("C2")}
    assert paper.send("/roster/stand-in", **week, **{"from": "02:00", "until": "04:00"}).status_code == 303
    assert office.shifts("C2") == [(26, 28)], "two o'clock of a night is on its second day"
    page = client.get("/roster?week=2026-11-23&station=S1").text
    assert "替李护理" in page
    assert paper.send("/roster/stand-in", **week, **{"from": "12:00", "until": "13:00"}).status_code == 422
    assert paper.send("/roster/stand-in", **{**week, "shift": ""}).status_code == 422
