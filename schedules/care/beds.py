"""
The life of home-care beds: each step taken by a person or by itself, in one unit of work, with its row and its line.

A death ends a bed in the same unit of work that writes the death down (`parting`). Whatever ends otherwise behind our
back, and every absence that grows too long, is found by `look`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import ResidentId
from dispatch.registry.leaving import Why as Left
from dispatch.rules.absences import Absence, Kind
from dispatch.rules.absences import State as Away
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.absences import Absences
from dispatch.store.accounts import Reading
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.rules import bed as rules
from schedules.care.rules.bed import ENDINGS, PAUSES, Bed, Deed, Limits, State, Step, Why
from schedules.care.store.assessments import Assessments
from schedules.care.store.beds import Beds, Steps

PIECE = 50
"""Beds that one look takes a step further at most; the rest is a minute later."""

BACK_MAX = timedelta(days=366)
"""So far back a step may be dated: papers are typed in late, not a year late."""

_LEFT = {Left.DIED: Why.DIED, Left.LEFT: Why.WITHDREW, Left.MOVED_AWAY: Why.MOVED}
_PAUSES = {Kind.HOSPITAL: Why.HOSPITAL, Kind.AWAY: Why.AWAY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """
    What a step's paper says. `on` None is today. `org` is who did it (the designers, the agency, who accepted), the
    agreement is told with `ACTIVATE` only, `why` with `SUSPEND` and `END`.
    """

    on: date | None = None
    post: str = ""
    opinion: str = ""
    org: str = ""
    number: str = ""
    why: Why | None = None
    agreed_from: date | None = None
    agreed_until: date | None = None


NOTHING = Form()


class BedLife:
    """Takes beds from step to step. `changed` is called after each, once it is durable."""

    def __init__(
        self, transactions: Transactions, reading: Reading, clock: Clock, calendar: Calendar, *, limits: Limits,
        duties: Mapping[str, str], changed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`duties` are the titles of the months' duties that there are, by id."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self._limits = limits
        self._duties = duties
        self._changed = changed
        self._failed: set[str] = set()

    # ------------------------------------------------------------------------------------------- by people

    def apply(self, resident: str, standard: str, form: Form = NOTHING, *, by: Person, area: Area) -> str:
        """
        Somebody asks for a bed for this resident; gives back its id.

        Raises:
            NotFound: no such resident in this area. Conflict: they have a bed, or are not served. Invalid: no such
            standard, or the day lies ahead.
        """
        if standard not in self._duties:
            raise _wrong("standard", "There is no such standard.")

        def work(tx: Tx) -> str:
            row = RegisterRows(tx.connection).one(RESIDENTS, resident, area)
            if row["ended_at"] is not None:
                raise Conflict("This resident is not served any more.")
            day = self._day(tx, form.on, None)
            bed = Bed(
                id=tx.new_id(), number=Beds(tx.connection).free_number(day), resident_id=ResidentId(row["id"]),
                state=State.APPLIED, applied_on=day, applied_by=by, standard=standard,
            )  # fmt: skip
            Beds(tx.connection).add(bed)
            note_step(tx, bed, Deed.APPLY, form, on=day, by=by)
            return bed.id

        return self._run(work)

    def step(self, name: str, deed: Deed, form: Form = NOTHING, *, by: Person, area: Area) -> str:
        """
        Takes a bed one step further and gives back the step's id. Assessing has a door of its own (`Assessing`).

        Raises:
            NotFound: no such bed in this area. Conflict: not from where it stands, or not by this person. Invalid:
            something on the paper is missing.
        """
        assert deed not in {Deed.APPLY, Deed.ASSESS}

        def work(tx: Tx) -> str:
            bed = Beds(tx.connection).get(name, area)
            rules.refuse_illegal(bed, deed)
            if deed in {Deed.FIRST_REVIEW, Deed.APPROVE}:
                rules.refuse_reviewer(bed, deed, by)
            _refuse_form(deed, form)
            if deed is Deed.REOPEN and _has_left(tx, bed):
                raise Conflict("This resident is not served any more.")
            if deed in {Deed.APPROVE, Deed.ACTIVATE}:
                self._refuse_level(tx, bed, deed)
            return self._take(tx, bed, deed, form, by=by)

        return self._run(work)

    # ------------------------------------------------------------------------------------------- by itself

    def parting(self, tx: Tx, resident_id: ResidentId, why: Left, died_on: date | None, by: Person) -> None:
        """This resident is not served any more: their bed ends within the same unit of work."""
        bed = Beds(tx.connection).alive(resident_id)
        if bed is not None:
            self._end(tx, bed, _LEFT[why], died_on, by=by)

    def look(self) -> None:
        """Suspends who is away too long, resumes who is back, ends the beds of those who are not served any more."""
        now = self._clock.now()
        with self._reading.connect() as connection:
            left = Beds(connection).left(PIECE)
            active = {each.resident_id: each for each in Beds(connection).in_state(State.ACTIVE)}
            away = [each for each in Absences(connection).current(10_000) if each.resident_id in active]
            back = [each for each in Beds(connection).in_state(State.SUSPENDED) if each.absence_id]
        work: list[tuple[str, Callable[[Tx], None]]] = [
            *((bed.id, partial(self._gone, bed.id, why, died_on)) for bed, why, died_on in left),
            *((active[each.resident_id].id, partial(self._pause, active[each.resident_id].id, each))
              for each in away if self._is_long(each, now)),
            *((bed.id, partial(self._back, bed.id)) for bed in back),
        ]  # fmt: skip
        # One that failed the last time comes last, so that it keeps no other waiting.
        for bed_id, take in sorted(work, key=lambda each: each[0] in self._failed)[:PIECE]:
            self._try(bed_id, take)

    def _gone(self, bed_id: str, why: str | None, died_on: date | None, tx: Tx) -> None:
        bed = Beds(tx.connection).get(bed_id, DISTRICT)
        if bed.state is not State.ENDED:
            known = Left(why) if why in set(Left) else Left.LEFT
            self._end(tx, bed, _LEFT[known], died_on, by=SERVICE)

    def _pause(self, bed_id: str, absence: Absence, tx: Tx) -> None:
        bed = Beds(tx.connection).get(bed_id, DISTRICT)
        if bed.state is State.ACTIVE and Absences(tx.connection).get(absence.id).state is not Away.OVER:
            on = self._calendar.day_of(absence.from_at + self._limit(absence.kind))
            form = Form(why=_PAUSES[absence.kind], on=self._after_the_last(tx, bed, on))
            self._take(tx, bed, Deed.SUSPEND, form, by=SERVICE, absence=absence.id)

    def _back(self, bed_id: str, tx: Tx) -> None:
        bed = Beds(tx.connection).get(bed_id, DISTRICT)
        if bed.state is State.SUSPENDED and bed.absence_id and _is_over(tx, bed.absence_id):
            self._take(tx, bed, Deed.RESUME, NOTHING, by=SERVICE)

    def _is_long(self, absence: Absence, now: datetime) -> bool:
        return absence.kind in _PAUSES and now - absence.from_at > self._limit(absence.kind)

    def _limit(self, kind: Kind) -> timedelta:
        return self._limits.hospital if kind is Kind.HOSPITAL else self._limits.away

    def _end(self, tx: Tx, bed: Bed, why: Why, died_on: date | None, *, by: Person) -> None:
        today = self._calendar.day_of(tx.now)
        on = min(died_on, today) if died_on is not None else today
        self._take(tx, bed, Deed.END, Form(why=why, on=max(on, bed.applied_on)), by=by)

    # ------------------------------------------------------------------------------------------- the parts

    def _take(self, tx: Tx, bed: Bed, deed: Deed, form: Form, *, by: Person, absence: str | None = None) -> str:
        steps = Steps(tx.connection)
        # An ending may be older than what was written down since: nobody knew. Nothing else goes back behind a step.
        least = bed.applied_on if deed is Deed.END else max(each.on for each in steps.of(bed.id))
        on = self._day(tx, form.on, least)
        after = replace(_after(bed, deed, form, on, by), absence_id=absence)
        Beds(tx.connection).save(after, before=bed.version)
        if after.state is State.ACTIVE and bed.state is not State.ACTIVE:
            steps.begin(bed.id, on)
        elif after.state in {State.SUSPENDED, State.ENDED}:
            steps.stop(bed.id, on)
        if after.state is State.ENDED:
            Assessments(tx.connection).rest(bed.id)
        return note_step(tx, after, deed, form, on=on, by=by)

    def _refuse_level(self, tx: Tx, bed: Bed, deed: Deed) -> None:
        newest = next(iter(Assessments(tx.connection).of(bed.id)), None)
        if newest is None or newest.valid_until < self._calendar.day_of(tx.now):
            raise Conflict("The assessment is not valid any more: assess anew.")
        if deed is Deed.APPROVE and newest.final_level not in self._limits.levels:
            raise Conflict("This level has no claim to a bed.")

    def _after_the_last(self, tx: Tx, bed: Bed, on: date) -> date:
        return max([on, *(each.on for each in Steps(tx.connection).of(bed.id))])

    def _day(self, tx: Tx, said: date | None, least: date | None) -> date:
        today = self._calendar.day_of(tx.now)
        if said is None:
            return today
        if said > today:
            raise _wrong("on", "This day has not come yet.")
        if said < (least or today - BACK_MAX):
            raise _wrong("on", "This day lies before the step before it, or more than a year back.")
        return said

    def _run(self, work: Callable[[Tx], str]) -> str:
        made = self._transactions.run(work)
        self._changed()
        return made

    def _try(self, bed_id: str, work: Callable[[Tx], None]) -> None:
        self._failed.add(bed_id)
        try:
            self._transactions.run(work, lane=Lane.BULK)
        except (Conflict, NotFound):
            return  # Somebody was faster; the next look sees how it stands.
        self._failed.discard(bed_id)
        self._changed()


PAST: Mapping[Deed, str] = {
    Deed.APPLY: "applied", Deed.ASSESS: "assessed", Deed.FIRST_REVIEW: "reviewed", Deed.SEND_BACK: "sent_back",
    Deed.APPROVE: "approved", Deed.BUILD: "built", Deed.ACCEPT: "accepted", Deed.ACTIVATE: "activated",
    Deed.SUSPEND: "suspended", Deed.RESUME: "resumed", Deed.END: "ended", Deed.REOPEN: "reopened",
}  # fmt: skip
"""What the record calls each deed once it is done."""


def note_step(tx: Tx, bed: Bed, deed: Deed, form: Form, *, on: date, by: Person) -> str:
    """The row of a step and its line in the record; the id of the row."""
    step = Step(
        id=tx.new_id(), bed_id=bed.id, deed=deed, state=bed.state, at=tx.now, by=by, on=on, post=form.post,
        opinion=form.opinion, org=form.org, number=form.number, why=form.why,
    )  # fmt: skip
    Steps(tx.connection).add(step)
    facts = {"bed": bed.id, "resident": bed.resident_id, "state": bed.state.value, "on": on.isoformat()}
    why = {"why": form.why.value} if form.why else {}
    tx.log(Line(kind=f"bed_{PAST[deed]}", by=by, facts=facts | why, note=form.opinion or None))
    return step.id


def _after(bed: Bed, deed: Deed, form: Form, on: date, by: Person) -> Bed:
    after = replace(
        bed, state=rules.reached(bed, deed), ended_on=on if deed is Deed.END else None,
        why=form.why if deed in {Deed.SUSPEND, Deed.END} else None,
        absence_id=None, before=bed.state if deed is Deed.END else None,
    )  # fmt: skip
    if deed in {Deed.FIRST_REVIEW, Deed.SEND_BACK}:
        return replace(after, first_by=by if deed is Deed.FIRST_REVIEW else None)
    if deed is Deed.ACTIVATE:
        return replace(after, agency=form.org, agreed_from=form.agreed_from, agreed_until=form.agreed_until)
    return after


def _refuse_form(deed: Deed, form: Form) -> None:
    if deed is Deed.SUSPEND and form.why not in PAUSES:
        raise _wrong("why", "Please say why it is suspended.")
    if deed is Deed.END and form.why not in ENDINGS:
        raise _wrong("why", "Please say why it ends.")
    if deed in {Deed.SEND_BACK, Deed.REOPEN} and not form.opinion.strip():
        raise _wrong("opinion", "Please say why.")
    if deed in {Deed.BUILD, Deed.ACCEPT, Deed.ACTIVATE} and not form.org.strip():
        raise _wrong("org", "Please name the organisation.")
    if deed is Deed.ACTIVATE:
        if form.agreed_from is None or form.agreed_until is None:
            raise _wrong("agreed_from", "Please enter the first and the last day of the agreement.")
        if form.agreed_until < form.agreed_from:
            raise _wrong("agreed_until", "The agreement ends before it begins.")


def _has_left(tx: Tx, bed: Bed) -> bool:
    row = RegisterRows(tx.connection).by_ids(RESIDENTS, [bed.resident_id])[bed.resident_id]
    return row["ended_at"] is not None


def _is_over(tx: Tx, absence_id: str) -> bool:
    try:
        return Absences(tx.connection).get(absence_id).state is Away.OVER
    except NotFound:
        return True


def _wrong(field: str, why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {field: [why]}})
