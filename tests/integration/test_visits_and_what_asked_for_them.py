"""Visits that rounds and orders asked for, over a real database: what is proved ends them, what is not leaves them."""

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.ids import CarerId
from dispatch.rules.people import carer, carer_id, operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.follow_ups import FollowUps
from schedules.care.rules.presence import State as VisitState
from schedules.care.rules.presence import Which
from schedules.care.rules.visit import Source
from schedules.orders.ordering import Asking, Ordering
from schedules.orders.rules.order import State as OrderState
from schedules.orders.rules.services import read_services
from schedules.orders.store.orders import Orders
from schedules.orders.visited import OrderVisits
from schedules.rounds.rounding import RoundsDesk
from schedules.rounds.rules.book import Means, read_book
from schedules.rounds.rules.round import Result, State
from schedules.rounds.store.rounds import Rounds
from schedules.rounds.visited import RoundVisits
from schedules.rounds.waiting import key_of
from tests.integration.visits_rig import HOUR, MINUTE, Rig

CARE = Path(__file__).parents[2] / "config/care"
BOOK = read_book(tomllib.loads((CARE / "rounds.toml").read_text(encoding="utf-8")))
SERVICES = read_services(tomllib.loads((CARE / "services.toml").read_text(encoding="utf-8")))
BY = operator("o1")


class Rates:
    def __init__(self):
        self.planned = []

    def plan_visit(self, tx, visit_id, **about):
        self.planned.append(visit_id)


class Both(Rig):
    """Visits, with the rounds and orders that want them."""

    def __init__(self, folder):
        super().__init__(folder)
        world, self.rates = self.world, Rates()
        parts = (world.transactions, world.reading, world.clock, world.calendar)
        self.rounds = RoundsDesk(*parts, BOOK, world.desk, nudge=lambda: None)
        self.ordering = Ordering(*parts, SERVICES, rates=self.rates, nudge=lambda: None)
        self.visiting.origins = {Source.ROUND: RoundVisits(self.rounds), Source.ORDER: OrderVisits(self.ordering)}
        self.sources[:] = [self.rounds, self.ordering]
        self.rounds.check()

    def round(self, id_=None):
        with self.world.reading.connect() as connection:
            shelf = Rounds(connection)
            return shelf.get(id_) if id_ else shelf.open_of(self.world.resident("R1"))[0]

    def round_visit(self):
        """The visit of R1's regular round, on the morning of its day; C1 is sent."""
        round_ = self.round()
        morning = self.world.calendar.start_of(round_.plan_on)
        self.world.clock.advance((morning - self.world.clock.now()).total_seconds())
        self.plan()
        visit = self.visit(key_of(round_))
        self.visiting.assign(visit.id, [self.carer("C1")], by=BY)
        return round_, self.visit(visit.wanted.key)

    def order_visit(self):
        start = self.world.clock.now() + 4 * HOUR
        order = self.ordering.take(
            Asking(resident="R1", service="errand", start_at=start, urgent=True), by=BY, area=DISTRICT
        )
        self.ordering.accept(order.id, carer(self.carer("C1")), by=BY, area=DISTRICT)
        self.plan()
        return order, self.visit(f"order:{order.id}")

    def order(self, id_):
        with self.world.reading.connect() as connection:
            return Orders(connection).get(id_)

    def to_do(self):
        with self.world.reading.connect() as connection:
            return [each.about for each in FollowUps(connection).to_do(100)]

    def past(self, visit):
        """Two hours after the latest start."""
        self.until(visit.wanted.start_by + 2 * HOUR)


@pytest.fixture
def rig(tmp_path):
    rig = Both(tmp_path)
    yield rig
    rig.close()


def test_a_visit_that_counts_closes_its_round_and_says_which_visit_it_was(rig):
    round_, visit = rig.round_visit()
    rig.done_well(visit, minutes=30)
    after = rig.round(round_.id)
    assert (after.state, after.result, after.by_means) == (State.DONE, Result.WELL, Means.VISIT)
    assert after.done_by == carer(rig.carer("C1"))
    [line] = rig.lines("round_entered")
    assert visit.id in line.body
    assert line.note_hash is not None
    assert rig.round().id != round_.id, "the next round opened in the same unit"


def test_a_visit_judged_again_enters_its_round_no_second_time(rig):
    _, visit = rig.round_visit()
    rig.done_well(visit, minutes=30)
    rig.photo(visit, "b" * 64)
    assert len(rig.lines("round_entered")) == 1


def test_a_visit_that_does_not_count_leaves_its_round_open_until_somebody_accepts_it(rig):
    round_, visit = rig.round_visit()
    rig.until(visit.wanted.start_from)
    rig.sign(visit, Which.BEGIN, position=None)
    rig.until(rig.world.clock.now() + 30 * MINUTE)
    rig.sign(visit, Which.FINISH, position=None)
    assert rig.open_codes(visit.wanted.key)
    assert rig.round(round_.id).state is State.OPEN
    for each in [one for one in rig.findings(visit.wanted.key).values() if one.blocks]:
        rig.visiting.resolve(each.id, "accepted", by=BY)
    rig.settle()
    assert rig.round(round_.id).state is State.DONE


def test_a_missed_visit_of_a_round_is_on_the_list_at_once_and_raises_one_alarm_by_the_round(rig):
    round_, visit = rig.round_visit()
    rig.past(visit)
    assert rig.visit(visit.wanted.key).state is VisitState.MISSED
    assert rig.alarms() == []
    assert rig.to_do() == ["round_missed"]
    until = rig.world.clock.now() + timedelta(days=12)
    while not rig.alarms() and rig.world.clock.now() < until:
        rig.world.clock.advance(1800)
        for id_ in rig.rounds.due(rig.world.clock.now(), 10):
            rig.rounds.wake(id_)
    assert [each.cause for each in rig.alarms()] == ["missed_visit"]
    assert rig.to_do() == ["round_missed"], "listed once, not once more by the round's own step"
    assert rig.round(round_.id).state is State.OPEN


def test_nobody_is_chased_for_a_round_that_was_entered_by_hand(rig):
    round_, visit = rig.round_visit()
    rig.until(visit.wanted.start_from + HOUR)
    rig.rounds.enter(round_.id, Result.WELL, Means.VISIT, by=BY, area=DISTRICT)
    rig.past(visit)
    assert rig.visit(visit.wanted.key).state is VisitState.CANCELLED
    assert (rig.alarms(), rig.sent("visit_remind")) == ([], [])


def test_a_try_that_met_nobody_is_over_and_the_next_one_is_waited_for(rig):
    round_, visit = rig.round_visit()
    rig.until(visit.wanted.start_from + HOUR)
    rig.rounds.enter(round_.id, Result.NOT_MET, Means.VISIT, by=BY, area=DISTRICT)
    rig.past(visit)
    assert rig.visit(visit.wanted.key).state is VisitState.CANCELLED
    rig.plan()
    assert rig.visit(f"round:{round_.id}:2").state is VisitState.PLANNED


def test_a_visit_that_counts_ends_its_order_and_its_resident_is_asked_how_it_was(rig):
    order, visit = rig.order_visit()
    rig.done_well(visit, minutes=visit.wanted.minutes)
    after = rig.order(order.id)
    assert after.state is OrderState.DONE
    assert rig.rates.planned == [f"order:{order.id}"]
    [line] = rig.lines("order_done")
    assert carer_id(line.by) == CarerId(rig.carer("C1"))
    assert visit.id in line.body
    rig.photo(visit, "c" * 64)
    assert len(rig.lines("order_done")) == 1


def test_a_missed_visit_of_an_order_is_one_alarm(rig):
    _, visit = rig.order_visit()
    rig.past(visit)
    assert [each.cause for each in rig.alarms()] == ["missed_visit"]


def test_an_order_called_off_at_its_hour_is_not_missed(rig):
    order, visit = rig.order_visit()
    rig.until(visit.wanted.start_from + MINUTE)
    rig.ordering.cancel(order.id, "the family came", by=BY, area=DISTRICT)
    rig.past(visit)
    assert rig.visit(visit.wanted.key).state is VisitState.CANCELLED
    assert rig.alarms() == []


@pytest.mark.parametrize("when", ["at once", "after it was withdrawn", "after it was late"])
def test_the_visit_of_an_order_goes_to_whoever_takes_it_over(rig, when):
    order, visit = rig.order_visit()
    assert visit.carer_ids == (rig.carer("C1"),)
    if when == "after it was late":
        rig.until(visit.wanted.start_by + 20 * MINUTE)
        assert len(rig.sent("visit_remind")) == 1
    rig.ordering.decline(order.id, by=BY, area=DISTRICT)
    if when == "after it was withdrawn":
        rig.plan()
        assert rig.visit(visit.wanted.key).state is VisitState.CANCELLED
    rig.ordering.accept(order.id, carer(rig.carer("C2")), by=BY, area=DISTRICT)
    rig.plan()
    after = rig.visit(visit.wanted.key)
    assert (after.state, after.carer_ids) == (VisitState.PLANNED, (rig.carer("C2"),))
    assert rig.carer("C2") in rig.lines("visit_assigned")[-1].body


def test_an_order_taken_over_leaves_the_visit_to_whoever_is_there(rig):
    order, visit = rig.order_visit()
    rig.until(visit.wanted.start_from)
    rig.sign(visit, Which.BEGIN)
    rig.ordering.decline(order.id, by=BY, area=DISTRICT)
    rig.ordering.accept(order.id, carer(rig.carer("C2")), by=BY, area=DISTRICT)
    assert rig.visit(visit.wanted.key).carer_ids == (rig.carer("C1"),)


def test_a_round_that_is_entrusted_to_another_carer_is_their_visit_from_then_on(rig):
    round_, visit = rig.round_visit()
    rig.rounds.entrust("R1", carer(rig.carer("C2")), by=BY, area=DISTRICT)
    assert rig.visit(key_of(round_)).carer_ids == (rig.carer("C2"),)
    rig.rounds.entrust("R1", None, by=BY, area=DISTRICT)
    assert rig.visit(visit.wanted.key).carer_ids == (rig.carer("C2"),)
