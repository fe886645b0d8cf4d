"""Assessments: written down with the level that follows from them, and thought of before they run out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dispatch.errors import Invalid
from dispatch.registry.follow_ups import ask
from dispatch.rules.follow_ups import Kind
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.accounts import Reading
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.beds import Form, note_step
from schedules.care.rules import bed as rules
from schedules.care.rules.assessment import Assessment, Reason, Standard, judge, months_later
from schedules.care.rules.bed import Bed, Deed, State
from schedules.care.store.assessments import Assessments
from schedules.care.store.beds import Beds, Steps

DAY = timedelta(days=1)
REST = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    An assessment as its paper says it. `valid_until` None is what the standard gives; `level` is told where the
    standard has no score.
    """

    standard: str
    assessed_on: date
    org: str
    score: int | None = None
    level: str | None = None
    adjustments: Sequence[str] = ()
    reason: Reason = Reason.FIRST
    valid_until: date | None = None
    number: str = ""
    opinion: str = ""


class Assessing:
    """The owner of assessments that will run out."""

    name = "assessments"
    patient = True

    def __init__(
        self, transactions: Transactions, reading: Reading, calendar: Calendar, standards: Mapping[str, Standard],
        *, remind: timedelta,
    ) -> None:  # fmt: skip
        """`remind` says how long before its last day an assessment is thought of."""
        self._transactions = transactions
        self._reading = reading
        self._calendar = calendar
        self.standards = standards
        self._remind = remind

    def assess(self, name: str, said: Said, *, by: Person, area: Area) -> str:
        """
        Writes an assessment of a bed's resident down; gives back the id of its step.

        A bed that waits for its reviews is reviewed anew: what the town has seen was another assessment.

        Raises:
            NotFound: no such bed in this area. Conflict: it has ended. Invalid: what the standard does not know, or a
            day that has not come yet.
        """

        def work(tx: Tx) -> str:
            bed = Beds(tx.connection).get(name, area)
            rules.refuse_illegal(bed, Deed.ASSESS)
            assessment = self._judged(tx, bed, said, by)
            due_at = self._calendar.start_of(assessment.valid_until + DAY) - self._remind
            Assessments(tx.connection).add(assessment, due_at=due_at)
            after = replace(bed, state=rules.reached(bed, Deed.ASSESS), first_by=_kept_review(bed))
            Beds(tx.connection).save(after, before=bed.version)
            form = Form(opinion=said.opinion, org=said.org, number=said.number)
            # The step is dated by the day it was written down: an old paper does not go back behind later steps.
            last = max(each.on for each in Steps(tx.connection).of(bed.id))
            return note_step(tx, after, Deed.ASSESS, form, on=max(last, said.assessed_on), by=by)

        return self._transactions.run(work)

    def _judged(self, tx: Tx, bed: Bed, said: Said, by: Person) -> Assessment:
        standard = self.standards.get(said.standard)
        if standard is None:
            raise _wrong("standard", "There is no such standard.")
        if said.assessed_on > self._calendar.day_of(tx.now):
            raise _wrong("assessed_on", "This day has not come yet.")
        if not said.org.strip():
            raise _wrong("org", "Please name the organisation.")
        valid_until = said.valid_until or months_later(said.assessed_on, standard.valid_months)
        if valid_until < said.assessed_on:
            raise _wrong("valid_until", "It is not valid for a single day.")
        initial, final = judge(standard, said.score, said.level, said.adjustments)
        return Assessment(
            id=tx.new_id(), bed_id=bed.id, standard=standard.id, score=said.score if standard.bands else None,
            initial_level=initial, adjustments=tuple(sorted(set(said.adjustments))), final_level=final,
            reason=said.reason, assessed_on=said.assessed_on, valid_until=valid_until, org=said.org, by=by,
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------- by the timers

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return Assessments(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Assessments(connection).next_due()

    def wake(self, id_: str) -> None:
        """Says that it ends soon, and once more when it has ended."""
        self._transactions.run(lambda tx: self._tell(tx, id_), lane=Lane.BULK)

    def stumble(self, id_: str, error: Exception) -> None:
        """One that cannot be told of keeps no other waiting."""

        def work(tx: Tx) -> None:
            _, told, _ = Assessments(tx.connection).get(id_)
            Assessments(tx.connection).wait(id_, tx.now + REST, told=told)

        self._transactions.run(work, lane=Lane.BULK)

    def _tell(self, tx: Tx, id_: str) -> None:
        shelf = Assessments(tx.connection)
        assessment, told, due_at = shelf.get(id_)
        if due_at is None or due_at > tx.now:
            return
        over_at = self._calendar.start_of(assessment.valid_until + DAY)
        is_over = tx.now >= over_at
        shelf.wait(id_, None if is_over else over_at, told=told + 1)
        self._ask(tx, assessment, is_over=is_over)

    def _ask(self, tx: Tx, assessment: Assessment, *, is_over: bool) -> None:
        bed = Beds(tx.connection).get(assessment.bed_id, DISTRICT)
        row = RegisterRows(tx.connection).by_ids(RESIDENTS, [bed.resident_id])[bed.resident_id]
        what = "ended" if is_over else "ends_soon"
        facts = {"bed": bed.id, "resident": bed.resident_id, "assessment": assessment.id,
                 "until": assessment.valid_until.isoformat()}  # fmt: skip
        tx.log(Line(kind=f"assessment_{what}", by=SERVICE, facts=facts))
        ask(
            tx, Kind.OTHER, key=f"assessment:{assessment.id}:{what}", by=SERVICE, resident_id=bed.resident_id,
            home_id=row["home_id"], about=f"assessment_{what}",
        )  # fmt: skip


def _kept_review(bed: Bed) -> Person | None:
    return None if bed.state in {State.APPLIED, State.ASSESSED} else bed.first_by


def _wrong(field: str, why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {field: [why]}})
