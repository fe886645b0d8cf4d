"""Two visits of one carer, or to one person, that meet at midnight: a day ends, and what is wrong goes on."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.care.rules.visit import Proved
from schedules.money.anomalies.rules.limits import read_limits
from schedules.money.anomalies.rules.scan import Known, Scan
from tests.unit.money.rig import ROOT

CHINA = ZoneInfo("Asia/Shanghai")
LIMITS, _ = read_limits((ROOT / "config/money/anomalies.toml").read_text("utf-8"), "anomalies.toml")
LATE = date(2028, 2, 29)


def visit(id_, day, hour, minute, minutes, *, carer="c", resident=None):
    begun = datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHINA).astimezone(UTC)
    return Proved(
        visit_id=id_, resident_id=resident or f"r-{id_}", carer_ids=(carer,), on=day, begun_at=begun,
        finished_at=begun + timedelta(minutes=minutes),
    )  # fmt: skip


def found(*visits, learnt=()):
    scan = Scan(LIMITS, Known(), lambda at: at.astimezone(CHINA))
    scan.learn((), learnt)
    # What was learnt is of the day before the first one that is looked at.
    days = [LATE + timedelta(days=number) for number in range(bool(learnt), 3)]
    told = [each for day in days for each in scan.day(day, (), [one for one in visits if one.on == day])]
    return [(each.code.value, each.first, each.evidence, each.figures["minutes"]) for each in told]


NIGHT = visit("night", LATE, 23, 40, 60)
NEXT = LATE + timedelta(days=1)


@pytest.mark.parametrize(
    ("other", "minutes"),
    [
        (visit("other", NEXT, 0, 10, 60), 30), (visit("other", NEXT, 0, 39, 60), 1),
        (visit("other", NEXT, 0, 40, 60), None), (visit("other", NEXT, 0, 10, 60, carer="d"), None),
        (visit("other", NEXT, 0, 10, 60, carer="d", resident="r-night"), 30),
        (visit("other", NEXT + timedelta(days=1), 0, 10, 60), None),
    ],
)  # fmt: skip
def test_a_carer_at_two_homes_at_midnight(other, minutes):
    expected = [] if minutes is None else [("visits_overlap", NEXT, ("night", "other"), minutes)]
    assert found(NIGHT, other) == expected


def test_the_longer_of_the_day_before_is_the_one_that_is_meant_and_a_search_begins_with_it():
    short = visit("short", LATE, 23, 50, 15)
    other = visit("other", NEXT, 0, 10, 60)
    assert [each[2] for each in found(other, learnt=[NIGHT, short])] == [("night", "other")]
    assert found(other, learnt=[short]) == []
