"""What came of a round, within a unit of work: the result, the further try or the next round, and a second look."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from dispatch.errors import Conflict
from dispatch.registry.follow_ups import ask
from dispatch.rules import follow_ups
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.follow_ups import FollowUps
from dispatch.store.people import People
from dispatch.store.transactions import Tx
from schedules.calendar import Calendar
from schedules.care.rules.evidence import Limits
from schedules.rounds.opening import Opening
from schedules.rounds.proving import Where, proof_of
from schedules.rounds.rules import round as rules
from schedules.rounds.rules.book import Book, Means
from schedules.rounds.rules.round import Kind, Result, Round, Shown
from schedules.rounds.store.rounds import Rounds
from schedules.rounds.waiting import facts_of


class Entering:
    """Keeps results. Who may enter them, and when, is asked before."""

    def __init__(self, book: Book, calendar: Calendar, opening: Opening, limits: Limits) -> None:
        self._book = book
        self._calendar = calendar
        self._opening = opening
        self._limits = limits

    def enter(
        self, tx: Tx, round_: Round, result: Result, means: Means, at: datetime, by: Person, note: str | None, *,
        visit: str | None = None, where: Where | None = None,
    ) -> None:  # fmt: skip
        """The result of an open round; `visit` is what showed it, else what the home says of itself is looked for."""
        shelf, day = Rounds(tx.connection), self._calendar.day_of(at)
        facts = facts_of(round_) | {"result": str(result), "means": str(means), "on": day.isoformat()}
        if result is Result.NOT_MET:
            tx.log(Line(kind="round_entered", by=by, facts=facts, note=note or None))
            shelf.save(self._tried(round_, tx.now))
            return
        done = rules.done(round_, result, means, on=day, at=at, by=by, proof=f"visit:{visit}" if visit else None)
        if done.shown is Shown.CLAIMED and (proof := proof_of(tx, round_, at, day, where, self._limits)):
            done = replace(done, shown=Shown.PROVED, proof=proof)
        facts |= {"visit": visit} if visit else {}
        facts |= {"shown": done.shown, "proof": _kind_of(done)} if done.shown else {}
        tx.log(Line(kind="round_entered", by=by, facts=facts, note=note or None))
        shelf.save(done)
        unlist(tx, round_)
        self._next(tx, round_, day, means, seen=result in rules.SEEN)
        if result in _TELLS:
            ask(tx, follow_ups.Kind.OTHER, key=f"round_says:{round_.id}", resident_id=round_.resident_id,
                home_id=round_.home_id, about=f"round_{result}", by=by, note=note,
                due_at=tx.now + timedelta(hours=_TELLS[result]))  # fmt: skip

    def prove(self, tx: Tx, round_: Round, visit: str) -> None:
        """A claim whose visit counts after all is proved by it; anything else stays as it is."""
        if round_.shown in {Shown.CLAIMED, Shown.ACCEPTED}:
            Rounds(tx.connection).save(replace(round_, shown=Shown.PROVED, proof=f"visit:{visit}"))
            facts = facts_of(round_) | {"visit": visit, "shown": Shown.PROVED, "proof": "visit"}
            tx.log(Line(kind="round_reviewed", by=SERVICE, facts=facts))

    def review(self, tx: Tx, round_: Round, *, accepted: bool, by: Person) -> None:
        """See `RoundsDesk.review`."""
        if round_.shown is not Shown.CLAIMED:
            raise Conflict("This round waits for nobody's look.")
        if round_.done_by == by:
            raise Conflict("Somebody else has to look at what one claimed oneself.")
        shown = Shown.ACCEPTED if accepted else Shown.REJECTED
        Rounds(tx.connection).save(replace(round_, shown=shown, reviewed_by=by))
        tx.log(Line(kind="round_reviewed", by=by, facts=facts_of(round_) | {"shown": shown}))

    def _tried(self, round_: Round, now: datetime) -> Round:
        if round_.tries + 1 >= self._book.tries:
            return rules.missed_for_good(round_, now)
        again = now + timedelta(hours=self._book.try_again_hours)
        return rules.missed_once(round_, again_on=self._calendar.day_of(again), deadline=again)

    def _next(self, tx: Tx, round_: Round, day: date, means: Means, *, seen: bool) -> None:
        """Whoever was seen has kept their interval from that day, whichever round it was."""
        shelf = Rounds(tx.connection)
        listed = shelf.listed(round_.resident_id)
        if listed is None or not listed.cls or not People(tx.connection).is_served(round_.resident_id):
            return
        counts = round_.kind is Kind.REGULAR or (seen and means in self._book.kept(listed.cls).means)
        if counts:
            listed = replace(listed, last_on=max(day, listed.last_on or day))
            shelf.put(listed)
        open_ = next((each for each in shelf.open_of(round_.resident_id) if each.kind is Kind.REGULAR), None)
        if open_ is None:
            shelf.open(self._opening.regular(tx, listed, round_.home_id))
        elif counts:
            shelf.save(self._opening.renewed(open_, listed))


def unlist(tx: Tx, round_: Round) -> None:
    """Takes every try of a round off the operators' list."""
    FollowUps(tx.connection).done_for(follow_ups.Kind.OTHER, key=f"round:{round_.id}:", at=tx.now, by=SERVICE)


def _kind_of(round_: Round) -> str | None:
    """By what it is proved, without saying where anybody was: the record cannot be erased."""
    return round_.proof.partition(":")[0] if round_.proof else None


_TELLS = {Result.NEEDS: 24, Result.MOVED: 72, Result.HOSPITAL: 24, Result.REFUSED: 168}
"""Results that leave something to be done, and within how many hours; defaults."""
