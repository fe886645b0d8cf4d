"""Limits, breaches, the sample, and who may sign."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.errors import Conflict, Invalid, NotAllowed
from dispatch.rules.review import (
    Breach,
    Limits,
    Stage,
    breaches,
    check_finding,
    check_signing,
    finders,
    is_drawn,
    is_due,
    limits_at,
    read_limits,
    stage,
)
from dispatch.rules.told import Told

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
LIMITS = Limits(answered_s=60, accepted_s=300, on_site_s=900, closed_s=3600, failures=0, lapses=1, sample_percent=5)
TODAY = date(2026, 11, 21)


def at(seconds):
    return AT + timedelta(seconds=seconds)


def told(**more):
    """An alarm that went well; seconds are told as instants by `at`."""
    course = {
        "answered_at": at(60), "accepted_at": at(300), "attended_at": at(900), "first_closed_at": at(4500),
        "closed_at": at(4500), "closed_by": "operator:d", "outcome": "helped", "state": "closed", "lapses": 1,
        "drawn_by": "f" * 64, "closing": 9,
    }  # fmt: skip
    return Told(**{
        "alarm_id": "a", "first": 1, "last": 9, "entries": 9, "number": "1", "cause": "press", "home_id": "h",
        "resident_id": None, "station_id": None, "raised_at": AT, **course, **more,
    })  # fmt: skip


def test_at_the_limit_is_within_it():
    assert breaches(told(), LIMITS) == ()


@pytest.mark.parametrize(
    ("late", "breach"),
    [
        ({"answered_at": at(61)}, Breach.ANSWERED),
        ({"accepted_at": at(301)}, Breach.ACCEPTED),
        ({"attended_at": at(901)}, Breach.ON_SITE),
        ({"first_closed_at": at(4501)}, Breach.CLOSED),
        ({"failures": 1}, Breach.MESSAGES),
        ({"lapses": 2}, Breach.LAPSED),
    ],
)
def test_each_limit_is_a_breach_of_its_own(late, breach):
    assert breaches(told(**late), LIMITS) == (breach,)


def test_an_audit_finding_is_a_breach_also_of_practice():
    assert breaches(told(), LIMITS, audited=True) == (Breach.AUDIT,)
    assert breaches(told(is_practice=True, lapses=9), LIMITS, audited=True) == (Breach.AUDIT,)
    assert breaches(told(is_practice=True, lapses=9), LIMITS) == ()


def test_what_never_happened_counts_until_the_closing():
    never = {"answered_at": None, "accepted_at": None, "attended_at": None}
    assert breaches(told(**never, first_closed_at=at(50)), LIMITS) == ()
    assert breaches(told(**never, first_closed_at=at(400)), LIMITS) == (Breach.ANSWERED, Breach.ACCEPTED)
    assert breaches(told(**never, first_closed_at=None, state="offered"), LIMITS) == ()
    # Without an arrival the closing is measured from the alarm.
    assert Breach.CLOSED in breaches(told(**never, first_closed_at=at(3601)), LIMITS)


def test_about_one_in_twenty_is_drawn_by_the_hash_of_its_closing():
    hashes = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(20_000)]
    drawn = [is_drawn(told(drawn_by=each), LIMITS) for each in hashes]
    assert 900 <= sum(drawn) <= 1100
    assert drawn == [is_drawn(told(drawn_by=each), LIMITS) for each in hashes], "whoever draws again gets the same"


@pytest.mark.parametrize(("percent", "drawn"), [(0, False), (100, True)])
def test_nobody_and_everybody_can_be_drawn(percent, drawn):
    limits = replace(LIMITS, sample_percent=percent)
    assert {is_drawn(told(drawn_by=f"{n:064x}"), limits) for n in (0, 1, 2**255)} == {drawn}
    assert not is_drawn(told(drawn_by=None), limits)
    assert not is_drawn(told(drawn_by="0" * 64, is_practice=True), limits)


def test_the_queue_is_breaches_and_the_sample():
    assert not is_due((), drawn=False)
    assert is_due((), drawn=True)
    assert is_due((Breach.LAPSED,), drawn=False)


A, B = "operator:a", "operator:b"


@pytest.mark.parametrize(
    ("acts", "due", "where"),
    [
        ([], False, Stage.NONE),
        ([], True, Stage.OPEN),
        ([("finding_made", A)], True, Stage.FOUND),
        ([("finding_made", A)], False, Stage.FOUND),
        ([("finding_made", A), ("review_signed", B)], True, Stage.SIGNED),
        ([("finding_made", A), ("review_signed", B), ("follow_up_done", A)], True, Stage.SIGNED),
        ([("finding_made", A), ("review_signed", B), ("finding_made", B)], True, Stage.FOUND),
        ([("finding_made", A), ("review_signed", B), ("reopened", A)], True, Stage.OPEN),
        ([("finding_made", A), ("reopened", A)], False, Stage.NONE),
    ],
)
def test_where_a_review_stands_follows_from_its_acts(acts, due, where):
    assert stage(told(acts=tuple(acts)), is_due=due) is where
    assert stage(told(acts=tuple(acts), state="raised"), is_due=due) is Stage.NONE


def test_only_who_has_not_found_may_sign():
    case = told(acts=(("finding_made", A), ("finding_made", "operator:c")))
    for own in (A, "operator:c"):
        with pytest.raises(NotAllowed):
            check_signing(case, is_due=True, by=own)
    check_signing(case, is_due=True, by=B)


def test_a_signature_frees_whoever_found_before_it():
    case = told(acts=(("finding_made", A), ("review_signed", B), ("finding_made", B)))
    assert finders(case) == {B}
    check_signing(case, is_due=True, by=A)


@pytest.mark.parametrize(
    "acts", [[], [("finding_made", A), ("review_signed", B)], [("finding_made", A), ("reopened", A)]]
)
def test_there_is_nothing_to_sign_without_a_finding(acts):
    with pytest.raises(Conflict):
        check_signing(told(acts=tuple(acts)), is_due=True, by="operator:z")


def test_nobody_writes_over_what_they_have_not_seen():
    case = told(acts=(("finding_made", A),), act_number=12)
    with pytest.raises(Conflict):
        check_signing(case, is_due=True, by=B, seen=11)
    with pytest.raises(Conflict):
        check_finding(case, today=TODAY, follow_up_on=None, seen=0)
    check_finding(case, today=TODAY, follow_up_on=None, seen=12)


def test_an_open_alarm_is_not_reviewed_and_no_follow_up_lies_behind_us():
    with pytest.raises(Conflict):
        check_finding(told(state="attended"), today=TODAY, follow_up_on=None)
    with pytest.raises(Invalid):
        check_finding(told(), today=TODAY, follow_up_on=TODAY - timedelta(days=1))
    check_finding(told(), today=TODAY, follow_up_on=TODAY)


def test_each_entry_is_judged_by_the_limits_of_its_time():
    later = replace(LIMITS, on_site_s=1800)
    kept = [(100, LIMITS), (200, later)]
    assert [limits_at(kept, n) for n in (5, 100, 101, 200, 201)] == [LIMITS, LIMITS, LIMITS, LIMITS, later]


FILE = {name: {"value": 1, "origin": "because"} for name in Limits.__dataclass_fields__}


def test_a_file_of_limits_is_read():
    assert read_limits(FILE) == Limits(**dict.fromkeys(FILE, 1))


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("on_site_s", None),
        ("nonsense", {"value": 1, "origin": "x"}),
        ("on_site_s", {"value": -1, "origin": "x"}),
        ("on_site_s", {"value": 1.5, "origin": "x"}),
        ("on_site_s", {"value": True, "origin": "x"}),
        ("on_site_s", {"value": "1", "origin": "x"}),
        ("on_site_s", {"value": 1, "origin": " "}),
        ("on_site_s", {"value": 1}),
        ("sample_percent", {"value": 101, "origin": "x"}),
    ],
)
def test_a_wrong_file_of_limits_is_refused_by_name(name, row):
    wrong = {**FILE, name: row} if row else {key: value for key, value in FILE.items() if key != name}
    with pytest.raises(Invalid, match=name):
        read_limits(wrong)


def test_a_reopening_begins_the_review_anew_also_for_whoever_had_found():
    case = told(acts=(("finding_made", A), ("reopened", "operator:d"), ("finding_made", B)))
    assert finders(case) == {B}
    check_signing(case, is_due=True, by=A)
