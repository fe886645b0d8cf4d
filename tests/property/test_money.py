"""Laws of subsidy rules: the engine agrees with a second evaluation, loses no fen, and reads back what was written."""

import json
import tomllib
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from config.quoting import quoting_of
from schedules.money.book import Book
from schedules.money.rules.ages import full_years
from schedules.money.rules.amounts import ROUNDINGS, fen, loose_fen, yuan
from schedules.money.rules.exclusions import Implications
from schedules.money.rules.policies import Policies
from schedules.money.rules.reading import read_policy
from schedules.money.rules.usage import Change, account, last_day
from tests.property.money_oracle import judge

CATS = ["dibao", "tekun", "tekun_scattered", "tekun_central", "low_income", "in_institution"]
LEVELS = ["intact", "mild", "severe", "total"]
AREAS = ["44", "4401", "440104", "440104001", "440104001002", "440118", "31"]
TYPES = ["breakfast", "lunch", "dinner"]
yuans = st.integers(0, 3000).map(yuan)
few = lambda words: st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True)  # noqa: E731


def maybe(**keys):
    return st.fixed_dictionaries({}, optional=keys)


ages = st.sampled_from([0, 59, 60, 61, 69, 70, 79, 80, 90, 100, 130])
plain = maybe(
    age_min=st.sampled_from([60, 70, 80]), age_max=st.sampled_from([80, 90, 100]), cats_any=few(CATS[:3]),
    cats_all=few(CATS[:2]), cats_none=few(CATS[3:]), levels=few(LEVELS), hukou=st.sampled_from(AREAS),
    residence=st.sampled_from(AREAS), income_max=yuans, same=st.sampled_from(["district", "town"]),
    meal_types=few(TYPES), delivery=st.booleans(),
)  # fmt: skip
sparse = st.dictionaries(st.sampled_from(["age_min", "age_max", "cats_any", "levels", "hukou"]), st.none(), max_size=2)
conditions = st.one_of(
    st.just({}), st.builds(lambda whole, keys: {key: whole[key] for key in keys if key in whole}, plain, sparse), plain,
    st.lists(plain, min_size=1, max_size=2).map(lambda ways: {"any": ways}),
)  # fmt: skip
rates = st.sampled_from(["0.90", "0.85", "1/3", "0.333", "1", "0.005"])
gives = st.one_of(
    st.fixed_dictionaries({"amount": yuans}), st.fixed_dictionaries({"pay": yuans}),
    st.fixed_dictionaries({"up_to": yuans}), st.fixed_dictionaries({"ratio": rates}, optional={"cap": yuans}),
    st.just({"up_to": "quota"}),
)  # fmt: skip
tiers = st.builds(
    lambda give, more: give | more, gives,
    maybe(when=conditions, group=st.sampled_from(["city", "town"]), min_price=yuans, per=st.sampled_from(["meal", "day"])),  # noqa: E501
)  # fmt: skip
deliveries = st.builds(
    lambda give, more: give | more, st.one_of(st.just({"free": True}), st.fixed_dictionaries({"amount": yuans})),
    maybe(when=conditions, limit_to_fee=st.booleans()),
)  # fmt: skip
policies = st.fixed_dictionaries(
    {"tier": st.lists(tiers, min_size=1, max_size=4)},
    optional={
        "eligible": conditions,
        "limit": maybe(
            meal_types=few(TYPES), days=st.just("workday"), per_meal_type_per_day=st.integers(1, 2),
            meals_per_day=st.integers(1, 3), meals_per_week=st.integers(1, 7),
        ),
        "discount": st.lists(
            st.fixed_dictionaries({"rate": rates, "stage": st.sampled_from(["before", "after"])}, optional={"when": conditions}), min_size=1, max_size=3,  # noqa: E501
        ),
        "guard": st.fixed_dictionaries({"price_must_exceed_subsidy": st.booleans()}),
        "delivery": st.lists(deliveries, min_size=1, max_size=2),
        "quota": st.just([{"amount": "100.00", "expires": "month_end"}]),
    },
)  # fmt: skip
people = st.fixed_dictionaries(
    {"age": ages},
    optional={
        "cats": st.lists(st.sampled_from(CATS), max_size=3, unique=True), "level": st.sampled_from(LEVELS),
        "hukou": st.sampled_from(AREAS), "residence": st.sampled_from(AREAS), "income": yuans,
    },
)  # fmt: skip
meals = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES), "price": yuans, "workday": st.booleans()},
    optional={"point": st.sampled_from(AREAS), "delivery": st.booleans(), "delivery_fee": yuans},
)  # fmt: skip
uses = st.fixed_dictionaries(
    {"same_type_today": st.integers(0, 2), "today": st.integers(0, 3), "week": st.integers(0, 8), "quota": yuans}
).map(lambda used: used | {"today": max(used["today"], used["same_type_today"])}).map(
    lambda used: used | {"week": max(used["week"], used["today"])}
)  # fmt: skip


def toml(rule):
    """The rule as a file; JSON's values are TOML's, but for inline tables."""
    lines = []
    for name, table in rule.items():
        for each in table if isinstance(table, list) else [table]:
            lines.append(f"[[{name}]]" if isinstance(table, list) else f"[{name}]")
            lines += [f"{key} = {_inline(value)}" for key, value in each.items()]
    return "\n".join(lines)


def _inline(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["discounted", "list"]), policies, st.lists(st.tuples(people, meals, uses), min_size=1, max_size=6)
)
def test_the_engine_and_a_second_evaluation_agree_on_any_rule_and_anybody(basis, rule, asked):
    head = {"policy": {"id": "p", "kind": "meal", "title": "t", "grade": "A", "price_basis": basis}}
    text = toml(head | rule)
    read = read_policy(text, "p.toml")
    if read.policy is None:  # a contradiction: refused with a cure, and nothing to compare
        assert all(fault.cure for fault in read.faults)
        return
    book = Book(policies=Policies([read.policy]), implications=Implications({"tekun_scattered": ["tekun"], "tekun_central": ["tekun"]}))  # noqa: E501  # fmt: skip
    quoting = quoting_of(book, lang="en")
    for person, meal, used in asked:
        answer = quoting.answer({"id": 1, "policy": "p", "person": person, "meal": meal, "used": used})
        expected = judge(tomllib.loads(text), person, meal, used)
        assert {key: answer[key] for key in expected} == expected
        assert answer["explain"]
        paid = sum(loose_fen(answer[key]) for key in ("discount", "subsidy", "person_pays"))
        fee = loose_fen(meal.get("delivery_fee", "0"))
        assert paid + min(fee, loose_fen(answer["delivery_subsidy"])) == loose_fen(meal["price"]) + fee
        assert sum(map(loose_fen, answer["layers"].values())) == loose_fen(answer["subsidy"])


@given(st.integers(0, 10**9))
def test_an_amount_is_read_as_it_was_printed(amount):
    assert fen(yuan(amount)) == loose_fen(yuan(amount)) == amount


@given(st.integers(0, 10**6), st.integers(1, 999))
def test_roundings_are_within_half_a_fen_and_differ_at_the_tie_alone(over, under):
    exact = Fraction(over, under)
    up, even, down = (ROUNDINGS[name](over, under) for name in ("half_up", "half_even", "down"))
    assert abs(up - exact) <= Fraction(1, 2)
    assert abs(even - exact) <= Fraction(1, 2)
    assert down <= exact < down + 1
    assert up == even or (exact.denominator == 2 and up == even + 1)


@given(st.dates(date(1900, 1, 1), date(2000, 1, 1)), st.dates(date(2000, 1, 2), date(2099, 1, 1)))
def test_nobody_ages_by_more_than_a_year_a_year_nor_twice(born, on):
    age = full_years(born, on)
    assert full_years(born, on + timedelta(days=1)) - age in (0, 1)
    assert full_years(born, on + timedelta(days=366)) - age in (1, 2)
    assert 0 <= full_years(born, on, "feb_28") - age <= (1 if (born.month, born.day) == (2, 29) else 0)


changes = st.lists(
    st.tuples(st.integers(0, 700), st.one_of(st.none(), st.sampled_from(["month_end", "quarter_end"])), st.integers(0, 9000)),  # noqa: E501
    max_size=25,
)  # fmt: skip


@given(changes, st.sampled_from(["month_end", "quarter_end"]))
def test_an_account_is_never_below_nothing_and_what_went_in_went_out_or_lapsed_or_is_left(raw, expires):
    said = []
    for days, credit, amount in sorted(raw, key=lambda each: (each[0], each[1] is None)):
        on = date(2025, 1, 1) + timedelta(days=days)
        said.append(Change(on, amount, last_day(on, expires) if credit else None))
    moves = account(said, date(2027, 12, 31))
    sums = {what: sum(move.amount_fen for move in moves if move.what == what) for what in ("credit", "spend", "lapse")}
    assert all(move.left_fen >= 0 for move in moves)
    assert sums["credit"] == sums["spend"] + sums["lapse"] + (moves[-1].left_fen if moves else 0)
    assert not moves or moves[-1].left_fen == 0, "everything lapses in the end"
    assert [move.on for move in moves] == sorted(move.on for move in moves)
    for move in moves:
        if move.what == "lapse":
            assert move.on == last_day(move.on, expires)
