"""An alarm folded out of its entries: what is told, and by nothing but the entries."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.rules.record import Entry
from dispatch.rules.told import tell

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def entries(*lines):
    """Entries out of (seconds, kind, by, facts), numbered from 10, with a version for each change of state."""
    found, version = [], 0
    for number, (seconds, kind, by, facts) in enumerate(lines, start=10):
        version += "to" in facts
        found.append(Entry(
            number=number, at=AT + timedelta(seconds=seconds), boot="b", steady_us=0, kind=kind, by=by, alarm_id="a",
            version=version if "to" in facts else None, body=json.dumps(facts),
            note_hash=f"note{number}" if kind in {"noted", "finding_made"} else None, before="0", hash=f"{number:064x}",
        ))  # fmt: skip
    return found


RAISED = (0, "raised", "device:x", {"cause": "press", "to": "raised", "number": "1121-001", "home": "h",
                                    "resident": "r", "station": "s"})  # fmt: skip
COURSE = (
    RAISED,
    (1, "step_taken", "service", {"from": "raised", "to": "offered", "step": "offer_nearest"}),
    (1, "offered", "service", {"person": "carer:1"}),
    (30, "lapsed", "service", {"person": "carer:1"}),
    (40, "accepted", "carer:2", {"from": "offered", "to": "accepted", "person": "carer:2"}),
    (300, "attended", "operator:d", {"from": "accepted", "to": "attended", "person": "carer:2", "proof": "voice"}),
    (310, "noted", "operator:d", {}),
    (600, "closed", "operator:d", {"from": "attended", "to": "closed", "outcome": "helped"}),
)
FINDING = {"finding": "f1", "cause": "carer_late", "measure": "talk", "station": "s", "follow_up_on": "2026-12-01"}


def after(seconds):
    return AT + timedelta(seconds=seconds)


def test_the_course_of_an_alarm_is_read_from_its_entries():
    told = tell(entries(*COURSE))
    assert (told.number, told.home_id, told.resident_id, told.station_id) == ("1121-001", "h", "r", "s")
    assert (told.cause, told.state, told.outcome, told.closed_by) == ("press", "closed", "helped", "operator:d")
    assert (told.raised_at, told.answered_at, told.accepted_at) == (AT, after(40), after(40))
    assert (told.attended_at, told.first_closed_at, told.closed_at) == (after(300), after(600), after(600))
    assert (told.first, told.last, told.entries, told.lapses, told.closing) == (10, 17, 8, 1, 17)
    assert told.people == {"carer:1", "carer:2", "operator:d", "resident:r"}
    assert told.notes == ((16, "note16"),)
    assert told.drawn_by == f"{17:064x}"


def test_what_was_never_raised_is_no_alarm():
    assert tell([]) is None
    assert tell(entries(*COURSE)[1:]) is None


def test_the_graver_cause_holds():
    worse = (20, "worsened", "device:x", {"was": "press", "cause": "fall", "from": "offered", "to": "offered"})
    assert tell(entries(*COURSE[:3], worse, *COURSE[3:])).cause == "fall"


def test_only_what_a_message_came_to_in_the_end_counts():
    def settled(message, outcome):
        return (5, "message_settled", "service", {"message": message, "outcome": outcome, "person": "carer:1"})

    tried = [settled("m1", "refused"), settled("m1", "taken"), settled("m2", "taken"), settled("m2", "undelivered")]
    assert tell(entries(RAISED, *tried)).failures == 1


def test_a_reopened_alarm_keeps_its_first_help_and_its_first_closing():
    again = (
        (700, "reopened", "operator:d", {"from": "closed", "to": "raised", "outcome": "helped"}),
        (710, "accepted", "carer:3", {"from": "raised", "to": "accepted", "person": "carer:3"}),
    )
    told = tell(entries(*COURSE, *again))
    assert (told.state, told.is_closed, told.closed_at, told.closed_by, told.outcome) == (
        "accepted",
        False,
        None,
        None,
        None,
    )
    assert (told.accepted_at, told.first_closed_at, told.drawn_by) == (after(40), after(600), f"{17:064x}")
    closed = tell(
        entries(
            *COURSE, *again, (900, "closed", "operator:e", {"from": "accepted", "to": "closed", "outcome": "hospital"})
        )
    )
    assert (closed.closed_at, closed.closed_by, closed.outcome) == (after(900), "operator:e", "hospital")
    assert closed.drawn_by == told.drawn_by


@pytest.mark.parametrize("sign", ["cause", "shadow"])
def test_exercises_and_shadows_are_practice(sign):
    lines = [RAISED, (0, "shadowed", "service", {})]
    if sign == "cause":
        lines = [(0, "raised", "operator:d", {"cause": "exercise", "to": "raised"})]
    assert tell(entries(*lines)).is_practice
    assert not tell(entries(RAISED)).is_practice


def test_reviewers_are_not_among_the_people_of_an_alarm_and_their_acts_are_told_in_order():
    done = (90_000, "follow_up_done", "operator:b", {"finding": "f1"})
    lines = [
        *COURSE,
        (80_000, "finding_made", "operator:a", FINDING),
        (85_000, "review_signed", "operator:b", {}),
        done,
    ]
    told = tell(entries(*lines))
    assert "operator:a" not in told.people
    assert told.acts == (
        ("finding_made", "operator:a"),
        ("review_signed", "operator:b"),
        ("follow_up_done", "operator:b"),
    )
    [finding] = told.findings
    assert (finding.id, finding.cause, finding.measure, finding.follow_up_on) == (
        "f1",
        "carer_late",
        "talk",
        date(2026, 12, 1),
    )
    assert (finding.done_at, finding.done_by, told.act_number) == (after(90_000), "operator:b", 20)


def test_what_old_entries_do_not_say_is_filled_in():
    told = tell(entries((0, "raised", "device:x", {"cause": "press", "to": "raised"}))).named("1120-009", "r", "s")
    assert (told.number, told.resident_id, told.station_id, told.people) == ("1120-009", "r", "s", {"resident:r"})
    assert told.named("1120-009", None, None).people == told.people
