"""Absences step by step, and what gives rise to something to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.rules.absences import ASK_EVERY, Absence, Kind, State, ended, first_look, is_held, look, prolonged
from dispatch.rules.follow_ups import TIME, asks_for_a_visit, key_check_due
from dispatch.rules.follow_ups import Kind as Task

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def hours(n: float) -> datetime:
    return NOON + timedelta(hours=n)


AWAY = Absence(
    id="a", resident_id="r", home_id="h", kind=Kind.AWAY, from_at=hours(1), until_at=hours(10), state=State.PLANNED,
    by="operator:o", due_at=hours(1),
)  # fmt: skip


def test_it_takes_its_steps_at_their_times_and_no_other():
    assert look(AWAY, hours(0.5)) == (AWAY, None)
    begun, line = look(AWAY, hours(1))
    assert (line, begun.state, begun.due_at) == ("begun", State.AWAY, hours(9))
    assert look(begun, hours(5)) == (begun, None)
    warned, line = look(begun, hours(9))
    assert (line, warned.due_at) == ("ends_soon", hours(10))
    assert look(warned, hours(9.5)) == (warned, None)
    over, line = look(warned, hours(10))
    assert (line, over.state, over.due_at) == ("ended", State.OVERRUN, hours(10) + ASK_EVERY)
    assert look(over, hours(11)) == (over, None)
    assert look(over, hours(22))[1] == "asked_again"
    done = ended(over)
    assert look(done, hours(99)) == (done, None)


def test_it_holds_within_its_times_whatever_its_state_but_over():
    for state in (State.PLANNED, State.AWAY, State.OVERRUN):
        each = replace(AWAY, state=state)
        assert [each.holds(hours(n)) for n in (0.9, 1, 9.9, 10)] == [False, True, True, False]
    assert not ended(AWAY).holds(hours(5))


def test_what_is_prolonged_warns_anew():
    over = replace(AWAY, state=State.OVERRUN, warned=True, due_at=hours(22))
    longer = prolonged(over, hours(30), hours(12))
    assert (longer.state, longer.warned, longer.due_at) == (State.AWAY, False, hours(29))
    assert prolonged(over, hours(12.5), hours(12)).due_at == hours(12)
    early = prolonged(AWAY, hours(30), hours(0))
    assert (early.state, early.due_at) == (State.PLANNED, hours(1))
    assert first_look(hours(1), hours(2), NOON) == hours(1)
    assert first_look(hours(-2), hours(-1), NOON) == NOON


@pytest.mark.parametrize(
    ("living", "away", "whose", "held"),
    [
        (["a"], ["a"], "a", True), (["a"], [], "a", False), (["a", "b"], ["a"], "a", True),
        (["a", "b"], ["a"], "b", False), (["a", "b"], ["a"], None, False), (["a", "b"], ["a", "b"], None, True),
        ([], [], None, False), ([], [], "gone", False), (["a"], ["a"], "gone", True),
    ],
)  # fmt: skip
def test_whose_silence_means_nothing(living, away, whose, held):
    assert is_held(living, away, whose) is held


def days(*ago: float) -> list[datetime]:
    return [NOON - timedelta(days=each) for each in ago]


@pytest.mark.parametrize(
    ("false_alarms", "opened", "visit"),
    [
        (days(1, 2), [], False), (days(1, 2, 29.9), [], True), (days(1, 2, 30), [], False),
        (days(1, 2, 3), days(1), False), (days(1, 2, 3), days(30), True), (days(1, 2, 3, 4, 5), days(29), False),
        (days(1, 2, -1), [], False),
    ],
)  # fmt: skip
def test_the_third_within_a_month_asks_for_one_visit(false_alarms, opened, visit):
    assert asks_for_a_visit(false_alarms, opened, NOON) is visit


def test_a_way_in_never_looked_at_is_due_and_every_task_has_its_time():
    assert [key_check_due(at, NOON) for at in (None, *days(179.9, 180))] == [True, False, True]
    assert set(TIME) == set(Task)
