"""Bills as they come in: what may be asked for at all, taken once, and withdrawn; facts of people that rules ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid
from dispatch.rules.people import Person
from dispatch.rules.record import Line as Entry
from dispatch.rules.rights import Area
from dispatch.store.accounts import Reading
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.store.transactions import Transactions, Tx
from dispatch.web.i18n import gettext
from schedules.calendar import Calendar
from schedules.money.beds.store import Bills, Facts, Payments, People, Row
from schedules.money.rules.bills import BUILDING, SERVICES, Line
from schedules.money.rules.policies import Policies
from schedules.money.rules.policy import Policy

LINES_MAX = 200
AMOUNT_MAX = 100_000_000
"""Fen of one line: a million yuan is no visit."""
NOTE_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A bill as a provider writes it. `resident` is an id or a code; `payer` is "provider" or "family", of building."""

    kind: str
    scheme: str
    resident: str
    on: date
    provider: str
    lines: Sequence[Line]
    payer: str = ""
    prior_adaptation: bool = False


class Filing:
    """Takes bills. Whatever is outside the caller's area does not exist."""

    def __init__(
        self, transactions: Transactions, reading: Reading, clock: Clock, calendar: Calendar, policies: Policies
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self._policies = policies

    def schemes(self) -> Mapping[str, str]:
        """Ids and titles of rules that bills may name."""
        return {each.id: each.title for each in self._policies if _pays(each, *SERVICES) or _pays(each, *BUILDING)}

    def of_month(self, month: str, area: Area) -> list[Row]:
        """The bills of providers of a month and area, withdrawn ones too."""
        with self._reading.connect() as connection:
            return Bills(connection).of_month(month, area)

    def one(self, bill_id: str, area: Area) -> tuple[Row, list[Row]]:
        """
        A bill, and what was booked for it by each version of its rule and holds.

        Raises:
            NotFound: there is none in this area.
        """
        with self._reading.connect() as connection:
            row, shelf = Bills(connection).row(bill_id, area), Payments(connection)
            held = shelf.of_month(row["month"])
        return row, [each for source, each in held.items() if source.partition("/")[0] == row["id"]]

    def file(self, asked: Asked, *, by: Person, area: Area) -> Row:
        """
        Takes a bill in and gives it as it is kept.

        Raises:
            NotFound: no such resident here. Invalid: something in it cannot be; names the place. Conflict: one of its
                visits or orders stands on another bill.
        """
        today = self._calendar.day_of(self._clock.now())
        self._refuse(asked, today)

        def work(tx: Tx) -> Row:
            resident = RegisterRows(tx.connection).one(RESIDENTS, asked.resident, area)
            _refuse_dead(asked, resident)
            row = {
                "id": tx.new_id(), "kind": asked.kind, "scheme": asked.scheme, "resident_id": resident["id"],
                "month": f"{asked.on:%Y-%m}", "on": asked.on, "provider": asked.provider.strip(), "payer": asked.payer,
                "prior_adaptation": asked.prior_adaptation, "state": "open", "by": by, "at": tx.now, "why": "",
            }  # fmt: skip
            Bills(tx.connection).add(row, asked.lines)
            facts = {
                "bill": row["id"], "resident": resident["id"], "month": row["month"], "scheme": asked.scheme,
                "amount_fen": sum(each.amount_fen for each in asked.lines),
            }  # fmt: skip
            tx.log(Entry(kind="bill_filed", by=by, facts=facts))
            return Bills(tx.connection).row(row["id"], area)

        return self._transactions.run(work)

    def withdraw(self, bill_id: str, why: str, *, by: Person, area: Area) -> None:
        """
        It asks for nothing any more; what was paid for it is taken back when its month is settled again.

        Raises:
            NotFound: no such bill here. Invalid: no reason. Conflict: it was withdrawn before, or the service made it.
        """
        if not why.strip():
            raise _wrong("why", "Say why.")

        def work(tx: Tx) -> None:
            row = Bills(tx.connection).row(bill_id, area)
            if row["state"] != "open":
                raise Conflict("This bill was withdrawn already.")
            if not row["lines"]:
                raise Conflict("The service makes this bill itself; correct what it is reckoned from.")
            changes = {"withdrawn_by": by, "withdrawn_at": tx.now, "why": why.strip()[:NOTE_MAX]}
            Bills(tx.connection).withdraw(bill_id, changes)
            facts = {"bill": bill_id, "resident": row["resident_id"], "month": row["month"]}
            tx.log(Entry(kind="bill_withdrawn", by=by, facts=facts, note=why.strip()[:NOTE_MAX]))

        self._transactions.run(work)

    def know(self, resident: str, facts: Facts, *, by: Person, area: Area) -> None:
        """
        What rules ask of a resident, from a day on; `facts.resident_id` is filled in.

        Raises:
            NotFound: no such resident here.
        """

        def work(tx: Tx) -> None:
            id_ = RegisterRows(tx.connection).one(RESIDENTS, resident, area)["id"]
            said = {name: getattr(facts, name) for name in Facts.__slots__} | {"resident_id": id_}
            said["schemes"] = list(facts.schemes)
            People(tx.connection).add(said | {"id": tx.new_id(), "by": by, "at": tx.now})
            tx.log(Entry(kind="benefit_facts_kept", by=by, facts={"resident": id_, "from": facts.from_on.isoformat()}))

        self._transactions.run(work)

    def _refuse(self, asked: Asked, today: date) -> None:
        if asked.kind not in (*SERVICES, *BUILDING):
            raise _wrong("kind", gettext("One of %(kinds)s.", kinds=", ".join((*SERVICES, *BUILDING))))
        if not any(_pays(each, asked.kind) for each in self._policies.versions(asked.scheme)):
            self._policies.refuse_refused(asked.scheme)
            raise _wrong("scheme", "No rule of this name pays such a bill.")
        if not asked.provider.strip():
            raise _wrong("provider", "Say who asks for the money.")
        if asked.payer not in ("", "provider", "family") or (asked.payer and asked.kind in SERVICES):
            raise _wrong("payer", "Who paid for the building: provider or family; of other bills nobody.")
        if not 1 <= len(asked.lines) <= LINES_MAX:
            raise _wrong("lines", gettext("1 to %(most)s lines.", most=LINES_MAX))
        for each in asked.lines:
            self._refuse_line(asked, each, today)

    def _refuse_line(self, asked: Asked, line: Line, today: date) -> None:
        if line.amount_fen > AMOUNT_MAX:
            raise _wrong("lines", gettext("Line %(n)s: at most %(most)s fen.", n=line.number, most=AMOUNT_MAX))
        if line.on > today or asked.on > today:
            raise _wrong("lines", gettext("Line %(n)s: this day is still to come.", n=line.number))
        if asked.kind in SERVICES and f"{line.on:%Y-%m}" != f"{asked.on:%Y-%m}":
            raise _wrong(
                "lines",
                gettext("Line %(n)s: a bill is of one month; put other days on a bill of theirs.", n=line.number),
            )
        if (line.proof == "other") == bool(line.ref):
            raise _wrong(
                "lines", gettext("Line %(n)s: a visit and an order have a reference, other things none.", n=line.number)
            )
        if asked.kind == "home" and line.proof == "other":
            raise _wrong("lines", gettext("Line %(n)s: at home each service is a visit or an order.", n=line.number))


def _pays(policy: Policy, *kinds: str) -> bool:
    """Whether a version of a rule pays bills of one of these kinds."""
    fee = bool(policy.service_fee_tier) or policy.service_fee_up_to is not None
    return any(
        kind in policy.voucher.deduct if policy.voucher and kind in SERVICES
        else fee and policy.kind != "retrofit" if kind in SERVICES
        else policy.kind == "retrofit" if kind == "adaptation"
        else policy.construction is not None and policy.kind != "retrofit"
        for kind in kinds
    )  # fmt: skip


def _refuse_dead(asked: Asked, resident: Row) -> None:
    died: date | None = resident["died_on"]
    late = [each.number for each in asked.lines if died is not None and each.on > died]
    if late:
        raise _wrong(
            "lines", gettext("Line %(n)s: the resident had died; services end with the day of a death.", n=late[0])
        )


def _wrong(field: str, said: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {field: [said]}})
