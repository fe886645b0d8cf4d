"""
Looks at what speaks against a shift, within the unit of work that would keep it, and lets it pass with a reason only.

Whoever goes against it says why; the record keeps who, why, and what spoke against it (`shift_forced`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.errors import Conflict
from dispatch.ids import CarerId
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.transactions import Tx
from schedules.calendar import Calendar
from schedules.duty.rules.rest import AROUND, Clash, Limits, clashes
from schedules.duty.rules.shifts import Shift
from schedules.duty.store import Shifts
from schedules.duty.store.away import CarerAbsences

REASON_MIN = 2
"""Characters of a reason, as for taking over an alarm: enough for 缺人, too many for a slip of the finger."""


class Clashing(Conflict):
    """This shift cannot be as things stand; `clashes` say why, for the pages to put into words."""

    def __init__(self, found: Sequence[Clash], detail: str = "Something speaks against this shift.") -> None:
        super().__init__(detail)
        self.clashes = tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What people are owed here, by the days of this place."""

    limits: Limits = field(default_factory=Limits)
    calendar: Calendar = field(default_factory=lambda: Calendar("UTC"))

    def against(
        self, tx: Tx, new: Shift, *, besides: Collection[str | None] = (), also: Sequence[Shift] = ()
    ) -> list[Clash]:
        """
        What speaks against this shift; those of `besides` do not count, and those in `also` count as on file.

        Nobody else plans for this carer until the unit is over: two who plan at once must see each other's shifts.
        """
        hold(tx, new.carer_id)
        start, end = new.start_at - AROUND, new.end_at + AROUND
        on_file = Shifts(tx.connection).of_carer(new.carer_id, start, end)
        others = [each for each in on_file if each.id not in besides]
        away = CarerAbsences(tx.connection).away(new.carer_id, new.start_at, new.end_at)
        return clashes(new, [*others, *also], away, limits=self.limits, calendar=self.calendar)

    def check(
        self, tx: Tx, new: Shift, *, by: Person, reason: str | None = None, besides: Collection[str | None] = (),
        also: Sequence[Shift] = (),
    ) -> None:  # fmt: skip
        """
        Lets the shift pass where nothing speaks against it, or where there is a reason to have it all the same.

        Raises:
            Clashing: something speaks against it, and no reason is given; or it is on file already.
        """
        found = self.against(tx, new, besides=besides, also=also)
        if not found:
            return
        if not may_pass(found, reason):
            raise Clashing(found)
        tx.log(forced(new, found, by=by, reason=reason or ""))


def hold(tx: Tx, carer_id: CarerId) -> None:
    """Holds a carer's plan, and nothing that an alarm would wait for."""
    tx.hold(f"duty:{carer_id}")


def forced(shift: Shift, found: Sequence[Clash], *, by: Person, reason: str) -> Line:
    """What the record keeps of a shift that was put in against something."""
    facts = {
        "shift": shift.id, "carer": shift.carer_id, "start": shift.start_at.isoformat(),
        "end": shift.end_at.isoformat(), "against": " ".join(dict.fromkeys(str(each.why) for each in found)),
        "other": " ".join(each.other.id for each in found if each.other),
    }  # fmt: skip
    return Line(kind="shift_forced", by=by, facts=facts, note=reason)


def may_pass(found: Sequence[Clash], reason: str | None) -> bool:
    """Whether there is a reason to go against these; nobody has the very same shift twice, for whatever reason."""
    is_twice = any(each.other and _window(each.other) == _window(each.shift) for each in found)
    return not is_twice and len((reason or "").strip()) >= REASON_MIN


def _window(shift: Shift) -> tuple[datetime, datetime]:
    return shift.start_at, shift.end_at


def row_of(shift: Shift) -> dict[str, object]:
    """A shift as its shelf takes a new one."""
    return {"id": shift.id, "carer_id": shift.carer_id, "start_at": shift.start_at, "end_at": shift.end_at}


def changed(what: str, shift: Shift, by: Person, **more: str) -> Line:
    """What the record keeps of a shift that was put in, moved or taken out."""
    facts = {
        "shift": shift.id, "carer": shift.carer_id, "what": what, "start": shift.start_at.isoformat(),
        "end": shift.end_at.isoformat(), **more,
    }  # fmt: skip
    return Line(kind="shifts_changed", by=by, facts=facts)
