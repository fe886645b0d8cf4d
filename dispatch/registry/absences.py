"""Who is away and for how long: begun by a person, looked at by the timers, ended by itself, asked about until told."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from dispatch.errors import Conflict, Invalid
from dispatch.ids import HomeId, ResidentId
from dispatch.registry.follow_ups import ask
from dispatch.rules import absences as rules
from dispatch.rules import follow_ups
from dispatch.rules.absences import LONGEST, WARN_BEFORE, Absence, Kind, State
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.absences import Absences
from dispatch.store.accounts import Reading
from dispatch.store.follow_ups import FollowUps
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.store.transactions import Lane, Transactions, Tx

LOOKS_MAX = 4
"""Steps that one look takes at most: an absence that nobody looked at for days has four of them."""

REST = timedelta(hours=1)
SHOWN_MAX = 500


class Absent:
    """The owner of absences."""

    name = "absences"
    patient = True

    def __init__(self, transactions: Transactions, reading: Reading, *, nudge: Callable[[], None]) -> None:
        self._transactions = transactions
        self._reading = reading
        self._nudge = nudge

    # ------------------------------------------------------------------------------------------- by people

    def begin(
        self, resident: str, kind: Kind, *, from_at: datetime | None, until_at: datetime, by: Person, area: Area,
        note: str | None = None,
    ) -> str:  # fmt: skip
        """
        This resident is away until then; from now on where no beginning is said. Gives back the absence's id.

        Raises:
            NotFound: no such resident in this area. Invalid: it ends before it begins, or lasts longer than `LONGEST`.
            Conflict: they are away at that time already, or not served any more.
        """

        def work(tx: Tx) -> str:
            row = RegisterRows(tx.connection).one(RESIDENTS, resident, area)
            begins = from_at or tx.now
            _refuse_times(begins, until_at, tx.now)
            if row["ended_at"] is not None:
                raise Conflict("This resident is not served any more.")
            others = Absences(tx.connection).of([ResidentId(row["id"])])
            if any(each.from_at < until_at and begins < each.until_at for each in others):
                raise Conflict("There is an absence at that time already: prolong or end that one.")
            absence = Absence(
                id=tx.new_id(), resident_id=ResidentId(row["id"]), home_id=HomeId(row["home_id"]), kind=kind,
                from_at=begins, until_at=until_at, state=State.PLANNED, by=by, due_at=rules.first_look(
                    begins, until_at, tx.now
                ),
            )  # fmt: skip
            Absences(tx.connection).add(absence)
            tx.log(Line(kind="absence_planned", by=by, facts=_facts(absence), note=note))
            self._steps(tx, absence)
            return absence.id

        made = self._transactions.run(work)
        self._nudge()
        return made

    def end(self, id_: str, *, by: Person, area: Area, note: str | None = None) -> None:
        """
        The person is back, or will not go.

        Raises:
            NotFound: no such absence in this area. Conflict: it is over.
        """

        def work(tx: Tx) -> None:
            absence = self._open(tx, id_, area)
            Absences(tx.connection).save(rules.ended(absence))
            FollowUps(tx.connection).done_for(follow_ups.Kind.ABSENCE_ENDED, key=_key(absence), at=tx.now, by=by)
            tx.log(Line(kind="absence_over", by=by, facts=_facts(absence), note=note))

        self._transactions.run(work)
        self._nudge()

    def prolong(self, id_: str, *, until_at: datetime, by: Person, area: Area, note: str | None = None) -> None:
        """
        It takes longer, or less long; whoever prolongs one that has run over holds silence back again.

        Raises:
            NotFound, Conflict: see `end`. Invalid: see `begin`.
        """

        def work(tx: Tx) -> None:
            absence = self._open(tx, id_, area)
            _refuse_times(absence.from_at, until_at, tx.now)
            longer = rules.prolonged(absence, until_at, tx.now)
            FollowUps(tx.connection).done_for(follow_ups.Kind.ABSENCE_ENDED, key=_key(absence), at=tx.now, by=by)
            Absences(tx.connection).save(longer)
            tx.log(Line(kind="absence_prolonged", by=by, facts=_facts(longer), note=note))

        self._transactions.run(work)
        self._nudge()

    # ------------------------------------------------------------------------------------------- for pages

    def notices(self, now: datetime) -> tuple[int, int]:
        """How many end within the hour, and how many have ended without a word whether the person is back."""
        with self._reading.connect() as connection:
            current = Absences(connection).current(SHOWN_MAX)
        soon = sum(each.holds(now) and each.until_at - now <= WARN_BEFORE for each in current)
        return soon, sum(now >= each.until_at for each in current)

    # ------------------------------------------------------------------------------------------- by the timers

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return Absences(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Absences(connection).next_due()

    def wake(self, id_: str) -> None:
        """Takes the step that is due."""
        self._transactions.run(lambda tx: self._steps(tx, Absences(tx.connection).get(id_)), lane=Lane.BULK)

    def stumble(self, id_: str, error: Exception) -> None:
        """One that cannot be judged keeps no other waiting; by its times alone it holds nothing back for longer."""

        def work(tx: Tx) -> None:
            Absences(tx.connection).rest(id_, tx.now + REST)

        self._transactions.run(work, lane=Lane.BULK)

    def _steps(self, tx: Tx, absence: Absence) -> None:
        for _ in range(LOOKS_MAX):
            before, (absence, line) = absence, rules.look(absence, tx.now)
            if absence == before:
                break
            if line is not None:
                tx.log(Line(kind=f"absence_{line}", by=SERVICE, facts=_facts(absence)))
            if line == "ended":
                self._ask(tx, absence)
        Absences(tx.connection).save(absence)

    def _ask(self, tx: Tx, absence: Absence) -> None:
        ask(
            tx, follow_ups.Kind.ABSENCE_ENDED, key=f"{_key(absence)}{int(absence.until_at.timestamp())}",
            resident_id=absence.resident_id, home_id=absence.home_id, by=SERVICE, owner=absence.by,
        )  # fmt: skip

    def _open(self, tx: Tx, id_: str, area: Area) -> Absence:
        absence = Absences(tx.connection).get(id_)
        RegisterRows(tx.connection).one(RESIDENTS, absence.resident_id, area)
        if absence.state is State.OVER:
            raise Conflict("This absence is over.")
        return absence


def end_all(tx: Tx, resident_id: ResidentId, *, by: Person) -> None:
    """Nobody waits for this person any more."""
    shelf = Absences(tx.connection)
    for absence in shelf.of([resident_id]):
        shelf.save(rules.ended(absence))
        FollowUps(tx.connection).done_for(follow_ups.Kind.ABSENCE_ENDED, key=_key(absence), at=tx.now, by=by)
        tx.log(Line(kind="absence_over", by=by, facts=_facts(absence)))


def _key(absence: Absence) -> str:
    return f"absence:{absence.id}:"


def _facts(absence: Absence) -> dict[str, str]:
    return {
        "absence": absence.id, "resident": absence.resident_id, "why": absence.kind.value,
        "from": absence.from_at.isoformat(), "until": absence.until_at.isoformat(),
    }  # fmt: skip


def _refuse_times(from_at: datetime, until_at: datetime, now: datetime) -> None:
    if until_at <= max(from_at, now):
        raise _wrong("It ends before it begins, or is over.")
    if until_at - from_at > LONGEST:
        raise _wrong("Nobody is away for more than three months in one go: say a day before that, and prolong it.")


def _wrong(why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {"until_at": [why]}})
