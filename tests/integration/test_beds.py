"""Beds over a real database: the whole life, who may what, absences, deaths, assessments that run out, plans."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from dispatch.errors import Conflict, Invalid, NotFound, Stale
from dispatch.registry.leaving import Why as Left
from dispatch.rules.absences import Kind as Away
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.follow_ups import FollowUps
from schedules.care.beds import Form
from schedules.care.rules.bed import Deed, State, Why
from schedules.care.rules.month import Course
from schedules.care.rules.plan import Pattern
from schedules.care.store.assessments import Assessments
from schedules.care.store.standings import Standings
from tests.integration.beds_rig import COUNTY, MANAGER, TODAY, TOWN, BedsRig, daily

DAY = timedelta(days=1)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[BedsRig]:
    rig = BedsRig(tmp_path)
    yield rig
    rig.close()


def away(rig, kind, *, days: float, resident="R1", before: float = 0):
    now = rig.world.clock.now()
    return rig.absent.begin(resident, kind, from_at=now - before * DAY, until_at=now + days * DAY, by=MANAGER,
                            area=DISTRICT)  # fmt: skip


def to_do(rig):
    with rig.world.reading.connect() as connection:
        return [each.about for each in FollowUps(connection).to_do(100)]


def test_a_whole_life_leaves_every_step_behind(rig):
    bed = rig.until(State.ACTIVE)
    rig.step(bed, Deed.SUSPEND, why=Why.ASKED)
    rig.step(bed, Deed.RESUME)
    rig.step(bed, Deed.END, why=Why.WITHDREW, opinion="家属来函", number="2026-17", post="经办人")
    assert [each.deed.value for each in rig.steps(bed)] == [
        "apply", "assess", "first_review", "approve", "build", "accept", "activate", "suspend", "resume", "end",
    ]  # fmt: skip
    last = rig.steps(bed)[-1]
    assert (last.by, last.post, last.opinion, last.number, last.why) == (
        MANAGER, "经办人", "家属来函", "2026-17", Why.WITHDREW,
    )  # fmt: skip
    kinds = [line.kind for line, _ in rig.lines() if line.kind.startswith("bed_")]
    assert kinds[0] == "bed_applied"
    assert kinds[-1] == "bed_ended"
    assert (rig.bed(bed).state, rig.bed(bed).ended_on, rig.bed(bed).number) == (State.ENDED, TODAY, "C2026-0001")


def test_a_resident_has_one_bed_at_a_time(rig):
    bed = rig.apply()
    with pytest.raises(Conflict):
        rig.apply()
    rig.step(bed, Deed.END, why=Why.WITHDREW)
    assert rig.apply() != bed
    # The one that has ended cannot come back beside it.
    with pytest.raises(Conflict, match="already"):
        rig.step(bed, Deed.REOPEN, opinion="弄错了")
    assert rig.bed(bed).state is State.ENDED


def test_the_reviews_are_by_two_people(rig):
    bed = rig.until(State.ASSESSED)
    with pytest.raises(Conflict):
        rig.step(bed, Deed.APPROVE, COUNTY)
    rig.step(bed, Deed.FIRST_REVIEW, TOWN)
    for same in (TOWN, MANAGER):
        with pytest.raises(Conflict):
            rig.step(bed, Deed.APPROVE, same)
    # A new assessment is a new paper: the town looks at it again.
    rig.assess(bed, score=40)
    with pytest.raises(Conflict):
        rig.step(bed, Deed.APPROVE, COUNTY)
    rig.step(bed, Deed.FIRST_REVIEW, COUNTY)
    rig.step(bed, Deed.APPROVE, TOWN)
    assert rig.bed(bed).state is State.APPROVED


def test_who_is_able_has_no_claim_and_an_old_assessment_proves_nothing(rig):
    bed = rig.apply()
    rig.assess(bed, score=90)
    rig.step(bed, Deed.FIRST_REVIEW, TOWN)
    with pytest.raises(Conflict, match="claim"):
        rig.step(bed, Deed.APPROVE, COUNTY)
    old = rig.apply("R2")
    rig.assess(old, on=TODAY - 400 * DAY)
    rig.step(old, Deed.FIRST_REVIEW, TOWN)
    with pytest.raises(Conflict, match="valid"):
        rig.step(old, Deed.APPROVE, COUNTY)


LACKING = [
    (State.APPROVED, Deed.BUILD, {}), (State.ACCEPTED, Deed.ACTIVATE, {"org": "x"}),
    (State.ACCEPTED, Deed.ACTIVATE, {"org": "x", "agreed_from": date(2026, 2, 1), "agreed_until": date(2026, 1, 1)}),
    (State.ACTIVE, Deed.SUSPEND, {}), (State.ACTIVE, Deed.SUSPEND, {"why": Why.DIED}),
    (State.ACTIVE, Deed.END, {"why": Why.HOSPITAL}),
    (State.ACTIVE, Deed.SUSPEND, {"why": Why.ASKED, "on": TODAY + DAY}),
    (State.ACTIVE, Deed.SUSPEND, {"why": Why.ASKED, "on": TODAY - DAY}),
]  # fmt: skip


def test_a_paper_that_lacks_something_is_refused_and_nothing_changes(rig):
    states = (State.APPROVED, State.ACCEPTED, State.ACTIVE)
    beds = {state: rig.until(state, code) for state, code in zip(states, ("R1", "R2", "R3"), strict=True)}
    for state, deed, form in LACKING:
        bed = beds[state]
        before = (rig.bed(bed), rig.steps(bed))
        with pytest.raises(Invalid):
            rig.step(bed, deed, **form)
        assert (rig.bed(bed), rig.steps(bed)) == before


def test_another_station_does_not_know_of_it(rig):
    bed = rig.until(State.ACTIVE)
    theirs = Area(frozenset({rig.world.id_of_station("S2")}))
    for work in (
        lambda: rig.beds.life.step(bed, Deed.END, Form(why=Why.WITHDREW), by=MANAGER, area=theirs),
        lambda: rig.beds.plans.change(bed, [daily()], base=0, urgent=False, by=MANAGER, area=theirs),
        lambda: rig.beds.months.statement(bed, TODAY, theirs),
        lambda: rig.beds.filing.file(bed, "x", name="x", content=b"%PDF-1", by=MANAGER, area=theirs),
        lambda: rig.beds.life.apply("R2", "fj-bed-pilot", by=MANAGER, area=theirs),
    ):
        with pytest.raises(NotFound):
            work()


# ------------------------------------------------------------------------------------------------ absence and death


@pytest.mark.parametrize(("kind", "limit", "why"), [(Away.HOSPITAL, 15, Why.HOSPITAL), (Away.AWAY, 30, Why.AWAY)])
def test_a_long_absence_suspends_and_its_end_resumes(rig, kind, limit, why):
    bed = rig.until(State.ACTIVE)
    absence = away(rig, kind, days=60)
    rig.pass_days(limit - 0.5)
    assert rig.bed(bed).state is State.ACTIVE
    rig.pass_days(1)
    found = rig.bed(bed)
    assert (found.state, found.why, found.absence_id) == (State.SUSPENDED, why, absence)
    assert rig.stretches(bed) == [(TODAY, TODAY + limit * DAY)]
    rig.pass_days(5)
    rig.absent.end(absence, by=MANAGER, area=DISTRICT)
    rig.beds.life.look()
    back = TODAY + (limit + 5) * DAY
    assert rig.bed(bed).state is State.ACTIVE
    assert rig.stretches(bed)[-1][1] is None
    assert rig.stretches(bed)[-1][0] in {back, back + DAY}


def test_a_suspension_by_hand_is_not_ended_by_itself(rig):
    bed = rig.until(State.ACTIVE)
    rig.step(bed, Deed.SUSPEND, why=Why.SHORT_STAY)
    rig.pass_days(2)
    assert rig.bed(bed).state is State.SUSPENDED


def test_whoever_leaves_or_dies_ends_the_bed_with_the_same_commit(rig):
    ends = {"R1": (Left.DIED, Why.DIED), "R2": (Left.LEFT, Why.WITHDREW), "R3": (Left.MOVED_AWAY, Why.MOVED)}
    for code, (left, why) in ends.items():
        bed = rig.until(State.ACTIVE, code)
        rig.plan(bed)
        assert len(rig.beds.plans.wanted(TODAY)) == 1
        rig.leaving.leave(code, left, by=MANAGER, area=DISTRICT)
        assert (rig.bed(bed).state, rig.bed(bed).why, rig.stretches(bed)) == (State.ENDED, why, [(TODAY, TODAY)])
        assert not any(rig.beds.plans.wanted(TODAY + number * DAY) for number in range(3))


def test_a_death_that_was_heard_of_late_takes_the_days_since_back(rig):
    bed = rig.until(State.ACTIVE)
    rig.pass_days(10)
    rig.step(bed, Deed.SUSPEND, why=Why.ASKED)
    rig.pass_days(2)
    rig.step(bed, Deed.RESUME)
    rig.pass_days(2)
    rig.leaving.leave("R1", Left.DIED, died_on=TODAY + 4 * DAY, by=MANAGER, area=DISTRICT)
    assert rig.stretches(bed) == [(TODAY, TODAY + 4 * DAY)]
    assert rig.bed(bed).ended_on == TODAY + 4 * DAY


def test_what_ends_behind_our_back_is_found(rig):
    bed = rig.until(State.ACTIVE)
    rig.leaving.partings.clear()
    rig.leaving.leave("R1", Left.MOVED_AWAY, by=MANAGER, area=DISTRICT)
    rig.beds.life.look()
    assert (rig.bed(bed).state, rig.bed(bed).why) == (State.ENDED, Why.MOVED)


def test_a_bed_that_cannot_be_judged_keeps_no_other_waiting(rig):
    beds = [rig.until(State.ACTIVE, code) for code in ("R1", "R2", "R3")]
    rig.leaving.partings.clear()
    for code in ("R1", "R2", "R3"):
        rig.leaving.leave(code, Left.LEFT, by=MANAGER, area=DISTRICT)
    whole = rig.beds.life._gone

    def broken(bed_id, *more):
        assert bed_id != beds[0]
        whole(bed_id, *more)

    rig.beds.life._gone = broken
    for _ in range(2):
        with pytest.raises(AssertionError):
            rig.beds.life.look()
    assert [rig.bed(each).state for each in beds] == [State.ACTIVE, State.ENDED, State.ENDED]


def test_an_ending_by_mistake_is_taken_back(rig):
    bed = rig.until(State.ACTIVE)
    rig.step(bed, Deed.SUSPEND, why=Why.ASKED)
    rig.leaving.leave("R1", Left.DIED, by=MANAGER, area=DISTRICT)
    with pytest.raises(Conflict):
        rig.step(bed, Deed.REOPEN, opinion="报错了人")
    rig.leaving.resume("R1", by=MANAGER, area=DISTRICT)
    rig.step(bed, Deed.REOPEN, opinion="报错了人")
    assert (rig.bed(bed).state, rig.bed(bed).ended_on, rig.bed(bed).why) == (State.ACTIVE, None, None)
    assert rig.stretches(bed)[-1] == (TODAY, None)


# ------------------------------------------------------------------------------------------------ assessments


def test_an_assessment_is_thought_of_before_it_runs_out_and_when_it_has(rig):
    bed = rig.until(State.ASSESSED)
    last = date(2027, 11, 20)
    rig.assess(bed, on=TODAY)
    assert rig.beds.assessing.next_due() == rig.world.calendar.start_of(last + DAY - 30 * DAY)
    rig.world.clock.advance((rig.world.calendar.start_of(last + DAY) - rig.world.clock.now()).total_seconds() - 1)
    rig.beds.assessing.wake(rig.beds.assessing.due(rig.world.clock.now(), 10)[0])
    assert to_do(rig) == ["assessment_ends_soon"]
    assert rig.beds.assessing.due(rig.world.clock.now(), 10) == []
    rig.world.clock.advance(1)
    rig.beds.assessing.wake(rig.beds.assessing.due(rig.world.clock.now(), 10)[0])
    assert sorted(to_do(rig)) == ["assessment_ended", "assessment_ends_soon"]
    assert rig.beds.assessing.next_due() is None


def test_a_new_assessment_and_an_ending_wait_for_nothing_older(rig):
    bed = rig.until(State.ASSESSED)
    rig.assess(bed, valid_until=TODAY + 3 * DAY)
    with rig.world.reading.connect() as connection:
        assert next(each.valid_until for each in Assessments(connection).of(bed)) == TODAY + 3 * DAY
    assert len(rig.beds.assessing.due(rig.world.clock.now(), 10)) == 1
    rig.step(bed, Deed.END, why=Why.REFUSED)
    assert rig.beds.assessing.next_due() is None


# ------------------------------------------------------------------------------------------------ plans


def test_a_plan_wants_its_visits_while_the_bed_is_in_service_and_somebody_is_at_home(rig):
    bed = rig.until(State.ACTIVE)
    rig.plan(bed, daily(), daily("b", pattern=Pattern.WEEKDAYS, days=(0,), carers=2, medical=True))
    tomorrow = rig.beds.plans.wanted(TODAY + 2 * DAY)
    assert [each.key for each in tomorrow] == [f"plan:{bed}:a:2026-11-23", f"plan:{bed}:b:2026-11-23"]
    assert (tomorrow[1].carers, tomorrow[1].medical, tomorrow[0].home_id) == (2, True, rig.world.home())
    away(rig, Away.HOSPITAL, days=3)
    away(rig, Away.TEST, days=3, resident="R2")
    wanted = [len(rig.beds.plans.wanted(TODAY + number * DAY)) for number in range(1, 6)]
    assert wanted == [0, 0, 0, 1, 1]
    assert rig.beds.plans.wanted(TODAY - DAY) == []


def test_changes_are_versions_and_two_people_do_not_overwrite_each_other(rig):
    bed = rig.until(State.ACTIVE)
    rig.plan(bed)
    second = rig.plan(bed, daily(minutes=90), base=1)
    assert (second.version, second.from_on) == (2, date(2027, 1, 1))
    with pytest.raises(Stale):
        rig.plan(bed, daily(minutes=30), base=1)
    with pytest.raises(Invalid):
        rig.plan(bed, daily(minutes=45), base=2, urgent=True)
    urgent = rig.plan(bed, daily(minutes=45), base=2, urgent=True, note="跌倒")
    assert urgent.from_on == TODAY
    minutes = [rig.beds.plans.wanted(day)[0].minutes for day in (TODAY, date(2026, 12, 31), date(2027, 1, 1))]
    assert minutes == [45, 45, 45]
    assert [each.version for each in rig.beds.plans.of(bed)] == [1, 2, 3]


def test_a_plan_of_things_that_do_not_exist_is_refused(rig):
    bed = rig.until(State.ACTIVE)
    many = [daily(str(number)) for number in range(31)]
    for lines in ([daily(items=("B99",))], [daily(), daily()], [daily(usual=("nobody",))], [daily(times=8)], many):
        with pytest.raises(Invalid):
            rig.plan(bed, *lines)
    assert rig.beds.plans.of(bed) == []


# ------------------------------------------------------------------------------------------------ the month


def test_the_month_is_counted_and_its_turn_for_the_worse_written_down_once(rig):
    bed = rig.until(State.ACTIVE)
    rig.plan(bed)
    statement = rig.beds.months.statement(bed, TODAY, DISTRICT)
    # Ten days are owed, ten hours planned: thirty hours need visits that nobody has planned.
    assert (statement.standing.owed, statement.standing.course) == (10, Course.NEEDS_MORE)
    for _ in range(3):
        rig.beds.months.round()
        rig.world.clock.advance(7200)
    assert [line.kind for line, _ in rig.lines("bed_behind")] == ["bed_behind"]
    with rig.world.reading.connect() as connection:
        days = [date(2026, 11, 1), date(2026, 11, 30)]
        assert Standings(connection).stalest(days, before=rig.world.clock.now() - 2 * DAY, most=5) == []
    rig.world.clock.advance(86_400)
    rig.beds.months.round()
    assert [line.kind for line, _ in rig.lines("bed_behind")] == ["bed_behind", "bed_behind"]
    assert rig.beds.months.statement(bed, TODAY, DISTRICT).standing.course is Course.LOST


def test_thirty_visits_of_the_year_are_one_unit(rig):
    bed = rig.until(State.ACTIVE)
    resident = rig.world.resident()
    for number in range(59):
        rig.visits.add(resident, TODAY + (number % 30) * DAY, 30, hour=8 + 2 * (number // 30))
    december = rig.beds.months.statement(bed, date(2026, 12, 5), DISTRICT)
    assert (december.year_visits, december.units) == (59, 1)
    assert december.standing.counted.visits == 39
    assert rig.beds.months.statement(bed, date(2027, 1, 5), DISTRICT).units == 0


# ------------------------------------------------------------------------------------------------ papers


def test_a_paper_is_kept_with_its_step_once(rig):
    bed = rig.until(State.ASSESSED)
    step = rig.steps(bed)[-1].id
    file = rig.beds.filing.file
    first = file(bed, step, name='C:\\scan\\评估"表.pdf', content=b"%PDF-1.7 x", by=MANAGER, area=DISTRICT)
    assert file(bed, step, name="again.pdf", content=b"%PDF-1.7 x", by=MANAGER, area=DISTRICT) == first
    assert len(rig.lines("bed_paper_added")) == 1
    for content in (b"<html>", b"", b"%PDF-" + b"x" * (2 * 1024 * 1024)):
        with pytest.raises(Invalid):
            file(bed, step, name="x", content=content, by=MANAGER, area=DISTRICT)
    other = rig.until(State.APPLIED, "R2")
    with pytest.raises(NotFound):
        file(other, step, name="x", content=b"%PDF-1", by=MANAGER, area=DISTRICT)
