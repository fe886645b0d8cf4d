"""
Sends carers to very many visits, as a plan does: all at once for whoever reads, in small pieces for whoever writes.

```
  prepare (a piece, a piece, …) ──► make_true (one row, in the caller's unit) ──► settle (a piece, a piece, …)
      └────────────────────────────► abandon
```

A press waits for one piece at most. Killed anywhere, readers find all of it or nothing, and what is under way stands in
a row, so that somebody goes on (0061).
"""

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from itertools import islice

from dispatch.errors import Conflict, NotFound
from dispatch.ids import CarerId
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.care.rules.presence import State, Visit
from schedules.care.store.sendings import Prepared, Sendings, UnderWay
from schedules.care.store.visits import Visits
from schedules.care.visit_planning import facts_of

PIECE = 40
"""Visits in one unit of work: 5 ms of processor time where this was measured, so that slow machines stay under 20."""

Refusals = dict[str, NotFound | Conflict]

_OPEN = frozenset({State.PLANNED, State.BEGUN, State.MISSED})
_HANDED_OVER = frozenset({State.PLANNED, State.MISSED, State.CANCELLED})


class Sending:
    """Whoever sends many names each sending; under the same name it goes on where it was cut off."""

    def __init__(self, transactions: Transactions, reading: Engine) -> None:
        self._transactions = transactions
        self._reading = reading

    def under_way(self) -> Sequence[UnderWay]:
        """Every sending that is not done with, the oldest first."""
        with self._reading.connect() as connection:
            return Sendings(connection).under_way()

    def prepare(self, id_: str, sent: Mapping[str, Sequence[CarerId]], *, by: Person) -> Refusals:
        """
        Prepares that these carers, and nobody else, are sent to each visit; nobody reads it yet.

        What is refused stays as it was, and is given back with the reason.
        """
        for each in self.under_way():
            if each.live_at is not None:
                self.settle(each.id)
        self._transactions.run(lambda tx: Sendings(tx.connection).begin(id_, by, tx.now), lane=Lane.BULK)
        refused: Refusals = {}
        for some in _pieces(sent):
            refused |= self._transactions.run(lambda tx, some=some: _stage(tx, id_, some), lane=Lane.BULK)  # type: ignore[misc]
        return refused

    def make_true(self, tx: Tx, id_: str, visit_ids: Collection[str]) -> Refusals:
        """
        In this unit: all that was prepared is true at once. `visit_ids` are those that were prepared.

        Gives back those that stay as they are, because they were over or somebody changed them meanwhile.
        """
        shelf = Sendings(tx.connection)
        staged = shelf.staged(id_)
        refused: Refusals = {row.id: Conflict("This visit changed meanwhile.") for row in staged if _changed(row)}
        if refused:
            shelf.unstage(id_, refused)
        left = {row.id for row in staged}
        refused |= {each: Conflict("This visit changed meanwhile.") for each in visit_ids if each not in left}
        shelf.make_true(id_, tx.now)
        return refused

    def settle(self, id_: str) -> None:
        """Writes what is true to where it belongs, each visit with its line in the record; until nothing is left."""
        while self._transactions.run(lambda tx: _settle(tx, id_), lane=Lane.BULK):
            pass

    def abandon(self, id_: str) -> None:
        """What was prepared is not wanted any more; one that is true already stays so."""
        while self._transactions.run(lambda tx: _abandon(tx, id_), lane=Lane.BULK):
            pass


def settle_in(tx: Tx, visit_ids: Collection[str]) -> None:
    """Writes what a sending made true of these visits to where it belongs, with its lines in the record."""
    shelf = Sendings(tx.connection)
    by = shelf.live_of(visit_ids)
    if by:
        tx.log(*(assigned(each, each.carer_ids, by[each.id]) for each in Visits(tx.connection).chosen(by)))
        shelf.settle(by)


def hand_over_in(tx: Tx, key: str, carer_id: CarerId, *, by: Person) -> None:
    """
    Whoever is now behind the row that asked for this visit (`order:<id>`, `round:<id>`) is sent to it, and nobody else,
    so that nobody is awaited who gave it away. Nothing where there is no such visit yet, or somebody is there.

    One that was withdrawn meanwhile is given to them too: planned again, it keeps whom it has.
    """
    visit = Visits(tx.connection).by_key([key]).get(key)
    if visit is None or visit.state not in _HANDED_OVER or visit.carer_ids == (carer_id,):
        return
    settle_in(tx, [visit.id])
    Visits(tx.connection).send(visit.id, [carer_id])
    tx.log(assigned(visit, [carer_id], by))


def refuse(visit: Visit | None, carer_ids: Sequence[CarerId], known: Container[CarerId]) -> None:
    """
    Nothing, where these carers can be sent to this visit; `known` are the carers there are.

    Raises:
        NotFound: no such visit, or no such carer. Conflict: it is over, or the household does not want one of them.
    """
    if visit is None:
        raise NotFound("There is no such visit.")
    if visit.state not in _OPEN:
        raise Conflict("This visit is over.")
    if not all(each in known for each in carer_ids):
        raise NotFound("There is no such carer.")
    if set(carer_ids) & set(visit.wanted.not_with):
        raise Conflict("This household does not want this carer.")


def assigned(visit: Visit, carer_ids: Sequence[CarerId], by: Person) -> Line:
    """The line of the record that says whom a visit was given."""
    return Line(kind="visit_assigned", by=by, facts=facts_of(visit, carers=" ".join(sorted(carer_ids))))


def _stage(tx: Tx, id_: str, sent: Mapping[str, Sequence[CarerId]]) -> Refusals:
    visits, refused = Visits(tx.connection).locked(sent), Refusals()
    known = People(tx.connection).carers_by_id({each for those in sent.values() for each in those})
    shelf = Sendings(tx.connection)
    taken = {*shelf.live_of(sent), *shelf.by_hand(id_, sent)}
    for visit_id, those in sent.items():
        try:
            refuse(visits.get(visit_id), those, known)
        except (NotFound, Conflict) as refusal:
            refused[visit_id] = refusal
        if visit_id in taken:
            refused[visit_id] = Conflict("This visit changed meanwhile.")
    given = {each: list(dict.fromkeys(those)) for each, those in sent.items() if each not in refused}
    shelf.stage(id_, given)
    return refused


def _changed(row: Prepared) -> bool:
    """Whether this row of what was prepared cannot be made true any more."""
    return row.state not in _OPEN or row.then_sent is None or (row.then_sent and row.carer_id in row.not_with)


def _settle(tx: Tx, id_: str) -> bool:
    """One piece of it; whether anything is left. Two who do it at once wait for each other."""
    tx.hold(f"sending:{id_}")
    shelf = Sendings(tx.connection)
    known = shelf.get(id_)
    if known is None or known.live_at is None:
        return False
    some = shelf.some(id_, PIECE)
    if some:
        settle_in(tx, some)
    else:
        shelf.end(id_)
    return bool(some)


def _abandon(tx: Tx, id_: str) -> bool:
    tx.hold(f"sending:{id_}")
    shelf = Sendings(tx.connection)
    known = shelf.get(id_)
    if known is None or known.live_at is not None:
        return False
    some = shelf.some(id_, PIECE)
    if some:
        shelf.unstage(id_, some)
    else:
        shelf.end(id_)
    return bool(some)


def _pieces(sent: Mapping[str, Sequence[CarerId]]) -> Iterator[dict[str, Sequence[CarerId]]]:
    rows = iter(sent.items())
    while piece := dict(islice(rows, PIECE)):
        yield piece
