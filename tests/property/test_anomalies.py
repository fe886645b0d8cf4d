"""Laws of the search and of the draw: nobody's number moves what others find, and anybody draws the same again."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.money.anomalies.rules.draw import Lot, draw, rank, seed_of, visit_share
from schedules.money.anomalies.rules.tills import crowded
from tests.unit.money.anomalies.months import Month, at
from tests.unit.money.rig import policy

DAY = date(2026, 3, 2)
SEED = seed_of("2026-03", "ab" * 32)


def lot(number, place, kind):
    return Lot(kind=kind, id=f"m{number}", place=f"c{place}", resident=f"r{number}", on=DAY)


LOTS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["meal", "visit"])), max_size=400).map(
    lambda some: [lot(number, *each) for number, each in enumerate(some)]
)


@settings(max_examples=60, deadline=None)
@given(LOTS, st.randoms())
def test_one_in_a_hundred_of_each_and_one_at_least_are_drawn_whatever_the_order(lots, random):
    drawn = draw(SEED, lots, lots)
    for place, kind in {(each.place, each.kind) for each in lots}:
        own = [each for each in lots if (each.place, each.kind) == (place, kind)]
        mine = [each for each in drawn if (each.place, each.kind) == (place, kind)]
        assert mine == sorted(own, key=lambda each: rank(SEED, each))[: -(-len(own) // 100)]
        assert mine
    shuffled = random.sample(lots, len(lots))
    assert draw(SEED, shuffled, shuffled) == drawn


@given(LOTS)
def test_of_visits_as_many_are_drawn_as_the_rule_of_a_voucher_asks_for(lots):
    drawn = draw(SEED, lots, lots, Fraction(1, 20))
    for place, kind in {(each.place, each.kind) for each in lots}:
        own = [each for each in lots if (each.place, each.kind) == (place, kind)]
        mine = [each for each in drawn if (each.place, each.kind) == (place, kind)]
        assert len(mine) == -(-len(own) // (20 if kind == "visit" else 100))


def test_the_share_of_visits_is_the_most_that_a_voucher_in_force_asks_for():
    def rule(least, days=""):
        asked = f'onsite_check_min = "{least}"\n' if least else ""
        text = f'[policy]\nid = "v"\nkind = "voucher"\ntitle = "t"\ngrade = "A"\n{days}'
        return policy(f'{text}[voucher]\nmonth_cap = "800.00"\ndeduct = {{ home = "0.50" }}\n{asked}')

    first, last = date(2026, 3, 1), date(2026, 3, 31)
    share = lambda *rules: visit_share(rules, first, last)  # noqa: E731
    assert share() == share(rule("")) == share(rule("0.005")) == Fraction(1, 100)
    assert share(rule("0.02"), rule("0.05")) == Fraction(1, 20)
    assert share(rule("0.05", "effective_to = 2026-03-01\n")) == Fraction(1, 20)
    assert share(rule("0.05", "effective_to = 2026-02-28\n")) == Fraction(1, 100)
    assert share(rule("0.05", "effective_from = 2026-04-01\n")) == Fraction(1, 100)


def test_another_month_or_ledger_draws_others():
    lots = [lot(number, 0, "meal") for number in range(1000)]
    seeds = [seed_of("2026-03", "ab" * 32), seed_of("2026-04", "ab" * 32), seed_of("2026-03", "cd" * 32)]
    drawn = [frozenset(each.id for each in draw(seed, lots, lots)) for seed in seeds]
    assert [len(each) for each in drawn] == [10, 10, 10]
    assert len(set(drawn)) == 3


def test_a_hundred_and_one_are_two():
    for many, drawn in ((1, 1), (100, 1), (101, 2), (250, 3)):
        lots = [lot(number, 0, "meal") for number in range(many)]
        assert len(draw(SEED, lots, lots)) == drawn


def test_a_draw_is_fair():
    lots = [lot(number, 0, "meal") for number in range(500)]
    often = [0] * 500
    for month in range(200):
        for each in draw(seed_of(f"m{month}", "x"), lots, lots):
            often[int(each.id[1:])] += 1
    # 5 of 500 in each of 200 draws: twice on average; nobody is always drawn, and no half of the list is spared.
    assert max(often) <= 12
    assert abs(sum(often[:250]) - 500) < 100


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 8)), max_size=40), st.integers(2, 5), st.integers(1, 30)
)  # fmt: skip
def test_crowds_are_those_that_counting_each_window_finds(some, people, seconds):
    month = Month("law", people=0, days=2)
    paid = [
        month.add(DAY, "c0", f"r{resident}", at(DAY, 11) + timedelta(seconds=second))
        for second, resident in sorted(some)
    ]
    within = timedelta(seconds=seconds)
    inside = {
        each.id
        for last in paid
        for window in [[one for one in paid if timedelta() <= last.served_at - one.served_at <= within]]
        if len({one.resident for one in window}) >= people
        for each in window
    }
    assert {each.id for run in crowded(paid, people, within) for each in run} == inside
