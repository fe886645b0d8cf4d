"""Money for serving by pages and programs: terms written down and ended, a month shown, booked and filed."""

import io
import threading
from collections.abc import Iterator

import openpyxl
import pytest

from dispatch.rules.rights import Area, Role
from dispatch.web.access import file_opened
from schedules.apart import Failed
from schedules.money.looking import Looking
from schedules.money.operators import reckoning as serving
from schedules.money.operators.web.api import operators_api
from schedules.money.operators.web.pages import operator_pages
from schedules.money.web.api import statements_api
from schedules.money.web.desk import SettlementDesk
from schedules.money.web.pages import settlement_pages
from tests.builders import DISTRICT as FILE
from tests.builders import build_world
from tests.fakes.line import until
from tests.integration.operators_rig import CHIEF, CLERK, OperatorsRig
from tests.integration.registry_rig import SECOND, RegistryRig
from tests.integration.test_operators import ALL, GRADED, MARCH


class ServingRig(RegistryRig):
    """The registers with canteens and stations that are paid for serving."""

    def __init__(self, folder) -> None:
        self.world = world = build_world(folder, district=FILE + SECOND)
        self.own = own = OperatorsRig(folder, [*ALL, GRADED], world=world)
        today = lambda: world.calendar.day_of(world.clock.now())  # noqa: E731
        desk = SettlementDesk(
            settling=own.statements, reading=world.reading, transactions=world.transactions,
            zone=world.calendar.tzinfo, names=self.names, seen=file_opened, year=lambda: today().year,
        )  # fmt: skip
        super().__init__(folder, world=world, blueprints=[
            operator_pages(own.filing, own.settling, world.reading, world.transactions, world.calendar.tzinfo, today),
            operators_api(own.filing, own.settling, transactions=world.transactions),
            statements_api(desk), settlement_pages(desk),
        ])  # fmt: skip


@pytest.fixture
def town(tmp_path) -> Iterator[ServingRig]:
    rig = ServingRig(tmp_path)
    rig.both = rig.person("both", Role.MANAGER, Role.REVIEWER, lang="en")
    rig.chinese = rig.person("chinese", Role.REVIEWER)
    rig.narrow = rig.person("narrow", Role.MANAGER, area=Area(frozenset({rig.own.stations["S2"]})))
    rig.own.eat("A", MARCH[:4], 26)
    yield rig
    rig.close()


def form(**said):
    own = {
        "payee": "canteen:canteen-A",
        "policy": "baiyang",
        "from_on": "2026-03-01",
        "fund": "town",
        "month": "2026-03",
    }
    return own | {"days": "calendar", "period": ""} | said


def test_a_term_is_typed_shown_and_ended_and_what_was_typed_is_kept_when_it_is_refused(town):
    refused = town.both.post("/money/operators/terms", data=form(policy="graded", chosen="Z", fund="镇级"))
    assert refused.status_code == 422
    assert "grade: one of A." in refused.text
    assert 'value="镇级"' in refused.text
    assert 'value="Z"' in refused.text
    assert town.both.post("/money/operators/terms", data=form(from_on="gestern")).status_code == 422
    assert town.both.post("/money/operators/terms", data=form()).status_code == 303
    assert town.both.post("/money/operators/terms", data=form()).status_code == 409
    graded = form(policy="graded", chosen="A", until_on="2026-03-31")
    assert town.both.post("/money/operators/terms", data=graded).status_code == 303
    held = {each.policy: each for each in town.own.filing.terms()}
    assert held["graded"].facts == {"grade": "A"}
    ended = f"/money/operators/terms/{held['graded'].id}/end"
    assert town.both.post(ended, data={"until_on": "2026-02-28", "month": "2026-03"}).status_code == 303
    assert [each.policy for each in town.own.filing.terms()] == ["baiyang"]
    page = town.both.get("/money/operators?month=2026-03").text
    assert "¥208.00" in page
    assert "104 reaches 101: ¥2.00 for each of them all" in page
    assert "not booked" in page
    assert "104达到101，全部按每份¥2.00" in town.chinese.get("/money/operators?month=2026-03").text


def test_a_month_is_booked_filed_as_a_table_and_stands_on_papers(town):
    town.both.post("/money/operators/terms", data=form())
    assert town.both.post("/money/operators/settle", data={"month": "2026-03"}).status_code == 303
    assert town.both.post("/money/operators/settle", data={"month": "2099-03"}).status_code == 409
    assert "✓ ¥208.00" in town.both.get("/money/operators?month=2026-03").text
    body = town.both.get("/money/operators/list.xlsx?month=2026-03").data
    sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
    said = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert any(row[1:5] == ["食堂A", "baiyang", "2026-03", "104"] and row[5] == 208 for row in said), said
    town.own.closing.close("2026-03", by=CHIEF)
    town.own.statements.draw("2026-03", by=CLERK)
    [one] = [each for each in town.both.get("/api/v1/statements").get_json()["items"] if each["account"] == "owed:A"]
    told = town.both.get(f"/api/v1/statements/{one['id']}").get_json()
    assert [(each["counted"], each["amount_fen"], each["reversal"]) for each in told["serving"]] == [
        ("104", 20_800, False)
    ]
    [had] = town.both.get(f"/api/v1/statements/{one['id']}/people").get_json()["items"]
    assert (had["resident"], had["amount_fen"], had["name"]) == (None, 20_800, "baiyang 2026-03 A")
    for rest in ("", "/print", "/notice"):
        paper = town.both.get(f"/settlement/{one['id']}{rest}").text
        assert "Counted for 2026-03: 104 meals" in paper, rest
        assert "208.00" in paper
    listed = town.both.get(f"/settlement/{one['id']}/list.xlsx?public=1").data
    rows = [
        [cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(listed)).worksheets[0].iter_rows()
    ]
    assert any("baiyang 2026-03 A" in row for row in rows), rows


def test_programs_keep_terms_and_see_a_month(town):
    asked = {"kind": "station", "payee": "S2", "policy": "songxi", "from_on": "2026-04-01", "facts": {"area": "urban"}}
    made = town.both.post("/api/v1/operators/terms", json=asked)
    assert made.status_code == 201
    term = made.get_json()
    assert (term["payee"], term["facts"], term["until_on"]) == (town.own.stations["S2"], {"area": "urban"}, None)
    wrong = town.both.post("/api/v1/operators/terms", json=asked | {"facts": {}})
    assert (wrong.status_code, wrong.get_json()["errors"]["json"]["facts"]) == (422, ["area: one of urban, rural."])
    dues = town.both.get("/api/v1/operators?month=2026-04").get_json()
    assert [(each["kind"], each["amount_fen"], each["outcome"]) for each in dues["items"] if each["kind"] == "station"] == [("station", 0, "ok")]  # noqa: E501  # fmt: skip
    # Whoever works for one station sees its own and changes none.
    assert {each["payee"] for each in town.narrow.get("/api/v1/operators?month=2026-04").get_json()["items"]} == {town.own.stations["S2"]}  # noqa: E501  # fmt: skip
    assert [each["id"] for each in town.narrow.get("/api/v1/operators/terms").get_json()["items"]] == [term["id"]]
    assert town.narrow.post("/api/v1/operators/terms", json=asked).status_code == 404
    ended = town.both.post(f"/api/v1/operators/terms/{term['id']}/end", json={"until_on": "2026-04-15"})
    assert ended.get_json()["until_on"] == "2026-04-15"
    settled = town.both.post("/api/v1/operators/settle", json={"month": "2026-04"}).get_json()
    assert (settled["entered"] > 0, settled["months"][-1]) == (True, "2026-04")
    dues = town.both.get("/api/v1/operators?month=2026-04").get_json()["items"]
    assert [each["booked_fen"] for each in dues if each["kind"] == "station"] == [0]


def test_a_large_month_is_told_with_its_moment_and_never_as_empty_while_nobody_knows_it(town):
    settling, told, go = town.own.settling, [], threading.Event()
    plain = settling.looking

    def elsewhere(month):
        assert go.wait(20)
        told.append(settling.reckoning.month(month).told)
        return told[-1]

    settling.looking = Looking(town.world.clock, plain._here, elsewhere, wait_s=0)
    page = town.both.get("/money/operators?month=2026-05").text
    assert "is being worked out" in page
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "Nobody is due anything" not in page
    assert "正在核算" in town.chinese.get("/money/operators?month=2026-05").text
    for unknown in ("/api/v1/operators?month=2026-05", "/money/operators/list.xlsx?month=2026-05"):
        assert town.both.get(unknown).status_code == 503, unknown
    go.set()
    until(lambda: town.both.get("/api/v1/operators?month=2026-05").status_code == 200)
    said = town.both.get("/api/v1/operators?month=2026-05").get_json()
    assert (said["as_of"][:10], said["working_out"]) == (f"{town.world.clock.now():%Y-%m-%d}", False)
    page = town.both.get("/money/operators?month=2026-05").text
    assert "as of 2026-" in page
    assert "http-equiv" not in page
    town.both.post("/money/operators/terms", data=form(payee="canteen:canteen-B", from_on="2026-05-01"))
    until(lambda: town.both.get("/money/operators?month=2026-05").text.count("食堂B</td>") == 2)
    assert len(told) == 2


@pytest.mark.error_lines("month_not_worked_out")
def test_a_large_month_that_cannot_be_worked_out_says_so_and_is_not_looked_for_again_and_again(town):
    settling = town.own.settling
    plain = settling.looking

    def broken(month):
        raise Failed("it ended with 1")

    settling.looking = Looking(town.world.clock, plain._here, broken, wait_s=20)
    page = town.both.get("/money/operators?month=2026-06").text
    assert "could not be worked out just now" in page
    assert "http-equiv" not in page


def test_a_month_is_large_by_its_meals_and_those_of_its_year_where_somebody_is_paid_by_the_year(town, monkeypatch):
    reckoning = town.own.reckoning
    monkeypatch.setattr(serving, "LARGE", 104)
    assert (reckoning.is_large("2026-03"), reckoning.is_large("2026-08")) == (True, False)
    town.own.term("yuntai", "B")
    assert (reckoning.is_large("2026-08"), reckoning.is_large("2027-08")) == (True, False)
