"""Settlement by pages and by the API: drawn from a closed month, two people, objections, lists that add up, budgets."""

import io
from collections.abc import Iterator
from datetime import date

import openpyxl
import pytest

from config.settlement_options import SettlementSettings
from config.wiring_settlement import build_settlement
from dispatch.rules.people import operator
from dispatch.rules.rights import Area, Role
from dispatch.web.access import file_opened
from schedules.money.closing import Closing
from schedules.money.rules.ledger import Kind, Source, reversal, subsidy
from schedules.money.rules.statement import masked
from schedules.money.store.ledger import Books
from schedules.money.store.versions import Rule, Versions
from schedules.money.web.api import statements_api
from schedules.money.web.desk import SettlementDesk
from schedules.money.web.pages import settlement_pages
from tests.builders import DISTRICT as FILE
from tests.builders import build_world
from tests.integration.registry_rig import SECOND, RegistryRig

KEEPER = operator("keeper")
MONTH = "2026-10"


class MoneyRig(RegistryRig):
    """The registers with a closed month of the ledger beside them."""

    def __init__(self, folder) -> None:
        self.world = world = build_world(folder, district=FILE + SECOND)
        self.settlement = build_settlement(
            SettlementSettings(), world.transactions, world.reading, world.clock, world.calendar
        )  # fmt: skip
        super().__init__(folder, world=world, blueprints=self._blueprints())
        rule = Rule(version="v1", policy_id="p", file="p.toml", content="")
        world.transactions.run(lambda tx: Versions(tx.connection).keep(rule))

    def _blueprints(self):
        world = self.world
        desk = SettlementDesk(
            settling=self.settlement.settling, reading=world.reading, transactions=world.transactions,
            zone=world.calendar.tzinfo, names=self.names, seen=file_opened,
            year=lambda: world.calendar.day_of(world.clock.now()).year,
        )  # fmt: skip
        return [statements_api(desk), settlement_pages(desk)]

    def meal(self, number, resident, fen, payee="S1", day=1):
        on = date(2026, 10, day)
        who = self.world.resident(resident)
        return subsidy(
            entry_id=f"e{number}", source=Source(Kind.MEAL, f"m{number}"), version="v1", claim=f"{who}/{on}/{number}",
            on=on, layers={"city": fen, "district": 100}, owed_to=payee,
        )  # fmt: skip

    def fill(self):
        first = self.meal(1, "R1", 300)
        entries = [first, self.meal(2, "R2", 200, day=2), self.meal(3, "R1", 1, payee="canteen-9"),
                   reversal(first, entry_id="b1"), self.meal(4, "R1", 350, day=3)]  # fmt: skip
        self.world.transactions.run(lambda tx: [Books(tx.connection).enter(each) for each in entries])
        world = self.world
        Closing(world.transactions, world.reading, world.clock, world.calendar).close(MONTH, by=KEEPER)

    def statement(self, account):
        rows = self.settlement.settling.page(Area(), month=MONTH)
        return next(each for each in rows if each.account == account)


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Iterator[MoneyRig]:
    rig = MoneyRig(tmp_path_factory.mktemp("money"))
    rig.people = {
        "keeper": rig.person("keeper", Role.MANAGER), "boss": rig.person("boss", Role.REVIEWER),
        "both": rig.person("both", Role.MANAGER, Role.REVIEWER), "watch": rig.person("watch", Role.OPERATOR),
    }  # fmt: skip
    rig.fill()
    assert rig.people["keeper"].post("/settlement/draw", data={"month": MONTH}).status_code == 303
    yield rig
    rig.close()


def test_statements_are_drawn_once_and_add_up(town):
    assert town.settlement.settling.draw(MONTH, by=KEEPER) == 0
    fen = {each.account: (each.amount_fen, each.entries) for each in town.settlement.settling.page(Area(), month=MONTH)}
    assert fen == {
        "owed:S1": (750, 4), "owed:canteen-9": (101, 1), "fund:city": (551, 5), "fund:district": (300, 5),
    }  # fmt: skip
    for account in fen:
        people = town.settlement.settling.people(town.statement(account))
        assert sum(each.amount_fen for each in people) == fen[account][0]


def test_the_whole_way_to_the_money_takes_three_people_and_the_days_for_objections(town):
    both, boss, keeper = (town.people[each] for each in ("both", "boss", "keeper"))
    path = f"/settlement/{town.statement('owed:S1').id}"
    assert keeper.post(f"{path}/review", data={"deed": "publish"}).status_code == 403
    assert both.post(f"{path}/step", data={"deed": "submit"}).status_code == 303
    refused = both.post(f"{path}/review", data={"deed": "publish"})
    assert (refused.status_code, "提交人不得公示" in refused.get_data(as_text=True)) == (409, True)
    assert boss.post(f"{path}/review", data={"deed": "send_back", "note": ""}).status_code == 422
    assert boss.post(f"{path}/review", data={"deed": "publish"}).status_code == 303
    said = {"said_by": "李阿姨", "text": "三号没有吃"}
    assert keeper.post(f"{path}/objections", data=said).status_code == 303
    town.world.clock.advance(7 * 86400)
    boss = town.person("boss1", Role.REVIEWER)
    assert "公示期未满" in boss.post(f"{path}/review", data={"deed": "approve"}).get_data(as_text=True)
    town.world.clock.advance(86400)
    boss, keeper = town.person("boss2", Role.REVIEWER), town.person("keeper2", Role.MANAGER)
    assert "异议未答复" in boss.post(f"{path}/review", data={"deed": "approve"}).get_data(as_text=True)
    objection = town.settlement.settling.one(path[12:], Area()).objections[0]
    told = boss.post(f"{path}/objections/{objection.id}", data={"answer": "", "upheld": "no"})
    assert told.status_code == 422
    own = town.again("both").post(f"{path}/objections/{objection.id}", data={"answer": "没有问题", "upheld": "no"})
    assert (own.status_code, "提交人不得答复" in own.get_data(as_text=True)) == (409, True)
    assert boss.post(f"{path}/objections/{objection.id}", data={"answer": "有签到", "upheld": "no"}).status_code == 303
    again = town.again("boss")
    assert "公示人不得审批同一结算单" in again.get(path).get_data(as_text=True)
    own = again.post(f"{path}/review", data={"deed": "approve"})
    assert (own.status_code, "公示人不得审批同一结算单" in own.get_data(as_text=True)) == (409, True)
    third = town.person("third", Role.REVIEWER, Role.MANAGER)
    assert third.post(f"{path}/review", data={"deed": "approve"}).status_code == 303
    own = third.post(f"{path}/step", data={"deed": "pay", "reference": "支 310"})
    assert (own.status_code, "审批人不得登记同一结算单的支付" in own.get_data(as_text=True)) == (409, True)
    unpaid = keeper.post(f"{path}/step", data={"deed": "pay", "reference": "", "on": "2026-10-02"})
    assert unpaid.status_code == 422
    assert 'value="2026-10-02"' in unpaid.get_data(as_text=True)
    assert keeper.post(f"{path}/step", data={"deed": "pay", "reference": "支 311"}).status_code == 303
    assert town.statement("owed:S1").state == "paid"
    page = keeper.get(path).get_data(as_text=True)
    for words in ("由已结账月份生成", "李阿姨", "有签到", "支 311", "已支付"):
        assert words in page
    assert keeper.post(f"{path}/objections", data=said).status_code == 409


def test_what_is_published_shows_masked_names_and_nothing_else_of_them(town):
    keeper = town.person("keeper3", Role.MANAGER)
    path = f"/settlement/{town.statement('owed:S1').id}"
    names = [each.name for each in town.settlement.settling.people(town.statement("owed:S1"))]
    inside, notice = (keeper.get(f"{path}/{each}").get_data(as_text=True) for each in ("print", "notice"))
    for name in names:
        assert name in inside
        assert name not in notice
        assert masked(name) in notice
    for public in (False, True):
        body = keeper.get(f"{path}/list.xlsx", query_string={"public": "1"} if public else {}).get_data()
        sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
        rows = list(sheet.iter_rows(min_row=3, values_only=True))
        assert sum(row[4] for row in rows[:-1]) == rows[-1][4] == 7.5
        assert {row[1] for row in rows[:-1]} == ({masked(each) for each in names} if public else set(names))


def test_names_are_masked_as_the_bureau_does():
    assert [masked(each) for each in ("", "张", "张三", "张三丰", "欧阳修文")] == ["", "张*", "张*", "张*丰", "欧*文"]


def test_a_resident_s_month_names_each_meal(town):
    keeper = town.person("keeper4", Role.MANAGER)
    page = keeper.get(f"/settlement/residents/R1?month={MONTH}").get_data(as_text=True)
    assert "冲回" in page
    assert "5.51" in page
    assert keeper.get("/settlement/residents/R1").status_code == 200


def test_budgets_say_how_much_of_them_is_paid(town):
    keeper = town.person("keeper5", Role.MANAGER, Role.REVIEWER)
    wrong = keeper.post("/settlement/budget", data={"fund": "city", "year": "2026", "amount": "1.234"})
    assert (wrong.status_code, 'value="1.234"' in wrong.get_data(as_text=True)) == (422, True)
    assert keeper.post("/settlement/budget", data={"fund": "city", "year": "2026", "amount": "9"}).status_code == 303
    assert (
        keeper.post("/settlement/budget", data={"fund": "city", "year": "2026", "amount": "11.02"}).status_code == 303
    )
    city = next(each for each in town.settlement.settling.budgets(2026) if each["fund"] == "fund:city")
    assert city == {"fund": "fund:city", "year": 2026, "budget_fen": 1102, "given_fen": 551, "paid_fen": 0, "rate": 0}
    page = keeper.get("/settlement").get_data(as_text=True)
    assert "11.02" in page
    assert "0.00 %" in page


def test_whoever_works_for_a_station_sees_its_statements_and_no_fund(town):
    here = Area(frozenset({town.world.id_of_station("S1")}))
    accounts = {each.account for each in town.settlement.settling.page(here, month=MONTH)}
    assert accounts == {"owed:S1"}


def test_programs_read_and_step_and_no_key_reviews(town):
    client = town.person("keeper6", Role.MANAGER)
    listed = client.get(f"/api/v1/statements?month={MONTH}&kind=fund").get_json()["items"]
    assert [each["account"] for each in listed] == ["fund:district", "fund:city"]
    one = client.get(f"/api/v1/statements/{listed[1]['id']}").get_json()
    assert [(each["account"], each["amount_fen"]) for each in one["parts"]] == [("owed:S1", 550), ("owed:canteen-9", 1)]
    done = client.post(f"/api/v1/statements/{one['id']}/steps", json={"deed": "submit"})
    assert (done.status_code, done.get_json()["state"]) == (200, "review")
    assert client.post(f"/api/v1/statements/{one['id']}/steps", json={"deed": "submit"}).status_code == 409
    assert client.post(f"/api/v1/statements/{one['id']}/review", json={"deed": "publish"}).status_code == 403
    assert client.get(f"/api/v1/statements/{one['id']}/people").get_json()["items"]
    assert client.post("/api/v1/statements", json={"month": "2020-01"}).status_code == 409
    assert town.people["watch"].get("/api/v1/statements").status_code in {401, 403}
