"""Bills, what was paid for them and for beds and why, vouchers of closed months, and facts of people that rules ask."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from dispatch.errors import Conflict, NotFound
from dispatch.ids import ResidentId
from dispatch.rules.rights import Area
from dispatch.store.database import Instant, Json, insert_once, metadata, savepoint
from dispatch.store.moves import Move, RegisterMoves, belonged, register_moves
from dispatch.store.people import homes, residents
from schedules.care.store.assessments import bed_assessments
from schedules.care.store.beds import bed_stretches, beds
from schedules.money.paid.store import Paid, paid_table
from schedules.money.rules.bills import BUILDING, MADE, Bill, Line
from schedules.money.rules.outdated import Asked, Outdated

bills = Table(
    "bills", metadata,
    Column("id", String(80), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("scheme", String(80), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False),
    Column("month", String(7), nullable=False),
    Column("on", Date, nullable=False),
    Column("provider", String(80), nullable=False),
    Column("payer", String(12), nullable=False),
    Column("prior_adaptation", Boolean, nullable=False),
    Column("state", String(10), nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("withdrawn_by", String(80)),
    Column("withdrawn_at", Instant),
    Column("why", Text, nullable=False),
    CheckConstraint("kind IN ('home','institution','construction','adaptation','operating','call')", name="kind"),
    CheckConstraint("state IN ('open','withdrawn')", name="state"),
    CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_at"),
    Index("ix_bills_month", "month", "resident_id"),
    Index("ix_bills_resident_id", "resident_id", "kind"),
)  # fmt: skip
"""Bills of providers, and those that the service makes itself for a bed's month or a fitted device (without lines)."""

bill_lines = Table(
    "bill_lines", metadata,
    Column("bill_id", String(80), ForeignKey("bills.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("on", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("proof", String(8), nullable=False),
    Column("ref", String(40), nullable=False),
    Column("live", Boolean, nullable=False),
    CheckConstraint("proof IN ('visit','order','other')", name="proof"),
    CheckConstraint("amount_fen >= 0", name="amount_fen"),
)  # fmt: skip
_ONCE = and_(bill_lines.c.live, bill_lines.c.ref != "")
Index(
    "ix_bill_lines_once", bill_lines.c.proof, bill_lines.c.ref, unique=True, sqlite_where=_ONCE, postgresql_where=_ONCE
)
"""A visit and an order stand on one bill at most, whoever writes it."""

bed_payments = paid_table(
    "bed_payments",
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False),
    Index("ix_bed_payments_month", "month", "resident_id"),
    Index("ix_bed_payments_resident_id", "resident_id", "kind"),
    source_max=100, has_version=False,
)  # fmt: skip
_LIVE = bed_payments.c.live

vouchers = Table(
    "vouchers", metadata,
    Column("resident_id", String(40), ForeignKey("residents.id"), primary_key=True),
    Column("scheme", String(80), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("moves", Json, nullable=False),
    Column("at", Instant, nullable=False),
)  # fmt: skip
"""How each voucher moved in a month that was settled: the balance after each credit, bill and lapse."""

benefit_facts = Table(
    "benefit_facts", metadata,
    Column("id", String(40), primary_key=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("income_fen", BigInteger),
    Column("hukou", String(12), nullable=False),
    Column("residence", String(12), nullable=False),
    Column("schemes", Json, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_benefit_facts_resident_id", "resident_id", "from_on"),
)  # fmt: skip
"""What rules ask of a person and no register holds, from a day on; the last that was written for a day holds."""

Row = dict[str, Any]

_PLACED = (
    select(bills, residents.c.code.label("resident_code"), residents.c.name, residents.c.home_id,
           residents.c.died_on, homes.c.station_id)
    .join(residents, residents.c.id == bills.c.resident_id).join(homes, homes.c.id == residents.c.home_id)
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one resident for rules; see `benefit_facts`."""

    resident_id: ResidentId
    from_on: date
    income_fen: int | None = None
    hukou: str = ""
    residence: str = ""
    schemes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A resident as rules see them, over all days: what the register says, assessments and facts, oldest first."""

    row: Row
    levels: Sequence[tuple[date, date, str]]
    """From and until which day an assessment holds, and its level; the later ones go before the earlier."""
    facts: Sequence[Facts]
    lived: Sequence[Move] = ()
    """The homes that they lived in before, the earliest first."""
    stations: Mapping[str, tuple[str | None, Sequence[Move]]] = field(default_factory=dict)
    """By home: whose it is, and whose it was before."""

    def station_on(self, day: date) -> str | None:
        """Whose the home was that they lived in on a local day."""
        now, moves = self.stations[belonged(self.lived, day, self.row["home_id"]) or self.row["home_id"]]
        return belonged(moves, day, now)


class Bills:
    """The shelf of bills."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: Row, lines: Sequence[Line]) -> None:
        """
        A new one.

        Raises:
            Conflict: a visit or an order of it stands on another bill.
        """
        told = [
            {"bill_id": row["id"], "number": each.number, "on": each.on, "amount_fen": each.amount_fen,
             "proof": each.proof, "ref": each.ref, "live": True}
            for each in lines
        ]  # fmt: skip
        self._connection.execute(insert(bills), row)
        try:
            with savepoint(self._connection):
                self._connection.execute(insert(bill_lines), told)
        except IntegrityError:
            raise Conflict("One of these visits or orders stands on another bill already.") from None

    def make(self, row: Row) -> None:
        """One that the service makes itself, once."""
        self._connection.execute(insert_once(bills, self._connection).values(row))

    def withdraw(self, id_: str, changes: Row) -> None:
        """It asks for nothing any more; its visits and orders may stand on another one."""
        self._connection.execute(update(bills).where(bills.c.id == id_).values(changes | {"state": "withdrawn"}))
        self._connection.execute(update(bill_lines).where(bill_lines.c.bill_id == id_).values(live=False))

    def row(self, id_: str, area: Area) -> Row:
        """
        One with its resident and lines.

        Raises:
            NotFound: there is none in this area.
        """
        found = self._connection.execute(_PLACED.where(bills.c.id == id_)).mappings().first()
        if found is None or not area.covers(found["station_id"]):
            raise NotFound("There is no such bill.")
        return self._with_lines([dict(found)])[0]

    def of_month(
        self, month: str, area: Area, resident_id: str | None = None, *, home_id: str | None = None
    ) -> list[Row]:  # fmt: skip
        """Bills of providers of a month, by their day and as they came; withdrawn ones too."""
        query = _PLACED.where(bills.c.month == month, bills.c.kind.not_in(MADE))
        if resident_id is not None:
            query = query.where(bills.c.resident_id == resident_id)
        if home_id is not None:
            query = query.where(residents.c.home_id == home_id)
        rows = self._connection.execute(query.order_by(bills.c.on, bills.c.at, bills.c.id)).mappings()
        return self._with_lines([dict(row) for row in rows if area.covers(row["station_id"])])

    def _with_lines(self, rows: Sequence[Row]) -> list[Row]:
        query = select(bill_lines).where(bill_lines.c.bill_id.in_([row["id"] for row in rows]))
        lines: dict[str, list[Row]] = {row["id"]: [] for row in rows}
        for each in self._connection.execute(query.order_by(bill_lines.c.number)).mappings():
            lines[each["bill_id"]].append(dict(each))
        return [row | {"lines": lines[row["id"]]} for row in rows]


def bill_of(row: Row, lines: Iterable[Line] | None = None) -> Bill:
    """The value behind a row of the shelf; `lines` where they were judged already."""
    own = [
        Line(number=each["number"], on=each["on"], amount_fen=each["amount_fen"], proof=each["proof"], ref=each["ref"])
        for each in row["lines"]
    ]  # fmt: skip
    at: datetime = row["at"]
    return Bill(
        id=row["id"], kind=row["kind"], scheme=row["scheme"], resident_id=row["resident_id"], month=row["month"],
        on=row["on"], turn=f"{at:%Y%m%d%H%M%S%f}", provider=row["provider"], payer=row["payer"],
        prior_adaptation=row["prior_adaptation"], lines=tuple(own if lines is None else lines),
    )  # fmt: skip


class Payments(Paid):
    """The shelf of what was paid, and of vouchers of settled months."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, bed_payments)

    def drawn(self, first: str, last: str) -> list[tuple[str, str]]:
        """Who was paid by which scheme in the months from the first to the last one: residents and ids of rules."""
        c = bed_payments.c
        query = select(c.resident_id, c.policy_id).where(c.month.between(first, last), c.live, c.amount_fen > 0)
        return [(row.resident_id, row.policy_id) for row in self._connection.execute(query.distinct())]

    def of_month(self, month: str) -> dict[str, Row]:
        """What holds of a month, by source."""
        return self.of_months([month])

    def building(self, home_ids: Collection[str]) -> list[Row]:
        """What these households were paid for building, with their home; not what was withdrawn since."""
        query = (
            select(bed_payments, residents.c.home_id).join(residents, residents.c.id == bed_payments.c.resident_id)
            .join(bills, bills.c.id == bed_payments.c.source)
            .where(_LIVE, bed_payments.c.kind.in_(BUILDING), bed_payments.c.amount_fen > 0, bills.c.state == "open",
                   residents.c.home_id.in_(home_ids))
        )  # fmt: skip
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def asked(self) -> list[Asked]:
        """Every version that payments hold by, with its first and last day."""
        c = bed_payments.c
        query = (
            select(c.policy_id, c.version, func.min(c.on).label("first"), func.max(c.on).label("last"))
            .where(_LIVE, c.version.is_not(None)).group_by(c.policy_id, c.version)
        )  # fmt: skip
        return [
            Asked(policy=row.policy_id, version=row.version, first=row.first, last=row.last)
            for row in self._connection.execute(query)
        ]

    def known_otherwise(self) -> tuple[list[Outdated], datetime | None]:
        """
        Versions that payments hold by of whose residents facts or moves of that month, or one before, were written
        after they were booked; and when the last of those was written.
        """
        c, f = bed_payments.c, benefit_facts.c
        m, held = register_moves.c, _LIVE & c.version.is_not(None)
        own = (c.policy_id, c.version, c.month, c.resident_id)
        known = (
            select(*own, f.from_on, f.at).join_from(bed_payments, benefit_facts, f.resident_id == c.resident_id)
            .where(held, f.at > c.at).distinct()
        )  # fmt: skip
        moved = (
            select(*own, m.since.label("from_on"), m.at)
            .join_from(bed_payments, register_moves, m.row_id == c.resident_id)
            .where(held, m.register == "residents", m.since.is_not(None), m.at > c.at).distinct()
        )  # fmt: skip
        rows = [*self._connection.execute(known), *self._connection.execute(moved)]
        rows = [row for row in rows if f"{row.from_on:%Y-%m}" <= row.month]
        found: dict[tuple[str, str], list[Any]] = {}
        for row in rows:
            found.setdefault((row.policy_id, row.version), []).append(row)
        told = [
            Outdated(
                policy=policy, old=version, new=version, who=tuple(sorted({row.resident_id for row in some})),
                first=date.fromisoformat(f"{min(row.month for row in some)}-01"),
            )
            for (policy, version), some in sorted(found.items())
        ]  # fmt: skip
        return told, max((row.at for row in rows), default=None)

    def next_month(self, after: str) -> str | None:
        """The first month behind another one of which something holds."""
        query = select(func.min(bed_payments.c.month)).where(_LIVE, bed_payments.c.month > after)
        month: str | None = self._connection.scalar(query)
        return month

    def keep_vouchers(self, month: str, rows: Sequence[Row], *, of: str | None = None) -> None:
        """How the vouchers of a month moved, in place of what was kept of it before; those of one resident only."""
        gone = delete(vouchers).where(vouchers.c.month == month)
        self._connection.execute(gone if of is None else gone.where(vouchers.c.resident_id == of))
        if rows:
            self._connection.execute(insert(vouchers), rows)

    def voucher(self, resident_id: str, scheme: str, month: str) -> Row | None:
        query = select(vouchers).where(
            vouchers.c.resident_id == resident_id, vouchers.c.scheme == scheme, vouchers.c.month == month
        )
        found = self._connection.execute(query).mappings().first()
        return None if found is None else dict(found)


class People:
    """The shelf of what rules ask of people, and of who has a bed in service."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: Row) -> None:
        self._connection.execute(insert(benefit_facts), row)

    def written_at(self) -> datetime | None:
        """When facts of anybody, or a move of a day before, were written last."""
        c, found = register_moves.c, self._connection
        moved = select(func.max(c.at)).where(c.register == "residents", c.since.is_not(None))
        at = [found.execute(select(func.max(benefit_facts.c.at))).scalar(), found.execute(moved).scalar()]
        return max((each for each in at if each is not None), default=None)

    def known(self, ids: Collection[str], day_of: Callable[[datetime], date]) -> dict[str, Known]:
        """
        These residents, whoever they are and whether or not they are served still; `day_of` is the local day of an
        instant.
        """
        query = select(residents, homes.c.station_id).join(homes, homes.c.id == residents.c.home_id)
        rows = [dict(row) for row in self._connection.execute(query.where(residents.c.id.in_(ids))).mappings()]
        levels, facts = self._levels(ids), self._facts(ids)
        lived = RegisterMoves(self._connection).of("residents", "home_id", day_of)
        stations = self._stations(rows, [was for id_ in ids for _, was in lived.get(id_, ()) if was], day_of)
        return {
            row["id"]: Known(
                row=row, levels=levels.get(row["id"], ()), facts=facts.get(row["id"], ()),
                lived=lived.get(row["id"], ()), stations=stations,
            )
            for row in rows
        }  # fmt: skip

    def _stations(
        self, rows: Sequence[Row], before: Sequence[str], day_of: Callable[[datetime], date]
    ) -> dict[str, tuple[str | None, Sequence[Move]]]:
        """Of each home that somebody of these lives in or lived in: whose it is, and whose it was before."""
        now: dict[str, str | None] = {row["home_id"]: row["station_id"] for row in rows}
        query = select(homes.c.id, homes.c.station_id).where(homes.c.id.in_(before))
        now |= {row.id: row.station_id for row in self._connection.execute(query)} if before else {}
        moves = RegisterMoves(self._connection).of("homes", "station_id", day_of)
        return {home: (station, moves.get(home, ())) for home, station in now.items()}

    def in_service(self, first: date, last: date) -> list[tuple[str, str]]:
        """Beds that were in service on one of these days with their residents, also of people who have died since."""
        going = or_(bed_stretches.c.until_on.is_(None), bed_stretches.c.until_on > first)
        query = select(beds.c.id, beds.c.resident_id).join(bed_stretches, bed_stretches.c.bed_id == beds.c.id)
        query = query.where(bed_stretches.c.from_on <= last, going).distinct()
        return sorted((row.id, row.resident_id) for row in self._connection.execute(query))

    def _levels(self, ids: Collection[str]) -> dict[str, list[tuple[date, date, str]]]:
        query = (
            select(beds.c.resident_id, bed_assessments.c.assessed_on, bed_assessments.c.valid_until,
                   bed_assessments.c.final_level)
            .join(beds, beds.c.id == bed_assessments.c.bed_id).where(beds.c.resident_id.in_(ids))
            .order_by(bed_assessments.c.assessed_on, bed_assessments.c.id)
        )  # fmt: skip
        found: dict[str, list[tuple[date, date, str]]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.resident_id, []).append((row.assessed_on, row.valid_until, row.final_level))
        return found

    def _facts(self, ids: Collection[str]) -> dict[str, list[Facts]]:
        query = select(benefit_facts).where(benefit_facts.c.resident_id.in_(ids))
        found: dict[str, list[Facts]] = {}
        for row in self._connection.execute(query.order_by(benefit_facts.c.from_on, benefit_facts.c.at)).mappings():
            own = {name: row[name] for name in Facts.__slots__}
            found.setdefault(row["resident_id"], []).append(Facts(**own | {"schemes": tuple(row["schemes"])}))
        return found
