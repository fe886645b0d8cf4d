"""Carers hear of their visits when a plan is published: each once, by day, and only whose day it changes."""

from datetime import timedelta

import pytest

from dispatch.messages.providers.provider import Capability
from dispatch.messages.wording import render
from dispatch.rules.message import Channel, Priority
from dispatch.rules.people import operator
from schedules.care import sending
from schedules.care.sending import Sending
from schedules.care.store.visits import Visits
from schedules.planning.desk import PlanDesk
from schedules.planning.publishing import GIVEN_UP, GOES_ON, Publishing
from schedules.planning.store import Planned, State, VisitPlan, VisitPlans
from schedules.planning.telling import Telling
from tests.integration.visits_rig import HOUR, MINUTE, Rig

BY = operator("o1")
PAGE = "https://anling.example/c"


class Office(Rig):
    """Visits on file, and plans of them that are ready without anybody having thought."""

    def __init__(self, folder):
        super().__init__(folder)
        world = self.world
        self.telling = Telling(
            world.transactions, world.reading, world.clock, world.calendar, self.visiting.on, page=PAGE,
            nudge=lambda: None,
        )  # fmt: skip
        self.sending = Sending(world.transactions, world.reading)
        self.publishing = Publishing(
            world.transactions, world.reading, world.clock, self.sending, told=self.telling.told
        )  # fmt: skip
        self.desk = self.plans_by(self.publishing)
        self.day = world.calendar.day_of(world.clock.now()) + timedelta(days=1)
        self.made = 0

    def plans_by(self, publishing):
        return PlanDesk(self.world.transactions, self.world.reading, publishing, seconds=1, nudge=lambda: None)

    def at(self, hour, days=1):
        start = self.world.calendar.start_of(self.day + timedelta(days=days - 1))
        self.world.clock.advance((start + hour * HOUR - self.world.clock.now()).total_seconds())

    def visits(self, *hours):
        start = self.world.calendar.start_of(self.day + timedelta(days=1))
        for hour in hours:
            self.wanted(key=f"plan:{hour}", start=start + hour * HOUR, usual=())
        self.planning.plan(self.day + timedelta(days=1))

    def plan(self, **sent):
        """A ready plan that sends carers (`_9="C1 C2"`) to the visits of these hours."""
        self.made += 1
        plan = VisitPlan(
            id=f"plan-{self.made}", station_id=None, first_on=self.day + timedelta(days=1), days=1, state=State.READY,
            seconds=1, seed=1, asked_at=self.world.clock.now(), asked_by=BY,
        )  # fmt: skip
        rows = [self._planned(hour.strip("_"), codes.split()) for hour, codes in sent.items()]

        def work(tx):
            VisitPlans(tx.connection).add(plan)
            VisitPlans(tx.connection).put_visits(plan.id, rows)

        self.world.transactions.run(work)
        return plan.id

    def _planned(self, hour, codes):
        visit = self.visit(f"plan:{hour}")
        return Planned(
            visit_id=visit.id, resident_id=visit.wanted.resident_id, home_id=visit.wanted.home_id,
            start_from=visit.wanted.start_from, minutes=60, carers=tuple(self.carer(each) for each in codes),
            had=visit.carer_ids, start_at=visit.wanted.start_from,
        )  # fmt: skip

    def codes(self, ids):
        return sorted(code for code in ("C1", "C2", "C3") if self.carer(code) in ids)

    def texts(self):
        """What went out, in words, by the code of whom it went to."""
        codes = {"+8613800000001": "C1", "+8613800000002": "C2", "+8613800000003": "C3"}
        capability = Capability(two_way=True, urls=True)
        return [
            (codes[each.to], render(each.sentence, Channel.SMS, "zh", each.facts, capability=capability,
                                    local=self.world.calendar.local))
            for each in reversed(self.world.messages()) if each.sentence in {"visits_given", "visits_gone"}
        ]  # fmt: skip


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path)
    office.at(10)
    office.visits(9, 11, 15)
    yield office
    office.close()


def test_each_carer_is_told_first_hour_count_and_page_once(office):
    plan = office.plan(_9="C1", _11="C1", _15="C2")
    office.desk.publish(plan, by=BY)
    day = f"{office.day + timedelta(days=1):%m-%d}"
    told = dict(office.texts())
    assert told["C1"] == f"【安铃】上门安排：{day} 09:00 x2次，详见 {PAGE}"
    assert told["C2"] == f"【安铃】上门安排：{day} 15:00 x1次，详见 {PAGE}"
    office.desk.publish(plan, by=BY)
    office.telling.check()
    assert len(office.texts()) == 2
    assert {each.priority for each in office.world.messages() if each.sentence == "visits_given"} == {Priority.REPORT}


def test_a_changed_plan_tells_only_whom_it_touches(office):
    office.desk.publish(office.plan(_9="C1", _11="C2", _15="C3"), by=BY)
    office.world.clock.advance(60)
    office.desk.publish(office.plan(_9="C1", _11="C3", _15="C3"), by=BY)
    later = office.texts()[3:]
    assert sorted(code for code, _ in later) == ["C2", "C3"]
    assert "您暂时没有上门" in dict(later)["C2"]
    assert "11:00 x2次" in dict(later)["C3"]


def test_nobody_is_told_at_night_and_of_two_plans_only_the_last_in_the_morning(office):
    office.at(23)
    office.desk.publish(office.plan(_9="C1"), by=BY)
    office.world.clock.advance(600)
    office.desk.publish(office.plan(_9="C1", _11="C1"), by=BY)
    assert office.texts() == []
    office.at(8, days=2)
    office.telling.check()
    [(code, text)] = office.texts()
    assert code == "C1"
    assert "09:00 x2次" in text


def test_a_plan_that_was_taken_back_is_told_too_and_after_a_day_nothing_is(office):
    plan = office.plan(_9="C1")
    office.desk.publish(plan, by=BY)
    office.desk.undo(plan, by=BY)
    assert [code for code, _ in office.texts()] == ["C1", "C1"]
    assert "您暂时没有上门" in office.texts()[1][1]


def test_a_visit_that_the_book_refused_is_nobodys_news(office):
    plan = office.plan(_9="C1")
    office.visiting.cancel(office.visit("plan:9").id, reason="family", by=BY)
    assert office.desk.publish(plan, by=BY).refused == 1
    assert office.texts() == []


def test_a_telling_that_was_cut_off_is_made_up_for_by_the_next_look(office):
    world = office.world
    mute = Publishing(world.transactions, world.reading, world.clock, office.sending)
    office.plans_by(mute).publish(office.plan(_9="C1"), by=BY)
    assert office.texts() == []
    office.telling.check()
    assert [code for code, _ in office.texts()] == ["C1"]


class Killed(BaseException):
    """The process is gone."""


def dying(office, at, deed):
    """Does it in a process that is killed when it is about to commit for the `at`-th time; whether it was."""
    transactions, commits = office.world.transactions, iter(range(1, 100))
    before = transactions._before_commit

    def die():
        if next(commits) == at:
            raise Killed

    transactions._before_commit = die
    try:
        deed()
    except Killed:
        return True
    finally:
        transactions._before_commit = before
    return False


def sent(office):
    return ["".join(office.codes(office.visit(f"plan:{hour}").carer_ids)) for hour in (9, 11, 15)]


def written(office):
    return len(office.lines("visit_assigned")), len(office.lines("plan_published"))


GIVEN = ["C1", "C1C2", "C2"]


@pytest.fixture
def piecemeal(office, monkeypatch):
    """A house that writes one visit at a time, so that few visits are many pieces."""
    monkeypatch.setattr(sending, "PIECE", 1)
    return office


def whole_or_nothing(office, plan, deeds, at):
    """Killed at this commit: whoever reads finds all of it or nothing, and nobody was told of a part."""
    done = office.desk.get(plan).state is State.PUBLISHED
    assert sent(office) == (GIVEN if done else ["", "", ""]), f"{deeds} killed at {at}"
    assert {each.assigned_at is not None for each in office.desk.visits(plan)} == {done}
    with office.world.reading.connect() as connection:
        mine = Visits(connection).of_carer(office.carer("C1"), office.day, office.day + timedelta(days=3))
    assert len(mine) == (2 if done else 0)
    assert written(office)[1] == int(done)
    office.telling.check()
    assert sorted(code for code, _ in office.texts()) == (["C1", "C2"] if done else [])


@pytest.mark.parametrize("at", range(1, 12))
def test_a_publication_killed_at_any_commit_is_whole_or_nothing_and_goes_on_by_itself(piecemeal, at):
    office = piecemeal
    plan = office.plan(_9="C1", _11="C1 C2", _15="C2")
    killed = dying(office, at, lambda: office.desk.publish(plan, by=BY))
    assert killed == (at <= 10), "begun, three pieces, the turn, three pieces and their end, then the carers are told"
    whole_or_nothing(office, plan, "publishing", at)
    office.world.clock.advance((GOES_ON + MINUTE).total_seconds())
    office.publishing.check()
    assert office.sending.under_way() == []
    begun = at > 1
    assert sent(office) == (GIVEN if begun else ["", "", ""])
    assert written(office) == ((3, 1) if begun else (0, 0)), "each line once, however often it was gone on with"
    office.telling.check()
    assert len(office.texts()) == (2 if begun else 0)


def test_going_on_may_be_killed_as_well(piecemeal):
    office, at = piecemeal, 1
    plan = office.plan(_9="C1", _11="C1 C2", _15="C2")
    assert dying(office, 3, lambda: office.desk.publish(plan, by=BY))
    office.world.clock.advance((GOES_ON + MINUTE).total_seconds())
    while dying(office, at, office.publishing.check):
        whole_or_nothing(office, plan, "going on", at)
        at += 1
    assert at > 3
    assert (sent(office), written(office), office.sending.under_way()) == (GIVEN, (3, 1), [])


def test_what_was_cut_off_long_ago_is_left_to_whoever_wanted_it(piecemeal):
    office = piecemeal
    plan = office.plan(_9="C1", _11="C1 C2", _15="C2")
    assert dying(office, 4, lambda: office.desk.publish(plan, by=BY))
    office.world.clock.advance((GIVEN_UP + MINUTE).total_seconds())
    office.publishing.check()
    assert (sent(office), office.sending.under_way()) == (["", "", ""], [])
    assert office.desk.get(plan).state is State.READY
    assert office.desk.publish(plan, by=BY).assigned == 3
    assert sent(office) == GIVEN


def test_a_plan_dropped_after_it_was_cut_off_is_not_gone_on_with(piecemeal):
    office = piecemeal
    plan = office.plan(_9="C1", _11="C1 C2", _15="C2")
    assert dying(office, 3, lambda: office.desk.publish(plan, by=BY))
    office.desk.drop(plan, by=BY)
    office.world.clock.advance((GOES_ON + MINUTE).total_seconds())
    office.publishing.check()
    assert (sent(office), office.sending.under_way(), written(office)) == (["", "", ""], [], (0, 0))


def test_what_changed_while_a_plan_was_prepared_stays_as_it_is_and_is_told(piecemeal):
    office = piecemeal
    plan = office.plan(_9="C1", _11="C1 C2", _15="C2")
    assert dying(office, 5, lambda: office.desk.publish(plan, by=BY)), "all is prepared, nothing is true"
    office.visiting.assign(office.visit("plan:9").id, [office.carer("C3")], by=BY)
    office.visiting.cancel(office.visit("plan:15").id, reason="family", by=BY)
    office.world.clock.advance((GOES_ON + MINUTE).total_seconds())
    office.publishing.check()
    assert (sent(office), office.sending.under_way()) == (["C3", "C1C2", ""], [])
    refused = {each.visit_id: each.refused for each in office.desk.visits(plan)}
    assert refused == {
        office.visit("plan:9").id: "Conflict", office.visit("plan:11").id: None, office.visit("plan:15").id: "Conflict"
    }  # fmt: skip


def test_a_hand_that_assigns_before_all_is_written_down_has_the_last_word(piecemeal):
    office = piecemeal
    plan = office.plan(_9="C1", _11="C1 C2", _15="C2")
    assert dying(office, 6, lambda: office.desk.publish(plan, by=BY)), "true, and nothing of it is written down"
    assert sent(office) == GIVEN
    office.visiting.assign(office.visit("plan:15").id, [office.carer("C3")], by=BY)
    office.publishing.check()
    assert sent(office) == ["C1", "C1C2", "C3"]
    assert written(office) == (4, 1), "three by the plan, one by hand"


def test_taking_back_that_is_killed_anywhere_took_all_back_or_nothing(piecemeal):
    office, at = piecemeal, 1
    office.desk.publish(office.plan(_9="C3"), by=BY)
    office.world.clock.advance(1)
    plan = office.plan(_9="C1", _11="C1 C2")
    office.desk.publish(plan, by=BY)
    while dying(office, at, lambda: office.desk.undo(plan, by=BY)):
        back = office.desk.get(plan).state is State.UNDONE
        assert sent(office) == (["C3", "", ""] if back else ["C1", "C1C2", ""])
        at += 1
        if back:
            break
    assert at == 6, "begun, two pieces, the turn; then it cannot be undone again, and is written down by the next look"
    office.publishing.check()
    assert office.sending.under_way() == []
    assert sent(office) == ["C3", "", ""]
