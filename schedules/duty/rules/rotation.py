"""
A rotation: a cycle of days that the carers of a station walk through, each from a place of their own.

    cycle   day   day   night  night  off   off          place of A: 0, of B: 2, of C: 4
    day 1    A                  B            C
    day 2          A                   B           C     and so on, round and round

It lays shifts ahead. What a person changed by hand afterwards stays as they left it: a turn that was laid once is never
laid again, and only a shift that still stands as it was laid is moved or taken back with its rotation.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dispatch.ids import CarerId, StationId
from schedules.duty.rules.shifts import Shift

CYCLE_MAX = 56
"""Days of a cycle at most: eight weeks, more than anybody can keep in mind."""

PLACES_MAX = 60
WINDOWS_MAX = 4

_DAY = timedelta(days=1)

When = Callable[[date, time], datetime]
"""The instant at which a local day reaches a time: `Calendar.instant`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Duty between two local times; an end that is not after the start is on the next day, so 08:00–08:00 is a day."""

    start: time
    end: time

    @property
    def minutes(self) -> tuple[int, int]:
        """From the local midnight its day begins with, as the clock on the wall counts."""
        start, end = (each.hour * 60 + each.minute for each in (self.start, self.end))
        return start, end if end > start else end + 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the cycle a carer stands on the rotation's first day."""

    carer_id: CarerId
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """
    A named rotation of a station, from its first local day to its last (None: until somebody ends it).

    `reason` is why it may go against what people are owed; empty where it may not.
    """

    id: str
    station_id: StationId
    name: str
    first_day: date
    cycle: tuple[tuple[Window, ...], ...]
    places: tuple[Place, ...]
    last_day: date | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        assert faults(self.cycle, self.places) == []

    def windows(self, place: Place, day: date) -> tuple[Window, ...]:
        """What somebody at this place does on a local day; nothing before the first day and after the last."""
        if day < self.first_day or (self.last_day is not None and day > self.last_day):
            return ()
        return self.cycle[((day - self.first_day).days + place.offset) % len(self.cycle)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One shift a rotation wants: the window `number` of a carer's local day, as instants."""

    carer_id: CarerId
    day: date
    number: int
    start_at: datetime
    end_at: datetime

    @property
    def key(self) -> tuple[CarerId, date, int]:
        return self.carer_id, self.day, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """
    A turn the rotation has dealt with, and the shift that stands for it now, None where there is none (any more).

    `why` says what kept it from being laid; empty where it was laid.
    """

    turn: Turn
    shift: Shift | None = None
    why: str = ""

    @property
    def is_untouched(self) -> bool:
        """Whether the shift still stands as it was laid: the same carer, the same times."""
        turn, shift = self.turn, self.shift
        return shift is not None and (shift.carer_id, shift.start_at, shift.end_at) == (
            turn.carer_id, turn.start_at, turn.end_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is to be done so that the shifts are what the rotation wants, as far as nobody changed them by hand."""

    lay: Sequence[Turn]
    move: Sequence[tuple[Laid, Turn]]
    drop: Sequence[Laid]


def faults(cycle: Sequence[Sequence[Window]], places: Sequence[Place]) -> list[str]:
    """What is wrong with a cycle and its places, as the names of the faults; empty where it can be walked."""
    found = []
    if not 1 <= len(cycle) <= CYCLE_MAX or any(len(day) > WINDOWS_MAX for day in cycle):
        return ["length"]
    if len(places) > PLACES_MAX or len({each.carer_id for each in places}) < len(places):
        found.append("places")
    if any(not 0 <= each.offset < len(cycle) for each in places):
        found.append("offset")
    if _overlaps(cycle):
        found.append("overlap")
    return found


def turns(rotation: Rotation, first: date, until: date, when: When) -> list[Turn]:
    """
    Everything the rotation wants of the local days [first, until), by day.

    A window that the clocks jumped over has no length and is left out; one they jumped into begins or ends where they
    arrived. Both follow from `when` never going backwards.
    """
    found = []
    for number in range((until - first).days):
        day = first + timedelta(days=number)
        for place in rotation.places:
            found += _of_day(place.carer_id, day, rotation.windows(place, day), when)
    return found


def settle(wanted: Iterable[Turn], laid: Iterable[Laid], *, now: datetime, until: date) -> Settlement:
    """
    Compares what is wanted with what was laid before, of turns that begin after `now` on days before `until`.

    Laying the same again settles nothing. A turn that could not be laid is tried again.
    """
    known = {each.turn.key: each for each in laid}
    future = {each.key: each for each in wanted if each.start_at > now and each.day < until}
    lay = [each for key, each in future.items() if key not in known or known[key].why]
    move = [
        (known[key], each) for key, each in future.items()
        if key in known and known[key].is_untouched and known[key].turn.start_at > now
        and not _same(known[key].turn, each)
    ]  # fmt: skip
    drop = [
        each for key, each in known.items()
        if key not in future and each.turn.start_at > now and each.turn.day < until and (each.is_untouched or each.why)
    ]  # fmt: skip
    return Settlement(lay=lay, move=move, drop=drop)


def _same(one: Turn, other: Turn) -> bool:
    return (one.start_at, one.end_at) == (other.start_at, other.end_at)


def _of_day(carer_id: CarerId, day: date, windows: Sequence[Window], when: When) -> list[Turn]:
    found = []
    for number, window in enumerate(windows):
        start = when(day, window.start)
        end = when(day if window.end > window.start else day + _DAY, window.end)
        if start < end:
            found.append(Turn(carer_id=carer_id, day=day, number=number, start_at=start, end_at=end))
    return found


def _overlaps(cycle: Sequence[Sequence[Window]]) -> bool:
    """Whether somebody who walks round would have to be there twice at once, by the clock on the wall."""
    walked = [
        (start + number * 24 * 60, end + number * 24 * 60)
        for number, day in enumerate([*cycle, cycle[0]])
        for start, end in (each.minutes for each in day)
    ]
    last = 0
    for start, end in sorted(walked):
        if start < last:
            return True
        last = end
    return False
