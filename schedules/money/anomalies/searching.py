"""
Looks for anomalies at night, and draws what is checked on site once a month is closed.

    yesterday, and again four days later (tills that were offline) ─┐
    the month before, from its second day on ───────────────────────┤
    a month that was closed, once more, whenever that was ──────────┴─► findings, each once
    a month that is closed ─► its draw
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from functools import partial
from typing import Protocol

from dispatch.clock import Clock
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.store.accounts import Reading
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.rules.visit import Proved
from schedules.care.store.visits import Visits
from schedules.money.anomalies.rules.draw import Lot, draw, seed_of, visit_share
from schedules.money.anomalies.rules.judging import Case, Check, Draw
from schedules.money.anomalies.rules.limits import Limits
from schedules.money.anomalies.rules.scan import Known, Scan
from schedules.money.anomalies.rules.serving import Canteen, Finding, Serving
from schedules.money.anomalies.store.checks import Checks
from schedules.money.anomalies.store.findings import Findings
from schedules.money.anomalies.store.remarkable import Remarkable, Schemes
from schedules.money.rules.exclusions import Exclusion
from schedules.money.rules.months import following
from schedules.money.rules.policy import Policy

DAY = timedelta(days=1)
AGAIN = 4 * DAY
"""A till may be offline for three days (issue 7); its day is looked at once more when it has sent."""

PIECE = 50
"""Findings kept in one turn."""

BACK = 45 * DAY
"""So far back a canteen's days are counted, for its own measure."""


class Meals(Protocol):
    """Where servings come from. Days are local; [start, end)."""

    def served(self, start: date, end: date, /) -> Iterable[Serving]:
        """Every meal that was given and not taken back."""
        ...

    def counts(self, start: date, end: date, /) -> Iterable[tuple[date, str, int]]:
        """Meals by day and canteen, in the order of days."""
        ...

    def canteens(self, start: date, end: date, /) -> Mapping[str, Canteen]:
        """All of them, with the least prices of the rules in force on these days."""
        ...

    def used_before(self, photos: Collection[str], day: date, /) -> Mapping[str, str]:
        """Which of these pictures (hashes) proved a meal of an earlier day, and which meal."""
        ...


class NoMeals:
    """A centre without canteens."""

    def served(self, _start: date, _end: date) -> Iterable[Serving]:
        return ()

    def counts(self, _start: date, _end: date) -> Iterable[tuple[date, str, int]]:
        return ()

    def canteens(self, _start: date, _end: date) -> Mapping[str, Canteen]:
        return {}

    def used_before(self, _photos: Collection[str], _day: date) -> Mapping[str, str]:
        return {}


class Searching:
    """Searches and draws. `meals`, `schemes` and `month_hash` are given by whoever wires canteens and the ledger."""

    def __init__(
        self, transactions: Transactions, reading: Reading, calendar: Calendar, clock: Clock, *, limits: Limits | None,
        exclusions: Sequence[Exclusion],
    ) -> None:  # fmt: skip
        """Without `limits` nothing is looked for, and nothing counts as looked at; months are drawn all the same."""
        self._transactions = transactions
        self._reading = reading
        self._failed: frozenset[str] = frozenset()
        self._calendar = calendar
        self._clock = clock
        self._limits = limits
        self._exclusions = exclusions
        self.meals: Meals = NoMeals()
        self.schemes: Callable[[date, date], Schemes] = lambda _start, _end: {}
        self.policies: Callable[[], Iterable[Policy]] = lambda: ()
        """The rules in use: those of vouchers say how many visits are checked on site."""
        self.month_hash: Callable[[str], str | None] = lambda _month: None
        """The hash of a closed month of the ledger ("2026-03"); None while it is open."""
        self.closed_months: Callable[[], Sequence[str]] = lambda: ()
        """Months of the ledger that were closed lately, the newest first."""

    def check(self) -> None:
        """Whatever is due and was not looked at yet. Called now and then, and late without harm."""
        today = self._calendar.day_of(self._clock.now())
        first = today.replace(day=1)
        before = (first - DAY).replace(day=1)
        due: dict[str, tuple[date, date]] = {
            f"day:{today - DAY}": (today - DAY, today),
            f"again:{today - AGAIN}": (today - AGAIN, today - AGAIN + DAY),
        }
        if today > first:
            due[f"month:{before:%Y-%m}"] = (before, first)
        with self._reading.connect() as connection:
            done = Findings(connection).was_looked_at(list(due))
        if self._limits is None:
            done = set(due)
        # Backwards, and each is tried whatever became of the others: one that fails starves none, and is told.
        with ExitStack() as turns:
            turns.callback(self.draw, f"{before:%Y-%m}")
            for name, days in reversed(due.items()):
                if name not in done:
                    turns.callback(self.look, name, *days)

    def settled(self) -> None:
        """
        Looks at one month more that was closed and not looked at since, the oldest first, and draws it: nothing is
        settled unsearched. A job of its own, so that no mistake here keeps a month from closing, or the nights from
        being looked at; a month that could not be looked at is tried again when the others had their turn.
        """
        if self._limits is None:
            return
        names = {f"closed:{month}": month for month in sorted(self.closed_months())}
        with self._reading.connect() as connection:
            done = Findings(connection).was_looked_at(list(names))
        waiting = sorted(names.keys() - done, key=lambda name: (name in self._failed, name))
        for name in waiting[:1]:
            month, self._failed = names[name], self._failed | {name}
            self.look(name, date.fromisoformat(f"{month}-01"), date.fromisoformat(f"{following(month)}-01"))
            self.draw(month)
            self._failed -= {name}

    def look(self, name: str, start: date, end: date) -> int:
        """Looks at the local days [start, end) and keeps what is found; how much of it is new."""
        assert self._limits is not None, "nothing is looked for without thresholds"
        meals, new, stations = 0, 0, self._stations()
        found: dict[str, Finding] = {}
        scan = Scan(self._limits, self._known(start, end), self._calendar.local)
        scan.learn(self.meals.counts(start - BACK, start), self._visits(start - DAY))
        for day in _days(start, end):
            servings = list(self.meals.served(day, day + DAY))
            meals += len(servings)
            photos = {each.delivery.photo for each in servings if each.delivery and each.delivery.photo}
            earlier = self.meals.used_before(photos, day) if photos else {}
            found.update((each.key, each) for each in scan.day(day, servings, self._visits(day), earlier))
            if len(found) >= PIECE:
                new += self._keep(list(found.values()), stations)
                found.clear()
        # A single day shows no habit: what a month amounts to is told when the month is looked at.
        if (end - start) > DAY:
            found.update((each.key, each) for each in scan.month())
        new += self._keep(list(found.values()), stations)
        now = self._clock.now()
        self._transactions.run(
            lambda tx: Findings(tx.connection).looked(name, now, meals=meals, found=new), lane=Lane.BULK
        )
        return new

    def draw(self, month: str) -> Draw | None:
        """Draws what is checked on site of a month that is closed; None where it is open or was drawn already."""
        hash_ = self.month_hash(month)
        if hash_ is None:
            return None
        with self._reading.connect() as connection:
            if Checks(connection).draw(month) is not None:
                return None
        seed = seed_of(month, hash_)
        stations = self._stations()
        first = date.fromisoformat(f"{month}-01")
        share = visit_share(self.policies(), first, date.fromisoformat(f"{following(month)}-01") - DAY)
        drawn = draw(seed, self._lots(month, stations), self._lots(month, stations), share)
        settled = sum(1 for _ in self._lots(month, stations))
        return self._transactions.run(
            partial(self._drawn, month, seed, hash_, settled, drawn, stations), lane=Lane.BULK
        )  # fmt: skip

    def _drawn(
        self, month: str, seed: str, hash_: str, settled: int, drawn: Sequence[Lot],
        stations: Mapping[str, str | None], tx: Tx,
    ) -> Draw | None:  # fmt: skip
        made = Draw(month=month, seed=seed, ledger_hash=hash_, settled=settled, drawn_at=tx.now)
        checks = [
            Check(id=tx.new_id(), month=month, lot=each, station=stations.get(each.place, stations.get(each.resident)))
            for each in drawn
        ]
        if not Checks(tx.connection).keep(made, checks):
            return None
        facts: dict[str, Fact] = {
            "month": month,
            "seed": seed,
            "ledger": hash_,
            "settled": settled,
            "drawn": len(drawn),
        }
        tx.log(Line(kind="money_checks_drawn", by=SERVICE, facts=facts))
        return made

    def _lots(self, month: str, stations: Mapping[str, str | None]) -> Iterator[Lot]:
        """Every subsidised meal and proved visit of a month, day by day; a visit's place is its station."""
        start = date.fromisoformat(f"{month}-01")
        for day in _days(start, (start + 31 * DAY).replace(day=1)):
            for meal in self.meals.served(day, day + DAY):
                if meal.subsidy_fen > 0:
                    kind = "meal" if meal.delivery is None else "delivery"
                    yield Lot(kind=kind, id=meal.id, place=meal.canteen, resident=meal.resident, on=day)
            for visit in self._visits(day):
                place = stations.get(visit.resident_id) or "visits"
                yield Lot(kind="visit", id=visit.visit_id, place=place, resident=visit.resident_id, on=day)

    def _keep(self, found: Sequence[Finding], stations: Mapping[str, str | None]) -> int:
        work = [found[at : at + PIECE] for at in range(0, len(found), PIECE)]
        return sum(self._transactions.run(partial(_keep, each, stations), lane=Lane.BULK) for each in work)

    def _known(self, start: date, end: date) -> Known:
        cats = {each for one in self._exclusions for each in one.not_with}
        with self._reading.connect() as connection:
            about = Remarkable(connection, self._calendar.day_of).about(
                self._calendar.start_of(start), self._calendar.start_of(end), cats, self.schemes(start, end)
            )
        return Known(about=about, canteens=self.meals.canteens(start, end), exclusions=self._exclusions)

    def _stations(self) -> Mapping[str, str | None]:
        """Whose a canteen or a resident is: ids of both are random and never the same."""
        with self._reading.connect() as connection:
            residents = Remarkable(connection, self._calendar.day_of).stations()
        today = self._calendar.day_of(self._clock.now())
        canteens = self.meals.canteens(today, today + DAY)
        return {**residents, **{id_: each.station for id_, each in canteens.items()}}

    def _visits(self, day: date) -> list[Proved]:
        with self._reading.connect() as connection:
            return Visits(connection).proved_of_all(day, day + DAY)


def _keep(found: Sequence[Finding], stations: Mapping[str, str | None], tx: Tx) -> int:
    shelf, new = Findings(tx.connection), 0
    for each in found:
        station = stations.get(each.canteen or "", stations.get(each.resident or ""))
        case = Case(id=tx.new_id(), found=each, station=station, found_at=tx.now)
        if shelf.keep(case):
            new += 1
            facts: dict[str, Fact] = {
                "finding": case.id, "code": each.code.value, "canteen": each.canteen, "amount_fen": each.amount_fen,
            }  # fmt: skip
            tx.log(Line(kind="money_finding", by=SERVICE, facts=facts))
    return new


def _days(start: date, end: date) -> Iterator[date]:
    while start < end:
        yield start
        start += DAY
