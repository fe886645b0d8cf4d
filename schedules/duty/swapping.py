"""
Swaps that both agree to: one carer gives a shift to another, for one in return or for nothing.

    asked ──the other says yes──► accepted ──a manager, or at once──► done
      └──no, or nobody says anything in time──► declined, expired      └──► refused: something speaks against it by then

The other is asked by text and answers by text, or somebody says it for them on the page. It is about the shifts as they
were when it was asked: one that was moved or has begun since is not swapped any more. Shifts change in one unit, so
there is no moment in which neither has the duty.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.expectations import Done, Expectation
from dispatch.ids import CarerId
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.offers import CODES
from dispatch.rules.people import SERVICE, Carer, Person, carer, carer_id
from dispatch.rules.record import Line
from dispatch.rules.reply import Action, Parsed
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.replies import Reply
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.duty.guard import Clashing, Guard, changed, forced, may_pass
from schedules.duty.rules.rest import Clash
from schedules.duty.rules.shifts import Shift
from schedules.duty.store import Shifts
from schedules.duty.store.swaps import Swap, Swaps

CODES_REST = timedelta(days=7)
"""A code that an alarm's offer had within this time is not used, as for offers among themselves."""

LETTER_LASTS = timedelta(hours=4)
AGAIN = timedelta(minutes=10)
LISTED = timedelta(days=14)

YES, NO = Action.ACCEPT, Action.DECLINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a swap asks besides both: whether a manager agrees too, and for how long an answer is waited for."""

    approved: bool = True
    lasts: timedelta = timedelta(hours=24)


class Swapping:
    """The agent of swaps: an owner of waiting rows, and one who may be waiting for an answer (`answers.Claimant`)."""

    name = "swaps"
    patient = True

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, *, guard: Guard, terms: Terms,
        two_way: Callable[[str], bool], changed: Callable[[], None], nudge: Callable[[], None],
    ) -> None:  # fmt: skip
        """`two_way` says whether a text's answer could come back from a number; `changed` follows shifts that moved."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._guard = guard
        self._terms = terms
        self._two_way = two_way
        self._changed = changed
        self._nudge = nudge

    # ------------------------------------------------------------------------------------------- reading

    def listed(self) -> list[Swap]:
        """Open swaps and those of the last two weeks, the newest first."""
        with self._reading.connect() as connection:
            return Swaps(connection).since(self._clock.now() - LISTED)

    def get(self, id_: str) -> Swap:
        """
        One swap.

        Raises:
            NotFound: there is none.
        """
        with self._reading.connect() as connection:
            found = Swaps(connection).get(id_)
        if found is None:
            raise NotFound(f"no swap {id_[:40]}")
        return found

    # ------------------------------------------------------------------------------------------- asking

    def ask(self, shift_id: str, other_id: CarerId, other_shift_id: str | None, *, by: Person) -> Swap:
        """
        Asks another carer to take a shift, in return for one of theirs or for nothing.

        Raises:
            NotFound: there is no such shift.
            Invalid: it is the asker's own, or the shift in return is not the other's.
            Conflict: one of them has begun, or is in another swap already.
            Clashing: something speaks against it from the start.
        """

        def work(tx: Tx) -> Swap:
            mine, theirs = self._shift(tx, shift_id), self._shift(tx, other_shift_id) if other_shift_id else None
            self._refuse_odd(tx, mine, other_id, theirs)
            swap = self._made(tx, mine, other_id, theirs, by)
            if found := self._against(tx, mine, theirs, other_id):
                raise Clashing(found)
            Swaps(tx.connection).add(swap)
            tx.log(_line("swap_asked", swap, by))
            self._tell(tx, swap.other_id, "swap_asked", swap, self._asking(tx, swap), answerable=True)
            return swap

        made = self._transactions.run(work, lane=Lane.BULK)
        self._nudge()
        return made

    def answer(self, id_: str, *, yes: bool, by: Person) -> Swap:
        """
        What the asked carer says, told by themselves or by somebody for them.

        Raises:
            NotFound: there is no such swap.
            Conflict: it is over.
            Clashing: it would take effect now, and something speaks against it by now.
        """
        return self._ended(lambda tx: self._answered(tx, _open(tx, id_, "asked"), yes=yes, by=by))

    def decide(self, id_: str, *, yes: bool, by: Person, reason: str | None = None) -> Swap:
        """What a manager says to a swap that both agreed to; with a `reason` also against what speaks against it."""

        def work(tx: Tx) -> Swap:
            swap = _open(tx, id_, "accepted")
            if not yes:
                return self._end(tx, swap, "refused", by, why="manager")
            return self._effect(tx, swap, by, reason)

        return self._ended(work)

    def withdraw(self, id_: str, *, by: Person) -> Swap:
        """It is not asked any more."""
        return self._ended(lambda tx: self._end(tx, _open(tx, id_, "asked", "accepted"), "withdrawn", by))

    # ------------------------------------------------------------------------------------------- waiting rows

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return Swaps(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Swaps(connection).next_due()

    def wake(self, id_: str) -> None:
        """Ends a swap that nobody answered in time, or that its shift has overtaken."""

        def work(tx: Tx) -> None:
            swap = Swaps(tx.connection).get(id_)
            if swap is not None and swap.due_at is not None and swap.due_at <= tx.now:
                self._end(tx, swap, "expired", SERVICE)

        self._transactions.run(work, lane=Lane.BULK)
        self._nudge()

    def stumble(self, id_: str, error: Exception) -> None:
        """Tried again in a while."""
        self._transactions.run(lambda tx: Swaps(tx.connection).change(id_, due_at=tx.now + AGAIN), lane=Lane.BULK)

    # ------------------------------------------------------------------------------------------- answers by text

    def expects(self, tx: Tx, person: Person, parsed: Parsed, reply: Reply) -> Sequence[Expectation]:
        """
        An answer to a swap: with its code, or without one where nothing else is open.

        Never while an alarm is open to this person, unless the code is certainly the swap's: a swap must not make an
        emergency unclear.
        """
        id_ = carer_id(person)
        if id_ is None or parsed.action not in {YES, NO}:
            return []
        asked = Swaps(tx.connection).asked_of(id_)
        offers = [offer for offer, _ in Alarms(tx.connection).offers_to(person)] if asked else []
        if parsed.code is None:
            meant = [] if offers else asked
        else:
            codes = {offer.code for offer in offers}
            meant = [each for each in asked if each.code == parsed.code and each.code not in codes]
        return [self._expectation(each, person, yes=parsed.action is YES) for each in meant]

    def _expectation(self, swap: Swap, person: Person, *, yes: bool) -> Expectation:
        return Expectation(
            swap.code, self._said(swap.start_at, swap.end_at), lambda tx: self._by_text(tx, swap, person, yes)
        )

    def _by_text(self, tx: Tx, swap: Swap, person: Person, yes: bool) -> Done:
        try:
            self._answered(tx, swap, yes=yes, by=person)
        except Conflict as refused:
            found = refused.clashes if isinstance(refused, Clashing) else ()
            self._end(tx, swap, "refused", SERVICE, why=str(found[0].why) if found else "changed")
        return Done("swap", self._after)

    def _after(self) -> None:
        self._changed()
        self._nudge()

    # ------------------------------------------------------------------------------------------- what happens

    def _answered(self, tx: Tx, swap: Swap, *, yes: bool, by: Person) -> Swap:
        if not yes:
            return self._end(tx, swap, "declined", by)
        tx.log(_line("swap_accepted", swap, by))
        if not self._terms.approved:
            return self._effect(tx, swap, by, None)
        Swaps(tx.connection).change(swap.id, state="accepted", due_at=_begins(swap))
        self._tell(tx, swap.other_id, "swap_waits", swap, {"place": self._said(swap.start_at, swap.end_at)})
        return replace(swap, state="accepted", due_at=_begins(swap))

    def _effect(self, tx: Tx, swap: Swap, by: Person, reason: str | None) -> Swap:
        """Both shifts change hands in this unit, if they still are what was agreed and nothing speaks against it."""
        mine = self._still(tx, swap.shift_id, swap.carer_id, swap.start_at, swap.end_at)
        theirs = None
        if swap.other_shift_id is not None:
            assert swap.other_start_at is not None
            assert swap.other_end_at is not None
            theirs = self._still(tx, swap.other_shift_id, swap.other_id, swap.other_start_at, swap.other_end_at)
        found = self._against(tx, mine, theirs, swap.other_id)
        if found and not may_pass(found, reason):
            raise Clashing(found)
        self._pass_on(tx, mine, swap.other_id, by)
        if theirs is not None:
            self._pass_on(tx, theirs, swap.carer_id, by)
        if found:
            tx.log(forced(mine, found, by=by, reason=reason or ""))
        return self._end(tx, swap, "done", by)

    def _pass_on(self, tx: Tx, shift: Shift, to: CarerId, by: Person) -> None:
        new = replace(shift, carer_id=to, sequence=shift.sequence + 1)
        Shifts(tx.connection).move(new, tx.now)
        tx.log(changed("moved", new, by))

    def _end(self, tx: Tx, swap: Swap, state: str, by: Person, why: str = "") -> Swap:
        Swaps(tx.connection).change(swap.id, state=state, due_at=None, ended_at=tx.now, why=why)
        tx.log(_line(f"swap_{state}", swap, by, why=why))
        ours = self._said(swap.start_at, swap.end_at)
        back = self._said(swap.other_start_at, swap.other_end_at)
        if state == "done":
            self._tell(tx, swap.carer_id, "swap_done", swap, {"place": back, "choices": ours})
            self._tell(tx, swap.other_id, "swap_done", swap, {"place": ours, "choices": back})
        else:
            self._tell(tx, swap.carer_id, "swap_over", swap, {"place": ours})
            if swap.state == "accepted" or state in {"withdrawn", "refused"}:
                self._tell(tx, swap.other_id, "swap_over", swap, {"place": ours})
        return replace(swap, state=state, due_at=None, ended_at=tx.now, why=why)

    def _against(self, tx: Tx, mine: Shift, theirs: Shift | None, other_id: CarerId) -> list[Clash]:
        """What speaks against either of them having the other's shift instead of their own."""
        besides = {mine.id, theirs.id if theirs else None}
        found = self._guard.against(tx, replace(mine, carer_id=other_id), besides=besides)
        if theirs is not None:
            found += self._guard.against(tx, replace(theirs, carer_id=mine.carer_id), besides=besides)
        return found

    def _still(self, tx: Tx, id_: str, owner: CarerId, start: datetime, end: datetime) -> Shift:
        shift = Shifts(tx.connection).get(id_)
        if shift is None or (shift.carer_id, shift.start_at, shift.end_at) != (owner, start, end):
            raise Conflict("The shift has changed since it was asked.")
        if shift.start_at <= tx.now:
            raise Conflict("The shift has begun.")
        return shift

    def _shift(self, tx: Tx, id_: str) -> Shift:
        found = Shifts(tx.connection).get(id_)
        if found is None:
            raise NotFound(f"no shift {id_[:40]}")
        return found

    def _refuse_odd(self, tx: Tx, mine: Shift, other_id: CarerId, theirs: Shift | None) -> None:
        if other_id == mine.carer_id:
            raise Invalid("That is the same carer.", {"json": {"carer": ["That is the same carer."]}})
        if theirs is not None and theirs.carer_id != other_id:
            said = "The shift in return is not theirs."
            raise Invalid(said, {"json": {"return_shift": [said]}})
        if theirs is not None and (mine.start_at, mine.end_at) == (theirs.start_at, theirs.end_at):
            raise Conflict("Both shifts are at the same time.")
        for each in (mine, theirs):
            if each is not None and each.start_at <= tx.now:
                raise Conflict("The shift has begun.")
            if each is not None and Swaps(tx.connection).about(each.id):
                raise Conflict("This shift is in another swap already.")

    def _made(self, tx: Tx, mine: Shift, other_id: CarerId, theirs: Shift | None, by: Person) -> Swap:
        id_ = tx.new_id()
        begins = min(each.start_at for each in (mine, theirs) if each is not None)
        expires_at = min(tx.now + self._terms.lasts, begins)
        return Swap(
            id=id_, state="asked", carer_id=mine.carer_id, shift_id=mine.id, start_at=mine.start_at,
            end_at=mine.end_at, other_id=other_id, other_shift_id=theirs.id if theirs else None,
            other_start_at=theirs.start_at if theirs else None, other_end_at=theirs.end_at if theirs else None,
            code=_code(tx, other_id, id_), by=by, asked_at=tx.now, expires_at=expires_at, due_at=expires_at,
        )  # fmt: skip

    def _ended(self, work: Callable[[Tx], Swap]) -> Swap:
        done = self._transactions.run(work, lane=Lane.BULK)
        self._after()
        return done

    # ------------------------------------------------------------------------------------------- telling

    def _asking(self, tx: Tx, swap: Swap) -> dict[str, Fact]:
        who = People(tx.connection).carers_by_id([swap.carer_id])[swap.carer_id]
        return {
            "number": f"{who.code} {who.name}", "place": self._said(swap.start_at, swap.end_at),
            "choices": self._said(swap.other_start_at, swap.other_end_at), "code": swap.code,
        }  # fmt: skip

    def _tell(
        self, tx: Tx, whom: CarerId, sentence: str, swap: Swap, facts: dict[str, Fact], *, answerable: bool = False
    ) -> None:
        who = People(tx.connection).carers_by_id([whom]).get(whom)
        if who is not None and who.phone is not None and not who.opted_out:
            can_answer = answerable and self._two_way(who.phone)
            Outbox.post(tx, [_letter(tx, swap, who, who.phone, sentence, facts, answerable=can_answer)])

    def _said(self, start: datetime | None, end: datetime | None) -> str:
        if start is None or end is None:
            return ""
        local = self._guard.calendar.local
        return f"{local(start):%m-%d %H:%M}-{local(end):%H:%M}"


def _letter(
    tx: Tx, swap: Swap, who: Carer, phone: str, sentence: str, facts: dict[str, Fact], *, answerable: bool
) -> Draft:
    return Draft(
        key=f"{sentence}:{swap.id}:{who.id}", sentence=sentence, channel=Channel.SMS, priority=Priority.REMINDER,
        to=phone, person=carer(who.id), lang=who.lang, expires_at=tx.now + LETTER_LASTS,
        facts={name: value for name, value in facts.items() if value}, answerable=answerable,
    )  # fmt: skip


def _open(tx: Tx, id_: str, *states: str) -> Swap:
    tx.hold(f"swap:{id_}")
    swap = Swaps(tx.connection).get(id_)
    if swap is None:
        raise NotFound(f"no swap {id_[:40]}")
    if swap.state not in states:
        raise Conflict("This swap is over, or not so far yet.")
    return swap


def _begins(swap: Swap) -> datetime:
    return min(each for each in (swap.start_at, swap.other_start_at) if each is not None)


def _code(tx: Tx, other_id: CarerId, id_: str) -> int:
    """Two digits that no offer of an alarm and no other swap of this person has, spread by the swap's id."""
    person = carer(other_id)
    taken = set(Alarms(tx.connection).codes_in_use([person], tx.now - CODES_REST).get(person, ()))
    taken |= {each.code for each in Swaps(tx.connection).asked_of(other_id)}
    free = [each for each in CODES if each not in taken] or list(CODES)
    return free[int.from_bytes(hashlib.sha256(id_.encode()).digest()[:4]) % len(free)]


def _line(kind: str, swap: Swap, by: Person, why: str = "") -> Line:
    facts: dict[str, Fact] = {
        "swap": swap.id, "carer": swap.carer_id, "other": swap.other_id, "shift": swap.shift_id,
        "return": swap.other_shift_id, "why": why or None,
    }  # fmt: skip
    return Line(kind=kind, by=by, facts=facts)
