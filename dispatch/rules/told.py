"""
An alarm as its entries tell it: the record folded into one value, from nothing else.

Rows may be changed and pages mistaken; what a reviewer judges by is the record alone. Entries from before the record
named number, resident and station leave these three empty, and the reader fills them in from the alarm's row.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from dispatch.ids import AlarmId, HomeId, ResidentId, StationId
from dispatch.rules.people import Person
from dispatch.rules.record import Entry

GONE_WRONG = frozenset({"refused", "not_sent", "undelivered", "failed", "unknown", "absent"})
"""What may become of a message that nobody has read; `dispatch/store/outbox.py` keeps the same words."""

HUMANS = ("operator:", "carer:", "contact:")

FINDING, SIGNED, FOLLOWED = "finding_made", "review_signed", "follow_up_done"
"""The kinds of entry that a review writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a reviewer found: coded cause and measure, whose station answers for it, and when to look again."""

    id: str
    number: int
    at: datetime
    by: Person
    cause: str
    measure: str
    station_id: StationId | None
    follow_up_on: date | None
    done_at: datetime | None = None
    done_by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    One alarm from the record. Instants are the entries' own; `first` and `last` are entries' numbers.

    `answered_at` is the first act of a human being, `drawn_by` the hash of the first closing entry: what the sample is
    drawn with. `notes` are the numbers and hashes of entries with words. `acts` are the entries of the review and the
    reopenings, in order, as (kind, by).
    """

    alarm_id: AlarmId
    first: int
    last: int
    entries: int
    number: str | None
    cause: str
    state: str
    home_id: HomeId | None
    resident_id: ResidentId | None
    station_id: StationId | None
    raised_at: datetime
    answered_at: datetime | None = None
    accepted_at: datetime | None = None
    attended_at: datetime | None = None
    first_closed_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: Person | None = None
    closing: int | None = None
    outcome: str | None = None
    drawn_by: str | None = None
    lapses: int = 0
    failures: int = 0
    is_practice: bool = False
    people: frozenset[str] = frozenset()
    notes: tuple[tuple[int, str], ...] = ()
    acts: tuple[tuple[str, Person], ...] = ()
    act_number: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def is_closed(self) -> bool:
        return self.state == "closed"

    def named(self, number: str, resident: str | None, station: str | None) -> "Told":
        """The same with what its first entry did not say."""
        who = ResidentId(resident) if resident else None
        people = self.people | ({f"resident:{resident}"} if resident else set())
        return replace(self, number=number, resident_id=who, station_id=StationId(station or "") or None, people=people)


_Lined = tuple[Entry, Mapping[str, Any]]


def tell(entries: Sequence[Entry]) -> Told | None:
    """The alarm that these entries, oldest first, are about; None where the entry that raised it is not among them."""
    lines: list[_Lined] = [(each, json.loads(each.body)) for each in entries]
    if not lines or lines[0][0].kind != "raised":
        return None
    raised, facts = lines[0]
    assert raised.alarm_id is not None, "an alarm is raised under its id"
    return Told(
        alarm_id=raised.alarm_id, first=raised.number, last=entries[-1].number, entries=len(entries),
        number=facts.get("number"), home_id=facts.get("home"), resident_id=facts.get("resident"),
        station_id=facts.get("station"), raised_at=raised.at, **_course(lines), **_counts(lines), **_review(lines),
    )  # fmt: skip


def _course(lines: Sequence[_Lined]) -> dict[str, Any]:
    """What happened when. The first help counts as the help even after a reopening; the last closing closes."""
    closings = [each for each in lines if each[0].kind == "closed"]
    state = next((facts["to"] for entry, facts in reversed(lines) if entry.version is not None and "to" in facts), "")
    course: dict[str, Any] = {
        "cause": next(str(facts["cause"]) for entry, facts in reversed(lines) if _is_cause(entry, facts)),
        "state": state,
        "answered_at": next((entry.at for entry, _ in lines if entry.by.startswith(HUMANS)), None),
        "accepted_at": _when(lines, "accepted"),
        "attended_at": _when(lines, "attended"),
    }
    if closings:
        entry, facts = closings[-1]
        course |= {"first_closed_at": closings[0][0].at, "drawn_by": closings[0][0].hash}
        if state == "closed":
            course |= {"closed_at": entry.at, "closed_by": entry.by, "closing": entry.number}
            course["outcome"] = facts.get("outcome")
    return course


def _is_cause(entry: Entry, facts: Mapping[str, Any]) -> bool:
    return entry.kind in {"raised", "worsened"} and bool(facts.get("cause"))


def _when(lines: Sequence[_Lined], kind: str) -> datetime | None:
    return next((entry.at for entry, _ in lines if entry.kind == kind), None)


def _counts(lines: Sequence[_Lined]) -> dict[str, Any]:
    settled = {facts.get("message"): facts.get("outcome") for entry, facts in lines if entry.kind == "message_settled"}
    _, first = lines[0]
    course = [entry for entry, _ in lines if entry.kind not in {FINDING, SIGNED, FOLLOWED}]
    people = {str(each.by) for each in course if ":" in each.by and not each.by.startswith("device:")}
    people |= {str(facts["person"]) for _, facts in lines if facts.get("person")}
    if first.get("resident"):
        people.add(f"resident:{first['resident']}")
    return {
        "lapses": sum(entry.kind == "lapsed" for entry, _ in lines),
        "failures": sum(outcome in GONE_WRONG for outcome in settled.values()),
        "is_practice": first.get("cause") == "exercise" or any(entry.kind == "shadowed" for entry, _ in lines),
        "people": frozenset(people),
        "notes": tuple((entry.number, entry.note_hash) for entry, _ in lines if entry.note_hash is not None),
    }


def _review(lines: Sequence[_Lined]) -> dict[str, Any]:
    acts = [(entry, facts) for entry, facts in lines if entry.kind in {FINDING, SIGNED, FOLLOWED, "reopened"}]
    done = {facts["finding"]: entry for entry, facts in acts if entry.kind == FOLLOWED}
    return {
        "acts": tuple((entry.kind, entry.by) for entry, _ in acts),
        "act_number": acts[-1][0].number if acts else 0,
        "findings": tuple(_finding(entry, facts, done) for entry, facts in acts if entry.kind == FINDING),
    }


def _finding(entry: Entry, facts: Mapping[str, Any], done: Mapping[str, Entry]) -> Finding:
    ended = done.get(facts["finding"])
    return Finding(
        id=facts["finding"], number=entry.number, at=entry.at, by=Person(entry.by), cause=facts["cause"],
        measure=facts["measure"], station_id=facts.get("station"),
        follow_up_on=date.fromisoformat(facts["follow_up_on"]) if facts.get("follow_up_on") else None,
        done_at=ended.at if ended else None, done_by=Person(ended.by) if ended else None,
    )  # fmt: skip
