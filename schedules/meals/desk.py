"""The registers of meals: canteens with their rules, tills, what is known of diners, and meals given out as a list."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import StationId
from dispatch.logbook.sheets import safe
from dispatch.registry.id_numbers import IdNumbers
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.database import Engine
from dispatch.store.moves import RegisterMoves
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar
from schedules.meals.catering import card
from schedules.meals.rules.canteen import Canteen, Kind, Term, Till, overlapping
from schedules.meals.rules.handover import Order
from schedules.meals.rules.serving import LOOKED_AT, Serving
from schedules.meals.store.canteens import Canteens, canteens
from schedules.meals.store.diners import Diner, Diners, Facts
from schedules.meals.store.orders import MealOrders
from schedules.meals.store.servings import Servings
from schedules.money.rules.reasons import Outcome

REVIEWED = (*sorted(LOOKED_AT), str(Outcome.NOT_IN_FORCE))
"""The reasons of meals that somebody looks at."""

COLUMNS = (
    "id", "till", "ref", "canteen", "resident", "day", "served_at", "received_at", "meal_type", "by", "delivery",
    "price_fen", "fee_fen", "charged_fen", "reason", "policy", "version", "discount_fen", "subsidy_fen", "layers",
    "delivery_fen", "pays_fen", "quota_fen", "booked", "cancelled_at",
)  # fmt: skip
"""The columns of the list of meals; amounts in fen, times in UTC, `layers` as JSON, `day` and `booked` local."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A diner's card: their meals of a month, what they ordered, and the sums of meals that were not cancelled."""

    diner: Diner
    month: str
    servings: tuple[Serving, ...]
    orders: tuple[Order, ...]
    canteens: Mapping[str, str]

    @property
    def counted(self) -> list[Serving]:
        return [each for each in self.servings if each.cancelled_at is None]

    @property
    def pays_fen(self) -> int:
        return sum(each.answer.money.pays_fen for each in self.counted)

    @property
    def given_fen(self) -> int:
        return sum(sum(each.answer.money.funds.values()) for each in self.counted)


class MealDesk:
    """Who keeps the registers of meals."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
        id_numbers: Callable[[], IdNumbers], policies: Callable[[], Sequence[str]],
    ) -> None:  # fmt: skip
        """`policies` are the ids of the meal rules there are."""
        self._transactions, self._reading, self._clock = transactions, reading, clock
        self._calendar, self._id_numbers, self.policies = calendar, id_numbers, policies

    @property
    def today(self) -> date:
        return self._calendar.day_of(self._clock.now())

    # ------------------------------------------------------------------------------------------- canteens

    def canteens(self, area: Area) -> list[tuple[Canteen, list[Term]]]:
        """Those of an area with their rules."""
        with self._reading.connect() as connection:
            shelf = Canteens(connection)
            return [(each, shelf.terms(each.id)) for each in shelf.all() if area.covers(each.station_id)]

    def tills(self, area: Area) -> list[tuple[Till, Canteen]]:
        """Those in use in an area."""
        with self._reading.connect() as connection:
            found = {each.id: each for each in Canteens(connection).all() if area.covers(each.station_id)}
            return [(each, found[each.canteen_id]) for each in Canteens(connection).tills() if each.canteen_id in found]

    def put(self, said: Mapping[str, Any], *, by: Person, area: Area) -> Canteen:
        """
        A canteen: `code`, `name`, `kind`, `area_code`, `station` (its code), `place`, `hours`, and `rules`, each with
        `policy`, `from_on`, `until_on`; without `rules` those on file stay. One of the same code is made like it.

        Raises:
            Invalid: something in it is wrong.
            NotFound: there is no such station in this area, or the canteen is another area's.
        """

        def work(tx: Tx) -> Canteen:
            shelf, known = Canteens(tx.connection), _of_code(tx, str(said["code"]))
            station = _station(tx, str(said.get("station") or ""), known)
            if not area.covers(station) or (known is not None and not area.covers(known.station_id)):
                raise NotFound(f"no station {said.get('station') or ''}")
            made = _canteen(said, known, station, tx)
            moved = {"station_id": made.station_id, "area_code": made.area_code}
            RegisterMoves(tx.connection).note(canteens, made.id, moved, tx.now)
            shelf.put(made, is_new=known is None)
            if said.get("rules") is not None:
                terms = _terms(said["rules"], self.policies())
                shelf.put_terms(made.id, [(tx.new_id(), each) for each in terms])
            tx.log(Line(kind="canteen_kept", by=by, facts={"canteen": made.id, "version": made.version}))
            return made

        return self._transactions.run(work)

    def end(self, code: str, *, by: Person, area: Area) -> None:
        """
        It is closed for good; its meals stay.

        Raises:
            NotFound: there is none in this area.
        """

        def work(tx: Tx) -> None:
            found = Canteens(tx.connection).get(code)
            if found.ended_at is not None or not area.covers(found.station_id):
                raise NotFound(f"no canteen {code}")
            Canteens(tx.connection).put(replace(found, ended_at=tx.now, version=found.version + 1), is_new=False)
            tx.log(Line(kind="canteen_ended", by=by, facts={"canteen": found.id}))

        self._transactions.run(work)

    def put_till(self, code: str, canteen: str, *, key: str = "", by: Person, area: Area) -> Till:
        """
        A till; `key` is the prefix of the machine key that alone may speak for it.

        Raises:
            NotFound: there is no such canteen in this area, or the till is another area's.
        """

        def work(tx: Tx) -> Till:
            shelf = Canteens(tx.connection)
            place, known = shelf.get(canteen), shelf.till_of(code)
            at = [place] if known is None else [place, shelf.get(known.canteen_id)]
            if place.ended_at is not None or not all(area.covers(each.station_id) for each in at):
                raise NotFound(f"no canteen {canteen}")
            id_ = known.id if known else tx.new_id()
            made = Till(id=id_, code=code, canteen_id=place.id, key=f"key:{key}" if key else "")
            shelf.put_till(made)
            tx.log(Line(kind="till_kept", by=by, facts={"till": made.id, "canteen": place.id}))
            return made

        return self._transactions.run(work)

    # ------------------------------------------------------------------------------------------- diners

    def put_diner(
        self, resident: str, facts: Facts, *, card_number: str | None = None, since: date | None = None, by: Person,
        area: Area,
    ) -> None:  # fmt: skip
        """
        What rules ask about a resident, and their card; without a number the card on file stays, "" takes it away. The
        facts hold from the local day `since` on, or from today; meals of those days that have a price are asked again.

        Raises:
            Invalid: that day is still to come.
            NotFound: there is no such resident in this area.
            Conflict: the card is somebody else's.
        """
        hash_ = self._id_numbers().hash(card(card_number)) if card_number else None

        def work(tx: Tx) -> None:
            shelf = Diners(tx.connection)
            diner = _diner(tx.connection, resident, area)
            before, version = shelf.card_of(diner.id)
            mask = diner.facts.card_mask
            if card_number is not None:
                before, mask = hash_, f"…{card_number.strip()[-4:]}" if card_number.strip() else ""
            if before is not None and any(each.id != diner.id for each in shelf.by_card(before)):
                raise Conflict("This card is somebody else's.")
            today = self._calendar.day_of(tx.now)
            day = since or today
            if day > today:
                wrong = "This day is still to come: write it down when it has come."
                raise Invalid(wrong, {"json": {"since": [wrong]}})
            shelf.note(diner, facts, since=day, is_back=day < today, at=tx.now)
            known = replace(facts, card_mask=mask)
            shelf.keep(diner.id, known, card_hash=before, version=version + 1, at=tx.now)
            tx.log(Line(kind="diner_kept", by=by, facts={
                "resident": diner.id, "version": version + 1, "from": day.isoformat(),
            }))  # fmt: skip

        self._transactions.run(work)

    def month(self, resident: str, month: date, area: Area) -> Month:
        """
        A diner's card of a month.

        Raises:
            NotFound: there is no such resident in this area.
        """
        first = month.replace(day=1)
        last = date(first.year + first.month // 12, first.month % 12 + 1, 1).toordinal() - 1
        with self._reading.connect() as connection:
            diner = _diner(connection, resident, area)
            end = date.fromordinal(last)
            names = {each.id: each.name for each in Canteens(connection).all()}
            return Month(
                diner=diner, month=f"{first:%Y-%m}", canteens=names,
                servings=tuple(Servings(connection).of(diner.id, first, end)),
                orders=tuple(MealOrders(connection).of(diner.id, first, end)),
            )  # fmt: skip

    # ------------------------------------------------------------------------------------------- meals

    def meals(
        self, area: Area, *, since: date, until: date, canteen: str = "", review: bool = False, most: int = 200
    ) -> list[tuple[Serving, Diner | None, str]]:  # fmt: skip
        """
        Meals of these days at an area's canteens, the newest first, with diner and canteen's code; `review`: only those
        that somebody looks at.

        Raises:
            NotFound: there is no such canteen in this area.
        """
        with self._reading.connect() as connection:
            found = Canteens(connection).get(canteen) if canteen else None
            if found is not None and not area.covers(found.station_id):
                raise NotFound(f"no canteen {canteen}")
            rows = Servings(connection).recent(
                area, since=since, until=until, canteen=found.id if found else "", most=most,
                reasons=REVIEWED if review else (),
            )  # fmt: skip
            diners = Diners(connection).many([each.resident_id for each in rows if each.resident_id])
            codes = {each: Canteens(connection).get(each).code for each in {row.canteen_id for row in rows}}
        return [(each, diners.get(each.resident_id or ""), codes[each.canteen_id]) for each in rows]

    def exported(self, first: date, last: date) -> Iterator[str]:
        """The list of all meals of these days as CSV, cancelled ones too, line by line."""
        yield _csv(COLUMNS)
        with self._reading.connect() as connection:
            for serving, till, canteen in Servings(connection).between(first, last):
                yield _csv(_cells(serving, till, canteen))


def _cells(each: Serving, till: str, canteen: str) -> list[Any]:
    money, answer = each.answer.money, each.answer
    return [
        each.id, till, each.ref, canteen, each.resident_id, each.on, each.served_at.isoformat(),
        each.received_at.isoformat(), each.meal_type, each.by, int(each.delivery), money.price_fen, money.fee_fen,
        each.charged_fen, answer.reason, answer.policy, answer.version, money.discount_fen, money.subsidy_fen,
        json.dumps(dict(money.layers), ensure_ascii=False), money.delivery_fen, money.pays_fen, money.quota_fen,
        each.booked, each.cancelled_at.isoformat() if each.cancelled_at else None,
    ]  # fmt: skip


def _csv(cells: Sequence[Any]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(["" if each is None else safe(str(each)) for each in cells])
    return out.getvalue()


def _diner(connection: Any, resident: str, area: Area) -> Diner:
    diner = Diners(connection).get(resident)
    if diner is None or not area.covers(StationId(diner.station_id) if diner.station_id else None):
        raise NotFound(f"no resident {resident}")
    return diner


def _of_code(tx: Tx, code: str) -> Canteen | None:
    try:
        return Canteens(tx.connection).get(code)
    except NotFound:
        return None


def _station(tx: Tx, said: str, known: Canteen | None) -> StationId | None:
    if not said:
        return known.station_id if known else None
    found = [each.id for each in People(tx.connection).stations() if said in (each.code, each.id)]
    if not found:
        raise NotFound(f"no station {said}")
    return found[0]


def _canteen(said: Mapping[str, Any], known: Canteen | None, station: StationId | None, tx: Tx) -> Canteen:
    area_code = str(said.get("area_code") or (known.area_code if known else ""))
    if len(area_code) != 12 or not (area_code.isascii() and area_code.isdigit()):
        wrong = "An area code has 12 digits: county 6, town 3, community 3."
        raise Invalid(wrong, {"json": {"area_code": [wrong]}})
    kind = str(said.get("kind") or (known.kind if known else Kind.CANTEEN))
    if kind not in set(Kind):
        raise Invalid("There is no such kind of canteen.", {"json": {"kind": [kind]}})
    return Canteen(
        id=known.id if known else tx.new_id(), code=str(said["code"]), name=str(said.get("name") or said["code"]),
        kind=Kind(kind), area_code=area_code, station_id=station, place=str(said.get("place") or ""),
        hours=str(said.get("hours") or ""), version=known.version + 1 if known else 1,
    )  # fmt: skip


def _terms(said: Sequence[Mapping[str, Any]], policies: Sequence[str]) -> list[Term]:
    terms = [Term(policy=each["policy"], from_on=each["from_on"], until_on=each.get("until_on")) for each in said]
    for each in terms:
        if each.policy not in policies:
            wrong = f"There is no meal rule {each.policy}; there are {', '.join(policies) or 'none'}."
            raise Invalid(wrong, {"json": {"rules": [wrong]}})
        if each.until_on is not None and each.until_on < each.from_on:
            raise Invalid("A rule ends before it begins.", {"json": {"rules": ["It ends before it begins."]}})
    twice = overlapping(terms)
    if twice is not None:
        wrong = f"Two rules are in force on {twice[1].from_on}: end {twice[0].policy} the day before."
        raise Invalid(wrong, {"json": {"rules": [wrong]}})
    return terms
