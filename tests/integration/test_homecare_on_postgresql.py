"""Home care on PostgreSQL, from a bed to its month's statement: what SQLite lets pass is refused here."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select

from config.tables import metadata
from dispatch.rules.rights import DISTRICT
from dispatch.store.database import insert_once, writing_engine
from dispatch.store.transactions import PooledTransactions
from schedules.care.rules.bed import State as BedState
from schedules.care.rules.presence import Which
from schedules.care.sending import Sending
from schedules.coverage.store import signature
from schedules.money.corrections.rules.correction import State as Corrected
from schedules.planning.publishing import Publishing
from schedules.planning.store import Planned, State, VisitPlan, VisitPlans
from schedules.rounds.proving import Where
from schedules.rounds.rounding import RoundsDesk
from schedules.rounds.rules.book import Means
from schedules.rounds.rules.round import Result, Shown
from schedules.rounds.store.rounds import Rounds, round_marks
from tests.integration.beds_rig import MANAGER, BedsRig
from tests.integration.operators_rig import CLERK, OperatorsRig
from tests.integration.test_operators import ALL, MARCH
from tests.integration.test_round_proof import near
from tests.integration.test_rounds import BOOK
from tests.integration.test_rules_corrected_backwards import AFTER, NEW, City, week_later
from tests.integration.visits_rig import HOUR, MINUTE, Rig


class Town(Rig):
    """The visits of a world that has moved to PostgreSQL, with its beds; alarms stay where they were."""

    def __init__(self, folder, engine):
        super().__init__(folder)
        world, self.engine = self.world, engine
        metadata.create_all(engine)
        with world.reading.connect() as old, engine.begin() as new:
            for table in metadata.sorted_tables:
                rows = [dict(row._mapping) for row in old.execute(select(table))]
                if rows:
                    new.execute(insert(table), rows)
        self.old = world.transactions
        world.transactions = PooledTransactions(engine, world.clock, world.ids)
        world.reading = world.writing = engine
        self.beds = BedsRig(folder, world=world)
        self.sources[:] = [self.beds.beds.plans]
        self.again()
        self.beds.beds.elsewhere.visits = self.visiting

    def visits_of(self, day):
        return self.visiting.on(day)

    def publish(self, visits, code):
        world = self.world
        plan = VisitPlan(
            id=world.ids(), station_id=None, first_on=visits[0].wanted.on, days=1, state=State.READY, seconds=1, seed=1,
            asked_at=world.clock.now(), asked_by=MANAGER,
        )  # fmt: skip
        rows = [
            Planned(
                visit_id=each.id, resident_id=each.wanted.resident_id, home_id=each.wanted.home_id, minutes=60,
                start_from=each.wanted.start_from, carers=(self.carer(code),), had=each.carer_ids,
                start_at=each.wanted.start_from,
            )
            for each in visits
        ]  # fmt: skip
        world.transactions.run(
            lambda tx: (VisitPlans(tx.connection).add(plan), VisitPlans(tx.connection).put_visits(plan.id, rows))
        )
        sending = Sending(world.transactions, world.reading)
        publishing = Publishing(world.transactions, world.reading, world.clock, sending)
        done = publishing.publish(plan, by=MANAGER)
        assert sending.under_way() == []
        return done

    def stop(self):
        self.world.transactions.close()
        self.engine.dispose()
        self.old.close()


@pytest.fixture(scope="module")
def town(postgres, tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("town"), writing_engine(postgres.database()))
    yield town
    town.stop()


@pytest.fixture(scope="module")
def bed(town):
    """A bed with a plan."""
    bed = town.beds.until(BedState.ACTIVE)
    town.beds.plan(bed, urgent=True, note="刚出院")
    return bed


@pytest.fixture
def serving_town(postgres, tmp_path):
    """One where nobody has eaten yet."""
    town = Town(tmp_path, writing_engine(postgres.database()))
    yield town
    town.stop()


def test_what_happens_once_is_new_once(town):
    row = {"name": "test", "number": 1}
    with town.engine.begin() as connection:
        told = [connection.execute(insert_once(round_marks, connection).values(row)).rowcount for _ in range(2)]
    assert told == [1, 0]


def test_what_coverage_hangs_on_is_read_here_too(town):
    now = town.world.clock.now()
    with town.engine.connect() as connection:
        first = signature(connection, now)
        assert signature(connection, now) == first


def test_a_bed_its_plan_its_visits_and_its_months_statement(town, bed):
    today = town.world.calendar.day_of(town.world.clock.now())
    tomorrow = today + timedelta(days=1)
    assert town.planning.plan(tomorrow) == 1
    [visit] = town.visits_of(tomorrow)
    assert town.publish([visit], "C2").assigned == 1
    [visit] = town.visits_of(tomorrow)
    assert visit.carer_ids == (town.carer("C2"),)
    town.done_well(visit, "C2")
    [proved] = town.proved()
    assert (proved.on, proved.finished_at - proved.begun_at) == (tomorrow, HOUR)
    statement = town.beds.beds.months.statement(bed, date(2026, 11, 1), DISTRICT)
    assert (statement.standing.counted.visits, statement.standing.counted.minutes) == (1, 60)
    assert statement.standing.counted.by_day == {tomorrow: (1, 60)}


@pytest.mark.usefixtures("bed")
def test_a_hand_between_two_pieces_and_a_cheat_that_does_not_count(town):
    day = town.world.calendar.day_of(town.world.clock.now()) + timedelta(days=2)
    town.planning.plan(day)
    [visit] = town.visits_of(day)
    town.publish([visit], "C3")
    town.visiting.assign(visit.id, [town.carer("C1")], by=MANAGER)
    [visit] = town.visits_of(day)
    assert visit.carer_ids == (town.carer("C1"),)
    town.until(visit.wanted.start_from)
    before = len(town.proved())
    town.sign(visit, Which.BEGIN, position=None)
    town.until(town.world.clock.now() + 60 * MINUTE)
    town.sign(visit, Which.FINISH, position=None)
    assert len(town.proved()) == before
    assert "position_missing" in town.open_codes(visit.wanted.key)


def test_rounds_are_claimed_and_proved(town):
    world = town.world
    rounds = RoundsDesk(
        world.transactions, world.reading, world.clock, world.calendar, BOOK, world.desk, nudge=lambda: None
    )
    rounds.classify("R1", "high", why="高龄独居", by=MANAGER, area=DISTRICT)
    for where, shown in ((None, Shown.CLAIMED), (near(north=0.00003), Shown.PROVED)):
        world.clock.advance(86_400)
        with world.reading.connect() as connection:
            [round_] = Rounds(connection).open_of(world.resident("R1"))
        assert where is None or isinstance(where, Where)
        rounds.enter(round_.id, Result.WELL, Means.VISIT, by=MANAGER, area=DISTRICT, where=where)
        with world.reading.connect() as connection:
            assert Rounds(connection).get(round_.id).shown is shown
    with world.reading.connect() as connection:
        assert len(Rounds(connection).claimed(DISTRICT, 9)) == 1
        assert Rounds(connection).rate(date(2026, 11, 1), date(2026, 12, 31), DISTRICT)[0] == 1


def test_a_rule_that_is_corrected_backwards_is_listed_and_its_meals_priced_anew(town, tmp_path):
    city = City(tmp_path, world=town.world)
    week_later(city)
    city.eaten()
    city.write(NEW)
    told = city.begun_again().until(Corrected.FOUND)
    assert (told.tally.differing, told.tally.back_fen, told.tally.short_fen) == (3, 500, 300)
    city.office.decided(told)
    city.office.until(Corrected.NOTHING)
    assert city.fen() == AFTER
    assert city.sums("2026-11") == ({"fund:city": -800, "owed:A": 800}, {"": 6})


def test_whoever_serves_is_paid_and_put_right_after_the_month_was_closed(serving_town, tmp_path):
    rig = OperatorsRig(tmp_path, ALL, world=serving_town.world)
    rig.term("baiyang", "A")
    rig.term("songxi", "S1", "station", facts={"area": "rural"}, until_on=date(2026, 3, 31))
    meals = rig.eat("A", MARCH[:4], 26, policy="qinghe")
    rig.close("2026-03")
    assert rig.booked("2026-03") == [("A", 20_800, ""), ("A", 31_200, ""), ("S1", 180_000, "")]
    rig.cancel(meals[:4])
    rig.close("2026-04")
    assert rig.booked("2026-04") == [
        ("A", -31_200, "reversal"), ("A", -20_800, "reversal"), ("A", 10_000, "late"), ("A", 30_000, "late"),
    ]  # fmt: skip
    rig.statements.draw("2026-04", by=CLERK)
    [one] = [each for each in rig.statements.page(DISTRICT) if each.account == "owed:A"]
    assert (one.amount_fen, sum(row["fen"] for row in rig.statements.one(one.id, DISTRICT).serving)) == (
        -12_000,
        -12_000,
    )
