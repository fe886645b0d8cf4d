"""Who is in which class, and that everybody in one has an open regular round."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dispatch.ids import ResidentId
from dispatch.rules.people import SERVICE, Person, Resident
from dispatch.rules.record import Line
from dispatch.store.people import People
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.store.transactions import Tx
from schedules.calendar import Calendar
from schedules.rounds.opening import Opening
from schedules.rounds.rules import round as rules
from schedules.rounds.rules.book import Book
from schedules.rounds.rules.round import Kind
from schedules.rounds.store.rounds import Listed, Rounds

ANYWAY = timedelta(hours=1)


class Lists:
    """Puts people on lists."""

    def __init__(self, book: Book, calendar: Calendar, opening: Opening, *, holds: bool = False) -> None:
        """`holds`: the book only stands in for another, and everybody stays in the class they are in."""
        self._holds = holds
        self._book = book
        self._calendar = calendar
        self._opening = opening
        self._looked: tuple[object, datetime] | None = None

    def changed(
        self, shelf: Rounds, hospital: Mapping[ResidentId, datetime], now: datetime
    ) -> Sequence[ResidentId]:  # fmt: skip
        """
        Who belongs to another class than the one on file. Everybody is looked at when the day or the registers changed,
        and once an hour for what does not show there: 20,000 people take 1.4 s of processor time.
        """
        if self._holds:
            return []
        seen = (self._calendar.day_of(now), shelf.print_of_registers(), tuple(hospital.items()))
        if self._looked and self._looked[0] == seen and timedelta() <= now - self._looked[1] < ANYWAY:
            return []
        known = shelf.everybody()
        found = [
            each.id for each in shelf.served() if self.differs(each, known.get(each.id), hospital.get(each.id), now)
        ]
        # Only a look that found everybody in their place is worth remembering: what was found may fail to be written.
        self._looked = None if found else (seen, now)
        return found

    def differs(self, who: Resident, known: Listed | None, hospital: datetime | None, now: datetime) -> bool:
        meant = self.class_of(who, hospital, now)
        return (known is None and meant is not None) or (
            known is not None and not known.by_hand and known.cls != (meant or "")
        )

    def class_of(self, who: Resident, hospital: datetime | None, now: datetime) -> str | None:
        # Whoever is in hospital until next week counts from today: a day ahead is no day since.
        on = self._calendar.day_of(min(hospital, now)) if hospital else None
        return self._book.class_of(who, self._calendar.day_of(now), on)

    def put_all(self, ids: Sequence[ResidentId], hospital: Mapping[ResidentId, datetime], tx: Tx) -> None:
        for row in RegisterRows(tx.connection).by_ids(RESIDENTS, ids).values():
            who = next(
                each for each in People(tx.connection).dwelling(row["home_id"]).residents if each.id == row["id"]
            )
            known = Rounds(tx.connection).listed(who.id)
            stays = known is not None and (known.by_hand or self._holds)
            cls = known.cls if known and stays else self.class_of(who, hospital.get(who.id), tx.now) or ""
            if who.is_served:
                self.put(tx, who, known, cls, by=SERVICE)

    def put(self, tx: Tx, who: Resident, known: Listed | None, cls: str, *, by: Person, by_hand: bool | None = None,
              why: str | None = None) -> None:  # fmt: skip
        """Somebody is in this class now: their open round keeps its interval, or there is one."""
        shelf, today = Rounds(tx.connection), self._calendar.day_of(tx.now)
        listed = Listed(
            resident_id=who.id, cls=cls, since=known.since if known and known.cls else today,
            by_hand=by_hand if by_hand is not None else bool(known and known.by_hand),
            why=why if why is not None else (known.why if known else ""),
            responsible=known.responsible if known else "", last_on=known.last_on if known else None,
        )  # fmt: skip
        shelf.put(listed)
        if known is None or known.cls != cls:
            facts = {"resident": who.id, "class": cls or "none", "before": known.cls if known else None}
            tx.log(Line(kind="round_class", by=by, facts=facts, note=why))
        open_ = next((each for each in shelf.open_of(who.id) if each.kind is Kind.REGULAR), None)
        if not cls:
            shelf.save(rules.dropped(open_, tx.now, by)) if open_ else None
        elif open_ is None:
            shelf.open(self._opening.regular(tx, listed, who.home_id))
        elif open_.cls != cls:
            shelf.save(self._opening.moved(open_, listed, today))
