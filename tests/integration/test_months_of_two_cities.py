"""
A month of Fuzhou's beds and two months of Nanjing's beds and canteens, from what happened to the sheet that is filed.

Every amount is worked out by hand from the text of the rules (CARE-RULES 1.3, 1.4 and 2.2 and the policy files) and
written beside what it comes from, not taken from the program.
"""

import io
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest

from config.lists.register import residents
from config.settlement_options import SettlementSettings
from config.wiring_settlement import build_settlement
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from schedules.care.rules.bed import State
from schedules.meals.catering import Catering
from schedules.meals.rules.serving import By
from schedules.money.closing import Closing
from schedules.money.keeping import rules_in
from schedules.money.settling import Payee
from schedules.money.store.ledger import Books
from schedules.money.web.desk import SettlementDesk
from tests.builders import DISTRICT as FILE
from tests.builders import build_world
from tests.integration.meals_rig import TILLS, Canteens, at
from tests.integration.money_rig import CLERK, MoneyRig
from tests.integration.registry_rig import SECOND
from tests.unit.money.rig import SHIPPED

KEEPER = operator("keeper")
DEC, JAN = "2026-12", "2027-01"
BASIC = tuple(f"B{number:02}" for number in range(1, 16))
"""15 of the 33 basic items, which is the least."""


class Office:
    """Closes a month of a world's ledger, draws its statements and makes the sheets."""

    def __init__(self, world, **payees):
        self.world = world
        self.settlement = build_settlement(
            SettlementSettings(), world.transactions, world.reading, world.clock, world.calendar
        )  # fmt: skip
        self.settlement.payees.append(lambda: {k: Payee(name=v, station_id=None) for k, v in payees.items()})
        self.desk = SettlementDesk(
            settling=self.settlement.settling, reading=world.reading, transactions=world.transactions,
            zone=world.calendar.tzinfo, names=dict, seen=lambda *_: None, year=lambda: 2026,
        )  # fmt: skip

    def close(self, month):
        world = self.world
        Closing(world.transactions, world.reading, world.clock, world.calendar).close(month, by=KEEPER)
        self.settlement.settling.draw(month, by=KEEPER)
        return {each.account: each for each in self.settlement.settling.page(DISTRICT, month=month)}

    def sheet(self, statement):
        """The rows of the file that a bureau files: name, entries, yuan; and its total."""
        body, _ = self.desk.table(statement, by=KEEPER, maker="keeper", is_public=False)
        rows = list(openpyxl.load_workbook(io.BytesIO(body)).worksheets[0].iter_rows(values_only=True))
        head = next(number for number, row in enumerate(rows) if "Amount (yuan)" in row)
        people = [(row[1], row[2], round(row[4] * 100)) for row in rows[head + 1 :] if isinstance(row[0], int)]
        total = next(row for row in rows[head + 1 :] if str(row[1]).startswith("Total"))
        return people, round(total[4] * 100)


def fen_of(statements):
    return {account: (each.amount_fen, each.entries) for account, each in statements.items()}


def pass_to(world, day):
    noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    world.clock.advance((noon - world.clock.now()).total_seconds())


def known_as(world, code, **facts):
    """What the register says of a resident."""
    world.transactions.run(
        lambda tx: tx.connection.execute(residents.update().where(residents.c.code == code).values(**facts))
    )


def visited(rig, first, last, *, skip=(), medical=()):
    """An hour a day with all that Fujian asks for, but on the days left out."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day not in skip:
            rig.visits.add(rig.world.resident("R1"), day, items=BASIC, medical=day in medical)


# ------------------------------------------------------------------------------------------------ Fujian


def test_a_month_of_fuzhou_s_beds_to_the_fen(tmp_path):
    """
    fz-bed-2022: 60+, income at most 3,266.00, assessed mild or worse: 3,000 a bed built; at most 1,000 a person and
    month for services; at most 350 a bed and month for running it, where the month met fj-bed-pilot: a visit a day,
    30 hours, 2 medical visits, 15 of 33 basic items.

    R1 (88, moderate, 3,266.00): built for 3,456.78         3,000.00  fixed, whatever it cost
                                 services of the 10th 620.00  620.00
                                 services of the 20th 480.50  380.00  1,000.00 - 620.00
                                 the bed's December           350.00  31 visits, 31 h, 2 medical, 15 items
                                                            4,350.00
    R2 (76, mild, 3,266.01): services 300.00                    0.00  one fen of income too much
    R3 (76, mild, income not known): services 300.00            0.00  what is not known fulfils nothing
    """
    rig = MoneyRig(tmp_path, policies=SHIPPED, beds="fz-bed-2022")
    rig.money = rig.build(on_file=True)
    for code in ("R2", "R3"):
        known_as(rig.world, code, born_on=date(1950, 5, 5), level="mild")
    rig.know("R1", from_on=date(2026, 1, 1), income_fen=326_600)
    rig.know("R2", from_on=date(2026, 1, 1), income_fen=326_601)
    rig.until(State.ACTIVE)
    medical = (date(2026, 12, 3), date(2026, 12, 17), date(2027, 1, 3))
    visited(rig, date(2026, 11, 21), date(2027, 1, 31), skip=[date(2027, 1, 9)], medical=medical)
    pass_to(rig.world, date(2027, 1, 2))
    rig.file(345_678, date(2026, 12, 2), scheme="fz-bed-2022", kind="construction")
    rig.file(62_000, date(2026, 12, 10), scheme="fz-bed-2022")
    rig.file(48_050, date(2026, 12, 20), scheme="fz-bed-2022")
    for code in ("R2", "R3"):
        rig.file(30_000, date(2026, 12, 20), scheme="fz-bed-2022", resident=code)
    rig.settle(DEC)
    office = Office(rig.world)
    december = office.close(DEC)
    assert fen_of(december) == {
        "fund:district": (435_000, 4), "owed:颐养院": (400_000, 3), "owed:服务一所": (35_000, 1),
    }  # fmt: skip
    assert office.sheet(december["fund:district"]) == ([("王秀英", 4, 435_000)], 435_000)
    assert office.sheet(december["owed:颐养院"]) == ([("王秀英", 3, 400_000)], 400_000)

    # January: no visit on the 9th, and one medical visit only. The bed has nothing, and the reason says both.
    pass_to(rig.world, date(2027, 2, 2))
    [award] = rig.month(JAN).awards
    assert (award.amount_fen, award.because[-1].facts["failed"]) == (0, ("daily_visit", "medical_visits"))
    # A visit that is proved afterwards puts the month right before it is booked.
    rig.visits.add(rig.world.resident("R1"), date(2027, 1, 9), items=BASIC, medical=True)
    rig.settle(JAN)
    assert fen_of(office.close(JAN)) == {"fund:district": (35_000, 1), "owed:服务一所": (35_000, 1)}
    rig.close()


# ------------------------------------------------------------------------------------------------ Nanjing


def test_a_month_of_nanjing_s_beds_to_the_fen(tmp_path):
    """
    nj-bed-2021: 3,000 a household, once; 1,000 where the home was adapted before; nothing for running a bed.

    R1's home was adapted before     1,000.00
    R2's home                        3,000.00
    R3 lives in R2's home                0.00  the household had it
                                     4,000.00
    """
    rig = MoneyRig(tmp_path, policies=SHIPPED, beds="nj-bed-2021")
    rig.money = rig.build(on_file=True)
    bed = rig.beds.life.apply("R1", "nj-bed-2021", by=CLERK, area=DISTRICT)
    rig.apply = lambda *_, **__: bed
    rig.until(State.ACTIVE)
    rig.beds.elsewhere.others = lambda _resident, _month: {"satisfaction": "0.90", "min_daily_remote_rounds": 2}
    visited(rig, date(2026, 11, 21), date(2026, 12, 31))
    pass_to(rig.world, date(2027, 1, 2))
    for code, day, more in (("R1", 2, {"prior_adaptation": True}), ("R2", 3, {}), ("R3", 4, {})):
        rig.file(
            500_000, date(2026, 12, day), scheme="nj-bed-2021", kind="construction", resident=code, **more
        )  # fmt: skip
    [row] = rig.month(DEC).beds
    assert (row.award, list(row.statement.standing.fails)) == (None, [])
    rig.settle(DEC)
    office = Office(rig.world)
    december = office.close(DEC)
    assert fen_of(december) == {"fund:district": (400_000, 2), "owed:颐养院": (400_000, 2)}
    assert office.sheet(december["owed:颐养院"]) == ([("张桂兰", 1, 300_000), ("王秀英", 1, 100_000)], 400_000)

    # 59 minutes on one day, one satisfied too few: the duty of the month says so, and no fen hangs on it here.
    rig.visits.all = [each for each in rig.visits.all if each.on != date(2026, 12, 9)]
    rig.visits.add(rig.world.resident("R1"), date(2026, 12, 9), minutes=59)
    rig.beds.elsewhere.others = lambda _resident, _month: {"satisfaction": "0.89", "min_daily_remote_rounds": 1}
    [row] = rig.month(DEC).beds
    assert list(row.statement.standing.fails) == ["daily_minutes", "remote_rounds", "satisfaction"]
    assert rig.settle(DEC) == (0, 0, 3)
    rig.close()


LIVES, ELSEWHERE = "320105001001", "320106001001"


@pytest.fixture
def canteen(tmp_path):
    world = build_world(tmp_path, district=FILE + SECOND)
    rig = Canteens(world, policies=SHIPPED)
    texts = rules_in(SHIPPED)
    rig.catering = Catering(
        world.transactions, world.clock, world.calendar, rig.deciding, books=lambda each: Books(each, texts),
        id_numbers=lambda: rig.ids, e164=lambda text: text,
    )  # fmt: skip
    rig.open("A", area_code=LIVES, rules=(("nj-jianye-2022", date(2026, 1, 1), None),))
    known_as(world, "R1", cats=["gov_assisted"])
    known_as(world, "R2", born_on=date(1951, 12, 10))
    known_as(world, "R3", born_on=date(1950, 5, 5))
    for code, where in (("R1", LIVES), ("R2", LIVES), ("R3", ELSEWHERE)):
        rig.card(code, code, residence=where)
    yield rig
    world.close()


MEALS = [
    # who, local time, meal, price, delivery fee (None: eaten there) → subsidy, for bringing it, what the diner pays
    ("R1", "2026-12-01 07:00", "breakfast", 600, None, 100, 0, 500),
    ("R1", "2026-12-01 12:00", "lunch", 1200, None, 200, 0, 1000),
    # Brought, and unable in part: 3.00 for bringing it, whatever is charged; of the fee of 2.00 nothing is left.
    ("R1", "2026-12-02 12:00", "lunch", 1200, 200, 200, 300, 1000),
    # Never more than the price.
    ("R1", "2026-12-03 07:00", "breakfast", 80, None, 80, 0, 0),
    # Cancelled afterwards: given and taken back.
    ("R1", "2026-12-05 17:30", "dinner", 1200, None, 200, 0, 1000),
    ("R1", "2026-12-06 17:30", "dinner", 999, None, 200, 0, 799),
    # 75 on 10 December: nothing the day before, half a yuan and one yuan on the birthday.
    ("R2", "2026-12-09 12:00", "lunch", 1000, None, 0, 0, 1000),
    ("R2", "2026-12-10 07:00", "breakfast", 500, None, 50, 0, 450),
    ("R2", "2026-12-10 12:00", "lunch", 1000, None, 100, 0, 900),
    # Brought to somebody who is not assisted: the fee is theirs.
    ("R2", "2026-12-11 12:00", "lunch", 1000, 200, 100, 0, 1100),
    # Lives in another district.
    ("R3", "2026-12-10 12:00", "lunch", 1000, None, 0, 0, 1000),
]


def test_a_month_of_nanjing_jianye_s_canteen_to_the_fen(canteen):
    """
    nj-jianye-2022, for whoever lives in 320105: assisted 1.00 for breakfast and 2.00 for lunch and dinner, brought to
    those who lost ability 3.00 more; others from 75 on 0.50 and 1.00.

    R1  1.00 + 2.00 + 2.00 + 0.80 + 2.00 (5th, taken back: - 2.00) + 2.00 = 7.80, and 3.00 for bringing: 10.80
    R2  0.50 + 1.00 + 1.00                                                                           =  2.50
                                                                                                       13.30
    by fund: subsidy 7.80 + 2.50 = 10.30, delivery 3.00; entries: 5 + 1 + 1 taken back of R1, 3 of R2
    """
    for number, (who, when, kind, price, fee, subsidy, bringing, pays) in enumerate(MEALS):
        moment = at(when).astimezone(UTC)
        canteen.world.clock.advance(max(0.0, (moment - canteen.world.clock.now()).total_seconds() + 60))
        brought = {} if fee is None else {"delivery": True, "delivery_fee_fen": fee}
        money = canteen.eat(when, who, by=By.CARD, price=price, kind=kind, ref=f"n{number}", **brought).money
        assert (money.subsidy_fen, money.delivery_fen, money.pays_fen) == (subsidy, bringing, pays), (who, when)
        # Every fen of price and fee has its place.
        assert price + (fee or 0) == subsidy + min(bringing, fee or 0) + pays
    canteen.catering.cancel("till-A", "n4", by=TILLS)
    pass_to(canteen.world, date(2027, 1, 2))
    office = Office(canteen.world, A="建邺食堂")
    december = office.close(DEC)
    assert fen_of(december) == {
        "owed:A": (1_330, 10), "fund:subsidy": (1_030, 10), "fund:delivery": (300, 1),
    }  # fmt: skip
    assert (december["owed:A"].name, december["fund:subsidy"].name) == ("建邺食堂", "subsidy")
    people, total = office.sheet(december["owed:A"])
    assert (people, total) == ([("张桂兰", 3, 250), ("王秀英", 7, 1_080)], 1_330)
