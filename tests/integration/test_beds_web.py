"""Beds on pages and on the wire: a whole life by forms, refused forms that keep what was typed, files, figures."""

import io
import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from config.beds_options import BedSettings
from dispatch.rules.rights import DISTRICT, Role
from dispatch.web.access import file_opened
from schedules.care.rules.bed import Deed, State, Why
from schedules.care.store.beds import Beds
from schedules.care.web.beds_api import beds_api
from schedules.care.web.beds_pages import beds_pages
from schedules.care.web.desk import BedDesk
from tests.integration.beds_rig import TODAY, BedsRig, daily


def desk_over(rig) -> BedDesk:
    own = rig.beds
    return BedDesk(
        life=own.life, assessing=own.assessing, plans=own.plans, months=own.months, filing=own.filing,
        duties=own.duties, items=own.items, default=own.default, reading=rig.world.reading,
        transactions=rig.world.transactions, calendar=rig.world.calendar, names=rig.names, seen=file_opened,
    )  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Iterator[BedsRig]:
    rig = BedsRig(tmp_path_factory.mktemp("beds"), blueprints=_blueprints)
    rig.people = {
        "manager": rig.person("manager", Role.MANAGER), "town": rig.person("town", Role.REVIEWER),
        "county": rig.person("county", Role.REVIEWER), "operator": rig.person("operator", Role.OPERATOR),
    }  # fmt: skip
    yield rig
    rig.close()


def _blueprints(rig):
    desk = desk_over(rig)
    return [beds_api(desk), beds_pages(desk)]


@pytest.fixture
def rig(town) -> Iterator[BedsRig]:
    noon = town.world.clock.now()
    yield town
    # Where time passed, sessions ended: everybody signs in again, for whichever test comes next.
    if town.world.clock.now() != noon:
        town.people = {login: town.again(login) for login in town.people}
    for code in ("R1", "R2", "R3"):
        with town.world.reading.connect() as connection:
            bed = Beds(connection).alive(town.world.resident(code))
        if bed is not None:
            town.step(bed.id, Deed.END, why=Why.WITHDREW)


def test_a_whole_life_by_forms(rig):
    manager, town, county = (rig.people[each] for each in ("manager", "town", "county"))
    made = manager.post("/beds/new", data={"resident": "R1", "standard": "nj-bed-2021", "number": "申-1"})
    assert made.status_code == 303
    path = made.location
    forms = [
        (manager, "assess", {"standard": "gbt42195-2022", "score": "52", "assessed_on": str(TODAY), "org": "评估一所",
                             "adjustments": ["dementia"]}),
        (town, "review", {"deed": "first_review", "post": "街道民政科", "opinion": "属实"}),
        (county, "review", {"deed": "approve", "post": "区民政局", "opinion": "同意"}),
        (manager, "step", {"deed": "build", "org": "设计一所"}),
        (manager, "step", {"deed": "accept", "org": "验收一所"}),
        (manager, "step", {"deed": "activate", "org": "服务一所", "agreed_from": "2026-11-01",
                           "agreed_until": "2027-10-31"}),
    ]  # fmt: skip
    for who, form, said in forms:
        answer = who.post(f"{path}/{form}", data=said)
        assert answer.status_code == 303, answer.get_data(as_text=True)
    plan = {"base": "0", "pattern-0": "weekly", "times-0": "7", "start-0": "09:00", "by-0": "10:00", "minutes-0": "60",
            "items-0": ["B01", "B02"], "carers-0": "2", "holidays-0": "keep", "minutes-1": ""}  # fmt: skip
    assert manager.post(f"{path}/plan", data=plan).status_code == 303
    page = manager.get(path).get_data(as_text=True)
    for words in ("申-1", "街道民政科", "验收一所", "助浴", "C2026-", "每周7次"):
        assert words in page
    assert "王秀英" in rig.people["operator"].get("/beds").get_data(as_text=True)
    for each in ("/month", "/print", "/form", "/month?month=2026-02", "/print?month=nonsense"):
        assert manager.get(f"{path}{each}").status_code == 200


def test_a_form_that_is_refused_keeps_what_was_typed(rig):
    bed, manager = rig.until(State.ACCEPTED), rig.people["manager"]
    said = {"deed": "activate", "org": "柏林颐养驿站", "agreed_from": "2026-11-01", "agreed_until": "2026-10-01"}
    answer = manager.post(f"/beds/{bed}/step", data=said)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "柏林颐养驿站" in page
    assert "2026-10-01" in page
    plan = {"base": "0", "pattern-0": "weekly", "times-0": "9", "start-0": "09:00", "by-0": "10:00", "minutes-0": "77",
            "skills-0": "nurse", "carers-0": "1", "holidays-0": "keep"}  # fmt: skip
    for broken in ({}, {"minutes-0": "many"}, {"start-0": "25:00"}, {"base": "7", "times-0": "2"}):
        answer = manager.post(f"/beds/{bed}/plan", data=plan | broken)
        assert answer.status_code in {409, 422}
        assert "nurse" in answer.get_data(as_text=True)
    assert rig.beds.plans.of(bed) == []
    answer = manager.post("/beds/new", data={"resident": "R77", "number": "申-9"})
    assert (answer.status_code, "申-9" in answer.get_data(as_text=True)) == (422, True)
    assert manager.post("/beds/new", data={"resident": "R1", "standard": "fj-bed-pilot"}).status_code == 409


@pytest.mark.parametrize(("who", "status"), [("operator", 403), ("town", 403), ("manager", 303)])
def test_managers_change_and_others_do_not(rig, who, status):
    bed = rig.until(State.ACTIVE)
    data = {"deed": "suspend", "why": "asked"}
    assert rig.people[who].post(f"/beds/{bed}/step", data=data).status_code == status
    assert rig.people[who].get(f"/beds/{bed}").status_code == 200


def test_reviewers_review_and_managers_do_not(rig):
    bed = rig.until(State.ASSESSED)
    review = {"deed": "first_review"}
    assert rig.people["manager"].post(f"/beds/{bed}/review", data=review).status_code == 403
    assert rig.people["town"].post(f"/beds/{bed}/review", data=review).status_code == 303
    assert rig.people["town"].post(f"/beds/{bed}/review", data={"deed": "approve"}).status_code == 409
    # A reviewer's form takes no other step, and a manager's none of a reviewer's.
    assert rig.people["county"].post(f"/beds/{bed}/review", data={"deed": "end"}).status_code == 422
    assert rig.people["manager"].post(f"/beds/{bed}/step", data={"deed": "approve"}).status_code == 422
    assert rig.bed(bed).state is State.ASSESSED


MULTIPART = "multipart/form-data; boundary=b"


def multipart(step: str, file: bytes) -> bytes:
    """A form with a file as a browser sends it; the client's own leaves a large one open."""
    about = 'name="file"; filename="评估表.pdf"\r\nContent-Type: application/pdf'
    parts = [('name="step"', step.encode()), (about, file)]
    made = [f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + body for head, body in parts]
    return b"\r\n".join([*made, b"--b--\r\n"])


def test_a_paper_comes_back_as_it_was(rig):
    bed, manager = rig.until(State.ASSESSED), rig.people["manager"]
    content = b"%PDF-1.7\n" + b"x" * 1_500_000
    body = multipart(step=rig.steps(bed)[-1].id, file=content)
    assert manager.post(f"/beds/{bed}/paper", data=body, content_type=MULTIPART).status_code == 303
    paper = manager.get(f"/api/v1/beds/{bed}").get_json()["papers"][0]
    assert paper["name"] == "评估表.pdf"
    answer = manager.get(f"/beds/{bed}/papers/{paper['id']}")
    assert (answer.data, answer.mimetype) == (content, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    bad = {"step": rig.steps(bed)[-1].id, "file": (io.BytesIO(b"<script>"), "x.pdf")}
    assert manager.post(f"/beds/{bed}/paper", data=bad, content_type="multipart/form-data").status_code == 422
    assert manager.post(f"/beds/{bed}/paper", data={"step": "x"}).status_code == 422


# ------------------------------------------------------------------------------------------------ programs


def test_a_program_takes_a_bed_through_its_life_but_reviews_nothing(rig):
    program = rig.machine("read beds")
    made = program.post("/api/v1/beds", json={"resident": "R2"})
    assert made.status_code == 201
    bed = made.get_json()["id"]
    assess = {"standard": "gbt42195-2022", "assessed_on": str(TODAY), "org": "x", "score": 40}
    assert program.post(f"/api/v1/beds/{bed}/assessments", json=assess).get_json()["state"] == "assessed"
    assert program.post(f"/api/v1/beds/{bed}/review", json={"deed": "first_review"}).status_code in {401, 403}
    assert program.post(f"/api/v1/beds/{bed}/steps", json={"deed": "approve"}).status_code == 422
    assert program.post(f"/api/v1/beds/{bed}/steps", json={"deed": "build", "org": "x"}).status_code == 409
    assert program.post("/api/v1/beds", json={"resident": "R2"}).status_code == 409
    assert program.post("/api/v1/beds", json={"resident": "R77"}).status_code == 422
    line = {"code": "a", "pattern": "weekly", "times": 2, "start": "09:00", "by": "10:00", "minutes": 60}
    plan = program.post(f"/api/v1/beds/{bed}/plans", json={"base": 0, "lines": [line]})
    assert (plan.status_code, plan.get_json()["version"]) == (201, 1)
    assert program.post(f"/api/v1/beds/{bed}/plans", json={"base": 0, "lines": [line]}).status_code == 412
    bad = {**line, "pattern": "every"}
    assert program.post(f"/api/v1/beds/{bed}/plans", json={"base": 1, "lines": [bad]}).status_code == 422
    listed = program.get("/api/v1/beds?resident=R2&limit=500").get_json()["items"]
    assert [each["state"] for each in listed if each["id"] == bed] == ["assessed"]
    assert program.get(f"/api/v1/beds/{bed}/standing?month=2026-13").status_code == 422


def test_a_list_goes_on_where_it_stopped(rig):
    beds = {rig.until(State.APPLIED, code) for code in ("R1", "R2", "R3")}
    program, found, cursor = rig.machine("read"), [], ""
    while cursor is not None:
        page = program.get(f"/api/v1/beds?state=applied&limit=2{'&cursor=' + cursor if cursor else ''}").get_json()
        found += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert set(found) == beds
    assert len(found) == 3


# ------------------------------------------------------------------------------------------------ the month


def reckon(statement: dict, standard: Path) -> dict:
    """
    A small program of its own: the month from what the statement exports alone, by counting minutes one by one.

    It knows the visits, the days owed, the agreement, and the numbers of the standard, and nothing of the service.
    """
    numbers = tomllib.loads(standard.read_text(encoding="utf-8"))["standard"]
    minutes, days, medical, items = set(), {}, 0, set()
    for each in statement["rows"]:
        begun, finished = (datetime.fromisoformat(each[name]).timestamp() for name in ("begun_at", "finished_at"))
        mine = {int(begun) + 60 * number for number in range(int(finished - begun) // 60)}
        days.setdefault(each["on"], set()).update(mine - minutes)
        minutes |= mine
        medical += each["medical"]
        items |= {code for code in each["items"] if code.startswith("B")}
    owed = [each["on"] for each in statement["days"] if each["owed"]]
    missing = {
        "daily_visit": any(not days.get(day) for day in owed) and "visits_per_day_min" in numbers,
        "daily_minutes": any(len(days.get(day, ())) < numbers.get("minutes_per_day_min", 0) for day in owed),
        "hours": len(minutes) < float(numbers["hours_per_month_min"]) * 60,
        "medical_visits": medical < numbers.get("medical_visits_per_month_min", 0),
        "basic_items": len(items) < numbers.get("basic_items_min", 0),
    }
    return {"minutes": len(minutes), "fails": sorted(name for name, is_so in missing.items() if is_so)}


@pytest.mark.parametrize("fault", ["none", "short", "gap", "pair", "midnight", "no_medical", "few_items"])
def test_a_statement_can_be_reckoned_again_from_its_visits_alone(rig, fault):
    bed = rig.until(State.ACTIVE)
    resident = rig.world.resident()
    rig.visits.all.clear()
    codes = [f"B{number:02}" for number in range(1, 15 if fault == "few_items" else 16)]
    for day in (date(2026, 12, number) for number in range(1, 32)):
        if fault == "gap" and day.day == 17:
            continue
        minutes = 41 if fault == "short" and day.day < 20 else 60
        medical = fault != "no_medical" and day.day in {3, 30}
        hour = 23 if fault == "midnight" and day.day == 31 else 9
        rig.visits.add(resident, day, minutes, hour=hour, medical=medical, items=tuple(codes))
        if fault == "pair":
            rig.visits.add(resident, day, minutes, carers=("c2",))
    program = rig.machine("read")
    told = json.loads(program.get(f"/api/v1/beds/{bed}/statement?month=2026-12").data)
    again = reckon(told, BedSettings().standards / "fj-bed-pilot.toml")
    assert again == {"minutes": told["minutes"], "fails": told["fails"]}
    expected = {"none": [], "short": ["hours"], "gap": ["daily_visit"], "pair": [], "midnight": [],
                "no_medical": ["medical_visits"], "few_items": ["basic_items"]}  # fmt: skip
    assert told["fails"] == expected[fault]
    assert told["visits"] == (30 if fault == "gap" else 31)


def test_the_hours_table_has_a_row_for_each_carer_and_elder(rig):
    bed = rig.until(State.ACTIVE)
    resident = rig.world.resident()
    rig.visits.all.clear()
    one, two = (rig.world.carer(code).removeprefix("carer:") for code in ("C1", "C2"))
    rig.visits.add(resident, TODAY, 60, carers=(one, two))
    rig.visits.add(resident, TODAY, 30, hour=15, carers=(one,), medical=True)
    answer = rig.people["manager"].get("/beds/hours.xlsx?month=2026-11")
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    number = rig.bed(bed).number
    assert [(row[0], row[2], *row[5:8]) for row in rows[:2]] == [("C1", number, 2, 90, 1), ("C2", number, 1, 60, 0)]
    assert rows[2][5:8] == [3, 150, 1]
    assert rig.people["operator"].get("/beds/hours.xlsx").status_code == 403


def test_the_list_can_be_narrowed_to_those_that_fall_behind(rig):
    bed = rig.until(State.ACTIVE)
    rig.visits.all.clear()
    rig.plan(bed, daily())
    rig.world.clock.advance(3601)
    rig.beds.months.round()
    found = rig.people["operator"].get("/beds?course=needs_more").get_data(as_text=True)
    assert rig.bed(bed).number in found
    assert rig.bed(bed).number not in rig.people["operator"].get("/beds?course=met").get_data(as_text=True)
    standing = rig.machine("read").get(f"/api/v1/beds/{bed}/standing").get_json()
    assert standing["course"] == "needs_more"
    hours = next(each for each in standing["points"] if each["duty"] == "hours")
    assert (hours["need"], hours["done"]) == (1800, 0)
    assert rig.beds.months.statement(bed, TODAY, DISTRICT).standing.owed == 10
