"""What people do about the welfare signal: a household's threshold, what a signal was, what no signal told; figures."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import HomeId
from dispatch.rules.people import Household, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.accounts import Reading
from dispatch.store.people import People
from dispatch.store.register_rows import HOMES, RegisterRows
from dispatch.store.transactions import Transactions, Tx
from schedules.welfare.rules.signs import SCORE_MAX, Scale
from schedules.welfare.store import Given, Givens, Standing, Standings

SHOWN_MAX, LOOKED_MAX = 200, 2_000
FIGURES_OVER = timedelta(days=90)
NOTE_MAX = 2_000
BECAME = ("right", "wrong", "unclear")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One home with how it stands; `word` is the last word about its threshold, if it has one of its own."""

    household: Household
    standing: Standing
    threshold: float
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of the signals of the last 90 days; shares are None where nothing was counted."""

    right: int
    wrong: int
    unclear: int
    open: int
    missed: int
    homes: int

    @property
    def precision(self) -> float | None:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        return self.right / (self.right + self.missed) if self.right + self.missed else None

    @property
    def wrong_a_month(self) -> float | None:
        """Wrong signals per watched home and thirty days, over 90 days."""
        return self.wrong / self.homes / (FIGURES_OVER / timedelta(days=30)) if self.homes else None


class Office:
    """Everything that a page or a program asks. Whatever is outside the caller's area does not exist."""

    def __init__(
        self, transactions: Transactions, reading: Reading, clock: Clock, scale: Scale, *, nudge: Callable[[], None],
        lacking: str = "",
    ) -> None:  # fmt: skip
        """`lacking` is why `scale` only stands in for the centre's own, empty where it is that."""
        self.lacking = lacking
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self.scale = scale
        self._nudge = nudge

    # ------------------------------------------------------------------------------------------- to look at

    def watched(self, area: Area, most: int = SHOWN_MAX) -> list[Watched]:
        """The homes of this area that are watched, those with the highest score first."""
        with self._reading.connect() as connection:
            people, shelf = People(connection), Standings(connection)
            homes = {each.id for each in people.homes() if area.covers(each.station_id)}
            rows = [each for each in shelf.by_score(LOOKED_MAX) if each.home_id in homes][:most]
            words = shelf.thresholds([each.home_id for each in rows])
            return [
                Watched(
                    household=people.dwelling(each.home_id), standing=each,
                    threshold=self.scale.threshold if each.threshold is None else each.threshold,
                    reason=words[each.home_id]["reason"] if each.home_id in words else "",
                    by=words[each.home_id]["by"] if each.home_id in words else "",
                )
                for each in rows
            ]  # fmt: skip

    def signals(self, area: Area, most: int = SHOWN_MAX) -> list[tuple[Given, Household]]:
        """What was signalled and missed lately in this area, the newest first."""
        with self._reading.connect() as connection:
            people = People(connection)
            homes = {each.id for each in people.homes() if area.covers(each.station_id)}
            found = Givens(connection).recent(self._clock.now() - FIGURES_OVER, LOOKED_MAX)
            mine = [each for each in found if each.home_id in homes][:most]
            return [(each, people.dwelling(each.home_id)) for each in mine]

    def figures(self, area: Area) -> Figures:
        """How often signals were right, of those of which somebody knows; with the number behind each share."""
        found = Counter(each.became or "open" for each, _ in self.signals(area, LOOKED_MAX))
        return Figures(
            right=found["right"], wrong=found["wrong"], unclear=found["unclear"], open=found["open"],
            missed=found["missed"], homes=len(self.watched(area, LOOKED_MAX)),
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------- to do

    def set_threshold(self, home: str, threshold: float | None, *, reason: str, by: Person, area: Area) -> None:
        """
        From now on so much is enough at this home (log-odds); None: as everywhere.

        Raises:
            NotFound: no such home in this area, or nothing was ever noticed of it. Invalid: out of range, or no reason.
        """
        if threshold is not None and not -SCORE_MAX <= threshold <= SCORE_MAX:
            raise _wrong("threshold", f"A number from {-SCORE_MAX:g} to {SCORE_MAX:g}.")
        _need(reason, "reason", "Say why: the next one who looks must understand it.")

        def work(tx: Tx) -> None:
            id_ = HomeId(RegisterRows(tx.connection).one(HOMES, home, area)["id"])
            shelf = Standings(tx.connection)
            shelf.get(id_)
            shelf.change(id_, threshold=threshold)
            row = {"id": tx.new_id(), "home_id": id_, "threshold": threshold, "reason": reason, "by": by, "at": tx.now}
            shelf.keep_threshold(row)
            shelf.look_now(id_, tx.now)
            facts = {"home": id_, "threshold": None if threshold is None else f"{threshold:g}"}
            tx.log(Line(kind="welfare_threshold_set", by=by, facts=facts, note=reason))

        self._transactions.run(work)
        self._nudge()

    def became(self, id_: str, became: str, *, by: Person, area: Area, note: str | None = None) -> None:
        """
        What a signal was, by somebody who knows better than the alarm's outcome.

        Raises:
            NotFound: no such signal in this area. Invalid: not right, wrong or unclear. Conflict: it tells of a trouble
            that no signal had told.
        """
        if became not in BECAME:
            raise _wrong("became", "right, wrong or unclear")

        def work(tx: Tx) -> None:
            given = Givens(tx.connection).get(id_)
            if not area.covers(People(tx.connection).home(given.home_id).station_id):
                raise NotFound("There is no such signal.")
            if given.became == "missed":
                raise Conflict("This was no signal: it was missed.")
            Givens(tx.connection).decide(id_, became, by=by, at=tx.now)
            facts = {"signal": id_, "home": given.home_id, "became": became}
            tx.log(Line(kind="welfare_judged", by=by, alarm_id=given.alarm_id, facts=facts, note=note))

        self._transactions.run(work)

    def missed(self, home: str, at: datetime, *, note: str, by: Person, area: Area) -> str:
        """
        Something was wrong at this home and no signal had told; gives back an id. It counts against recall.

        Raises:
            NotFound: no such home in this area. Invalid: it lies in the future or long ago, or nothing is said of it.
        """
        now = self._clock.now()
        if not now - FIGURES_OVER < at <= now:
            raise _wrong("at", "Within the last 90 days.")
        _need(note, "note", "Say what it was.")

        def work(tx: Tx) -> str:
            id_ = HomeId(RegisterRows(tx.connection).one(HOMES, home, area)["id"])
            given = Given(
                id=tx.new_id(), home_id=id_, resident_id=None, alarm_id=None, joined=False, at=at, score=0.0,
                threshold=0.0, reasons=[], became="missed", became_by=by, became_at=tx.now,
            )  # fmt: skip
            Givens(tx.connection).add(given)
            tx.log(Line(kind="welfare_missed", by=by, facts={"signal": given.id, "home": id_}, note=note))
            return given.id

        return self._transactions.run(work)


def _need(said: str, field: str, cure: str) -> None:
    if not said.strip() or len(said) > NOTE_MAX:
        raise _wrong(field, cure)


def _wrong(field: str, cure: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {field: [cure]}})
