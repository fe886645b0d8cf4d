"""Small months in which every number can be counted on the fingers."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.rules.figures.counting import FLAGS, PARTS, RATES, Limits, nearest_rank
from dispatch.rules.figures.lines import Seen, at_us, elapsed_us
from dispatch.rules.rights import Area
from dispatch.store.figures import gather
from dispatch.web.reports.showing import tenths
from tests.integration.figures_rig import LI, NOVEMBER, WANG, Book


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path, NOVEMBER + timedelta(days=3, hours=8))
    yield book
    book.close()


def played(book, *, home="h1", start_s=0, ack=None, accept=None, arrive=None, close=None, outcome="helped", **more):
    at = book.at + timedelta(seconds=start_s)
    alarm = book.raised(home=home, at=at, **more)
    for kind, by, after in (("noted", WANG, ack), ("accepted", LI, accept), ("attended", LI, arrive)):
        if after is not None:
            book.write(kind, by, alarm, start_s + after)
    if close is not None:
        book.write("closed", WANG, alarm, start_s + close, outcome=outcome)
    return alarm


def test_an_empty_month_has_every_key_with_nothing_in_it(book):
    told = book.report()
    assert told["figures"]["calls_total"] == {"n": 0}
    assert told["figures"]["onsite_rate"] == {"k": 0, "n": 0, "rate": None}
    assert told["figures"]["onsite_p90"] == {"n": 0, "seconds": None, "minutes": None}
    assert told["figures"]["satisfaction"] == {"k": 0, "n": 0, "rate": None}
    assert told["head"] == {"number": 0, "hash": "0" * 64}
    assert all(rows == [] for rows in told["by"].values())


def test_four_alarms_on_the_fingers(book):
    played(book, home="h1", ack=10, accept=15, arrive=600, close=700, station="s1")
    played(book, home="h2", start_s=3600, accept=30, arrive=1200, close=1500, station="s1", cause="fall")
    played(book, home="h3", start_s=7200, accept=70, close=300, outcome="false_alarm", station="s2")
    played(book, home="h4", start_s=7300, station="s2")
    told = book.report()["figures"]
    assert {key: told[key]["n"] for key in ("calls_total", "calls_valid", "accepted", "arrived", "closed")} == {
        "calls_total": 4, "calls_valid": 4, "accepted": 3, "arrived": 2, "closed": 3,
    }  # fmt: skip
    assert told["ack_on_time_rate"] == {"k": 1, "n": 4, "rate": 0.25}
    assert told["response_rate"] == {"k": 2, "n": 4, "rate": 0.5}
    assert told["onsite_15_rate"] == {"k": 1, "n": 3, "rate": 0.3333}
    assert told["onsite_30_rate"] == {"k": 2, "n": 3, "rate": 0.6667}
    assert told["false_alarm_rate"] == {"k": 1, "n": 4, "rate": 0.25}
    assert told["onsite_p50"] == {"n": 2, "seconds": 600, "minutes": 10.0}
    assert told["onsite_p90"] == {"n": 2, "seconds": 1200, "minutes": 20.0}
    assert told["close_p50"] == {"n": 3, "seconds": 700, "minutes": 11.6}
    by = {row["of"]: row["figures"]["calls_total"]["n"] for row in book.report()["by"]["station"]}
    assert by == {"s1": 2, "s2": 2}
    hours = {row["of"]: row["figures"]["calls_total"]["n"] for row in book.report()["by"]["hour"]}
    assert hours == {"08": 1, "09": 1, "10": 2}


@pytest.mark.parametrize(("arrive_s", "in_time"), [(899.999999, 1), (900, 1), (900.000001, 0)])
def test_fifteen_minutes_are_fifteen_minutes(book, arrive_s, in_time):
    played(book, accept=10, arrive=arrive_s)
    assert book.report()["figures"]["onsite_15_rate"]["k"] == in_time


@pytest.mark.parametrize(("after_s", "duplicates"), [(60, 1), (60.000001, 0)])
def test_a_further_call_within_a_minute_is_a_duplicate_of_the_same_person_only(book, after_s, duplicates):
    played(book, home="h1")
    played(book, home="h1", start_s=after_s)
    played(book, home="h2", start_s=5)
    told = book.report()["figures"]
    assert told["calls_duplicate"]["n"] == duplicates
    assert told["calls_valid"]["n"] == 3 - duplicates


def test_a_duplicate_that_was_a_false_alarm_is_in_the_part_and_in_the_whole(book):
    played(book, home="h1", close=30)
    played(book, home="h1", start_s=40, close=20, outcome="false_alarm")
    told = book.report()["figures"]
    assert (told["calls_valid"]["n"], told["false_alarm_rate"]) == (1, {"k": 1, "n": 2, "rate": 0.5})


def test_nothing_behind_the_head_is_looked_at(book):
    alarm = played(book)
    book.write("offered", alarm=alarm, after=1)
    book.write("accepted", LI, alarm, 2)
    book.keep()
    bounds = book.figures().bounds("2026-11")
    assert [(each.offered, each.accepted_us) for each in gather(book.reading, bounds, 1)[0]] == [(False, None)]
    assert [(each.offered, each.accepted_us) for each in gather(book.reading, bounds, 3)[0]] == [(True, 2_000_000)]


def test_drills_tests_and_what_nobody_was_told_of_are_left_out(book):
    played(book, home="h1", close=50, outcome="test")
    played(book, home="h2", cause="exercise", close=50, outcome="test")
    quiet = played(book, home="h3")
    book.write("shadowed", alarm=quiet, street="x")
    told = book.report()
    assert told["left_out"] == {"exercise": 1, "shadow": 1}
    assert [told["figures"][key]["n"] for key in ("calls_total", "calls_test", "calls_valid")] == [1, 1, 0]


def test_a_month_is_the_districts_own(book):
    """Midnight in Shanghai is four in the afternoon in Greenwich."""
    book.raised(home="h1", at=datetime(2026, 10, 31, 15, 59, 59, 999999, tzinfo=UTC))
    book.raised(home="h2", at=datetime(2026, 10, 31, 16, 0, tzinfo=UTC))
    assert book.report("2026-10")["figures"]["calls_total"]["n"] == 1
    assert book.report("2026-11")["figures"]["calls_total"]["n"] == 1
    assert [row["of"] for row in book.report("2026-11")["by"]["hour"]] == ["00"]


def test_what_was_on_paper_counts_when_it_happened(book):
    happened = datetime(2026, 10, 31, 23, 0, tzinfo=NOVEMBER.tzinfo)
    alarm = book.raised(happened_at=happened.isoformat())
    book.write("attended", LI, alarm, 60, happened_at=(happened + timedelta(minutes=12)).isoformat())
    book.write("accepted", LI, alarm, 60, happened_at=(happened + timedelta(minutes=1)).isoformat())
    told = book.report("2026-10")["figures"]
    assert told["calls_on_paper"]["n"] == 1
    assert told["onsite_p50"] == {"n": 1, "seconds": 720, "minutes": 12.0}
    assert book.report("2026-11")["figures"]["calls_total"]["n"] == 0


def test_a_clock_that_was_set_changes_no_figure(book):
    alarm = book.raised()
    book.shift_s = -3600
    book.write("accepted", LI, alarm, 3600 + 15)
    book.write("attended", LI, alarm, 3600 + 300)
    assert book.report()["figures"]["onsite_p50"]["seconds"] == 300


def test_a_closing_taken_back_is_none(book):
    alarm = played(book, close=100, outcome="false_alarm")
    book.write("reopened", WANG, alarm, 200)
    told = book.report()["figures"]
    assert (told["closed"]["n"], told["false_alarms"]["n"], told["calls_valid"]["n"]) == (0, 0, 1)


def test_for_some_stations_the_others_are_not_there_at_all(book):
    played(book, home="h1", station="s1")
    played(book, home="h2", station="s2")
    played(book, home="h3", station=None)
    book.write("measured", what="devices", station="s1", met=3, of=4)
    book.write("measured", what="devices", station="s2", met=1, of=9)
    book.write("message_settled", provider="twilio", outcome="refused")
    told = book.report(area=Area(frozenset({"s1"})))
    assert told["figures"]["calls_total"]["n"] == 1
    assert told["figures"]["device_online_rate"] == {"k": 3, "n": 4, "rate": 0.75}
    assert told["figures"]["provider_failure_rate"]["n"] == 0
    assert [row["of"] for row in told["by"]["station"]] == ["s1"]
    assert "s2" not in str(told)


def test_one_more_alarm_changes_its_own_cells_only(book):
    for number in range(6):
        played(book, home=f"h{number}", start_s=number * 4000, station=f"s{number % 2}", cause="press", close=90)
    before = book.report()
    played(book, home="new", start_s=100_000, station="s1", cause="fall", street="新街", community="新社区")
    after = book.report()
    changed = {
        (part, row["of"])
        for part in after["by"]
        for row in after["by"][part]
        if row not in before["by"][part]
    }  # fmt: skip
    assert changed == {
        ("station", "s1"), ("street", "新街"), ("community", "新社区"), ("hour", "11"), ("cause", "fall"),
    }  # fmt: skip


def test_every_breakdown_adds_up_to_the_whole(book):
    for number in range(12):
        played(book, home=f"h{number}", start_s=number * 5000, station=f"s{number % 3}", accept=10, arrive=number * 200,
               close=4000, outcome=("helped", "false_alarm", "test")[number % 3])  # fmt: skip
    told = book.report()
    for part in PARTS:
        for key in RATES:
            for side in ("k", "n"):
                assert sum(row["figures"][key][side] for row in told["by"][part]) == told["figures"][key][side]


def test_what_was_counted_is_counted_again_when_something_about_it_is_written(book):
    alarm = played(book)
    book.keep()
    figures = book.figures()
    whole = Area()
    first, october = figures.report("2026-11", whole), figures.report("2026-10", whole)
    book.write("message_settled", provider="", outcome="x", after=5)
    book.write("entry_shown", LI, alarm, 9)
    book.keep()
    assert figures.report("2026-10", whole) is october, "nothing about that month was written"
    book.write("closed", WANG, alarm, 500, outcome="helped")
    book.keep()
    again = figures.report("2026-11", whole)
    assert (first["figures"]["closed"]["n"], again["figures"]["closed"]["n"]) == (0, 1)
    book.raised(happened_at=(NOVEMBER - timedelta(days=3)).isoformat())
    book.keep()
    assert figures.report("2026-10", whole)["figures"]["calls_total"]["n"] == 1


def test_a_trend_is_twelve_months_and_ends_with_the_one_asked_for(book):
    played(book)
    book.keep()
    told = book.figures().trend("2026-11", Area())
    assert [month for month, _ in told][:2] == ["2025-12", "2026-01"]
    assert told[-1][0] == "2026-11"
    assert told[-1][1]["figures"]["calls_total"]["n"] == 1


# ------------------------------------------------------------------------------------------------ laws


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values, percent):
    found = nearest_rank(sorted(values), percent)
    reaching = [each for each in values if sum(other <= each for other in values) >= percent / 100 * len(values) - 1e-9]
    assert found == min(reaching)
    assert nearest_rank([], percent) is None


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_all_is_said_of_all_alone_and_none_of_none_alone(part, whole):
    part = min(part, whole)
    shown = tenths(part, whole)
    assert (shown == "100.0") == (part == whole)
    assert (shown == "0.0") == (part == 0)
    assert math.isclose(float(shown), 100 * part / whole, abs_tol=0.1)


def test_a_time_before_the_beginning_never_was():
    first = Seen(1, 1_000_000, "b1", 5_000_000, "raised", "", "a", "{}")
    assert elapsed_us(first, first._replace(steady_us=6_000_000)) == 1_000_000
    assert elapsed_us(first, first._replace(steady_us=4_999_999)) is None
    assert elapsed_us(first, first._replace(boot="b2", at=3_000_000)) == 2_000_000
    told = '{"happened_at":"1970-01-01T00:00:00.5+00:00"}'
    assert at_us(first._replace(body=told)) == 500_000
    assert at_us(first._replace(body=told.replace("00.5", "01.5"))) == 1_000_000, "later than it was written"
    assert at_us(first._replace(body=told.replace("+00:00", ""))) == 1_000_000, "without an offset"


def test_no_two_flags_share_a_name_and_every_rate_has_both():
    assert len(set(FLAGS)) == len(FLAGS)
    assert {flag for pair in RATES.values() for flag in pair} <= set(FLAGS)
    assert Limits() == Limits(ack_s=20, response_s=60, on_site_min=15)
