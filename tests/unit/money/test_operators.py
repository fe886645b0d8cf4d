"""Money for serving as rules: periods and their borders, slabs of several versions, stations, person-days; by hand."""

from datetime import date, timedelta

import pytest

from schedules.money.rules import operators as rules
from schedules.money.rules.operators import Served, Term, metric_of, source_of, stretch, window
from schedules.money.rules.reading import read_policy

HEAD = '[policy]\nid = "{id}"\nkind = "{kind}"\ntitle = "规则"\ngrade = "A"\n{more}\n'
MAR = window("month", date(2026, 3, 9))


def policy(body, *, kind="meal_operator", id_="slab", more=""):
    read = read_policy(HEAD.format(id=id_, kind=kind, more=more) + body, "x.toml")
    assert read.policy is not None, read.faults
    return read.policy


def slab(rates, metric="elder_meals_per_month", more=""):
    return policy(f'[slab]\nmetric = "{metric}"\nrates = [ {rates} ]\n', more=more)


def term(**said):
    return Term(
        **{"id": "t", "kind": "canteen", "payee_id": "c1", "policy": "slab", "from_on": date(2026, 1, 1), **said}
    )


def days(first, last):
    return frozenset(first + timedelta(days=number) for number in range((last - first).days + 1))


def due(found, versions, by_day, **served):
    paid = rules.slab(found, versions, Served(by_day=by_day, **served), "C1")
    return [(each.amount_fen, each.counted, each.version) for each in paid]


@pytest.mark.parametrize(
    ("written", "period", "found"),
    [
        ("elder_meals_per_month", "", ("meals", "month", False)), ("meals_per_month", "", ("meals", "month", False)),
        ("aided_meals_per_quarter", "", ("aided_meals", "quarter", False)),
        ("elder_meals_per_day_avg", "", ("meals", "year", True)),
        ("elder_meals_per_day_avg", "month", ("meals", "month", True)),
        ("people_per_year", "month", ("people", "year", False)), ("visits_per_month", "", ("visits", "month", False)),
        ("person_days_per_month", "", ("person_days", "month", False)),
        ("elder_meals_per_day", "", None), ("elder_meals_per_month_avg", "", None), ("smiles_per_month", "", None),
        ("m", "", None),
    ],
)  # fmt: skip
def test_a_metric_says_what_is_counted_in_which_period(written, period, found):
    metric = metric_of(written, period)
    assert (metric and (metric.what, metric.period, metric.is_average)) == found


@pytest.mark.parametrize(
    ("period", "day", "name", "first", "last"),
    [
        ("month", date(2028, 2, 29), "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("month", date(2026, 12, 31), "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("quarter", date(2026, 12, 31), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("quarter", date(2026, 4, 1), "2026-Q2", date(2026, 4, 1), date(2026, 6, 30)),
        ("year", date(2028, 7, 1), "2028", date(2028, 1, 1), date(2028, 12, 31)),
    ],
)
def test_periods_begin_and_end_where_the_calendar_says(period, day, name, first, last):
    found = window(period, day)
    assert (found.name, found.first, found.last) == (name, first, last)


def test_the_days_of_a_stretch_are_those_of_all_terms_and_the_first_says_the_facts():
    early = term(until_on=date(2026, 3, 10), facts={"star": "1"})
    late = term(id="u", from_on=date(2026, 3, 20), facts={"star": "5"}, until_on=date(2026, 3, 25))
    found = stretch([late, early], MAR)
    assert (found.first, found.last, found.term.facts["star"]) == (date(2026, 3, 1), date(2026, 3, 25), "1")
    assert [day.day for day in found.all()] == [*range(1, 11), *range(20, 26)]
    assert [found.covers(date(2026, 3, day)) for day in (10, 11, 19, 20, 25, 26)] == [True, False, False, True, True, False]  # noqa: E501  # fmt: skip
    assert stretch([term(until_on=date(2026, 2, 28))], MAR) is None
    assert stretch([term(from_on=date(2026, 3, 31))], MAR).all() == [date(2026, 3, 31)]
    assert stretch([term(from_on=date(2026, 3, 5), until_on=date(2026, 3, 4))], MAR) is None


@pytest.mark.parametrize(("meals", "fen"), [(0, 0), (599, 0), (600, 60_000), (1000, 100_000), (1001, 200_200)])
def test_the_borders_of_a_slab(meals, fen):
    one = slab('{ from = 600, to = 1000, per_unit = "1.00" }, { from = 1001, per_unit = "2.00" }')
    found = stretch([term()], MAR)
    assert due(found, [(one, frozenset(found.all()))], {date(2026, 3, 7): meals}) == [(fen, str(meals), one.version)]


LUMP = '{ from = 30, to = 49, lump = "10000.00" }, { from = 50, lump = "20000.00" }'


@pytest.mark.parametrize(
    ("year", "meals", "fen", "counted"),
    [
        # 30 × 365 = 10,950 and 30 × 366 = 10,980: a leap year needs thirty meals more.
        (2027, 10_950, 1_000_000, "30"), (2028, 10_950, 0, "1825/61"), (2028, 10_980, 1_000_000, "30"),
        # 49 and a half belongs where 49 does; 50 × 366 = 18,300.
        (2028, 18_117, 1_000_000, "99/2"), (2028, 18_299, 1_000_000, "18299/366"), (2028, 18_300, 2_000_000, "50"),
    ],
)  # fmt: skip
def test_an_average_of_a_year_is_over_all_of_its_days(year, meals, fen, counted):
    one = slab(LUMP, "elder_meals_per_day_avg")
    found = stretch([term()], window("year", date(year, 6, 1)))
    by_day = {date(year, 2, 28): meals - 1, date(year, 12, 31): 1}
    assert due(found, [(one, frozenset(found.all()))], by_day) == [(fen, counted, one.version)]
    [told] = rules.slab(found, [(one, frozenset(found.all()))], Served(by_day=by_day), "C1")
    assert (told.on, told.month, told.period) == (date(year, 12, 31), f"{year}-12", str(year))


def test_a_canteen_that_closes_within_the_year_is_due_in_that_month_and_averaged_over_the_year():
    one = slab(LUMP, "elder_meals_per_day_avg")
    found = stretch([term(until_on=date(2028, 2, 29))], window("year", date(2028, 2, 1)))
    [told] = rules.slab(found, [(one, frozenset(found.all()))], Served(by_day={date(2028, 1, 4): 10_980}), "C1")
    assert (told.amount_fen, told.month, told.on) == (1_000_000, "2028-02", date(2028, 2, 29))


def test_an_average_over_days_served_has_its_own_denominator_and_nobody_served_is_none():
    one = slab(LUMP, "elder_meals_per_day_avg")
    own = stretch([term(days="served", period="month")], MAR)
    whole = [(one, frozenset(own.all()))]
    assert due(own, whole, {date(2026, 3, 2): 61}, days=2) == [(1_000_000, "61/2", one.version)]
    assert due(own, whole, {}, days=0) == [(0, "0", one.version)]
    assert due(stretch([term(period="month")], MAR), whole, {date(2026, 3, 2): 61}, days=2) == [(0, "61/31", one.version)]  # noqa: E501  # fmt: skip


OLD, NEW = "effective_to = 2026-03-15", "effective_from = 2026-03-16"
FIRST, SECOND = days(date(2026, 3, 1), date(2026, 3, 15)), days(date(2026, 3, 16), date(2026, 3, 31))


def test_a_rule_changed_within_the_month_pays_each_meal_by_the_version_of_its_day_at_the_rate_of_all():
    one = slab('{ from = 60, to = 100, per_unit = "1.00" }, { from = 101, per_unit = "2.00" }', more=OLD)
    two = slab('{ from = 60, to = 100, per_unit = "1.50" }, { from = 101, per_unit = "3.00" }', more=NEW)
    found = stretch([term()], MAR)
    told = due(found, [(one, FIRST), (two, SECOND)], {date(2026, 3, 15): 40, date(2026, 3, 16): 61})
    # 101 in all: 40 at 2.00 and 61 at 3.00.
    assert told == [(8_000, "101", one.version), (18_300, "101", two.version)]
    told = due(found, [(one, FIRST), (two, SECOND)], {date(2026, 3, 15): 40, date(2026, 3, 16): 60})
    assert told == [(4_000, "100", one.version), (9_000, "100", two.version)]


def test_a_sum_for_the_whole_period_is_of_its_first_version_and_a_later_one_waits():
    each, lump = '{ from = 10, per_unit = "1.00" }', '{ from = 10, lump = "500.00" }'
    found = stretch([term()], MAR)
    by_day = {date(2026, 3, 1): 12, date(2026, 3, 31): 8}
    one, two = slab(lump, more=OLD), slab(each, more=NEW)
    assert due(found, [(one, FIRST), (two, SECOND)], by_day) == [(50_000, "20", one.version)]
    one, two = slab(each, more=OLD), slab(lump, more=NEW)
    assert due(found, [(one, FIRST), (two, SECOND)], by_day) == [(1_200, "20", one.version), (0, "20", two.version)]
    one = slab('{ from = 21, per_unit = "9.00" }', more=OLD)
    assert due(found, [(one, FIRST), (two, SECOND)], by_day) == [(0, "20", one.version), (0, "20", two.version)]


def test_a_version_of_another_shape_pays_nothing_for_its_days_and_days_without_a_rule_do_not_count():
    one = slab('{ from = 10, per_unit = "1.00" }', more=OLD)
    other = policy('[operator]\nper_person_day = "1.00"\n', more=NEW)
    found = stretch([term()], MAR)
    by_day = {date(2026, 3, 1): 12, date(2026, 3, 31): 8}
    assert due(found, [(one, FIRST), (other, SECOND)], by_day) == [(1_200, "20", one.version), (0, "20", other.version)]
    assert due(found, [(one, FIRST)], by_day) == [(1_200, "12", one.version)]


def test_people_do_not_add_up_over_days():
    one = slab('{ from = 3, per_unit = "10.00" }', "people_per_month", more=OLD)
    two = slab('{ from = 3, per_unit = "99.00" }', "people_per_month", more=NEW)
    found = stretch([term()], MAR)
    assert due(found, [(one, FIRST), (two, SECOND)], {}, people=4) == [(4_000, "4", one.version)]


def test_a_slab_selects_by_what_the_term_says():
    table = '[slab]\nmetric = "meals_per_month"\nselect = "grade"\n[[slab.table]]\ngrade = "A"\nrates = [ { from = 1, per_unit = "0.50" } ]\n[[slab.table]]\ngrade = "B"\nrates = [ { from = 5, lump = "600.00" } ]\n'  # noqa: E501
    one = policy(table)
    for grade, fen in (("A", 250), ("B", 60_000), ("C", 0), ("", 0)):
        found = stretch([term(facts={"grade": grade})], MAR)
        [told] = rules.slab(found, [(one, frozenset(found.all()))], Served(by_day={date(2026, 3, 1): 5}), "C1")
        assert told.amount_fen == fen


STATION = '[monthly]\nurban_per_person = "12.50"\nrural_flat = "1800.00"\nrural_flat_below = 60\nrural_per_person = "33.30"\nstar_add = { "5" = "900.00" }\n'  # noqa: E501


@pytest.mark.parametrize(
    ("facts", "people", "fen"),
    [
        ({"area": "urban"}, 7, 8_750), ({"area": "urban"}, 0, 0), ({"area": "urban", "star": "5"}, 0, 90_000),
        ({"area": "rural"}, 59, 180_000), ({"area": "rural"}, 60, 199_800),
        ({"area": "rural", "star": "5"}, 60, 289_800),
        ({"area": "rural", "star": "4"}, 0, 180_000), ({}, 9, 0),
    ],
)  # fmt: skip
def test_a_station_is_paid_by_people_area_and_stars(facts, people, fen):
    one = policy(STATION, kind="station_operator")
    found = stretch([term(kind="station", facts=facts, until_on=date(2026, 3, 15))], MAR)
    [told] = rules.station(found, [(one, FIRST)], Served(people=people), "S1")
    assert (told.amount_fen, told.counted, told.on, told.kind) == (fen, str(people), date(2026, 3, 15), "station")


def test_a_station_by_a_rate_alone():
    one = policy('[monthly]\nper_person = "4.00"\n', kind="station_operator")
    [told] = rules.station(stretch([term(kind="station")], MAR), [(one, FIRST)], Served(people=3), "S1")
    assert told.amount_fen == 1_200


def test_person_days_are_of_the_version_of_their_day_and_none_is_due_for_nobody():
    one = policy('[operator]\nper_person_day = "3.00"\n', more=OLD)
    two = policy('[operator]\nper_person_day = "4.00"\n', more=NEW)
    counts = {one.version: {date(2026, 3, 15): 5, date(2026, 3, 2): 1}, two.version: {date(2026, 3, 16): 0}}
    [told] = rules.person_days(stretch([term()], MAR), [(one, FIRST), (two, SECOND)], counts, "C1")
    assert (told.amount_fen, told.version, told.on, told.counted) == (1_800, one.version, date(2026, 3, 15), "6")
    assert [each.code for each in told.because] == ["rule", "counted", "operator"]


def test_a_source_is_short_and_two_rules_never_share_one():
    long = "a-very-long-name-of-a-rule-that-some-city-has-chosen-for-whatever-reason"
    one, two = (source_of("person_day", "c" * 36, "2026-Q1", long + end, "0123456789abcdef") for end in "ab")
    assert one != two
    assert max(map(len, (one, two))) <= 100
    assert source_of("slab", "c1", "2026-03", "short", "0123456789abcdef") == "op-slab-c1-2026-03-short-01234567"
