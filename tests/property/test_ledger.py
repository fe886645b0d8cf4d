"""Laws of the ledger: whatever comes, in whatever order and however often, no fen is lost, doubled or changed."""

import json  # noqa: I001
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Conflict, NotFound
from schedules.money.rules.ledger import (
    Kind, Ledger, Posting, Source, balances, booked_in, canonical, month_hash, read_back, reversal, subsidy,
)  # fmt: skip

FIRST = date(2025, 11, 20)


def meal(number, *, day=0, fen=300, closed=None, claim=None):
    on = FIRST + timedelta(days=day)
    return subsidy(
        entry_id=f"e{number}", source=Source(Kind.MEAL, f"m{number}"), version="v1", claim=claim or f"r{number}/{on}/lunch",  # noqa: E501
        on=on, layers={"city": fen, "town": fen // 3}, owed_to="canteen-1", closed=closed,
    )  # fmt: skip


steps = st.lists(
    st.tuples(st.sampled_from(["meal", "again", "back", "twin", "close"]), st.integers(0, 30), st.integers(0, 60), st.integers(1, 900)),  # noqa: E501
    max_size=40,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(steps)
def test_a_ledger_agrees_with_the_plainest_book_there_is(said):
    """The plain book: live fen by meal and by month. A refusal must leave everything as it was."""
    ledger, live, booked = Ledger(), {}, []
    for number, (what, which, day, fen) in enumerate(said):
        before = [canonical(entry) for entry in ledger]
        known = list(live.values())
        entry = known[which % len(known)] if known else None
        try:
            if what == "meal":
                made = meal(number, day=day, fen=fen, closed=ledger.closed)
                assert ledger.enter(made)
                live[made.id] = made
                booked.append(made)
            elif what == "again" and entry:
                assert not ledger.enter(entry)
            elif what == "twin" and entry:
                with pytest.raises(Conflict):
                    ledger.enter(replace(entry, id=f"twin{number}", month=booked_in(entry.on, ledger.closed), late="late" if booked_in(entry.on, ledger.closed) > f"{entry.on:%Y-%m}" else ""))  # noqa: E501  # fmt: skip
            elif what == "back" and entry:
                undone = reversal(entry, entry_id=f"b{number}", closed=ledger.closed)
                assert ledger.enter(undone)
                assert not ledger.enter(undone)
                del live[entry.id]
                booked.append(undone)
            elif what == "close":
                months = sorted({each.month for each in booked} - set(ledger.hashes))
                if months:
                    ledger.close(months[0])
        except Conflict:
            assert [canonical(each) for each in ledger] == before
            raise
    assert list(ledger) == booked
    assert sum(balances(ledger).values()) == 0
    assert balances(ledger).get("owed:canteen-1", 0) == balances(live.values()).get("owed:canteen-1", 0)
    again = ""
    for month, told in ledger.hashes.items():
        mixed = Random(7).sample(list(ledger), len(booked))
        again = month_hash(month, [each for each in mixed if each.month == month], again)
        assert again == told


def test_layers_are_taken_from_their_funds_and_owed_as_one_sum():
    assert balances([meal(1, fen=300)]) == {"fund:city": -300, "fund:town": -100, "owed:canteen-1": 400}


def test_one_meal_a_person_and_slot_whatever_canteen_and_till_says_so():
    ledger = Ledger()
    ledger.enter(meal(1, claim="r1/2025-11-20/lunch"))
    with pytest.raises(Conflict, match="was had with entry e1; take that back first"):
        ledger.enter(meal(2, claim="r1/2025-11-20/lunch"))
    with pytest.raises(Conflict, match="was had with entry e1"):
        ledger.enter(replace(meal(1), id="e3", claim="other"))
    with pytest.raises(Conflict, match="other content"):
        ledger.enter(meal(1, fen=301, claim="r1/2025-11-20/lunch"))


def test_what_was_taken_back_may_be_entered_anew_and_not_taken_back_twice():
    ledger, first = Ledger(), meal(1)
    ledger.enter(first)
    back = reversal(first, entry_id="b1")
    ledger.enter(back)
    assert set(balances(ledger).values()) == {0}
    for wrong in (reversal(first, entry_id="b2"), reversal(back, entry_id="b3")):
        with pytest.raises(Conflict, match="is a reversal or was taken back before"):
            ledger.enter(wrong)
    assert ledger.enter(replace(first, id="e2"))


def test_a_reversal_takes_back_all_and_nothing_else():
    ledger, first = Ledger(), meal(1)
    ledger.enter(first)
    half = replace(reversal(first, entry_id="b1"), postings=(Posting("fund:city", 1), Posting("owed:canteen-1", -1)))
    with pytest.raises(Conflict, match="does not take back"):
        ledger.enter(half)
    with pytest.raises(NotFound, match="no entry e9"):
        ledger.enter(replace(reversal(first, entry_id="b1"), reverses="e9"))


def test_a_closed_month_takes_nothing_and_what_is_late_is_booked_in_the_next_with_its_reason():
    ledger, first = Ledger(), meal(1)
    ledger.enter(first)
    ledger.close("2025-11")
    with pytest.raises(Conflict, match="2025-11 is closed; book it in 2025-12"):
        ledger.enter(meal(2))
    late = meal(2, closed=ledger.closed)
    assert (late.month, late.late) == ("2025-12", "late")
    back = reversal(first, entry_id="b1", closed=ledger.closed)
    assert (back.month, back.late) == ("2025-12", "reversal")
    assert ledger.enter(late)
    assert ledger.enter(back)


@pytest.mark.parametrize(
    ("day", "closed", "month"),
    [
        (0, None, "2025-11"),
        (0, "2025-10", "2025-11"),
        (0, "2025-11", "2025-12"),
        (0, "2025-12", "2026-01"),
        (60, "2025-12", "2026-01"),
    ],
)
def test_an_entry_is_booked_in_its_month_or_the_first_open_one(day, closed, month):
    assert booked_in(FIRST + timedelta(days=day), closed) == month


def test_months_are_closed_once_and_in_their_order():
    ledger = Ledger()
    ledger.enter(meal(1))
    ledger.enter(meal(2, day=20))
    with pytest.raises(Conflict, match="2025-11 has entries and is open"):
        ledger.close("2025-12")
    ledger.close("2025-11")
    with pytest.raises(Conflict, match="cannot be closed"):
        ledger.close("2025-11")
    assert ledger.close("2025-12") != ledger.hashes["2025-11"]


def test_the_hash_of_a_month_knows_every_word_and_the_month_before():
    entry = meal(1)
    told = month_hash("2025-11", [entry], "")
    changed = [
        replace(entry, version="v2"),
        replace(entry, claim="x"),
        replace(entry, source=Source(Kind.BILL, "m1")),
        meal(1, fen=301),
    ]
    assert told not in {month_hash("2025-11", [each], "") for each in changed}
    assert told != month_hash("2025-11", [entry], "a")
    assert told != month_hash("2025-11", [entry, meal(2)], "")


@pytest.mark.parametrize(
    "wrong",
    [{"postings": (Posting("a", 1),)}, {"postings": ()}, {"version": None}, {"source": None}, {"reverses": "e0"},
     {"month": "2025-10"}, {"month": "2025-12"}, {"late": "why"}],
)  # fmt: skip
def test_an_entry_that_does_not_add_up_cannot_be_made(wrong):
    with pytest.raises(AssertionError):
        replace(meal(1), **wrong)


def test_nothing_is_no_entry():
    with pytest.raises(AssertionError):
        meal(1, fen=0)


def on_file(entry):
    """Row and postings as the database has them."""
    source = (entry.source.kind.value, entry.source.id) if entry.source else (None, None)
    row = (entry.id, entry.on.isoformat(), entry.month, entry.claim, *source, entry.version, entry.reverses, entry.late)
    return row, [(each.account, each.amount_fen) for each in entry.postings]


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(words, words, st.dictionaries(words, st.integers(1, 10**12), min_size=1, max_size=3), st.booleans())
def test_what_is_read_back_is_the_line_that_was_hashed_whatever_the_words(claim, payee, layers, is_back):
    entry = subsidy(
        entry_id="e1", source=Source(Kind.BILL, claim), version="v1", claim=claim, on=FIRST, layers=layers,
        owed_to=payee, closed="2026-01" if is_back else None,
    )  # fmt: skip
    entry = reversal(entry, entry_id="e2", closed="2026-02") if is_back else entry
    told = json.dumps(
        {
            "id": entry.id, "on": "2025-11-20", "month": entry.month, "claim": claim, "version": entry.version,
            "source": [entry.source.kind.value, claim] if entry.source else None, "reverses": entry.reverses,
            "late": entry.late, "postings": sorted([each.account, each.amount_fen] for each in entry.postings),
        },
        sort_keys=True, ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip
    assert read_back(*on_file(entry)) == told.encode()
    assert canonical(entry) == told


@pytest.mark.parametrize(
    "changed",
    [
        {"late": "late"}, {"month": "2025-10"}, {"month": "2025-12"}, {"version": None}, {"source_kind": None},
        {"source_id": None}, {"source_kind": "gift"}, {"reverses": "e0"},
        {"source_kind": None, "source_id": None, "version": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_no_entry_could_be_is_not_read_back(changed):
    names = ("id", "on", "month", "claim", "source_kind", "source_id", "version", "reverses", "late")
    row, postings = on_file(meal(1))
    assert read_back(row, postings) is not None
    assert read_back(tuple((dict(zip(names, row, strict=True)) | changed).values()), postings) is None


@pytest.mark.parametrize("postings", [[], [("fund:city", -1)], [("fund:city", -3), ("owed:c", 2)]], ids=str)
def test_what_does_not_balance_is_not_read_back(postings):
    assert read_back(on_file(meal(1))[0], postings) is None
