"""Signs add up, fade, are taken back by life, and are never added up over different people."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from dispatch.errors import Invalid
from dispatch.ids import HomeId, ResidentId
from schedules.welfare.rules import habits
from schedules.welfare.rules.judging import judge
from schedules.welfare.rules.ringing import ring_until
from schedules.welfare.rules.signs import SIGNS, Kind, Observation, read_scale
from schedules.welfare.rules.watching import little_motion, missed_meal, no_motion
from tests.architecture.tree import ROOT

WRITTEN = tomllib.loads((ROOT / "config/care/welfare.toml").read_text(encoding="utf-8"))
SCALE = read_scale(WRITTEN)
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
HOME, ONE, TWO = HomeId("h"), ResidentId("one"), ResidentId("two")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def saw(kind, *, hours=0.0, resident=ONE, expected=None, strength=1.0):
    at = NOW - hours * HOUR
    expected_at = None if expected is None else NOW - expected * HOUR
    return Observation(
        key=f"{kind}{hours}{resident}", kind=kind, home_id=HOME, resident_id=resident, at=at, expected_at=expected_at,
        strength=strength,
    )  # fmt: skip


def judged(*observations, living=(ONE,), away=(), since=None, now=NOW):
    return judge(observations, living=living, away=away, scale=SCALE, now=now, since=since)


def points(kind):
    return SCALE.weights[kind].log_odds


def test_signs_of_different_kinds_add_up_over_the_prior_and_the_gravest_is_told_first():
    found = judged(saw(Kind.CALL_UNANSWERED), saw(Kind.DOOR_UNANSWERED))
    assert found.score == pytest.approx(SCALE.prior + points(Kind.CALL_UNANSWERED) + points(Kind.DOOR_UNANSWERED))
    assert [each.kind for each in found.reasons] == [Kind.DOOR_UNANSWERED, Kind.CALL_UNANSWERED]
    assert found.resident_id == ONE


def test_one_sign_alone_never_sends_anybody_and_three_grave_ones_do_at_once():
    for kind in SIGNS:
        assert judged(saw(kind)).score < SCALE.at_night, kind
    assert judged(saw(Kind.NO_MOTION), saw(Kind.MEAL_MISSED)).score >= SCALE.at_night
    assert judged(saw(Kind.NO_MOTION), saw(Kind.MEAL_MISSED), saw(Kind.DOOR_UNANSWERED)).score >= SCALE.sure


EVENING, NIGHT, MORNING = NOW + 8 * HOUR, NOW + 12 * HOUR, NOW + 18 * HOUR - 4 * HOUR
"""22:00, 2:00 and 4:00 of the place."""


@pytest.mark.parametrize(
    ("score", "now", "until"),
    [
        (-3.0, NOW, NOW + HOUR),
        (1.9, NOW, NOW + HOUR),
        (2.0, NOW, None),
        (-3.0, EVENING, NOW + 19 * HOUR),
        (-2.0, EVENING, None),
        (-2.1, MORNING, NOW + 19 * HOUR),
        (-2.0, NIGHT, None),
    ],
    ids=["by day", "nearly sure", "sure", "in the evening", "grave in the evening", "before morning", "grave at night"],
)
def test_until_when_somebody_is_rung_before_anybody_is_sent(score, now, until):
    assert ring_until(score, SCALE, now, shanghai) == until


def test_without_a_word_about_ringing_nobody_is_rung_first():
    assert ring_until(-3.0, replace(SCALE, sure=None), NOW, shanghai) is None


def test_half_is_left_after_a_half_life():
    half = SCALE.weights[Kind.NO_MOTION].half_life_h
    assert judged(saw(Kind.NO_MOTION, hours=half)).score == pytest.approx(SCALE.prior + points(Kind.NO_MOTION) / 2)


def test_a_second_one_of_the_same_kind_adds_less():
    one, two = judged(saw(Kind.MEAL_MISSED)), judged(saw(Kind.MEAL_MISSED), saw(Kind.MEAL_MISSED, hours=0.001))
    assert two.score - one.score == pytest.approx(SCALE.again * points(Kind.MEAL_MISSED), rel=0.01)


@pytest.mark.parametrize("life", [Kind.MEAL, Kind.MOTION, Kind.PRESS, Kind.ANSWERED, Kind.VISITED])
def test_life_takes_back_the_stillness_before_it_and_not_the_one_after(life):
    assert judged(saw(Kind.NO_MOTION, hours=3), saw(life, hours=1)).score == SCALE.prior
    assert judged(saw(Kind.NO_MOTION, hours=1), saw(life, hours=3)).score > SCALE.prior


def test_life_counts_from_when_something_else_was_expected():
    late = saw(Kind.DEVICE_SILENT, hours=1, expected=12)
    assert judged(late, saw(Kind.VISITED, hours=5)).score == SCALE.prior
    assert judged(late, saw(Kind.VISITED, hours=13)).score > SCALE.prior


def test_whoever_moves_may_be_ill_all_the_same():
    assert judged(saw(Kind.BREATHING, hours=3), saw(Kind.MOTION, hours=1)).score > SCALE.prior
    assert judged(saw(Kind.BREATHING, hours=3), saw(Kind.VISITED, hours=1)).score == SCALE.prior


def test_signs_of_two_people_are_never_added_up():
    found = judged(saw(Kind.MEAL_MISSED), saw(Kind.DOOR_UNANSWERED, resident=TWO), living=(ONE, TWO))
    assert found.score == pytest.approx(SCALE.prior + points(Kind.DOOR_UNANSWERED))
    assert found.resident_id == TWO


def test_a_step_in_a_home_of_two_says_nothing_of_the_one_who_did_not_come():
    signs = saw(Kind.MEAL_MISSED, hours=3), saw(Kind.NO_MOTION, hours=3)
    anybody = saw(Kind.MOTION, hours=1, resident=None)
    assert judged(*signs, anybody, living=(ONE, TWO)).score > judged(*signs, anybody).score


def test_whoever_is_away_gives_no_sign_and_a_home_where_all_are_away_neither():
    signs = saw(Kind.MEAL_MISSED), saw(Kind.NO_MOTION, resident=None)
    assert judged(*signs, away=(ONE,)).score == SCALE.prior
    other = judged(*signs, living=(ONE, TWO), away=(ONE,))
    assert other.score == pytest.approx(SCALE.prior + points(Kind.NO_MOTION))
    assert other.resident_id is None


def test_what_was_before_somebody_looked_is_settled():
    assert judged(saw(Kind.NO_MOTION, hours=3), since=NOW - HOUR).score == SCALE.prior


def test_what_somebodys_clock_tells_of_tomorrow_is_left_out():
    assert judged(saw(Kind.NO_MOTION, hours=-24)).score == SCALE.prior


def test_nobody_served_is_nobody_to_worry_about():
    assert judged(saw(Kind.NO_MOTION), living=()).reasons == ()


# ------------------------------------------------------------------------------------------------ habits

FRIDAY = date(2026, 11, 20)


def fridays(count):
    return {FRIDAY - timedelta(weeks=each) for each in range(1, count + 1)}


def test_a_habit_is_as_firm_as_the_last_eight_such_weekdays():
    assert habits.by_weekday(fridays(8), FRIDAY) == pytest.approx(1.0)
    assert 0.5 < habits.by_weekday(fridays(7), FRIDAY) < 1.0
    assert habits.by_weekday(fridays(8), FRIDAY + DAY) == 0.0
    assert habits.by_weekday(fridays(3), FRIDAY) == 0.0


def test_days_away_and_closed_days_say_nothing():
    came, away = fridays(4), fridays(8) - fridays(4)
    assert habits.by_weekday(came, FRIDAY, away=away) > habits.by_weekday(came, FRIDAY)
    assert habits.by_weekday(came, FRIDAY, open_days=came | {FRIDAY}) == habits.by_weekday(came, FRIDAY, away=away)
    assert habits.by_weekday(fridays(8), FRIDAY, open_days=fridays(8)) == 0.0
    assert habits.by_weekday(fridays(8), FRIDAY, away={FRIDAY}) == 0.0
    assert habits.by_weekday(fridays(2), FRIDAY, open_days={*fridays(2), FRIDAY}) == 0.0


def test_mornings_are_learnt_from_four_weeks_and_from_when_they_were_watched():
    days = {FRIDAY - timedelta(days=each) for each in range(1, 29)}
    assert habits.by_day(days, FRIDAY) == 1.0
    week = {each for each in days if each >= FRIDAY - 7 * DAY}
    assert habits.by_day(week, FRIDAY) == 0.0
    assert habits.by_day(week, FRIDAY, since=FRIDAY - 7 * DAY) > 0.8
    assert habits.by_day(days, FRIDAY, away={FRIDAY}) == 0.0


def shanghai(at):
    return at.astimezone(timezone(8 * HOUR))


def ate(weeks, *, days=0, resident=ONE):
    at = NOW - 2 * HOUR - timedelta(weeks=weeks, days=days)
    return Observation(key=f"m{weeks}{days}", kind=Kind.MEAL, home_id=HOME, resident_id=resident, at=at)


def test_a_regular_diner_who_does_not_come_is_a_sign_and_one_who_came_is_none():
    life = [ate(week) for week in range(1, 9)]
    days = {shanghai(each.at).date() for each in life} | {FRIDAY}
    args = {"local": shanghai, "open_days": days, "away": ()}
    found = missed_meal(life, ONE, HOME, NOW, **args)
    assert (found.kind, found.strength, found.key) == (Kind.MEAL_MISSED, 1.0, f"meal:one:{FRIDAY}")
    assert shanghai(found.expected_at).hour == 5
    assert missed_meal([*life, ate(0)], ONE, HOME, NOW, **args) is None
    assert missed_meal(life, TWO, HOME, NOW, **args) is None
    assert missed_meal(life, ONE, HOME, NOW, **args | {"open_days": days - {FRIDAY}}) is None
    assert missed_meal(life, ONE, HOME, NOW, **args | {"open_days": set()}) is None


def test_a_morning_without_a_step_is_a_sign_where_there_mostly_is_one():
    def moved(days, hour=-6.0, resident=None):
        at = NOW + hour * HOUR - days * DAY
        return Observation(key=f"{days}{hour}", kind=Kind.MOTION, home_id=HOME, resident_id=resident, at=at)

    life, eleven = [moved(each) for each in range(1, 29)], NOW - 3 * HOUR
    found = no_motion(life, None, HOME, eleven, local=shanghai, since=None, away=())
    assert (found.kind, found.strength, found.resident_id) == (Kind.NO_MOTION, 1.0, None)
    assert no_motion([*life, moved(0)], None, HOME, eleven, local=shanghai, since=None, away=()) is None
    at_night = moved(0, hour=-10.0)
    assert no_motion([*life, at_night], None, HOME, eleven, local=shanghai, since=None, away=()) is not None
    assert no_motion(life, ONE, HOME, eleven, local=shanghai, since=None, away=()) is None


def test_a_still_afternoon_is_a_sign_of_its_own_where_afternoons_are_mostly_lively():
    def moved(days, hour):
        at = NOW + hour * HOUR - days * DAY
        return Observation(key=f"{days}{hour}", kind=Kind.MOTION, home_id=HOME, resident_id=None, at=at)

    lively, five = [moved(each, 1) for each in range(1, 29)], NOW + 3 * HOUR
    told = {"local": shanghai, "since": None, "away": ()}
    found = no_motion([*lively, moved(0, -6)], None, HOME, five, **told)
    assert (found.key, shanghai(found.expected_at).hour) == (f"motion:{HOME}:-:{FRIDAY}:17", 11)
    assert no_motion([*lively, moved(0, 2.5)], None, HOME, five, **told) is None
    mornings = [moved(each, -6) for each in range(1, 29)]
    assert no_motion(mornings, None, HOME, five, **told) is None, "nothing ever moves in their afternoons"


def hours_of(days, many):
    """Something moved in so many hours of that day, from five o'clock on."""
    first = NOW - 9 * HOUR - days * DAY
    return [
        Observation(key=f"{days}/{each}", kind=Kind.MOTION, home_id=HOME, resident_id=None, at=first + each * HOUR)
        for each in range(many)
    ]


@pytest.mark.parametrize(("today", "strength"), [(12, None), (9, None), (8, 0.2), (5, 0.8), (3, 1.0), (0, None)])
def test_a_day_far_stiller_than_ones_own_days_is_a_sign(today, strength):
    life = [one for day in range(1, 15) for one in hours_of(day, 14 if day % 2 else 10)]
    found = little_motion(
        [*life, *hours_of(0, today)], None, HOME, NOW + 7.5 * HOUR, local=shanghai, since=None, away=()
    )
    assert (found.strength if found else None) == (pytest.approx(strength) if strength else None)


def test_how_much_somebody_moves_is_not_known_after_nine_days_nor_by_days_away():
    few = [one for day in range(1, 10) for one in hours_of(day, 12)]
    told = {"local": shanghai, "since": None}
    evening, still = NOW + 7.5 * HOUR, hours_of(0, 2)
    assert little_motion([*few, *still], None, HOME, evening, **told, away=()) is None
    enough = [*few, *hours_of(10, 12), *still]
    assert little_motion(enough, None, HOME, evening, **told, away=()) is not None
    assert little_motion(enough, None, HOME, evening, **told, away={FRIDAY}) is None
    assert little_motion(enough, None, HOME, evening, **told, away={FRIDAY - timedelta(days=3)}) is None


# ------------------------------------------------------------------------------------------------ the file


def changed(path, value):
    copy = tomllib.loads((ROOT / "config/care/welfare.toml").read_text(encoding="utf-8"))
    table = copy
    for name in path[:-1]:
        table = table[name]
    if value is None:
        del table[path[-1]]
    else:
        table[path[-1]] = value
    return copy


@pytest.mark.parametrize(("path", "value", "place"), [
    (("scale", "prior"), 1.0, "[scale] prior"),
    (("scale", "prior"), True, "[scale] prior"),
    (("scale", "threshold"), None, "[scale] threshold"),
    (("scale", "colour"), 1, "[scale] colour"),
    (("colour",), 1, "the file colour"),
    (("sign", "no_motion"), None, "[sign.no_motion]"),
    (("sign", "no_motion"), 3, "[sign.no_motion]"),
    (("sign", "yawning"), {}, "[sign.yawning]"),
    (("sign", "no_motion", "log_odds"), "3", "[sign.no_motion] log_odds"),
    (("sign", "no_motion", "half_life_h"), 0, "[sign.no_motion] half_life_h"),
    (("sign", "no_motion", "because"), " ", "[sign.no_motion] because"),
    (("sign", "no_motion", "life"), ["meal"], "[sign.no_motion] life"),
    (("sign", "no_motion", "life", "meal"), 2, "[sign.no_motion] life meal"),
    (("sign", "no_motion", "life", "yawn"), 0, "[sign.no_motion] life"),
    (("sign",), None, "[sign]"),
])  # fmt: skip
def test_a_file_that_is_wrong_is_refused_with_its_place(path, value, place):
    with pytest.raises(Invalid) as refused:
        read_scale(changed(path, value))
    assert list(refused.value.errors) == [place]


# ------------------------------------------------------------------------------------------------ explained


def left_of(kind, *observations):
    """What part of this sign is left among these."""
    return sum(each.points for each in judged(*observations).reasons if each.kind is kind) / points(kind)


def test_a_sensor_that_fell_silent_explains_that_nothing_moves():
    silent, still = saw(Kind.DEVICE_SILENT, hours=5), saw(Kind.NO_MOTION)
    part = SCALE.weights[Kind.NO_MOTION].explained[Kind.DEVICE_SILENT]
    assert left_of(Kind.NO_MOTION, silent, still) == pytest.approx(part)
    assert left_of(Kind.DEVICE_SILENT, silent, still) > 0.8
    assert left_of(Kind.NO_MOTION, still) == 1.0


def test_once_something_moved_after_it_fell_silent_another_sensor_listens_and_stillness_counts():
    silent, still = saw(Kind.DEVICE_SILENT, hours=30), saw(Kind.NO_MOTION, expected=6)
    assert left_of(Kind.NO_MOTION, silent, saw(Kind.MOTION, hours=20), still) == 1.0
    assert left_of(Kind.NO_MOTION, silent, saw(Kind.MOTION, hours=40), still) < 0.2
    # Of whom it was is not asked: that it was heard shows that somebody listens.
    assert left_of(Kind.NO_MOTION, silent, saw(Kind.MOTION, hours=20, resident=None), still) == 1.0


def test_what_a_silent_sensor_does_not_explain_stays_whole():
    found = judged(saw(Kind.DEVICE_SILENT, hours=1), saw(Kind.MEAL_MISSED), saw(Kind.NO_MOTION))
    alone = judged(saw(Kind.DEVICE_SILENT, hours=1), saw(Kind.MEAL_MISSED))
    assert found.score - alone.score < 0.5
    assert {Kind.MEAL_MISSED, Kind.DEVICE_SILENT} <= {each.kind for each in alone.reasons}


@pytest.mark.parametrize("said", [3, {"weather": 0.5}, {"motion": 0.5}, {"device_silent": 1.5}])
def test_what_explains_is_a_sign_and_a_part(said):
    wrong = {**WRITTEN["sign"]["no_motion"], "explained": said}
    with pytest.raises(Invalid):
        read_scale({**WRITTEN, "sign": {**WRITTEN["sign"], "no_motion": wrong}})
