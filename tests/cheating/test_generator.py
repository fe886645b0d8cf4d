"""The generator is right about its own truth: honest visits are possible, and each cheat leaves the trace it claims."""

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.cheating.cheats import ALONE
from tests.cheating.month import generate
from tests.cheating.values import Point

MINUTE = timedelta(minutes=1)
ABROAD = "Europe/Berlin"
KINDS = {*ALONE, "three_at_once", "impossible_travel", "same_metre", "in_hospital", "dead", "one_of_two"}


@pytest.fixture(scope="module")
def month():
    return generate(7, 1_500)


@pytest.fixture(scope="module")
def told(month):
    """By kind: plan, truth and events of each visit."""
    plans, events = {each.key: each for each in month.plans}, defaultdict(list)
    for each in month.events:
        events[each.visit].append(each)
    found = defaultdict(list)
    for truth in month.truths:
        found[truth.kind].append((plans[truth.visit], truth, events[truth.visit]))
    return found


def by(events, kind):
    return [each for each in events if each.kind == kind]


def honest_of(told):
    return [each for rows in told.values() for each in rows if each[1].honest]


def test_a_month_has_as_many_visits_as_asked_and_every_kind_of_cheat(month, told):
    assert len(month.plans) == len(month.truths) >= 1_500
    assert {truth.kind for truth in month.truths if not truth.honest} == KINDS
    share = sum(not each.honest for each in month.truths) / len(month.truths)
    assert 0.05 < share < 0.2


def test_the_same_seed_is_the_same_month_and_another_is_not():
    lines = list(generate(7, 300).lines())
    assert list(generate(7, 300).lines()) == lines
    assert list(generate(8, 300).lines()) != lines


def test_every_line_is_json_and_events_come_by_their_arrival(month):
    lines = [json.loads(each) for each in month.lines()]
    assert {each["type"] for each in lines} == {"district", "home", "away", "plan", "event", "truth"}
    arrivals = [each["received_at"] for each in lines if each["type"] == "event"]
    assert arrivals == sorted(arrivals)


def test_an_honest_stay_is_long_enough_and_begins_within_its_time_or_minutes_late(told):
    for plan, truth, _ in honest_of(told):
        assert plan.least * MINUTE <= truth.finished_at - truth.begun_at
        assert plan.start_from <= truth.begun_at <= plan.start_by + 15 * MINUTE


def test_honest_positions_are_150_metres_off_at_most(month, told):
    homes = {each.code: each.at for each in month.homes}
    errors = [
        homes[plan.home].metres_to(each.point) for plan, _, events in honest_of(told) for each in events if each.point
    ]
    assert 100 < max(errors) <= 151


def test_no_carer_honestly_stands_in_two_homes_or_flies_between_them(month, told):
    homes = {each.code: each.at for each in month.homes}
    stays = defaultdict(list)
    for plan, truth, _ in honest_of(told):
        for carer in truth.carers:
            stays[carer].append((truth.begun_at, truth.finished_at, homes[plan.home]))
    for rows in stays.values():
        rows.sort(key=lambda each: each[0])
        for (_, left, here), (come, _, there) in pairwise(rows):
            assert come - left >= here.metres_to(there) / 200 * MINUTE


def test_no_lie_of_one_visit_lies_within_an_hour_of_an_honest_one_by_the_same_name(month, told):
    lies = defaultdict(list)
    for rows in told.values():
        for _, truth, events in rows:
            if not truth.honest:
                for each in (each for each in events if each.kind in {"sign_in", "sign_out"}):
                    lies[each.carer].append(each.at)
    for _, truth, events in honest_of(told):
        taps = [each for each in events if each.kind in {"sign_in", "sign_out"}]
        for tap in taps:
            assert all(abs(tap.at - lie) > 20 * MINUTE for lie in lies[tap.carer]), truth


def test_honest_visits_all_show_something_and_are_heard_within_a_day(told):
    for _, truth, events in honest_of(told):
        assert by(events, "photo") + by(events, "confirmed")
        assert all(each.received_at - each.at < timedelta(hours=24) for each in events if each.kind != "reassigned")
        for photo in by(events, "photo"):
            assert truth.begun_at <= datetime.fromisoformat(photo.more["taken_at"]) <= truth.finished_at


def test_nobody_is_honestly_visited_in_hospital_or_after_death(month, told):
    away = {each.resident: each for each in month.away}
    for plan, truth, _ in honest_of(told):
        gone = away.get(plan.resident)
        assert gone is None or truth.begun_at < gone.since or (gone.until is not None and truth.begun_at >= gone.until)
    for kind in ("in_hospital", "dead"):
        for plan, truth, _ in told[kind]:
            gone = away[plan.resident]
            assert gone.since <= truth.begun_at
            assert gone.until is None or truth.finished_at <= gone.until


def test_each_cheat_leaves_its_trace(month, told):
    homes = {each.code: each.at for each in month.homes}

    def off(plan, event):
        return homes[plan.home].metres_to(event.point)

    for plan, _, events in told["far_sign_in"]:
        assert off(plan, by(events, "sign_in")[0]) > 2_900
    for _, _, events in told["from_station"]:
        assert month.station.metres_to(by(events, "sign_in")[0].point) < 60
    for _, _, events in told["one_minute"]:
        assert by(events, "sign_out")[0].at - by(events, "sign_in")[0].at < MINUTE
    for plan, _, events in told["other_phone"]:
        assert {each.phone for each in by(events, "sign_in")}.isdisjoint(plan.carers)
    for plan, _, events in told["other_carer"]:
        assert {each.carer for each in events}.isdisjoint(plan.carers)
    for plan, _, events in told["accuracy_lie"]:
        assert all(off(plan, each) > 250 and each.accuracy_m == 5_000 for each in by(events, "sign_in"))
    for _, _, events in told["said_ahead"]:
        assert by(events, "sign_out")[0].received_at < by(events, "sign_out")[0].at
    for plan, _, events in told["shortened"]:
        assert by(events, "sign_out")[0].at - by(events, "sign_in")[0].at < plan.least * MINUTE / 2
    for plan, _, events in told["out_elsewhere"]:
        assert off(plan, by(events, "sign_out")[0]) > 700
    for _, _, events in told["nothing_shown"]:
        assert {each.kind for each in events} == {"sign_in", "sign_out"}
    for _, _, events in told["edited_times"]:
        assert len({each.at for each in by(events, "sign_in")}) == 2
    for _, _, events in told["old_photo"]:
        (photo,) = by(events, "photo")
        assert photo.received_at - datetime.fromisoformat(photo.more["taken_at"]) > timedelta(hours=24)


def test_a_photo_that_was_used_before_stands_in_an_earlier_report(month, told):
    seen = defaultdict(list)
    for each in by(month.events, "photo"):
        seen[each.more["sha256"]].append(each.visit)
    for plan, _, events in told["same_photo"]:
        assert seen[by(events, "photo")[0].more["sha256"]][0] != plan.key


def test_groups_of_cheats_contradict_each_other(month, told):
    homes = {each.code: each.at for each in month.homes}
    three = sorted(told["three_at_once"], key=lambda each: (each[0].carers, each[1].begun_at))
    for first, second in zip(three[::3], three[1::3], strict=True):
        assert second[1].begun_at < first[1].finished_at
    pairs = sorted(told["impossible_travel"], key=lambda each: (each[0].carers, each[1].begun_at))
    for (one, early, _), (two, late, _) in zip(pairs[::2], pairs[1::2], strict=True):
        gap_s = (late.begun_at - early.finished_at).total_seconds()
        assert homes[one.home].metres_to(homes[two.home]) / gap_s > 40
    fixes = Counter(each.point for _, _, events in told["same_metre"] for each in by(events, "sign_in"))
    assert max(fixes.values()) >= 3


def test_visits_lie_across_midnight_the_end_of_the_month_and_a_clock_change():
    abroad = generate(3, 6_000, first=date(2026, 10, 1), zone=ABROAD)
    zone = ZoneInfo(ABROAD)
    local = [(each.begun_at.astimezone(zone), each.finished_at.astimezone(zone)) for each in abroad.truths]
    assert any(begun.date() != finished.date() for begun, finished in local)
    assert any(begun.month == 10 and finished.month == 11 for begun, finished in local)
    change = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    assert any(each.begun_at < change < each.finished_at for each in abroad.truths)


def test_points_move_as_far_as_told():
    here = Point(38.0712, 114.4903)
    for metres in (5, 150, 3_000):
        assert abs(here.metres_to(here.moved(metres, 1.0)) - metres) < 0.01 * metres + 0.02
