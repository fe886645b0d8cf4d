"""
The search: days are looked at one after the other, and what only a month can show is told at its end.

    servings of a day ─► persons, tills, photos ─► findings
                     └─► habits, jumps (counts only) ─► findings of the month
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from schedules.care.rules.visit import Proved
from schedules.money.anomalies.rules import persons, tills
from schedules.money.anomalies.rules.canteens import Habits, Jumps
from schedules.money.anomalies.rules.limits import Limits
from schedules.money.anomalies.rules.serving import EVIDENCE_MAX, About, Canteen, Finding, Serving
from schedules.money.anomalies.rules.visits import look_at_visits
from schedules.money.rules.exclusions import Exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known beside the meals: about remarkable residents, canteens and schemes that exclude each other."""

    about: Mapping[str, About] = field(default_factory=dict)
    canteens: Mapping[str, Canteen] = field(default_factory=dict)
    exclusions: Sequence[Exclusion] = ()


class Scan:
    """
    One search through days that follow each other.

    Time grows with the meals (and their sorting within a day); memory with the meals of one day, with canteens, and
    with the pictures of deliveries.
    """

    def __init__(self, limits: Limits, known: Known, local: Callable[[datetime], datetime]) -> None:
        """`local` tells what the clock on the wall shows at an instant."""
        self._limits = limits
        self._known = known
        self._local = local
        self._photos = tills.Photos(limits)
        self._habits = Habits(known.canteens, limits)
        self._jumps = Jumps(limits)
        self._days: list[date] = []
        self._lasting: dict[str, Finding] = {}
        self._visits: list[Proved] = []
        """Those of the day before: a carer may be at two homes at midnight, too."""

    def learn(self, counts: Iterable[tuple[date, str, int]], visits: Iterable[Proved] = ()) -> None:
        """
        What was before the first day that is looked at: meals by day and canteen, in the order of days, and the visits
        of the day before.
        """
        self._visits = list(visits)
        for day, canteen, count in counts:
            self._jumps.day(day, canteen, count)

    def day(
        self, day: date, servings: Iterable[Serving], visits: Iterable[Proved] = (),
        earlier: Mapping[str, str] | None = None,
    ) -> Iterator[Finding]:  # fmt: skip
        """
        What one local day shows. Days must follow each other.

        `earlier` names, by the hash of a picture, the meal of an earlier day for which it was used.
        """
        assert not self._days or day > self._days[-1]
        self._days.append(day)
        today = sorted(servings, key=lambda each: (each.served_at, each.id))
        meals, known, limits = persons.by_resident(today), self._known, self._limits
        yield from persons.absent(day, meals, known.about, limits)
        yield from persons.too_often(day, meals, limits)
        yield from persons.apart(day, meals, known.canteens, limits)
        yield from self._new(persons.excluded(day, meals, known.about, known.exclusions, limits))
        yield from tills.bursts(day, today, limits)
        yield from tills.out_of_hours(day, today, known.canteens, self._local, limits)
        yield from self._photos.look(day, today, earlier or {})
        before, self._visits = self._visits, list(visits)
        yield from look_at_visits(day, self._visits, known.about, limits, before)
        yield from self._by_canteen(day, today)

    def _new(self, found: Iterable[Finding]) -> Iterator[Finding]:
        """What lasts is told when it is seen first, and with all its money at the end."""
        for each in found:
            before = self._lasting.get(each.key)
            self._lasting[each.key] = each if before is None else _joined(before, each)
            if before is None:
                yield each

    def _by_canteen(self, day: date, today: Sequence[Serving]) -> Iterator[Finding]:
        there: dict[str, list[Serving]] = {}
        for each in today:
            there.setdefault(each.canteen, []).append(each)
        for canteen, had in sorted(there.items()):
            self._habits.look(day, canteen, had)
            found = self._jumps.day(day, canteen, len(had), had)
            if found is not None:
                yield found

    def month(self) -> Iterator[Finding]:
        """What all the days together show. What lasted is told once more, by the same key, whole."""
        yield from (each for each in self._lasting.values() if each.first < each.last)
        if self._days:
            yield from self._habits.findings(self._days[0], self._days[-1])


def _joined(before: Finding, each: Finding) -> Finding:
    count = int(before.figures["count"]) + int(each.figures["count"])
    return replace(
        before, last=each.last, evidence=(*before.evidence, *each.evidence)[:EVIDENCE_MAX],
        figures={**before.figures, "count": count}, amount_fen=before.amount_fen + each.amount_fen,
    )  # fmt: skip
