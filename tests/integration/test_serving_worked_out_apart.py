"""What serving comes to is worked out by another process, before a month is closed: asked, seen, stopped, failed."""

import threading
from datetime import date
from functools import partial

import pytest

from config.serving_options import ServingSettings
from config.wiring_operators import HERE_MAX, Question, _reckoned, _worked_out, reckoned_there
from dispatch.errors import Conflict
from schedules.apart import Apart
from schedules.money.counting import Counting, Progress
from schedules.money.operators.settling import Settling
from schedules.money.rules.exclusions import Implications
from schedules.money.rules.ways import CUSTOMARY
from tests.fakes.line import until
from tests.integration.operators_rig import CHIEF, OperatorsRig
from tests.integration.test_operators import ALL, MARCH


@pytest.fixture
def rig(tmp_path):
    rig = OperatorsRig(tmp_path, ALL, people=30)
    rig.term("baiyang", "A")
    rig.term("luxi", "S1", "station")
    rig.eat("A", MARCH[:4], 26, policy="qinghe")
    yield rig
    rig.close_down()


def question(rig, **more):
    said = {
        "url": rig.world.reading.url.render_as_string(hide_password=False), "zone": "Asia/Shanghai",
        "serving": ServingSettings(), "book": rig.book, "ways": CUSTOMARY, "implied": Implications({}),
        "people_ways": CUSTOMARY,
    }  # fmt: skip
    return Question(**said | more)


def apart_settling(rig, apart, **more):
    return Settling(
        rig.world.transactions, rig.world.reading, rig.world.clock, rig.world.calendar, rig.reckoning,
        books=rig.settling._books,
        reckon=partial(_reckoned, apart, question(rig, **more)),
    )  # fmt: skip


def test_another_process_finds_the_same_and_the_rules_are_those_of_the_start(rig):
    (rig.policies / "0.toml").write_text("this is no rule", "utf-8")
    apart = Apart()
    [february, there] = apart(reckoned_there, question(rig), ["2026-02", "2026-03"])
    assert (february.month, february.dues) == ("2026-02", ())
    assert there == rig.reckoning.month("2026-03").summed
    assert {each.amount_fen for each in there.dues} == {20_800, 31_200, 0}
    assert there.troubled == ()
    settled = apart_settling(rig, apart).settle("2026-03", by=CHIEF)
    assert (settled.entered, rig.booked("2026-03")) == (3, [("A", 20_800, ""), ("A", 31_200, "")])


@pytest.mark.error_lines("serving_not_worked_out")
def test_a_process_that_fails_books_nothing_and_says_so(rig):
    settling = apart_settling(rig, Apart(), url="sqlite:////nowhere/at/all.db")
    with pytest.raises(Conflict, match="nothing was booked"):
        settling.settle("2026-03", by=CHIEF)
    assert rig.booked("2026-03") == []


def test_a_few_small_months_are_worked_out_here_and_many_or_large_ones_elsewhere(rig, monkeypatch):
    few, many = ["2026-02", "2026-03"], [f"2025-{number:02}" for number in range(1, HERE_MAX + 2)]
    asked = []
    [february, march] = _worked_out(rig.reckoning, asked.append, few)
    assert ([each.amount_fen for each in february.dues], march) == ([], rig.reckoning.month("2026-03").summed)
    assert asked == []
    _worked_out(rig.reckoning, asked.append, many)
    monkeypatch.setattr("schedules.money.operators.reckoning.LARGE", 26)
    _worked_out(rig.reckoning, asked.append, few)
    assert asked == [many, few]


class Slow:
    """Dues whose working out lasts until it is let go."""

    def __init__(self):
        self.asked, self.go, self.wrong = threading.Event(), threading.Event(), None

    def settle(self, month, /, *, by, progress):
        progress(0, 2)
        self.asked.set()
        assert self.go.wait(20)
        progress(1, 2)
        if self.wrong:
            raise self.wrong

    def pending(self, closed, /):
        return None


def counting(rig, dues):
    rig.closing._dues = dues
    return Counting(rig.closing, rig.world.reading.url.render_as_string(hide_password=False))


def test_whoever_closes_a_month_waits_for_none_of_it_and_sees_how_far_it_is(rig):
    rig.settle("2026-03")
    dues = Slow()
    own = counting(rig, dues)
    own.start("2026-03", by=CHIEF)
    assert dues.asked.wait(20)
    assert own.now() == Progress(month="2026-03", due=True, done=0, of=2)
    assert rig.closing.known("2026-03") is None
    with pytest.raises(Conflict):
        own.start("2026-03", by=CHIEF)
    dues.go.set()
    own.wait(60)
    assert own.now() is None
    assert rig.closing.known("2026-03")["entries"] == 2


@pytest.mark.error_lines("month_not_counted")
def test_a_stop_ends_it_and_the_month_was_not_begun(rig):
    rig.settle("2026-03")
    dues = Slow()
    own = counting(rig, dues)
    own.start("2026-03", by=CHIEF)
    assert dues.asked.wait(20)
    own.stop()
    dues.go.set()
    own.wait(20)
    assert "stopped" in own.now().wrong
    assert rig.closing.next() == ("2026-03", 2, False)


@pytest.mark.error_lines("month_not_counted")
def test_what_is_refused_while_it_is_worked_out_is_told_and_the_month_may_be_closed_again(rig):
    rig.settle("2026-03")
    dues = Slow()
    dues.wrong = Conflict("the ledger says no")
    dues.go.set()
    own = counting(rig, dues)
    own.start("2026-03", by=CHIEF)
    until(lambda: own.now() is not None and own.now().wrong == "the ledger says no")
    own.wait(20)
    dues.wrong = None
    own.start("2026-03", by=CHIEF)
    own.wait(60)
    assert rig.closing.known("2026-03") is not None


def test_a_month_that_cannot_be_closed_is_refused_at_once(rig):
    own = counting(rig, Slow())
    with pytest.raises(Conflict):
        own.start("2026-05", by=CHIEF)
    assert own.now() is None


def test_months_are_worked_out_some_at_a_time(rig):
    asked = []

    def reckon(months):
        asked.append(len(months))
        return [rig.reckoning.month(each).summed for each in months]

    rig.until(date(2027, 1, 5))
    rig.settling._reckon = reckon
    told = []
    rig.settling.settle("2026-12", by=CHIEF, progress=lambda done, of: told.append((done, of)))
    assert asked == [6, 4]
    assert told == [(0, 10), (6, 10), (10, 10)]
