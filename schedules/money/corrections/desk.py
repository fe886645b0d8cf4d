"""
Notices that rules were corrected backwards, lists what they price otherwise, and prices it anew when two people agree.

    check ─► which versions are outdated? ─► a look, some people at a time ─► found
    want, approve, decline: people          approved ─► priced, a meal or bill at a time, and looked at again

Everything is in short units of work, and what is under way is a row: killed at any commit, `check` goes on. An item
whose meal or bill is not as it was looked at is left alone; the look after it finds what became of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from dispatch.errors import Refusal
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.accounts import Reading
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.money.corrections.rules.correction import OPEN, Correction, Item, State
from schedules.money.corrections.store import Corrections, Tally
from schedules.money.rules.outdated import Outdated
from schedules.money.rules.shared import Shared
from schedules.money.store.shared import SharedRules

TURN_MAX = 200
"""Units of work in one turn of `check`: half a second or so, of which each takes a few milliseconds."""

LOOKS_MAX = 6
"""Looks in one turn: some tens of people's meals, or months of beds."""

log = structlog.get_logger()


class Source(Protocol):
    """Whoever keeps what was priced: meals, bills. `kind` is its name in corrections."""

    @property
    def kind(self) -> str: ...

    def mark(self) -> str:
        """Tells one book of rules from another."""
        ...

    def beside(self) -> str:
        """Another one whenever something else changed that rules ask, without a start; asked every few seconds."""
        ...

    def shared(self) -> Shared | None:
        """What all rules share; None where there are no rules, and nothing can be said of them."""
        ...

    def outdated(self) -> Sequence[Outdated]:
        """Versions that priced something and were corrected since, or share something else since (`old` is `new`)."""
        ...

    def look(self, outdated: Sequence[Outdated], after: str, /) -> tuple[list[Item], str]:
        """What some of the people behind `after` have otherwise now; and where the next look begins, "" at the end."""
        ...

    def begin(self) -> None:
        """A turn of pricing begins: what was read before is read anew."""
        ...

    def prepare(self, items: Sequence[Item], /) -> None:
        """Reads what pricing these needs, outside of any unit of work. Raises Refusal where it cannot."""
        ...

    def price(self, tx: Tx, items: Sequence[Item], /, *, by: Person, correction: str) -> bool:
        """Prices these anew, together; False where one of them is not as it was looked at, and nothing was written."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A correction with what it comes to."""

    correction: Correction
    tally: Tally


class CorrectionDesk:
    """The one who keeps corrections."""

    def __init__(self, transactions: Transactions, reading: Reading, sources: Sequence[Source]) -> None:
        self._transactions, self._reading = transactions, reading
        self._sources = {each.kind: each for each in sources}
        self._asked: dict[str, str] = {}
        """Kinds whose versions were asked about since the start, when rules are read, and what stood beside them."""

    # ------------------------------------------------------------------------------------------- people

    def newest(self, most: int) -> list[Told]:
        """Corrections, the newest first."""
        with self._reading.connect() as connection:
            shelf = Corrections(connection)
            return [Told(correction=each, tally=shelf.tally(each.id)) for each in shelf.newest(most)]

    def get(self, id_: str) -> Told:
        """
        Raises:
            NotFound: there is none with this id.
        """
        with self._reading.connect() as connection:
            shelf = Corrections(connection)
            return Told(correction=shelf.get(id_), tally=shelf.tally(id_))

    def items(self, id_: str, after: int, most: int) -> list[tuple[int, str, Item]]:
        """What it prices otherwise, behind a number."""
        with self._reading.connect() as connection:
            return Corrections(connection).items(id_, after=after, most=most, differing=True)

    def people(self, ids: Collection[str]) -> Mapping[str, str]:
        """The names of residents by their ids."""
        with self._reading.connect() as connection:
            return Corrections(connection).people(ids)

    def want(self, id_: str, *, by: Person, note: str) -> None:
        """
        Somebody wants everything on the list priced anew, for a reason.

        Raises:
            Conflict: it is not there to be wanted any more.
        """
        line = Line(kind="correction_wanted", by=by, facts={"correction": id_}, note=note or None)
        self._decided(id_, "want", line, note)

    def approve(self, id_: str, *, by: Person) -> None:
        """
        Another person agrees; it is begun within seconds.

        Raises:
            Conflict: it is not wanted, or the same person wanted it.
        """
        self._decided(id_, "approve", Line(kind="correction_approved", by=by, facts={"correction": id_}), "")

    def decline(self, id_: str, *, by: Person, note: str) -> None:
        """
        What was priced stays, for a reason.

        Raises:
            Conflict: it was approved or declined before.
        """
        line = Line(kind="correction_declined", by=by, facts={"correction": id_}, note=note or None)
        self._decided(id_, "decline", line, note)

    def _decided(self, id_: str, deed: str, line: Line, note: str) -> None:
        by = line.by

        def work(tx: Tx) -> None:
            tx.hold(f"correction:{id_}")
            shelf = Corrections(tx.connection)
            known = shelf.get(id_)
            known.refuse(deed, by)
            if deed == "want":
                shelf.change(known, state=State.WANTED, wanted_by=by, wanted_at=tx.now, note=note)
            else:
                state = State.APPROVED if deed == "approve" else State.DECLINED
                more = {"note": note} if note else {}
                shelf.change(known, state=state, decided_by=by, decided_at=tx.now, **more)
            tx.log(line)

        self._transactions.run(work, lane=Lane.BULK)

    # ------------------------------------------------------------------------------------------- by itself

    def check(self) -> None:
        """Notices, looks, or prices what was approved: a limited amount of it. Called every few seconds."""
        with self._reading.connect() as connection:
            under_way = Corrections(connection).open()
        for each in under_way:
            source = self._sources.get(each.kind)
            if source is not None and each.state is State.APPROVED:
                return self._price(each, source)
            if source is not None and each.state is State.LOOKING and each.kind in self._asked:
                return self._look(each.id, source)
        for kind, source in self._sources.items():
            beside = source.beside()
            if self._asked.get(kind) != beside:
                self._notice(source)
                self._asked[kind] = beside
        return None

    def _notice(self, source: Source) -> None:
        outdated, mark, shared = list(source.outdated()), source.mark(), source.shared()

        def work(tx: Tx) -> None:
            shelf = Corrections(tx.connection)
            if shared is not None:
                SharedRules(tx.connection, source.kind).keep(shared, tx.now)
            for each in shelf.newest(1000, kind=source.kind):
                if each.state in OPEN - {State.APPROVED} and each.mark != mark:
                    shelf.change(each, state=State.VOID, ended_at=tx.now)
            if outdated and all(each.mark != mark for each in shelf.newest(1000, kind=source.kind)):
                shelf.add(_begun(tx, source.kind, mark, tuple(outdated)))

        self._transactions.run(work, lane=Lane.BULK)

    def _look(self, id_: str, source: Source) -> None:
        for _ in range(LOOKS_MAX):
            with self._reading.connect() as connection:
                correction = Corrections(connection).get(id_)
            if correction.state is not State.LOOKING:
                return
            items, cursor = source.look(correction.outdated, correction.cursor)
            self._transactions.run(partial(_looked, correction, items, cursor), lane=Lane.BULK)

    def _price(self, correction: Correction, source: Source) -> None:
        source.begin()
        for _ in range(TURN_MAX):
            with self._reading.connect() as connection:
                shelf = Corrections(connection)
                following = shelf.items(correction.id, most=1, state="open")
                items = shelf.together(correction.id, following[0][2].together) if following else []
            if not items:
                self._transactions.run(lambda tx: self._ended(tx, correction.id, source), lane=Lane.BULK)
                return
            self._priced(correction, source, items)

    def _priced(self, correction: Correction, source: Source, items: Sequence[tuple[int, Item]]) -> None:
        """One group of items in one unit of work; what is refused is left as it is, and goes on the next list."""
        try:
            source.prepare([each for _, each in items])
            self._transactions.run(partial(_price, correction.id, source, items), lane=Lane.BULK)
        except Refusal as refused:
            log.warning("correction_left", correction=correction.id, source=items[0][1].source, why=str(refused))
            numbers = [number for number, _ in items]
            self._transactions.run(
                lambda tx: Corrections(tx.connection).settle(correction.id, numbers, "skipped"), lane=Lane.BULK
            )

    def _ended(self, tx: Tx, id_: str, source: Source) -> None:
        """All of it is done. What came in meanwhile was priced beside it, so everything is looked at once more."""
        shelf = Corrections(tx.connection)
        known = shelf.get(id_)
        if known.state is not State.APPROVED:
            return
        tally = shelf.tally(id_)
        shelf.change(known, state=State.DONE, ended_at=tx.now)
        shelf.add(_begun(tx, known.kind, source.mark(), known.outdated))
        facts: dict[str, str | int | None] = {"correction": id_, "done": tally.done, "skipped": tally.skipped}
        tx.log(Line(kind="correction_done", by=Person(known.decided_by or SERVICE), facts=facts))


def _begun(tx: Tx, kind: str, mark: str, outdated: tuple[Outdated, ...]) -> Correction:
    return Correction(
        id=tx.new_id(), kind=kind, mark=mark, state=State.LOOKING, outdated=outdated, cursor="", found_at=tx.now
    )


def _looked(correction: Correction, items: Sequence[Item], cursor: str, tx: Tx) -> None:
    """Keeps what a look found, unless another was quicker."""
    shelf = Corrections(tx.connection)
    known = shelf.get(correction.id)
    if known.state is not State.LOOKING or known.cursor != correction.cursor:
        return
    shelf.put(known.id, items)
    if cursor:
        shelf.change(known, cursor=cursor)
        return
    tally = shelf.tally(known.id)
    if not tally.items:
        shelf.change(known, state=State.NOTHING, ended_at=tx.now)
        return
    shelf.change(known, state=State.FOUND)
    facts: dict[str, str | int | None] = {
        "correction": known.id, "what": known.kind, "items": tally.differing, "first": known.first.isoformat(),
        "before_fen": tally.before_fen, "after_fen": tally.after_fen,
    }  # fmt: skip
    tx.log(Line(kind="correction_found", by=SERVICE, facts=facts))


def _price(id_: str, source: Source, items: Sequence[tuple[int, Item]], tx: Tx) -> None:
    shelf = Corrections(tx.connection)
    known = shelf.get(id_)
    if known.state is not State.APPROVED or shelf.together(id_, items[0][1].together) != list(items):
        return
    by = Person(known.decided_by or SERVICE)
    is_done = source.price(tx, [each for _, each in items], by=by, correction=id_)
    shelf.settle(id_, [number for number, _ in items], "done" if is_done else "skipped")
