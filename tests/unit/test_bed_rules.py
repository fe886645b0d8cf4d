"""The life of beds, levels of ability, the days of care plans: pure rules, with examples counted by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.beds_options import BedSettings
from config.care_files import read_duties, read_items, read_standards
from dispatch.errors import Conflict, Invalid
from schedules.care.rules import bed as life
from schedules.care.rules.assessment import judge, months_later
from schedules.care.rules.bed import Bed, Deed, State
from schedules.care.rules.plan import (
    Holidays,
    Line,
    Pattern,
    Plan,
    Served,
    falls_on,
    in_force,
    instants,
    lacks,
    takes_effect,
)
from schedules.care.rules.plan import wanted as wanted_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
STANDARDS = read_standards(BedSettings().assessments)
GBT = STANDARDS["gbt42195-2022"]
FREE = {date(2026, 10, day) for day in range(1, 8)}
"""National Day 2026 as a table would have it, with the weekend before the 10th worked."""


def workday(day: date) -> bool:
    return day not in FREE and (day.weekday() < 5 or day == date(2026, 10, 10))


def bed(state: State, **more) -> Bed:
    ended = {"ended_on": date(2026, 1, 2)} if state is State.ENDED else {}
    return Bed(id="b", number="C2026-0001", resident_id="r", state=state, applied_on=date(2026, 1, 1),
               applied_by="operator:m", standard="s", **ended, **more)  # fmt: skip


LEGAL = {
    "applied": {"assess", "end"},
    "assessed": {"assess", "first_review", "send_back", "approve", "end"},
    "approved": {"assess", "build", "end"},
    "built": {"assess", "accept", "end"},
    "accepted": {"assess", "activate", "end"},
    "active": {"assess", "suspend", "end"},
    "suspended": {"assess", "resume", "end"},
    "ended": {"reopen"},
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("deed", [each for each in Deed if each is not Deed.APPLY])
def test_only_legal_deeds_pass(state, deed):
    if deed.value in LEGAL[state.value]:
        life.refuse_illegal(bed(state), deed)
    else:
        with pytest.raises(Conflict):
            life.refuse_illegal(bed(state), deed)


def test_the_two_reviews_are_of_two_people_and_neither_is_the_applicant():
    fresh = bed(State.ASSESSED)
    for deed, by in ((Deed.FIRST_REVIEW, "operator:m"), (Deed.APPROVE, "operator:a")):
        with pytest.raises(Conflict):
            life.refuse_reviewer(fresh, deed, by)
    life.refuse_reviewer(fresh, Deed.FIRST_REVIEW, "operator:a")
    seen = replace(fresh, first_by="operator:a")
    for by in ("operator:a", "operator:m"):
        with pytest.raises(Conflict):
            life.refuse_reviewer(seen, Deed.APPROVE, by)
    life.refuse_reviewer(seen, Deed.APPROVE, "operator:b")
    with pytest.raises(Conflict):
        life.refuse_reviewer(seen, Deed.FIRST_REVIEW, "operator:b")


# ------------------------------------------------------------------------------------------------ assessment


@pytest.mark.parametrize(
    ("score", "level"),
    [(90, "intact"), (89, "mild"), (66, "mild"), (65, "moderate"), (46, "moderate"), (45, "severe"), (30, "severe"),
     (29, "total"), (0, "total")],
)  # fmt: skip
def test_the_bands_of_the_national_standard(score, level):
    assert judge(GBT, score, None, []) == (level, level)


@pytest.mark.parametrize(
    ("score", "found", "level"),
    [(80, ["coma"], "total"), (80, ["dementia"], "moderate"), (80, ["dementia", "risk_events"], "moderate"),
     (90, ["psychiatric"], "mild"), (10, ["dementia"], "total"), (80, ["coma", "dementia"], "total")],
)  # fmt: skip
def test_findings_make_a_level_graver(score, found, level):
    assert judge(GBT, score, None, found)[1] == level


def test_where_the_bureau_reads_it_so_each_finding_raises():
    each = replace(GBT, raise_once=False)
    assert judge(each, 80, None, ["dementia", "risk_events"]) == ("mild", "severe")


@pytest.mark.parametrize(("score", "found"), [(91, []), (-1, []), (None, []), (50, ["headache"])])
def test_what_the_standard_does_not_know_is_refused(score, found):
    with pytest.raises(Invalid):
        judge(GBT, score, None, found)


def test_another_standard_is_kept_as_its_paper_says():
    assert judge(STANDARDS["mzt039-2013"], None, "severe", []) == ("severe", "severe")
    with pytest.raises(Invalid):
        judge(STANDARDS["mzt039-2013"], None, "total", [])


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [("2026-03-01", 12, "2027-02-28"), ("2027-03-01", 12, "2028-02-29"), ("2028-02-29", 12, "2029-02-28"),
     ("2026-08-31", 6, "2027-02-28"), ("2026-07-31", 1, "2026-08-30"),
     ("2026-12-01", 1, "2026-12-31"), ("2026-11-15", 12, "2027-11-14")],
)  # fmt: skip
def test_a_validity_ends_with_the_day_before(day, months, last):
    assert months_later(date.fromisoformat(day), months) == date.fromisoformat(last)


# ------------------------------------------------------------------------------------------------ plans


def line(pattern: Pattern, **more) -> Line:
    return Line(**{"code": "a", "pattern": pattern, "start": time(9), "by": time(10), "minutes": 60, **more})


def days(line_: Line, first: str, last: str) -> list[int]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    every = [date.fromordinal(number) for number in range(begin.toordinal(), end.toordinal() + 1)]
    return [each.day for each in every if falls_on(line_, each, workday)]


@pytest.mark.parametrize(
    ("line_", "first", "last", "expected"),
    [
        (line(Pattern.WEEKDAYS, days=(0, 6)), "2026-11-01", "2026-11-09", [1, 2, 8, 9]),
        (line(Pattern.WEEKLY, times=2), "2026-11-02", "2026-11-08", [2, 5]),
        (line(Pattern.WEEKLY, times=3), "2026-11-02", "2026-11-08", [2, 4, 6]),
        (line(Pattern.WEEKLY, times=7), "2026-11-02", "2026-11-08", [2, 3, 4, 5, 6, 7, 8]),
        (line(Pattern.EVERY, times=3, first_on=date(2028, 2, 26)), "2028-02-20", "2028-03-06", [26, 29, 3, 6]),
        (line(Pattern.MONTHDAYS, days=(30, 31)), "2027-02-01", "2027-02-28", [28]),
        (line(Pattern.MONTHDAYS, days=(29,)), "2028-02-01", "2028-02-29", [29]),
        (line(Pattern.WORKDAYS), "2026-09-30", "2026-10-12", [30, 8, 9, 10, 12]),
        (line(Pattern.WEEKDAYS, days=(3,), holidays=Holidays.SKIP), "2026-09-24", "2026-10-15", [24, 8, 15]),
        # Thursday the 1st is a holiday: on Thursday the 8th there is a visit anyway, so nothing is added.
        (line(Pattern.WEEKDAYS, days=(3,), holidays=Holidays.AFTER), "2026-09-24", "2026-10-15", [24, 8, 15]),
        (line(Pattern.WEEKDAYS, days=(4,), holidays=Holidays.AFTER), "2026-09-25", "2026-10-16", [25, 8, 9, 16]),
        (line(Pattern.WEEKDAYS, days=(5,), holidays=Holidays.SKIP), "2026-10-01", "2026-10-11", [3, 10]),
        (line(Pattern.WEEKDAYS, days=(3,)), "2026-10-01", "2026-10-08", [1, 8]),
    ],
)  # fmt: skip
def test_a_line_falls_on_its_days(line_, first, last, expected):
    assert days(line_, first, last) == expected


@given(st.integers(1, 7), st.dates(date(2024, 1, 1), date(2030, 1, 1)))
def test_n_a_week_are_n_in_each_week(times, day):
    monday = date.fromordinal(day.toordinal() - day.weekday())
    week = [date.fromordinal(monday.toordinal() + number) for number in range(7)]
    assert sum(falls_on(line(Pattern.WEEKLY, times=times), each, lambda _: True) for each in week) == times


@given(st.lists(st.integers(1, 31), min_size=1, max_size=4), st.integers(2024, 2030), st.integers(1, 12))
def test_a_day_of_the_month_is_never_lost(wanted, year, month):
    found = days(line(Pattern.MONTHDAYS, days=tuple(wanted)), f"{year}-{month:02}-01", f"{year}-{month:02}-28")
    tail = [date(year, month, number) for number in range(29, 32) if _there(year, month, number)]
    found += [each.day for each in tail if falls_on(line(Pattern.MONTHDAYS, days=tuple(wanted)), each, workday)]
    last = tail[-1].day if tail else 28
    assert found == sorted({min(each, last) for each in wanted})


def _there(year, month, number):
    try:
        date(year, month, number)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (Pattern.WEEKDAYS, [{"days": (0,)}, {"days": tuple(range(7))}], [{}, {"days": (7,)}, {"days": (-1, 0)}]),
        (Pattern.MONTHDAYS, [{"days": (1,)}, {"days": tuple(range(1, 32))}], [{}, {"days": (0,)}, {"days": (32,)}]),
        (Pattern.WEEKLY, [{"times": 1}, {"times": 7}], [{}, {"times": 8}, {"times": -1}]),
        (Pattern.EVERY, [{"times": 1, "first_on": date(2026, 1, 1)}, {"times": 366, "first_on": date(2026, 1, 1)}],
         [{}, {"times": 2}, {"first_on": date(2026, 1, 1)}, {"times": 367, "first_on": date(2026, 1, 1)}]),
        (Pattern.WORKDAYS, [{}], []),
    ],
)  # fmt: skip
def test_a_pattern_says_what_it_lacks(pattern, good, bad):
    assert [lacks(line(pattern, **each)) for each in good] == [""] * len(good)
    assert all(lacks(line(pattern, **each)) for each in bad)


def plan(version: int, from_on: str, *lines: Line, urgent: bool = False) -> Plan:
    return Plan(id=f"p{version}", bed_id="b", version=version, from_on=date.fromisoformat(from_on),
                made_at=datetime(2026, 1, 1, tzinfo=UTC), by="operator:m", urgent=urgent, lines=lines)  # fmt: skip


@pytest.mark.parametrize(
    ("made", "urgent", "first", "begins"),
    [("2026-11-20", False, False, "2026-12-01"), ("2026-11-21", False, False, "2027-01-01"),
     ("2026-12-20", False, False, "2027-01-01"), ("2026-12-31", False, False, "2027-02-01"),
     ("2026-11-21", True, False, "2026-11-21"), ("2026-11-21", False, True, "2026-11-21")],
)  # fmt: skip
def test_a_change_by_the_twentieth_holds_from_the_next_month(made, urgent, first, begins):
    found = takes_effect(date.fromisoformat(made), urgent=urgent, first=first, change_by=20)
    assert found == date.fromisoformat(begins)


def test_an_urgent_change_is_not_undone_by_an_older_one_that_begins_later():
    versions = [plan(1, "2026-01-01"), plan(2, "2026-12-01"), plan(3, "2026-11-15", urgent=True)]
    held = {
        day: in_force(versions, date.fromisoformat(day))
        for day in ("2025-12-31", "2026-11-14", "2026-11-15", "2026-12-02")
    }
    assert {day: each and each.version for day, each in held.items()} == {
        "2025-12-31": None, "2026-11-14": 1, "2026-11-15": 3, "2026-12-02": 3,
    }  # fmt: skip


HOME = Served(bed_id="b", resident_id="r", home_id="h")


def test_a_wanted_visit_keeps_its_key_from_version_to_version():
    old = plan(1, "2026-01-01", line(Pattern.WEEKDAYS, days=(0,)))
    new = plan(2, "2026-01-01", line(Pattern.WEEKDAYS, days=(0,), start=time(14), by=time(15), carers=2))
    day = date(2026, 11, 23)
    first, second = (wanted_of(each, HOME, day, zone=SHANGHAI, is_workday=workday)[0] for each in (old, new))
    assert first.key == second.key == "plan:b:a:2026-11-23"
    assert first.start_from == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert (second.carers, second.start_from) == (2, datetime(2026, 11, 23, 6, tzinfo=UTC))


def test_windows_over_midnight_and_over_a_changed_clock():
    day = date(2026, 11, 23)
    opens, closes = instants(day, time(23, 30), time(0, 30), SHANGHAI)
    assert (opens, closes) == (
        datetime(2026, 11, 23, 15, 30, tzinfo=UTC), datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    )  # fmt: skip
    berlin = ZoneInfo("Europe/Berlin")
    # On 29 March 2026 the clocks go from 02:00 to 03:00, on 25 October from 03:00 back to 02:00.
    assert instants(date(2026, 3, 29), time(2, 30), time(2, 45), berlin) == (
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 45, tzinfo=UTC)
    )  # fmt: skip
    assert instants(date(2026, 10, 25), time(2, 30), time(2, 30), berlin) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    )  # fmt: skip


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.times(), st.times(), st.sampled_from(
    ["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"]))  # fmt: skip
def test_a_window_never_closes_before_it_opens(day, start, by, zone):
    opens, closes = instants(day, start, by, ZoneInfo(zone))
    assert opens <= closes
    assert (closes - opens).total_seconds() <= 25 * 3600


# ------------------------------------------------------------------------------------------------ the files


def test_the_packaged_files_are_what_the_sources_say():
    (duties, wrong), items = read_duties(BedSettings().standards), read_items(BedSettings().items)
    assert wrong == []
    assert duties["fj-bed-pilot"].numbers == {
        "visits_per_day_min": 1, "hours_per_month_min": 30, "medical_visits_per_month_min": 2, "basic_items_min": 15,
    }  # fmt: skip
    assert set(duties["nj-bed-2021"].numbers) == {
        "minutes_per_day_min", "hours_per_month_min", "contract_months_min", "satisfaction_min",
        "remote_rounds_per_day_min",
    }  # fmt: skip
    assert (len(items.basic), len(items.items) - len(items.basic)) == (33, 35)
    assert list(items.types) == ["01", "02", "03", "04", "05", "06"]
    assert items.name("B01") == "助餐"
    assert items.name("B33") == "精神慰藉 B33"


@pytest.mark.parametrize(
    "text",
    ['id = "x"\ntitle = "x"\n[standard]\nvists_per_day_min = 1\n', 'id = "x"\n', "nonsense",
     'id = "x"\ntitle = "x"\n[standard]\nhours_per_month_min = "much"\n'],
)  # fmt: skip
def test_a_broken_standard_is_named_and_costs_no_other(tmp_path, text):
    (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    whole = BedSettings().standards / "nj-bed-2021.toml"
    (tmp_path / "other.toml").write_bytes(whole.read_bytes())
    duties, wrong = read_duties(tmp_path)
    assert list(duties) == ["nj-bed-2021"]
    assert [("city.toml" in each, "cannot be read" in each) for each in wrong] == [(True, True)]


def test_of_two_standards_with_one_id_neither_is_used(tmp_path):
    whole = (BedSettings().standards / "nj-bed-2021.toml").read_bytes()
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_bytes(whole)
    duties, wrong = read_duties(tmp_path)
    assert duties == {}
    assert ["b.toml" in each for each in wrong] == [True]
    assert "put a .toml file there" in read_duties(tmp_path / "none")[1][0]
