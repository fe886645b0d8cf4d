"""Large months are worked out elsewhere when somebody looks: kept, told with their moment, never twice at once."""

import threading
from datetime import UTC, datetime

import pytest

from config.wiring_operators import told_there
from dispatch.errors import Busy
from schedules.apart import Apart, Failed
from schedules.money.looking import UNDER_WAY_MAX, Looking
from tests.fakes.clock import HandClock
from tests.fakes.line import until
from tests.integration.operators_rig import OperatorsRig
from tests.integration.test_operators import ALL, MARCH, ODD
from tests.integration.test_serving_worked_out_apart import question

MONTH = "2026-03"


class Elsewhere:
    """Answers when it is let go; `answers` are what it says in turn, and an error is raised."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.go = threading.Event()

    def __call__(self, month):
        self.asked.append(month)
        assert self.go.wait(20)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def words(sentence, **values):
    return sentence % values


def never(month):
    raise AssertionError(month)


def begun():
    return HandClock(datetime(2026, 4, 2, 4, tzinfo=UTC))


def test_a_small_month_is_reckoned_where_it_is_shown():
    own = Looking(begun(), str.upper, never, is_large=lambda _: False)
    assert own.at("abc").found == "ABC"


def test_a_large_month_is_told_as_unknown_then_with_its_moment_and_older_while_it_is_worked_out_anew():
    clock, elsewhere = begun(), Elsewhere("one", "two")
    own = Looking(clock, never, elsewhere, wait_s=0)
    first = own.at(MONTH)
    assert (first.found, first.under_way) == (None, True)
    own.at(MONTH)
    elsewhere.go.set()
    until(lambda: own.at(MONTH).found == "one")
    then = clock.now()
    clock.advance(59)
    assert (own.at(MONTH).at, own.at(MONTH).under_way, elsewhere.asked) == (then, False, [MONTH])
    elsewhere.go.clear()
    clock.advance(1)
    old = own.at(MONTH)
    assert (old.found, old.at, old.under_way) == ("one", then, True)
    elsewhere.go.set()
    until(lambda: own.at(MONTH).found == "two")
    assert own.at(MONTH).at == clock.now()


def test_what_is_changed_here_is_worked_out_anew_at_once_even_what_was_under_way_meanwhile():
    elsewhere = Elsewhere("one", "two")
    own = Looking(begun(), never, elsewhere, wait_s=0)
    own.at(MONTH)
    until(lambda: elsewhere.asked == [MONTH])
    own.changed()
    elsewhere.go.set()
    until(lambda: own.at(MONTH).found == "two")
    assert elsewhere.asked == [MONTH, MONTH]


def test_whoever_asks_first_has_the_answer_where_it_comes_soon():
    elsewhere = Elsewhere("one")
    elsewhere.go.set()
    assert Looking(begun(), never, elsewhere, wait_s=20).at(MONTH).found == "one"


@pytest.mark.error_lines("month_not_worked_out")
def test_what_fails_is_told_and_tried_again_a_minute_later():
    clock, elsewhere = begun(), Elsewhere(Failed("it ended with 1"), "two")
    elsewhere.go.set()
    own = Looking(clock, never, elsewhere, wait_s=20)
    assert own.at(MONTH).failed
    assert (own.at(MONTH).found, own.at(MONTH).under_way, elsewhere.asked) == (None, False, [MONTH])
    clock.advance(60)
    again = own.at(MONTH)
    assert (again.found, again.failed) == ("two", False)


def test_only_some_months_wait_and_one_is_worked_out_at_a_time():
    elsewhere = Elsewhere(*"abcdefgh")
    own = Looking(begun(), never, elsewhere, wait_s=0)
    months = [f"2026-{number:02}" for number in range(1, UNDER_WAY_MAX + 1)]
    assert all(own.at(each).under_way for each in months)
    until(lambda: len(elsewhere.asked) == 1)
    with pytest.raises(Busy):
        own.at("2026-12")
    elsewhere.go.set()
    until(lambda: all(own.at(each).found for each in months))
    assert sorted(elsewhere.asked) == months


def test_another_process_tells_the_same_month_with_what_its_rules_refused(tmp_path):
    rig = OperatorsRig(tmp_path, [*ALL, ODD], people=30)
    try:
        rig.term("baiyang", "A")
        rig.term("luxi", "S1", "station")
        rig.eat("A", MARCH[:4], 26)
        (rig.policies / "0.toml").unlink()
        rig.open()
        there, here = Apart()(told_there, question(rig), MONTH), rig.reckoning.month(MONTH).told
        assert (there.dues, there.stations) == (here.dues, here.stations)
        [(term, no)] = there.troubles
        [(own, mine)] = here.troubles
        assert (term, no.told(words), type(no)) == (own, mine.told(words), type(mine))
        assert "baiyang" in str(no)
    finally:
        rig.close_down()
