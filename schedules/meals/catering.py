"""
Serves meals: from what a till says to the answer, the ledger entry and the line in the record, in one unit of work.

**Order.** A batch is worked off in the order in which its meals were served, whatever order it came in. What a till was
told stands: a meal that comes in later gets what is left of that day's and week's meals, though it was served earlier,
and its reasons say what was had. So the sum of a day never grows by the order, and nobody is charged a second time.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Protocol

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound, Refusal
from dispatch.registry.id_numbers import IdNumbers, checked
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.database import Connection, to_us
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.meals.deciding import Before, Deciding, refused
from schedules.meals.rules.canteen import Canteen, Till
from schedules.meals.rules.serving import (
    AHEAD,
    LATE,
    WAITING,
    Answer,
    By,
    Presented,
    Serving,
    Why,
    entry_of,
    reversal_of,
)
from schedules.meals.store.canteens import Canteens
from schedules.meals.store.diners import Diner, Diners
from schedules.meals.store.servings import Servings
from schedules.money.rules.ledger import Entry
from schedules.money.rules.usage import week_of

BATCH_MAX = 500

PIECE = 100
"""Meals that are looked up in one unit of work."""


class Books(Protocol):
    """The ledger; `schedules.money.store.ledger.Books`."""

    def enter(self, entry: Entry) -> bool:
        """
        Takes an entry; False when it is there already.

        Raises:
            Conflict: the claim is had, the source has an entry, or the month is closed.
        """
        ...

    def closed(self) -> str | None:
        """The last month that is closed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a till gets back for one meal: the meal on file and whose it is, or the refusal that says what to mend."""

    ref: str
    serving: Serving | None = None
    diner: Diner | None = None
    repeated: bool = False
    wrong: Refusal | None = None

    @property
    def differs_fen(self) -> int:
        """What a till without a connection took too much (or too little, below nothing)."""
        return 0 if self.serving is None else self.serving.differs_fen


class Catering:
    """The one who serves."""

    def __init__(
        self, transactions: Transactions, clock: Clock, calendar: Calendar, deciding: Deciding, *,
        books: Callable[[Connection], Books], id_numbers: Callable[[], IdNumbers], e164: Callable[[str], str | None],
        late: timedelta = LATE,
    ) -> None:  # fmt: skip
        """`id_numbers` finds by ID and card; `e164` reads a telephone number."""
        self._transactions, self._clock, self._calendar = transactions, clock, calendar
        self._deciding, self._books = deciding, books
        self._id_numbers, self._e164, self._late = id_numbers, e164, late

    # ------------------------------------------------------------------------------------------- serving

    def serve(self, meals: Sequence[Presented], *, by: Person, area: Area = DISTRICT) -> list[Receipt]:
        """
        Up to `BATCH_MAX` meals, each by itself; the receipts stand in the order of the meals given.

        Raises:
            Invalid: there are too many.
        """
        if len(meals) > BATCH_MAX:
            raise Invalid("At most 500 meals in one batch: send them in several.")
        receipts = self._repeated(meals, by, area) if len(meals) > 1 else {}
        fresh = [(place, each) for place, each in enumerate(meals) if place not in receipts]
        for place, each in sorted(fresh, key=lambda pair: (pair[1].served_at, pair[1].till, pair[1].ref)):
            receipts[place] = self._served(each, by, area)
        return [receipts[place] for place in range(len(meals))]

    def _repeated(self, meals: Sequence[Presented], by: Person, area: Area) -> dict[int, Receipt]:
        """
        Those of a batch that are on file as they are, by their places. A till that heard no answer sends its whole day
        again: that costs one look for each hundred meals. Whatever differs is left to the unit of work of its meal.
        """
        tills: dict[str, list[int]] = {}
        for place, each in enumerate(meals):
            tills.setdefault(each.till, []).append(place)
        found: dict[int, Receipt] = {}
        for code, places in tills.items():
            for start in range(0, len(places), PIECE):
                some = {place: meals[place] for place in places[start : start + PIECE]}
                found |= self._transactions.run(partial(_known, code, some, by, area), lane=Lane.BULK)
        return found

    def _served(self, presented: Presented, by: Person, area: Area) -> Receipt:
        try:
            if presented.served_at > self._clock.now() + AHEAD:
                raise Invalid("This time has not come yet: set the clock of the till.")
            key = self._key(presented)
            return self._transactions.run(lambda tx: self._serve(tx, presented, key, by, area), lane=Lane.BULK)
        except Refusal as wrong:
            return Receipt(ref=presented.ref, wrong=wrong)

    def _serve(self, tx: Tx, presented: Presented, key: str | None, by: Person, area: Area) -> Receipt:
        till, canteen = till_for(tx.connection, presented.till, by, area)
        tx.hold(f"till:{till.id}")
        shelf = Servings(tx.connection)
        known = shelf.by_ref(till.id, presented.ref)
        if known is not None:
            if known.digest != digest_of(presented):
                raise Conflict("Another meal of this till has this id: give the new one an id of its own.")
            return Receipt(ref=presented.ref, serving=known, diner=_diner(tx, known), repeated=True)
        found = _found(tx.connection, presented.by, key)
        diner = found[0] if len(found) == 1 else None
        if diner is not None:
            tx.hold(f"diner:{diner.id}")
        serving = self._made(tx, presented, till, canteen, found)
        serving = self._cancelled_before(tx, presented, serving)
        serving = self._book(tx, serving, canteen)
        shelf.add(serving)
        tx.log(_line(serving, till, by))
        return Receipt(ref=presented.ref, serving=serving, diner=diner)

    def _made(
        self, tx: Tx, presented: Presented, till: Till, canteen: Canteen, found: Sequence[Diner]
    ) -> Serving:  # fmt: skip
        """The meal as it would be kept, with its answer; nothing is written."""
        on = self._calendar.day_of(presented.served_at)
        return Serving(
            id=tx.new_id(), till_id=till.id, ref=presented.ref, canteen_id=canteen.id,
            resident_id=found[0].id if len(found) == 1 else None, meal_type=presented.meal_type,
            served_at=presented.served_at, received_at=tx.now, on=on, by=presented.by, delivery=presented.delivery,
            charged_fen=presented.charged_fen, operator=presented.operator, digest=digest_of(presented),
            answer=self._answer(tx, presented, canteen, found, on),
        )  # fmt: skip

    def _answer(
        self, tx: Tx, presented: Presented, canteen: Canteen, found: Sequence[Diner], on: date
    ) -> Answer:  # fmt: skip
        if len(found) != 1:
            return refused(presented, Why.SEVERAL_DINERS if found else Why.UNKNOWN_DINER)
        if self._calendar.day_of(tx.now) - on > self._late:
            return refused(presented, Why.TOO_LATE)
        return self.of_rule(tx, presented, canteen, found[0], on)

    def of_rule(self, tx: Tx, presented: Presented, canteen: Canteen, diner: Diner, on: date) -> Answer:
        """What the rule of this canteen and local day gives this diner for the meal; nothing is written."""
        diner = Diners(tx.connection).on(diner, on, today=self._calendar.day_of(tx.now))
        if away := Diners(tx.connection).whereabouts(diner, on, presented.served_at):
            return refused(presented, away)
        shelf = Servings(tx.connection)
        before = Before(
            meals=shelf.aided(diner.id, *week_of(on)),
            drawn=lambda policy, first, last: shelf.drawn(diner.id, policy, first, last),
        )
        stood, terms = Canteens(tx.connection).as_of(canteen, on, tx.now, self._calendar.day_of)
        return self._deciding.answer(presented, stood, terms, diner, on, before)

    def _cancelled_before(self, tx: Tx, presented: Presented, serving: Serving) -> Serving:
        """A meal that was cancelled before it came in is on file, with no money."""
        cancelled = Servings(tx.connection).cancellation(serving.till_id, serving.ref)
        if cancelled is None:
            return serving
        by, at = cancelled
        return replace(serving, answer=refused(presented, Why.CANCELLED), cancelled_by=by, cancelled_at=at)

    def _book(self, tx: Tx, serving: Serving, canteen: Canteen) -> Serving:
        if not serving.answer.is_aided:
            return serving
        books = self._books(tx.connection)
        entry = entry_of(serving, canteen.code, books.closed())
        books.enter(entry)
        return replace(serving, booked=entry.month)

    # ------------------------------------------------------------------------------------------- before and after

    def quote(self, meals: Sequence[Presented], *, by: Person, area: Area = DISTRICT) -> list[Receipt]:
        """
        What each of these meals would cost its diner if it were served now, each for itself; nothing is kept.

        Raises:
            Invalid: there are too many.
        """
        if len(meals) > BATCH_MAX:
            raise Invalid("At most 500 meals in one batch: send them in several.")
        return [self._quoted(each, by, area) for each in meals]

    def _quoted(self, presented: Presented, by: Person, area: Area) -> Receipt:
        key = self._key(presented)

        def work(tx: Tx) -> Receipt:
            till, canteen = till_for(tx.connection, presented.till, by, area)
            found = _found(tx.connection, presented.by, key)
            diner = found[0] if len(found) == 1 else None
            serving = self._made(tx, presented, till, canteen, found)
            return Receipt(ref=presented.ref, serving=serving, diner=diner)

        try:
            return self._transactions.run(work, lane=Lane.BULK)
        except Refusal as wrong:
            return Receipt(ref=presented.ref, wrong=wrong)

    def price_waiting(self, *, since: date, by: Person, area: Area = DISTRICT) -> tuple[list[Serving], int]:
        """
        Prices meals from this day on whose rule could not be asked when they came in, in the order in which they were
        served: those that have a price now, and how many still wait. At most `BATCH_MAX` at once.
        """
        waiting = self._transactions.run(
            lambda tx: Servings(tx.connection).waiting(area, sorted(WAITING), since=since, most=BATCH_MAX),
            lane=Lane.BULK,
        )
        found = [self._transactions.run(partial(self._price, id_=id_, by=by), lane=Lane.BULK) for id_ in waiting]
        priced = [each for each in found if each is not None]
        return priced, len(waiting) - len(priced)

    def _price(self, tx: Tx, id_: str, by: Person) -> Serving | None:
        shelf = Servings(tx.connection)
        known = shelf.get(id_)
        diner = None if known is None else _diner(tx, known)
        if known is None or diner is None or known.answer.reason not in WAITING:
            return None
        tx.hold(f"diner:{diner.id}")
        known = shelf.get(id_) or known
        if known.cancelled_at is not None:
            return None
        canteen = Canteens(tx.connection).get(known.canteen_id)
        answer = self.of_rule(tx, presented_again(known), canteen, diner, known.on)
        if answer.reason in WAITING:
            return None
        # Until now the diner was told to pay all of it.
        paid = known.answer.money.pays_fen if known.charged_fen is None else known.charged_fen
        serving = self._book(tx, replace(known, answer=answer, charged_fen=paid, priced_at=tx.now), canteen)
        shelf.price(serving)
        facts = {
            "meal": serving.id, "canteen": serving.canteen_id, "resident": serving.resident_id,
            "reason": answer.reason, "subsidy_fen": sum(answer.money.funds.values()), "version": answer.version,
        }  # fmt: skip
        tx.log(Line(kind="meal_priced", by=by, facts=facts))
        return serving

    # ------------------------------------------------------------------------------------------- cancelling

    def cancel(self, till: str, ref: str, *, by: Person, note: str = "", area: Area = DISTRICT) -> Serving | None:
        """
        A meal that was not: its money goes back. None where the meal has not come in yet; it will have none then.

        Raises:
            NotFound: there is no such till.
        """
        return self._transactions.run(lambda tx: self._cancel(tx, till, ref, by, note, area), lane=Lane.BULK)

    def _cancel(self, tx: Tx, code: str, ref: str, by: Person, note: str, area: Area) -> Serving | None:
        till, canteen = till_for(tx.connection, code, by, area)
        tx.hold(f"till:{till.id}")
        shelf = Servings(tx.connection)
        fresh = shelf.keep_cancellation(till.id, ref, by=by, at=tx.now)
        known = shelf.by_ref(till.id, ref)
        if known is not None and known.resident_id is not None:
            tx.hold(f"diner:{known.resident_id}")
        if fresh and known is not None and known.cancelled_at is None:
            if known.answer.is_aided:
                books = self._books(tx.connection)
                books.enter(reversal_of(known, canteen.code, books.closed()))
            shelf.cancel(known, by=by, at=tx.now)
        if fresh:
            facts = {"till": till.id, "ref": ref, "meal": known.id if known else None}
            tx.log(Line(kind="meal_cancelled", by=by, facts=facts, note=note or None))
        return shelf.by_ref(till.id, ref)

    # ------------------------------------------------------------------------------------------- who it is

    def _key(self, presented: Presented) -> str | None:
        """What the diner is looked for by; None where it is no such number at all."""
        try:
            if presented.by is By.PHONE:
                return self._e164(presented.who)
            if presented.by is By.CARD:
                return self._id_numbers().hash(card(presented.who))
            today = self._calendar.day_of(self._clock.now())
            return self._id_numbers().hash(checked(presented.who, today))
        except Refusal:
            # A number that is none, or keys that are lost: whoever stands there eats, and is looked at afterwards.
            return None


def card(number: str) -> str:
    """A card number as it is kept: no blanks, and never taken for an ID number."""
    return "card:" + "".join(number.split()).upper()


def till_for(connection: Connection, code: str, by: Person, area: Area) -> tuple[Till, Canteen]:
    """
    A till and its canteen for whoever speaks for it.

    Raises:
        NotFound: there is no such till, its canteen is closed for good, or another key is the till's own.
    """
    shelf = Canteens(connection)
    till = shelf.till(code)
    canteen = shelf.get(till.canteen_id)
    if (
        canteen.ended_at is not None
        or not area.covers(canteen.station_id)
        or (till.key and by.startswith("key:") and till.key != by)
    ):
        raise NotFound(f"no till {code}")
    return till, canteen


def _known(code: str, meals: Mapping[int, Presented], by: Person, area: Area, tx: Tx) -> dict[int, Receipt]:
    """Those of a till's meals that are on file with the same content; none where the caller does not speak for it."""
    try:
        till, _ = till_for(tx.connection, code, by, area)
    except NotFound:
        return {}
    on_file = Servings(tx.connection).by_refs(till.id, [each.ref for each in meals.values()])
    served = {
        place: on_file[each.ref] for place, each in meals.items()
        if each.ref in on_file and on_file[each.ref].digest == digest_of(each)
    }  # fmt: skip
    diners = Diners(tx.connection).many({each.resident_id for each in served.values() if each.resident_id})
    return {
        place: Receipt(ref=each.ref, serving=each, diner=diners.get(each.resident_id or ""), repeated=True)
        for place, each in served.items()
    }


def digest_of(presented: Presented) -> str:
    """By which a repeat is told from another meal under the same id; numbers of people are not in it."""
    said = [
        presented.till, presented.ref, str(presented.meal_type), to_us(presented.served_at), presented.price_fen,
        str(presented.by), presented.delivery, presented.delivery_fee_fen, presented.charged_fen,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _found(connection: Connection, by: By, key: str | None) -> list[Diner]:
    if key is None:
        return []
    shelf = Diners(connection)
    ask = {By.CARD: shelf.by_card, By.ID: shelf.by_id_number, By.PHONE: shelf.by_phone}[by]
    return ask(key)


def presented_again(known: Serving) -> Presented:
    """What the till said; who it was is on file."""
    money = known.answer.money
    return Presented(
        till="", ref=known.ref, meal_type=known.meal_type, served_at=known.served_at, price_fen=money.price_fen,
        by=known.by, who="", delivery=known.delivery, delivery_fee_fen=money.fee_fen, charged_fen=known.charged_fen,
        operator=known.operator,
    )  # fmt: skip


def _diner(tx: Tx, serving: Serving) -> Diner | None:
    return None if serving.resident_id is None else Diners(tx.connection).get(serving.resident_id)


def _line(serving: Serving, till: Till, by: Person) -> Line:
    facts = {
        "meal": serving.id, "till": till.id, "canteen": serving.canteen_id, "resident": serving.resident_id,
        "reason": serving.answer.reason, "subsidy_fen": sum(serving.answer.money.funds.values()),
        "version": serving.answer.version,
    }  # fmt: skip
    return Line(kind="meal_served", by=by, facts=facts)
