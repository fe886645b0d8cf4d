"""What a month of beds and services comes to: reckoned from visits, bills and rules whenever somebody looks."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from dispatch.ids import ResidentId
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.accounts import Reading
from schedules.care.rules.visit import Proved
from schedules.care.standing import Months, Statement
from schedules.money.beds.facts import person_of
from schedules.money.beds.store import Bills, Known, Payments, People, Row, bill_of
from schedules.money.rules import awards, services
from schedules.money.rules.awards import Award, BedMonth, Month, PersonOn, Rules
from schedules.money.rules.bills import BUILDING, SERVICES, Bill, Line
from schedules.money.rules.exclusions import Implications
from schedules.money.rules.policies import NotInForce
from schedules.money.rules.shared import Shared
from schedules.money.rules.usage import Move, last_day

DAY = timedelta(days=1)


class Visits(Protocol):
    """Where proved visits come from."""

    def proved(self, resident_id: ResidentId, start: date, end: date, /) -> Sequence[Proved]:
        """A resident's visits of the local days [start, end) that count."""
        ...


DoneOrder = Callable[[str], tuple[str, date] | None]
"""Whose order it was and on which local day it was done; None while it is not done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Somebody with a device for calls: from its day on, until the day it was taken back (None: not yet)."""

    resident_id: str
    on: date
    until_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schemes:
    """Which rules pay here, by the ids of policies; "" is none. `fund` gives the money."""

    beds: str = ""
    vouchers: tuple[str, ...] = ()
    visits: str = ""
    calls: str = ""
    calls_owed_to: str = "calls"
    fund: str = "district"


@dataclass(frozen=True, slots=True, kw_only=True)
class BedRow:
    """One bed of the month: how it stood, and what it is given; None where its rule gives nothing for running it."""

    statement: Statement
    resident: Row
    award: Award | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """A month whole. `bills` are rows of the shelf, `vouchers` the moves by resident and scheme."""

    month: str
    beds: tuple[BedRow, ...] = ()
    bills: tuple[Row, ...] = ()
    awards: tuple[Award, ...] = ()
    vouchers: Mapping[tuple[str, str], tuple[Move, ...]] = field(default_factory=dict)
    units: int | None = None
    people: Mapping[str, Row] = field(default_factory=dict)

    def award(self, source: str) -> list[Award]:
        """What a bill is given: one award for each version of its rule."""
        return [each for each in self.awards if each.source.partition("/")[0] == source]


class Reckoning:
    """Reckons months. Nothing here is kept."""

    def __init__(
        self, reading: Reading, months: Months, visits: Visits, rules: Rules, implied: Implications,
        schemes: Schemes, *, done_order: DoneOrder, fitted: Callable[[], Sequence[Fitted]],
        day_of: Callable[[datetime], date],
    ) -> None:  # fmt: skip
        """`day_of` is the local day of an instant."""
        self._day_of = day_of
        self._reading = reading
        self._months = months
        self._visits = visits
        self.rules = rules
        self.implied = implied
        self.schemes = schemes
        self._done_order = done_order
        self._fitted = fitted

    def month(self, month: str, area: Area) -> Reckoned:
        """
        A month ("2026-03") of the residents of an area.

        Raises:
            NoRule: a bill or a setting names a rule that is not there, or two versions of one are in force.
        """
        first = date.fromisoformat(f"{month}-01")
        last = last_day(first, "month_end")
        served = self.in_service(month)
        with self._reading.connect() as connection:
            bills = Bills(connection).of_month(month, area)
        statements = [each for bed_id, _ in served if (each := self._statement(bed_id, first))]
        fitted = [each for each in self._fitted() if _counts(each, month)] if self.schemes.calls else []
        ids = {each.bed.resident_id for each in statements} | {each.resident_id for each in fitted}
        known = self.known(ids | {row["resident_id"] for row in bills}, area)
        rows = [each for one in statements if one.bed.resident_id in known for each in self._bed(one, month, known)]
        told, accounts = self._bills(bills, month, known, {resident for _, resident in served})
        calls = [award for each in fitted if each.resident_id in known for award in self._call(each, month, known)]
        return Reckoned(
            month=month, beds=tuple(rows), bills=tuple(bills), vouchers=accounts, units=self._units(rows, last),
            awards=(*(each.award for each in rows if each.award), *told, *calls),
            people={id_: each.row for id_, each in known.items()},
        )  # fmt: skip

    def resident(self, resident_id: str, month: str, area: Area) -> tuple[Month, list[Row]]:
        """The services of one resident and month, with the account of every voucher. Raises: see `month`."""
        with self._reading.connect() as connection:
            bills = Bills(connection).of_month(month, area, resident_id)
        served = {resident for _, resident in self.in_service(month)}
        known = self.known({resident_id}, area)[resident_id]
        rows = [each for each in bills if each["kind"] in SERVICES]
        return self._services(rows, month, known, in_bed=resident_id in served), bills

    def bill(self, row: Row, area: Area) -> list[Award]:
        """
        What one bill is given, by itself: as in its month, of which its resident or household alone is looked at.
        Nothing where it was withdrawn. Raises: see `month`.
        """
        if row["kind"] in SERVICES:
            own, _ = self.resident(row["resident_id"], row["month"], area)
            told: Sequence[Award] = own.awards
        else:
            with self._reading.connect() as connection:
                rows = Bills(connection).of_month(row["month"], area, home_id=row["home_id"])
            rows = [each for each in rows if each["kind"] in BUILDING and each["state"] == "open"]
            told = self._building(rows, self.known({each["resident_id"] for each in rows}, area))
        return [each for each in told if each.source.partition("/")[0] == row["id"]]

    def in_service(self, month: str) -> list[tuple[str, str]]:
        """Beds that were in service on a day of the month, with their residents."""
        first = date.fromisoformat(f"{month}-01")
        with self._reading.connect() as connection:
            return People(connection).in_service(first, last_day(first, "month_end"))

    def known(self, ids: Collection[str], area: Area) -> dict[str, Known]:
        """These residents as rules see them, those of an area."""
        with self._reading.connect() as connection:
            found = People(connection).known(ids, self._day_of)
        return {id_: each for id_, each in found.items() if area.covers(each.row["station_id"])}

    @property
    def shared(self) -> Shared:
        """What all of its rules share."""
        return Shared.of(self.rules.exclusions, self.implied)

    def person_of_each(self, ids: Collection[str]) -> Mapping[str, PersonOn]:
        """The facts by day of residents of the whole district."""
        return {id_: self.person(known) for id_, known in self.known(ids, DISTRICT).items()}

    def person(self, known: Known) -> PersonOn:
        """Their facts by day."""
        return person_of(known, self.implied, self.rules.ways)

    # ------------------------------------------------------------------------------------------- beds

    def _statement(self, bed_id: str, first: date) -> Statement | None:
        """A bed's month by the standard of the rule in force, or the bed's own where the rule has none."""
        found = self._months.statement(bed_id, first, DISTRICT)
        if not found.standing.owed:
            return None
        try:
            standard = self.rules.on(self.schemes.beds, _begun(found)).policy.standard if self.schemes.beds else None
        except NotInForce:
            standard = None
        return found if standard is None else found.held_to(standard)

    def _bed(self, found: Statement, month: str, known: Mapping[str, Known]) -> list[BedRow]:
        person, bed = known[found.bed.resident_id], found.bed
        said = BedMonth(
            bed_id=bed.id, resident_id=bed.resident_id, month=month, on=_begun(found), owed=found.standing.owed,
            days=len(found.standing.days), fails=tuple(found.standing.fails), prorated=found.duty.prorated,
            owed_to=bed.agency or f"station-{person.station_on(_begun(found)) or ''}",
        )  # fmt: skip
        scheme = self.schemes.beds
        award = awards.operating(said, scheme, self.rules, self.person(person)) if scheme else None
        return [BedRow(statement=found, resident=person.row, award=award)]

    def _units(self, rows: Sequence[BedRow], last: date) -> int | None:
        """Person-times of the year up to this month's end, by the national count."""
        if not self.schemes.visits:
            return None
        try:
            policy = self.rules.on(self.schemes.visits, last).policy
        except NotInForce:
            return None
        visits: dict[str, int] = {}
        for each in rows:
            id_ = each.statement.bed.resident_id
            visits[id_] = visits.get(id_, 0) + each.statement.year_visits
        return services.units(policy, list(visits.values()))

    # ------------------------------------------------------------------------------------------- bills

    def _bills(
        self, rows: Sequence[Row], month: str, known: Mapping[str, Known], served: Collection[str]
    ) -> tuple[list[Award], dict[tuple[str, str], tuple[Move, ...]]]:
        told: list[Award] = []
        accounts: dict[tuple[str, str], tuple[Move, ...]] = {}
        living = [row for row in rows if row["state"] == "open"]
        for id_ in sorted({row["resident_id"] for row in living}):
            mine = [row for row in living if row["resident_id"] == id_ and row["kind"] in SERVICES]
            found = self._services(mine, month, known[id_], in_bed=id_ in served)
            told += found.awards
            accounts |= {(id_, scheme): moves for scheme, moves in found.vouchers.items()}
        return told + self._building([row for row in living if row["kind"] in BUILDING], known), accounts

    def _services(self, rows: Sequence[Row], month: str, known: Known, *, in_bed: bool) -> Month:
        bills = [self.judged(row, known) for row in rows if row["state"] == "open"]
        person = self.person(known)
        if in_bed and self.schemes.beds:
            # Whoever has a bed in service draws its scheme already: what that excludes is refused.
            scheme, plain = self.schemes.beds, person
            person = lambda day: replace(plain(day), schemes=plain(day).schemes | {scheme})  # noqa: E731
        return awards.services_of(bills, month, self.rules, person, self.schemes.vouchers)

    def _building(self, rows: Sequence[Row], known: Mapping[str, Known]) -> list[Award]:
        with self._reading.connect() as connection:
            paid = Payments(connection).building({row["home_id"] for row in rows})
        held = {row["source"] for row in paid}
        told = []
        # Whoever was paid stays paid: a bill that came later takes nothing away, whatever day it bears.
        for row in sorted(rows, key=lambda row: (row["id"] not in held, row["on"], row["at"], row["id"])):
            bill = self.judged(row, known[row["resident_id"]])
            others = [each for each in paid if each["source"] != bill.id and each["home_id"] == row["home_id"]]
            award = awards.built(
                bill, self.rules, self.person(known[row["resident_id"]]), already_paid=self._had(bill, others),
                prior=bill.kind == "construction" and any(each["kind"] == "adaptation" for each in others),
            )  # fmt: skip
            told.append(award)
            if award.amount_fen and bill.id not in held:
                paid.append({"source": bill.id, "home_id": row["home_id"], "resident_id": bill.resident_id,
                             "policy_id": bill.scheme, "kind": bill.kind})  # fmt: skip
        return told

    def _had(self, bill: Bill, others: Sequence[Row]) -> bool:
        """Whether the person, or the household where the rule counts by those, was paid by this scheme before."""
        try:
            rule = self.rules.on(bill.scheme, bill.on).policy.construction
        except NotInForce:
            return False
        same = [each for each in others if each["policy_id"] == bill.scheme]
        if rule is not None and rule.once_per == "household":
            return bool(same)
        return any(each["resident_id"] == bill.resident_id for each in same)

    def judged(self, row: Row, known: Known) -> Bill:
        """A bill with each line judged: whether the visit is proved, the order done, and nobody had died before."""
        bill = bill_of(row)
        days = [each.on for each in bill.lines]
        visits = {}
        if any(each.proof == "visit" for each in bill.lines):
            found = self._visits.proved(ResidentId(bill.resident_id), min(days), max(days) + DAY)
            visits = {each.visit_id: each.on for each in found}
        lines = [replace(each, refused=self._wrong(each, bill, known, visits)) for each in bill.lines]
        return bill_of(row, lines)

    def _wrong(self, line: Line, bill: Bill, known: Known, visits: Mapping[str, date]) -> str:
        died: date | None = known.row["died_on"]
        if died is not None and line.on > died:
            return "after_death"
        if line.proof == "visit":
            return "" if visits.get(line.ref) == line.on else "other_day" if line.ref in visits else "unproved"
        if line.proof == "order":
            done = self._done_order(line.ref)
            if done is None:
                return "not_done"
            return "not_theirs" if done[0] != bill.resident_id else "" if done[1] == line.on else "other_day"
        return ""

    # ------------------------------------------------------------------------------------------- calls

    def _call(self, fitted: Fitted, month: str, known: Mapping[str, Known]) -> list[Award]:
        died: date | None = known[fitted.resident_id].row["died_on"]
        if died is not None and f"{died:%Y-%m}" < month:
            return []
        schemes = self.schemes
        found = awards.call_fee(
            fitted.resident_id, fitted.on, month, schemes.calls, self.rules, owed_to=schemes.calls_owed_to
        )
        return [found] if found else []


def _begun(found: Statement) -> date:
    """The first day of the month on which the bed was in service."""
    return next(each.on for each in found.standing.days if each.owed)


def _counts(fitted: Fitted, month: str) -> bool:
    return f"{fitted.on:%Y-%m}" <= month and (fitted.until_on is None or f"{fitted.until_on:%Y-%m}" >= month)
