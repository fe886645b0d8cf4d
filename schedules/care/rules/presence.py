"""
A visit as it stands, and what was said about it: who signed in or out, when, by what, from where.

```
  planned ──► begun ──► finished ──► counts, or waits for a human with its findings
     │  └──► missed ──► begun (whoever comes late is still there; the alarm stays)
     └────► cancelled (with a reason; wanted again, it is planned again)
```
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatch.ids import AlarmId, CarerId
from dispatch.rules.people import Person
from dispatch.rules.place import Position
from schedules.care.rules.visit import Wanted


class State(StrEnum):
    PLANNED = "planned"
    BEGUN = "begun"
    FINISHED = "finished"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Which(StrEnum):
    """What was said: that somebody has come, that they leave, or (by the resident) that they are or were there."""

    BEGIN = "begin"
    FINISH = "finish"
    CONFIRM = "confirm"


class Way(StrEnum):
    """How it was said. `SMS`, `CALL` and `PAGE` prove no place by themselves; see `proof.place_of`."""

    SMS = "sms"
    CALL = "call"
    """A key in a call from or to the carer's own telephone."""
    PAGE = "page"
    LANDLINE = "landline"
    """A call that rang in from a number of the home: `proof` is the call."""
    TAG = "tag"
    """A paired attendance device in the home: `proof` is its signal."""
    RESIDENT = "resident"
    """The resident or their family said so from a number of their own: `proof` is the call, or who it was."""
    OFFICE = "office"
    """Written down afterwards at a desk: counts once a second person has agreed."""


PROVES_PLACE = frozenset({Way.LANDLINE, Way.TAG, Way.RESIDENT})
"""What cannot be said from anywhere else than the home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """
    One thing that was said about a visit. `at` is when it is said to have been, `received_at` when we heard of it;
    `position` (WGS-84) with `accuracy_m` as the telephone told. `proof` is the call or signal behind it. Of an entry at
    a desk `reason` says why, and `approved_by` who agreed.
    """

    id: str
    visit_id: str
    which: Which
    way: Way
    at: datetime
    received_at: datetime
    by: Person
    carer_id: CarerId | None = None
    position: Position | None = None
    accuracy_m: int | None = None
    proof: str | None = None
    reason: str | None = None
    approved_by: Person | None = None

    def __post_init__(self) -> None:
        assert self.at.tzinfo is not None
        assert self.which is Which.CONFIRM or self.carer_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo by the hash of its bytes. `taken_at` is what the camera claims, None where it claims nothing."""

    visit_id: str
    sha256: str
    received_at: datetime
    taken_at: datetime | None = None
    carer_id: CarerId | None = None
    id: str = ""

    @property
    def age_s(self) -> float | None:
        """Seconds from taking to receiving; None where the camera told no time."""
        return None if self.taken_at is None else (self.received_at - self.taken_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """
    One planned visit. `code` is what is typed to mean it. `chase` counts how far we have run after whoever is late.

    `begun_at` and `finished_at` are the times all hands were in the room; `items` is what was done, None before
    anybody said so. `counts` and `sound` are the outcome of the last look at it: whether it counts, and whether what
    was said holds together by itself.
    """

    id: str
    wanted: Wanted
    code: int
    state: State = State.PLANNED
    carer_ids: tuple[CarerId, ...] = ()
    chase: int = 0
    due_at: datetime | None = None
    begun_at: datetime | None = None
    finished_at: datetime | None = None
    items: tuple[str, ...] | None = None
    reason: str | None = None
    alarm_id: AlarmId | None = None
    judged_at: datetime | None = None
    counts: bool = False
    sound: bool = False

    @property
    def is_over(self) -> bool:
        return self.state in {State.FINISHED, State.MISSED, State.CANCELLED}

    @property
    def least_minutes(self) -> int | None:
        return self.wanted.least_minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When one carer was there by what was said; the points that say so."""

    carer_id: CarerId
    begin: Point | None
    finish: Point | None


def spans(points: Sequence[Point], better: Sequence[Collection[str]] = ()) -> list[Span]:
    """
    What each carer's points come to. Said twice, the earliest coming and the latest leaving count among those of the
    first of `better` (ids of points, the best first) in which there are any, or else among all.
    """
    carers = dict.fromkeys(each.carer_id for each in points if each.carer_id and each.which is not Which.CONFIRM)
    return [
        Span(
            carer_id=carer_id,
            begin=_best([each for each in points if each.carer_id == carer_id and each.which is Which.BEGIN], better),
            finish=_best(
                [each for each in points if each.carer_id == carer_id and each.which is Which.FINISH], better, last=True
            ),
        )
        for carer_id in carers
    ]


def together(found: Sequence[Span], hands: int) -> tuple[datetime | None, datetime | None]:
    """
    When so many hands were in the room at once: the begin of the last of them to come, the leaving of the first to go.

    None where it was never said. Of more carers than needed, those who were there longest count; of fewer, those there
    are, for what is missing is found elsewhere.
    """
    whole = [(each.begin.at, each.finish.at) for each in found if each.begin and each.finish]
    if whole:
        longest = sorted(whole, key=lambda each: each[0] - each[1])[:hands]
        return max(begin for begin, _ in longest), min(finish for _, finish in longest)
    begun = sorted(each.begin.at for each in found if each.begin)
    return (begun[min(hands, len(begun)) - 1] if begun else None), None


def _best(points: Sequence[Point], better: Sequence[Collection[str]], *, last: bool = False) -> Point | None:
    chosen = ([each for each in points if each.id in ids] for ids in better)
    among = next((each for each in chosen if each), list(points))
    if not among:
        return None
    return max(among, key=lambda each: each.at) if last else min(among, key=lambda each: each.at)
