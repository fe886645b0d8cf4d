"""
What becomes of a finding, and of a check on site: each step by a named person, with words.

    open ──► explained
      │  ──► confirmed ──► recovered (so many fen)
      └────────────────────────▲          confirmed ──► explained, when somebody was wrong
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dispatch.errors import Conflict, Invalid
from dispatch.rules.people import Person
from schedules.money.anomalies.rules.draw import Lot
from schedules.money.anomalies.rules.serving import Finding


class State(StrEnum):
    """How far a finding is."""

    OPEN = "open"
    EXPLAINED = "explained"
    CONFIRMED = "confirmed"
    RECOVERED = "recovered"


class Result(StrEnum):
    """What a check on site came to."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_FOUND = "not_found"
    """Nobody could be asked; it is checked, and cannot be called right."""


NEXT: Mapping[State, frozenset[State]] = {
    State.OPEN: frozenset({State.EXPLAINED, State.CONFIRMED, State.RECOVERED}),
    State.CONFIRMED: frozenset({State.EXPLAINED, State.RECOVERED}),
    State.EXPLAINED: frozenset(),
    State.RECOVERED: frozenset(),
}

FEN_MAX = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A finding in the queue. `station` is whose it is; one that belongs to none is the district's."""

    id: str
    found: Finding
    station: str | None
    found_at: datetime
    state: State = State.OPEN
    judged_by: Person | None = None
    judged_at: datetime | None = None
    note: str = ""
    recovered_fen: int = 0


def judged(case: Case, to: State, *, by: Person, at: datetime, note: str, recovered_fen: int = 0) -> Case:
    """
    The case after a named person said what it is.

    Raises:
        Conflict: it cannot become that any more. Invalid: no words, or an amount that is missing or out of place.
    """
    if to not in NEXT[case.state]:
        raise Conflict("This finding was decided already.")
    if not note.strip():
        raise _wrong("note", "Say in words what was found out.")
    if (to is State.RECOVERED) is not (0 < recovered_fen <= FEN_MAX):
        raise _wrong("recovered", "An amount is said when money came back, and only then.")
    return replace(case, state=to, judged_by=by, judged_at=at, note=note.strip(), recovered_fen=recovered_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that was drawn and is to be looked at on site."""

    id: str
    month: str
    lot: Lot
    station: str | None
    result: Result | None = None
    by: Person | None = None
    at: datetime | None = None
    note: str = ""


def checked(check: Check, result: Result, *, by: Person, at: datetime, note: str) -> Check:
    """
    The check with its result; one that was entered stays.

    Raises:
        Conflict: it has one. Invalid: a result other than right without words.
    """
    if check.result is not None:
        raise Conflict("This check has its result already.")
    if result is not Result.RIGHT and not note.strip():
        raise _wrong("note", "Say in words what was found out.")
    return replace(check, result=result, by=by, at=at, note=note.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A month's draw: what anybody needs to draw it again, and how many were settled."""

    month: str
    seed: str
    ledger_hash: str
    settled: int
    drawn_at: datetime


def _wrong(place: str, why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {place: [why]}})
