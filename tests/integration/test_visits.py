"""Visits from being wanted to counting: planned once, signed in many ways, chased, judged, and never twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from dispatch.errors import Conflict, Invalid
from dispatch.rules.alarm import State as AlarmState
from dispatch.rules.people import operator
from dispatch.rules.place import Position
from dispatch.rules.signal import Cause
from dispatch.store.alarms import offers
from dispatch.store.people import homes, residents
from schedules.care.rules.presence import State, Way, Which
from tests.integration.visits_rig import AT_HOME, DESK, HOUR, MINUTE, Rig

WANG, LIU = operator("wang"), operator("liu")
FAR = Position(38.099, 114.4920)
"""Three kilometres north of H1."""


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.close()


# ------------------------------------------------------------------------------------------------ planning


def test_what_is_wanted_twice_is_planned_once(rig):
    rig.wanted()
    assert rig.plan() == 1
    assert rig.plan() == 0
    assert len(rig.rows()) == 1
    assert rig.visit().carer_ids == (rig.carer("C1"),)


def test_what_moves_before_anybody_was_late_moves_with_its_plan(rig):
    one = rig.planned().wanted
    rig.wants.visits = [replace(one, start_by=one.start_by + HOUR)]
    rig.plan()
    assert rig.visit().wanted.start_by == one.start_by + HOUR
    assert rig.visit().due_at == one.start_by + HOUR + 15 * MINUTE


def test_what_nobody_wants_any_more_is_withdrawn_and_comes_back(rig):
    one = rig.planned().wanted
    rig.wants.visits = []
    rig.plan()
    assert (rig.visit().state, rig.visit().reason) == (State.CANCELLED, "not_wanted")
    rig.wants.visits = [one]
    rig.plan()
    assert rig.visit().state is State.PLANNED
    assert rig.visit().due_at is not None


def test_a_source_that_cannot_answer_withdraws_nothing(rig, monkeypatch):
    rig.planned()
    rig.wants.broken = True
    import schedules.care.visit_planning as planning

    said = []
    monkeypatch.setattr(planning.log, "exception", lambda event, **_: said.append(event), raising=False)
    rig.plan()
    assert rig.visit().state is State.PLANNED
    assert set(said) == {"visits_not_wanted"}


def test_a_cancelled_visit_stays_cancelled_by_its_reason(rig):
    visit = rig.planned()
    rig.visiting.cancel(visit.id, reason="family", by=WANG, note="女儿在家")
    rig.plan()
    rig.until(visit.wanted.start_by + 3 * HOUR)
    assert (rig.visit().state, rig.visit().reason, rig.alarms()) == (State.CANCELLED, "family", [])


def test_a_carer_whom_the_household_does_not_want_is_refused(rig):
    visit = rig.planned(not_with=(rig.carer("C2"),))
    with pytest.raises(Conflict):
        rig.visiting.assign(visit.id, [rig.carer("C2")], by=WANG)
    rig.visiting.assign(visit.id, [rig.carer("C3")], by=WANG)
    assert rig.visit().carer_ids == (rig.carer("C3"),)


def test_a_suspended_resident_has_no_visits_and_no_alarms(rig):
    visit = rig.planned()
    on = visit.wanted.on
    assert rig.visiting.suspend(visit.wanted.resident_id, on, on + timedelta(days=1), by=WANG) == 1
    rig.wants.visits = []
    rig.until(visit.wanted.start_by + 3 * HOUR)
    assert rig.alarms() == []


# ------------------------------------------------------------------------------------------------ nobody comes


def test_a_late_visit_reminds_then_tells_then_is_an_alarm(rig):
    by = rig.planned().wanted.start_by
    rig.until(by + 14 * MINUTE)
    assert (rig.sent("visit_remind"), rig.sent("visit_late")) == ([], [])
    rig.until(by + 15 * MINUTE)
    assert rig.sent("visit_remind") == ["+8613800000001"]
    rig.until(by + 29 * MINUTE)
    assert rig.sent("visit_late") == []
    rig.until(by + 30 * MINUTE)
    assert rig.sent("visit_late") == [DESK]
    assert rig.alarms() == []
    rig.until(by + 60 * MINUTE)
    assert [each.cause for each in rig.alarms()] == [Cause.MISSED_VISIT]
    assert rig.visit().state is State.MISSED
    assert rig.visit().alarm_id == rig.alarms()[0].id
    rig.until(by + 9 * HOUR)
    assert len(rig.alarms()) == 1


def test_after_a_long_night_somebody_is_asked_before_anybody_is_called_missing(rig):
    by = rig.planned().wanted.start_by
    rig.world.clock.advance((by + 5 * HOUR - rig.world.clock.now()).total_seconds())
    rig.settle()
    assert (len(rig.sent("visit_remind")), len(rig.sent("visit_late")), rig.alarms()) == (1, 1, [])
    rig.until(rig.world.clock.now() + 10 * MINUTE)
    assert len(rig.alarms()) == 1


def test_a_late_carer_ends_the_chase_and_never_the_alarm(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_by + 61 * MINUTE)
    rig.sign(visit, Which.BEGIN)
    assert rig.visit().state is State.BEGUN
    assert [each.state for each in rig.alarms()] == [AlarmState.RAISED]
    assert [each.alarm_id for each in rig.lines("visit_begun")] == [rig.alarms()[0].id]


@pytest.mark.parametrize("dies_at", range(1, 5))
def test_killed_between_any_two_steps_everything_happens_once(rig, dies_at):
    by = rig.planned().wanted.start_by
    commits, before = iter(range(1, 100)), rig.world.transactions._before_commit

    def die():
        if next(commits) == dies_at:
            rig.world.transactions._before_commit = before
            raise KeyboardInterrupt

    rig.world.transactions._before_commit = die
    try:
        rig.until(by + 61 * MINUTE)
    except KeyboardInterrupt:
        rig.again().until(by + 61 * MINUTE)
    rig.again().until(by + 3 * HOUR)
    assert (rig.sent("visit_remind"), rig.sent("visit_late")) == (["+8613800000001"], [DESK])
    assert len(rig.alarms()) == 1
    assert len(rig.lines("visit_missed")) == 1


def test_when_raising_fails_it_is_tried_again_and_the_desk_hears_of_it(rig, monkeypatch):
    visit = rig.planned()
    rig.until(visit.wanted.start_by + 59 * MINUTE)
    right = rig.world.desk.raise_in
    monkeypatch.setattr(rig.world.desk, "raise_in", lambda *_: 1 / 0)
    rig.world.clock.advance(60)
    with pytest.raises(ZeroDivisionError) as raised:
        rig.visiting.wake(visit.id)
    rig.visiting.stumble(visit.id, raised.value)
    assert rig.visit().state is State.PLANNED
    assert len(rig.sent("visit_late")) == 2
    monkeypatch.setattr(rig.world.desk, "raise_in", right)
    rig.until(rig.world.clock.now() + 2 * MINUTE)
    assert [each.cause for each in rig.alarms()] == [Cause.MISSED_VISIT]


def test_whoever_forgets_to_sign_out_is_asked_and_then_it_is_over_without(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    rig.sign(visit, Which.BEGIN)
    rig.until(visit.wanted.start_from + 2 * HOUR)
    assert rig.sent("visit_unsigned") == ["+8613800000001"]
    rig.until(visit.wanted.start_from + 8 * HOUR)
    assert rig.visit().state is State.FINISHED
    assert "no_finish" in rig.open_codes()
    assert rig.proved() == []


# ------------------------------------------------------------------------------------------------ ways to sign


def test_an_honest_visit_counts_without_anybody(rig):
    done = rig.done_well(rig.planned())
    assert (done.state, rig.open_codes()) == (State.FINISHED, [])
    proved = rig.proved()
    assert [(each.minutes, each.items, each.carer_ids) for each in proved] == [(60, ("B01",), (rig.carer("C1"),))]


@pytest.mark.parametrize(
    ("come", "gone"),
    [("到了", "完成"), ("3", "4"), ("1", "4"), ("签到", "签退"), ("签到 {c}", "签退{c}"), ("{c} 3", "{c} 4")],
)
def test_a_text_signs_in_and_out(rig, come, gone):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    rig.says("C1", come.format(c=visit.code))
    assert rig.visit().state is State.BEGUN
    rig.until(visit.wanted.start_from + HOUR)
    rig.says("C1", gone.format(c=visit.code))
    assert rig.visit().state is State.FINISHED
    assert {each.way for each in rig.points()} == {"sms"}
    # A text proves no place: it waits for a human or for the home to say so.
    assert rig.open_codes() == ["no_witness", "position_missing"]
    assert rig.proved() == []


@pytest.mark.parametrize("words", ["签到", "签到 {c}", "{c} 3"])
def test_the_same_text_again_is_confirmed_and_changes_nothing(rig, words):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    said = words.format(c=visit.code)
    for _ in range(2):
        rig.says("C1", said)
        rig.until(rig.world.clock.now() + 5 * MINUTE)
    assert len(rig.sent("visit_in")) == 2
    assert (rig.sent("visit_none"), len(rig.points())) == ([], 1)
    # An hour later it is something else: nobody can sign in to it a second time.
    rig.until(rig.world.clock.now() + HOUR)
    rig.says("C1", "签到")
    assert len(rig.sent("visit_none")) == 1


def test_whoever_was_never_there_is_confirmed_nothing(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    rig.says("C1", "签到")
    rig.says("C2", f"签到 {visit.code}")
    rig.says("C1", f"签到 {visit.code + 1}")
    assert (len(rig.sent("visit_in")), len(rig.sent("visit_none"))) == (1, 2)


def test_several_visits_are_asked_back(rig):
    rig.planned()
    rig.planned(key="plan:2", home="H2", resident="R2")
    rig.until(rig.visit().wanted.start_from)
    rig.says("C1", "到了")
    assert {rig.visit().state, rig.visit("plan:2").state} == {State.PLANNED}
    assert len(rig.sent("ask_which")) == 1
    rig.says("C1", "签到")
    assert len(rig.sent("visit_which")) == 1
    rig.says("C1", f"{rig.visit('plan:2').code} 3")
    assert rig.visit("plan:2").state is State.BEGUN


def test_an_open_alarm_has_the_digit_and_the_visit_its_words(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    alarm_id = rig.world.press("H2", "R2")
    rig.world.wake()
    rig.world.desk.offer(alarm_id, rig.world.carer("C1"), by="operator:wang")
    rig.says("C1", "1")
    assert rig.visit().state is State.PLANNED
    assert rig.world.alarm(alarm_id).state is AlarmState.ACCEPTED
    rig.says("C1", "签到")
    assert rig.visit().state is State.BEGUN


def test_a_code_that_an_alarm_has_too_is_the_alarms(rig):
    """Codes of three digits are given to whoever was asked ninety times within a week."""
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    alarm_id = rig.world.press("H2", "R2")
    rig.world.wake()
    rig.world.desk.offer(alarm_id, rig.world.carer("C1"), by="operator:wang")
    with rig.world.writing.begin() as connection:
        connection.execute(offers.update().where(offers.c.alarm_id == alarm_id).values(code=visit.code))
    rig.says("C1", f"{visit.code} 1")
    assert rig.world.alarm(alarm_id).state is AlarmState.ACCEPTED
    assert (rig.visit().state, rig.sent("ask_which")) == (State.PLANNED, [])


def test_the_same_press_of_a_button_is_one_statement(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    rig.sign(visit, Which.BEGIN, key="once")
    rig.sign(visit, Which.BEGIN, key="once")
    assert len(rig.points()) == 1


def test_a_tag_signs_in_and_out_and_proves_the_place(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    rig.tag()
    assert rig.visit().state is State.BEGUN
    rig.tags.check()
    rig.until(visit.wanted.start_from + HOUR)
    rig.tag()
    assert rig.visit().state is State.FINISHED
    assert len(rig.points()) == 2
    assert rig.open_codes() == []
    assert [each.minutes for each in rig.proved()] == [60]


def test_a_tag_beside_texts_shows_that_the_carer_is_there(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    rig.says("C1", "到了")
    rig.tag()
    rig.until(visit.wanted.start_from + HOUR)
    rig.tag()
    rig.says("C1", "完成")
    assert rig.visit().state is State.FINISHED
    assert rig.open_codes() == []


def test_a_press_of_the_pendant_is_an_alarm_whatever_visit_goes_on(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    rig.sign(visit, Which.BEGIN)
    alarm_id = rig.world.press("H1")
    rig.settle()
    assert rig.world.alarm(alarm_id).cause is Cause.PRESS
    assert {each.which for each in rig.points()} == {"begin"}


def test_two_hands_count_from_the_second_to_the_first_to_leave(rig):
    visit = rig.planned(carers=2, usual=("C1", "C2"), least_minutes=40)
    rig.until(visit.wanted.start_from)
    rig.sign(visit, Which.BEGIN, "C1")
    rig.until(visit.wanted.start_from + 5 * MINUTE)
    rig.sign(visit, Which.BEGIN, "C2", position=Position(38.0722, 114.4922))
    rig.photo(visit)
    rig.until(visit.wanted.start_from + 50 * MINUTE)
    rig.sign(visit, Which.FINISH, "C2", position=Position(38.0723, 114.4922))
    assert rig.visit().state is State.BEGUN
    rig.until(visit.wanted.start_from + HOUR)
    rig.sign(visit, Which.FINISH, "C1", position=Position(38.0724, 114.4922))
    assert rig.open_codes() == []
    assert [each.minutes for each in rig.proved()] == [45]


def test_one_of_two_hands_is_not_two(rig):
    visit = rig.planned(carers=2, usual=("C1", "C2"))
    done = rig.done_well(visit)
    assert done.state is State.FINISHED
    assert rig.open_codes() == ["hands_missing"]


# ------------------------------------------------------------------------------------------------ what does not count


def test_a_carer_who_signs_from_three_kilometres_away_does_not_count(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    rig.sign(visit, Which.BEGIN, position=FAR)
    rig.until(visit.wanted.start_from + HOUR)
    rig.photo(visit)
    rig.sign(visit, Which.FINISH)
    assert rig.open_codes() == ["too_far"]
    assert 2900 < rig.findings()["too_far"].evidence["distance_m"] < 3100
    assert rig.proved() == []


def test_two_visits_at_once_both_wait_for_a_human(rig):
    first = rig.planned()
    second = rig.planned(key="plan:2", home="H2", resident="R2")
    rig.until(first.wanted.start_from)
    rig.sign(first, Which.BEGIN)
    rig.sign(second, Which.BEGIN, position=Position(38.0731, 114.4931))
    rig.until(first.wanted.start_from + HOUR)
    rig.photo(first, "a" * 64)
    rig.photo(second, "b" * 64)
    rig.sign(first, Which.FINISH, position=Position(38.0722, 114.4921))
    rig.sign(second, Which.FINISH, position=Position(38.0732, 114.4931))
    assert (rig.open_codes(), rig.open_codes("plan:2")) == (["overlap"], ["overlap"])


def test_two_homes_that_nobody_gets_between_in_twenty_minutes_both_wait_for_a_human(rig):
    away = Position(38.5, 114.493)
    with rig.world.writing.begin() as connection:
        connection.execute(update(homes).where(homes.c.code == "H2").values(lat=away.lat, lng=away.lng))
    first, second = rig.planned(), rig.planned(key="plan:2", home="H2", resident="R2", after=2 * HOUR)
    rig.done_well(first)
    rig.until(rig.world.clock.now() + 20 * MINUTE)
    rig.sign(second, Which.BEGIN, position=away)
    rig.until(rig.world.clock.now() + HOUR)
    rig.photo(second, "b" * 64)
    rig.sign(second, Which.FINISH, position=Position(away.lat + 1e-5, away.lng))
    assert (rig.open_codes(), rig.open_codes("plan:2")) == (["impossible_travel"], ["impossible_travel"])


def test_a_false_visit_does_not_take_the_true_one_away(rig):
    first = rig.planned()
    second = rig.planned(key="plan:2", home="H2", resident="R2")
    rig.until(first.wanted.start_from)
    rig.sign(second, Which.BEGIN, position=FAR)
    rig.done_well(first)
    rig.sign(second, Which.FINISH, position=FAR)
    assert rig.open_codes() == []
    assert "overlap" in rig.open_codes("plan:2")


def test_the_photo_of_another_visit_is_none(rig):
    rig.done_well(rig.planned())
    second = rig.planned(key="plan:2", after=3 * HOUR)
    rig.done_well(second, sha="a" * 64)
    assert rig.open_codes() == []
    assert rig.open_codes("plan:2") == ["no_witness", "photo_reused"]


def test_a_dead_resident_was_not_visited_whenever_that_becomes_known(rig):
    rig.done_well(rig.planned())
    assert len(rig.proved()) == 1
    day = rig.visit().wanted.on - timedelta(days=2)
    with rig.world.writing.begin() as connection:
        connection.execute(update(residents).where(residents.c.code == "R1").values(died_on=day))
    rig.planning.check()
    rig.settle()
    assert (rig.open_codes(), rig.proved()) == (["resident_dead"], [])
    finding = rig.findings()["resident_dead"]
    with pytest.raises(Conflict):
        rig.visiting.resolve(finding.id, "accepted", by=WANG)


def test_an_entry_at_the_desk_needs_a_reason_and_a_second_person(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    rig.sign(visit, Which.BEGIN)
    rig.photo(visit)
    rig.until(visit.wanted.start_from + 2 * HOUR)
    ended = visit.wanted.start_from + HOUR
    with pytest.raises(Invalid):
        rig.sign(visit, Which.FINISH, way=Way.OFFICE, by=WANG, at=ended, position=None)
    rig.sign(visit, Which.FINISH, way=Way.OFFICE, by=WANG, at=ended, position=None, reason="手机没电")
    assert rig.open_codes() == ["office_entry"]
    point = next(each for each in rig.points() if each.way == "office")
    with pytest.raises(Conflict):
        rig.visiting.approve(point.id, by=WANG)
    with pytest.raises(Conflict):
        rig.visiting.resolve(rig.findings()["office_entry"].id, "accepted", by=LIU)
    rig.visiting.approve(point.id, by=LIU)
    rig.settle()
    assert rig.open_codes() == []
    assert [each.minutes for each in rig.proved()] == [60]


def test_what_a_human_accepts_counts_until_the_evidence_changes(rig):
    visit = rig.planned()
    rig.done_well(visit, minutes=30)
    assert rig.open_codes() == ["too_short"]
    rig.visiting.resolve(rig.findings()["too_short"].id, "accepted", by=WANG)
    rig.settle()
    assert [each.minutes for each in rig.proved()] == [30]
    with pytest.raises(Conflict):
        rig.visiting.resolve(rig.findings()["too_short"].id, "rejected", by=LIU)
    rig.sign(visit, Which.FINISH, at=visit.wanted.start_from + 35 * MINUTE, position=Position(38.07201, 114.49201))
    assert rig.open_codes() == ["too_short"]
    rig.visiting.resolve(rig.findings()["too_short"].id, "rejected", by=LIU)
    rig.settle()
    assert rig.proved() == []


def test_nobody_judges_what_they_entered(rig):
    visit = rig.planned()
    rig.done_well(visit, minutes=30)
    with pytest.raises(Conflict):
        rig.visiting.resolve(rig.findings()["too_short"].id, "accepted", by=rig.world.carer("C1"))


def test_a_visit_made_longer_afterwards_stays_as_long_as_it_was(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from + 40 * MINUTE)
    rig.sign(visit, Which.BEGIN)
    rig.photo(visit)
    rig.until(visit.wanted.start_from + 60 * MINUTE)
    rig.sign(visit, Which.FINISH, position=Position(AT_HOME.lat, AT_HOME.lng + 1e-5))
    rig.sign(visit, Which.BEGIN, at=visit.wanted.start_from, position=Position(AT_HOME.lat, AT_HOME.lng + 2e-5))
    assert rig.findings()["too_short"].evidence["minutes"] == 20


# ------------------------------------------------------------------------------------------------ what it costs


def test_signing_and_judging_a_visit_makes_no_statement_anew(rig):
    rig.done_well(rig.planned(key="plan:0"), sha="b" * 64)  # What is made once is made by now.
    visit = rig.planned(key="plan:1", home="H2", resident="R2", after=3 * HOUR)
    rig.until(visit.wanted.start_from)
    made = []

    def note(connection, statement, *_):
        text = str(statement)
        if "visit" in text:  # What the test itself looks up is none of the service's.
            made.append(text)

    for engine in (rig.world.writing, rig.world.reading):
        event.listen(engine, "before_execute", note)
    home = Position(38.0757, 114.4858)
    rig.sign(visit, Which.BEGIN, position=home)
    rig.until(rig.world.clock.now() + HOUR)
    rig.photo(visit)
    rig.sign(visit, Which.FINISH, position=Position(home.lat + 1e-5, home.lng))
    # Each statement of SQLAlchemy's own costs several times what a prepared one does, and a visit has sixty.
    assert made == []
    assert rig.visit("plan:1").judged_at is not None
