"""Money of beds and services on pages and on the wire, as people with their roles see it."""

from datetime import date

import pytest

from dispatch.ids import StationId
from dispatch.rules.rights import Area, Role
from dispatch.store.people import stations
from schedules.money.beds.web.api import bills_blueprint, vouchers_blueprint
from schedules.money.beds.web.bills import bill_pages
from schedules.money.beds.web.pages import bed_money_pages
from tests.integration.money_rig import MoneyRig

BILL = {
    "kind": "institution", "scheme": "nat-voucher-2026", "resident": "R1", "on": "2026-10-20", "provider": "颐养院",
    "lines": [{"on": "2026-10-20", "amount_fen": 100_000}],
}  # fmt: skip


def _blueprints(rig):
    money = rig.money = rig.build()
    today = lambda: rig.world.calendar.day_of(rig.world.clock.now())  # noqa: E731
    return [
        bed_money_pages(money.filing, money.reckoning, money.settling, rig.world.reading, today),
        bill_pages(money.filing, money.reckoning, today),
        bills_blueprint(money.filing, money.reckoning, money.settling, transactions=rig.world.transactions),
        vouchers_blueprint(money.reckoning, rig.world.reading),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    rig = MoneyRig(tmp_path_factory.mktemp("money"), blueprints=_blueprints)
    rig.people = {
        "clerk": rig.person("clerk", Role.MANAGER), "chief": rig.person("chief", Role.REVIEWER),
        "watch": rig.person("watch", Role.OPERATOR),
    }  # fmt: skip
    yield rig
    rig.close()


def test_a_bill_from_the_wire_to_the_books_and_back(rig):
    """In a month in which no other test files a bill."""
    clerk, chief, before = rig.people["clerk"], rig.people["chief"], rig.balance()
    july = {**BILL, "on": "2026-07-20", "lines": [{"on": "2026-07-20", "amount_fen": 100_000}]}
    made = clerk.post("/api/v1/bills", json=july)
    assert made.status_code == 201, made.json
    [award] = made.json["awards"]
    assert (made.json["amount_fen"], award["amount_fen"]) == (100_000, 40_000)
    assert "第1笔（机构）" in " ".join(award["why"]["zh"])
    assert clerk.post("/api/v1/bills/settle", json={"month": "2026-07"}).status_code == 403
    done = chief.post("/api/v1/bills/settle", json={"month": "2026-07"})
    assert done.json == {"entered": 1, "reversed": 0, "same": 0}
    told = chief.get("/api/v1/vouchers?resident=R1&month=2026-07").json["items"]
    assert [(each["scheme"], each["left_fen"]) for each in told] == [("nat-voucher-2026", 40_000)]
    assert [each["what"] for each in told[0]["moves"]] == ["credit", "spend", "lapse"]
    page = chief.get("/money/beds/residents/R1?month=2026-07").text
    assert "¥400.00" in page
    assert "nat-voucher-2026" in page
    bill = made.json["id"]
    refused = clerk.post(f"/money/beds/bills/{bill}", data={"why": " ", "month": "2026-07"})
    assert refused.status_code == 422
    assert clerk.post(f"/api/v1/bills/{bill}/withdraw", json={"why": "写错了"}).json == {"id": bill}
    assert chief.post("/money/beds/settle", data={"month": "2026-07"}).status_code == 303
    assert rig.balance() == before
    assert "写错了" in chief.get("/money/beds?month=2026-07").text


def test_facts_from_the_wire_change_what_is_given(rig):
    clerk = rig.people["clerk"]
    made = clerk.post("/api/v1/bills", json={**BILL, "scheme": "fz-bed-2022", "resident": "R1", "kind": "institution"})
    assert made.json["awards"][0]["outcome"] == "not_eligible"
    facts = {"from_on": "2026-01-01", "income_fen": 326_600}
    assert clerk.post("/api/v1/bills/facts/R1", json=facts).status_code == 200
    [item] = [each for each in clerk.get("/api/v1/bills?month=2026-10").json["items"] if each["id"] == made.json["id"]]
    assert item["awards"][0]["amount_fen"] == 100_000
    assert clerk.post("/api/v1/bills/facts/R77", json={"from_on": "2026-01-01"}).status_code == 404


def test_a_month_that_is_not_over_is_refused_on_the_page_with_a_reason(rig):
    answer = rig.people["chief"].post("/money/beds/settle", data={"month": f"{date(2026, 11, 1):%Y-%m}"})
    assert answer.status_code == 409
    assert "这个月还没有结束" in answer.text


def test_money_is_not_for_the_watch_and_a_bill_that_cannot_be_names_its_place(rig):
    assert rig.people["watch"].get("/money/beds").status_code == 403
    wrong = rig.people["clerk"].post("/api/v1/bills", json={**BILL, "kind": "home"})
    assert (wrong.status_code, list(wrong.json["errors"]["json"])) == (422, ["lines"])
    assert rig.people["clerk"].post("/api/v1/bills", json={**BILL, "resident": "R77"}).status_code in {404, 422}
    assert rig.people["clerk"].get("/api/v1/bills?month=2026-13").status_code == 422


def test_a_page_without_a_month_shows_the_last_one(rig):
    assert "2026-10" in rig.people["chief"].get("/money/beds?month=nonsense").text


FORM = {
    "resident": "R1", "kind": "institution", "scheme": "nat-voucher-2026", "on": "2026-09-20", "provider": "颐养院",
    "month": "2026-09", "line_on": ["2026-09-20", "", ""], "line_amount": ["1000.00", "0.50", ""],
    "line_proof": ["other", "other", "other"], "line_ref": ["", "", ""],
}  # fmt: skip


def test_a_bill_by_its_page_with_its_reasons_in_both_languages(rig):
    clerk, watch = rig.people["clerk"], rig.people["watch"]
    assert watch.get("/money/bills").status_code == watch.post("/money/bills", data=FORM).status_code == 403
    made = clerk.post("/money/bills", data=FORM)
    assert made.status_code == 303
    one = clerk.get(made.location).text
    # 40 % of 1,000.50 at an institution: 400.20.
    for words in (
        "¥400.20",
        "1000.00",
        "0.50",
        "尚未入账",
        "第1笔（机构）",
        "Bill 1 (institution)",
        'lang="zh"',
        'lang="en"',
    ):
        assert words in one
    assert f'href="{made.location}"' in clerk.get("/money/bills?month=2026-09").text
    rig.settle("2026-09")
    assert "已入账" in clerk.get(made.location).text
    refused = clerk.post(f"{made.location}/withdraw", data={"why": " "})
    assert (refused.status_code, "请写明" in refused.text or "原因" in refused.text) == (422, True)
    assert clerk.post(f"{made.location}/withdraw", data={"why": "写错了"}).status_code == 303
    assert "写错了" in clerk.get(made.location).text
    rig.settle("2026-09")


def test_a_bill_that_is_refused_comes_back_with_everything_that_was_typed(rig):
    clerk = rig.people["clerk"]
    for changes, said in (
        ({"line_amount": ["10.005", "", ""]}, "第1行：金额写作 120.00"), ({"resident": "R77"}, "没有这位老人"),
        ({"line_on": ["2026-08-31", "", ""]}, "第1行：一张账单只能是同一个月"),
        ({"line_amount": ["", "", ""]}, "明细 1 到 200 行"),
    ):  # fmt: skip
        answer = clerk.post("/money/bills", data={**FORM, **changes})
        assert answer.status_code == 422
        for words in (said, 'value="颐养院"', f'value="{(FORM | changes)["line_amount"][0]}"', 'value="2026-09-20"'):
            assert words in answer.text, (changes, words)
    assert clerk.get("/money/bills?month=2026-09").text.count("/money/bills/") <= 2


def test_a_bill_of_another_station_is_not_there(rig):
    bill = rig.people["clerk"].post("/api/v1/bills", json={**BILL, "on": "2026-08-20", "lines": [
        {"on": "2026-08-20", "amount_fen": 1}]}).json["id"]  # fmt: skip
    other = rig.person("other", Role.MANAGER, area=Area(frozenset({StationId(rig.world.id_of(stations, "S2"))})))
    assert other.get(f"/money/bills/{bill}").status_code == 404
    assert other.post(f"/money/bills/{bill}/withdraw", data={"why": "x"}).status_code == 404
    assert bill not in other.get("/money/bills?month=2026-08").text
