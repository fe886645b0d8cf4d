"""Whatever bills a month has, another program that reads only exports and rules agrees to the fen."""

import tomllib
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from config.quoting import IMPLIED
from schedules.money.book import read_book
from schedules.money.rules.awards import BedMonth, Rules, operating, services_of
from schedules.money.rules.bills import Bill, Line
from schedules.money.rules.facts import Person
from tests.property import bed_money_oracle as oracle
from tests.unit.money.rig import SHIPPED

BOOK = read_book(SHIPPED, implied=IMPLIED)
RULES = Rules(BOOK.policies, BOOK.exclusions)
TEXTS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in SHIPPED.glob("*.toml")}
MONTH = date(2028, 2, 1)
"""A leap February."""

lines = st.tuples(st.integers(1, 29), st.integers(0, 120_000), st.booleans())
bills = st.lists(
    st.tuples(st.integers(1, 29), st.sampled_from(["home", "institution"]), st.lists(lines, min_size=1, max_size=4)),
    max_size=6,
)


def _bill(number, scheme, said):
    day, kind, told = said
    return Bill(
        id=f"b{number}", kind=kind, scheme=scheme, resident_id="r", month="2028-02", on=MONTH.replace(day=day),
        turn=f"{number}", provider="p",
        lines=tuple(
            Line(number=at, on=MONTH.replace(day=on), amount_fen=fen, refused="" if counts else "unproved")
            for at, (on, fen, counts) in enumerate(told, 1)
        ),
    )  # fmt: skip


def _exported(bill):
    return {
        "id": bill.id, "day": bill.on.isoformat(), "kind": bill.kind,
        "lines": [{"yuan": oracle.yuan(each.amount_fen), "counts": not each.refused} for each in bill.lines],
    }  # fmt: skip


def _month(scheme, said, level):
    made = [_bill(number, scheme, each) for number, each in enumerate(said)]
    found = services_of(made, "2028-02", RULES, lambda _: Person(age=80, level=level), [scheme])
    got = {each.source: oracle.yuan(each.amount_fen) for each in found.awards}
    return [_exported(each) for each in made], got, found


@settings(max_examples=60, deadline=None)
@given(bills)
def test_vouchers_agree_to_the_fen_and_their_moves_come_to_nothing(said):
    exported, got, found = _month("nat-voucher-2026", said, "severe")
    expected, left = oracle.voucher_month(TEXTS["nat-voucher-2026"]["voucher"], exported)
    assert got == expected
    moves = found.vouchers["nat-voucher-2026"]
    assert moves[-1].left_fen == 0
    assert sum(each.amount_fen for each in moves if each.what == "lapse") == left * 100
    assert all(each.left_fen >= 0 for each in moves)


@settings(max_examples=60, deadline=None)
@given(bills, st.sampled_from(["mild", "moderate", "severe"]))
def test_fees_by_tiers_agree_to_the_fen_and_splitting_wins_nothing(said, level):
    exported, got, _ = _month("hd-bed", said, level)
    assert got == oracle.fee_month(TEXTS["hd-bed"], level, exported)
    whole = [(29, "home", [line for each in said for line in each[2]])] if said else []
    assert sum(got.values()) == sum(_month("hd-bed", whole, level)[1].values())
    counted = sum((line["yuan"] for each in exported for line in each["lines"] if line["counts"]), Decimal(0))
    assert sum(got.values()) <= counted


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(1, 29)), st.integers(1, 29), st.integers(1, 30))
def test_beds_agree_with_a_count_of_days(visited, began, ended):
    owed = [day for day in range(1, 30) if began <= day < ended]
    fails = () if set(owed) <= visited else ("daily_visit",)
    month = BedMonth(
        bed_id="b", resident_id="r", month="2028-02", on=MONTH.replace(day=began), owed=len(owed), days=29, fails=fails,
        owed_to="p",
    )  # fmt: skip
    person = Person(age=70, level="mild", income_fen=1)
    award = operating(month, "fz-bed-2022", RULES, lambda _: person)
    end = date(2028, 3, 1) if ended == 30 else MONTH.replace(day=ended)
    visits = [(MONTH.replace(day=day), None, None) for day in visited]
    due = oracle.bed_month(TEXTS["fz-bed-2022"], visits, MONTH, 29, MONTH.replace(day=began), end)
    assert oracle.yuan(award.amount_fen if award else 0) == due
