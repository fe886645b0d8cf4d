"""
Interviews of a monthly sample: who is drawn, who asks, what was answered, and what may be shown of it.

The draw is repeatable: its seed is kept, and `rules.satisfaction.draw` over the register gives the same people again.
Nobody interviews somebody they served; that is looked at in the unit of work that takes the interview and again in the
one that keeps it.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.ids import OperatorId, StationId
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, operator
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.rules.satisfaction import OF, REFUSED, Form, Results, Staff, draw, may_interview, results, sample_size
from dispatch.store.accounts import Accounts
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.satisfaction import Ratings, Survey, Surveys
from dispatch.store.transactions import Lane, Transactions, Tx

SERVED_WITHIN = timedelta(days=92)
"""Whoever came to this home within so long has served its residents."""

NOTE_MAX = 2_000
DRAWN_AT_ONCE = 150
"""Rows of one unit of work."""

TAKEN_FOR = timedelta(hours=2)
"""An interview that was taken and not ended is free again after so long."""

ENDS = ("done", "refused", "unreached")

Month = Callable[[datetime], tuple[str, datetime, datetime]]
Plain = dict[str, Any]


class Surveying:
    """Draws, hands out, keeps and counts."""

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        clock: Clock,
        *,
        wanted: bool,
        form: Form,
        month_of: Month,
        share: float,
        least: int,
        is_served: Callable[[str], bool] = lambda _: True,
        lacking: str = "",
        seed: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """
        `share` of those served are drawn each month, at least `least`. `seed` is drawn once for each month.

        `lacking` is why the centre's own form cannot be used: nobody is drawn or interviewed then.
        """
        self.lacking = lacking
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._wanted = wanted
        self.form = form
        self._month_of = month_of
        self._share = share
        self._least = least
        self._is_served = is_served
        self._seed = seed

    # ------------------------------------------------------------------------------------------- the draw

    def check(self) -> None:
        """Draws this month's sample if there is none. Called now and then."""
        month = self._month_of(self._clock.now())[0]
        with self._reading.connect() as connection:
            if not self._wanted or self.lacking or Surveys(connection).is_drawn(month):
                return
            stations = dict(Surveys(connection).population())
            silent = {each.id for each in People(connection).residents() if REFUSED in each.agreements}
        candidates = [each for each in stations if each not in silent and self._is_served(each)]
        if candidates:
            self._draw(month, candidates, stations)

    def _draw(self, month: str, candidates: list[str], stations: Mapping[str, str | None]) -> None:
        seed = self._seed()
        size = sample_size(len(candidates), share=self._share, least=self._least)
        drawn = draw(candidates, f"{month}:{seed}", size)

        def work(tx: Tx, rows: list[str], *, first: bool) -> None:
            shelf = Surveys(tx.connection)
            if first:
                shelf.keep_draw(month, seed=seed, at=tx.now, population=len(candidates), form=self.form.version)
                facts: dict[str, Fact] = {"month": month, "seed": seed, "of": len(candidates), "drawn": len(drawn)}
                tx.log(Line(kind="survey_drawn", by=SERVICE, facts=facts))
            for each in rows:
                shelf.keep(tx.new_id(), month, each, stations[each])

        # Only the first piece is the draw: a stop in between leaves fewer, and never two draws of one month.
        pieces = [drawn[at : at + DRAWN_AT_ONCE] for at in range(0, len(drawn), DRAWN_AT_ONCE)]
        for number, piece in enumerate(pieces):
            first = number == 0
            self._transactions.run(lambda tx, rows=piece, f=first: work(tx, rows, first=f), lane=Lane.BULK)  # type: ignore[misc]

    # ------------------------------------------------------------------------------------------- interviews

    def list(self, area: Area, month: str | None = None) -> list[Plain]:
        """The interviews of a month within an area, with whom to telephone; this month's when none is named."""
        with self._reading.connect() as connection:
            rows = Surveys(connection).of_month(month or self._month_of(self._clock.now())[0])
            known = {each.id: each for each in People(connection).residents()}
            names: dict[str, str] = {each.id: each.name for each in People(connection).stations()}
        return [
            {
                "survey": each,
                "resident": known.get(each.resident_id),
                "station": names.get(each.station_id or "", ""),
                "free": self._is_free(each),
            }
            for each in rows
            if area.covers(each.station_id)
        ]

    def one(self, id_: str, area: Area) -> Plain:
        """
        One interview.

        Raises:
            NotFound: there is none, or it is outside the area.
        """
        with self._reading.connect() as connection:
            survey = Surveys(connection).get(id_)
            if survey is None or not area.covers(survey.station_id):
                raise NotFound("There is no such interview.")
            known = {each.id: each for each in People(connection).residents()}
        return {"survey": survey, "resident": known.get(survey.resident_id), "free": self._is_free(survey)}

    def take(self, id_: str, by: OperatorId, area: Area) -> None:
        """
        This person will ask: nobody else telephones meanwhile.

        Raises:
            NotFound: there is no such interview in this area.
            NotAllowed: they served this resident.
            Conflict: somebody else has it, or it is over.
        """

        def work(tx: Tx) -> None:
            survey = self._open(tx, id_, area)
            self._refuse_served(tx, survey, by)
            if survey.state == "taken" and survey.interviewer != operator(by) and not self._is_free(survey):
                raise Conflict("Somebody else has taken this interview.")
            Surveys(tx.connection).change(id_, state="taken", interviewer=operator(by), taken_at=tx.now)

        self._transactions.run(work)

    def end(
        self, id_: str, by: OperatorId, area: Area, *, state: str, answers: Mapping[str, int], note: str = ""
    ) -> None:
        """
        Keeps what was answered (`done`), or that nobody wanted to (`refused`) or could be reached (`unreached`).

        Raises:
            NotFound, NotAllowed, Conflict: as `take`.
            Invalid: an answer is missing or wrong; `errors` names the questions.
        """
        if state == "done" and self.lacking:
            raise Conflict("The form of the survey is not in order: nothing can be kept until it is mended.")
        if state not in ENDS:
            raise Invalid("Please choose one.", {"state": "unknown"})
        wrong = self.form.faults(answers) if state == "done" else {}
        if wrong or len(note) > NOTE_MAX:
            raise Invalid("Please check what was entered.", wrong or {"note": "too long"})
        score = self.form.overall(answers) if state == "done" else None
        self._transactions.run(lambda tx: self._end(tx, id_, by, area, state, answers if score else {}, score, note))

    def _end(
        self, tx: Tx, id_: str, by: OperatorId, area: Area, state: str, answers: Mapping[str, int], score: int | None,
        note: str,
    ) -> None:  # fmt: skip
        survey = self._open(tx, id_, area)
        self._refuse_served(tx, survey, by)
        if survey.interviewer not in {None, operator(by)} and not self._is_free(survey):
            raise Conflict("Somebody else has taken this interview.")
        Surveys(tx.connection).change(
            id_, state=state, interviewer=operator(by), ended_at=tx.now, answers=dict(answers) or None, score=score
        )
        facts: dict[str, Fact] = {"about": f"survey:{id_}", "team": survey.station_id, "by_means": "survey"}
        if score is not None:
            facts |= {"score": score, "of": OF}
        kind = "satisfaction" if score is not None else "survey_ended"
        facts |= {} if score is not None else {"result": state}
        tx.log(Line(kind=kind, by=operator(by), facts=facts, note=note or None))

    def _open(self, tx: Tx, id_: str, area: Area) -> Survey:
        survey = Surveys(tx.connection).get(id_)
        if survey is None or not area.covers(survey.station_id):
            raise NotFound("There is no such interview.")
        if survey.state not in {"open", "taken", "unreached"}:
            raise Conflict("This interview is over.")
        if not self._is_served(survey.resident_id):
            Surveys(tx.connection).change(id_, state="left", ended_at=tx.now)
            raise Conflict("This resident is not served any more.")
        return survey

    def _refuse_served(self, tx: Tx, survey: Survey, by: OperatorId) -> None:
        who = next((each for each in Accounts(tx.connection).operators() if each.id == by), None)
        served = Surveys(tx.connection).served_by(survey.resident_id, tx.now - SERVED_WITHIN)
        carers = [Staff(name=name, phone=phone) for name, phone in served]
        if who is None or not may_interview(Staff(name=who.name, phone=who.phone), carers):
            raise NotAllowed("Whoever served a resident does not interview them.")

    def _is_free(self, survey: Survey) -> bool:
        if survey.state in {"open", "unreached"}:
            return True
        return survey.state == "taken" and self._clock.now() - (survey.taken_at or self._clock.now()) > TAKEN_FOR

    # ------------------------------------------------------------------------------------------- results

    def results(self, area: Area, since: datetime, until: datetime) -> Results:
        """Satisfied answers by station within an area, keys and interviews together; [since, until)."""
        with self._reading.connect() as connection:
            rows = [*Ratings(connection).scores(since, until), *Surveys(connection).scores(since, until)]
            names = {each.id: each.name for each in People(connection).stations()}
        seen = [row for row in rows if area.covers(StationId(row[0]) if row[0] else None)]
        return results([(names.get(StationId(group), ""), score, means) for group, score, means in seen], self.form)

    def by_month(self, area: Area, at: datetime | None = None) -> tuple[str, Results]:
        """The results of the local month of an instant, with its name."""
        month, start, end = self._month_of(at or self._clock.now())
        return month, self.results(area, start, end)
