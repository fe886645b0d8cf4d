"""What a month of serving is reckoned into, as values: a job for each payee, rule and period, and the month whole."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from dispatch.ids import StationId
from schedules.money.operators.asked import Canteen
from schedules.money.rules.operators import Due, Served, Stretch, Term
from schedules.money.rules.policies import NoRule
from schedules.money.rules.policy import Policy

_NEVER: frozenset[date] = frozenset()


@dataclass(slots=True)
class Job:
    """
    One payee, rule and period with what is counted for it. `shown` are people by what shows they were served, `named`
    those of them whom the rule names; None where it asks nothing of them.
    """

    kind: str
    found: Stretch
    versions: list[tuple[Policy, frozenset[date]]]
    owed_to: str
    canteens: Mapping[str, frozenset[date] | None]
    """Whose meals count, and on which days of the stretch; None: on all."""
    what: str = "meals"
    by_day: dict[date, int] = field(default_factory=dict)
    by_version: dict[str, dict[date, int]] = field(default_factory=lambda: defaultdict(dict))
    days: set[date] = field(default_factory=set)
    shown: dict[str, set[str]] = field(default_factory=lambda: {"meal": set(), "visit": set()})
    named: set[str] | None = None
    dues: list[Due] = field(default_factory=list)

    @property
    def everybody(self) -> set[str]:
        """Whoever was served, by whatever shows it."""
        return self.shown["meal"] | self.shown["visit"]

    @property
    def served(self) -> Served:
        people = self.everybody if self.named is None else self.named
        return Served(by_day=self.by_day, days=len(self.days), people=len(people))

    def serves(self, canteen: str, day: date) -> bool:
        """Whether the meals of a canteen are this payee's on a day."""
        own = self.canteens.get(canteen, _NEVER)
        return own is None or day in own

    def serving(self, day: date) -> frozenset[str]:
        """The canteens whose meals are this payee's on a day."""
        return frozenset(each for each, own in self.canteens.items() if own is None or day in own)

    @property
    def is_by_register(self) -> bool:
        """Whether people are looked at as the register has them: visits bring no facts of their own."""
        return self.what == "people" and self.found.term.kind == "station"

    def version(self, day: date) -> Policy | None:
        """The one that is in force on a day of the stretch."""
        return next((policy for policy, own in self.versions if day in own), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """A month whole. `troubles` are terms whose rule says nothing: those are due nothing until it is mended."""

    month: str
    jobs: tuple[Job, ...] = ()
    troubles: tuple[tuple[Term, NoRule], ...] = ()
    canteens: Mapping[str, Canteen] = field(default_factory=dict)

    @property
    def dues(self) -> list[Due]:
        return [due for job in self.jobs for due in job.dues]

    @property
    def told(self) -> "Told":
        """What of it is shown."""
        at = {each.id: each.station_id for each in self.canteens.values()}
        return Told(month=self.month, dues=tuple(self.dues), troubles=self.troubles, stations=at)

    @property
    def summed(self) -> "Summed":
        """What of it is booked."""
        troubled = tuple((term.id, term.policy) for term, _ in self.troubles)
        return Summed(month=self.month, dues=tuple(self.dues), troubled=troubled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """
    A month as it is booked, which another process may have worked out. `troubled` are terms whose rule says nothing,
    by their ids and rules.
    """

    month: str
    dues: tuple[Due, ...] = ()
    troubled: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A month as it is shown, which another process may have worked out. `stations` are those of canteens, by id."""

    month: str
    dues: tuple[Due, ...] = ()
    troubles: tuple[tuple[Term, NoRule], ...] = ()
    stations: Mapping[str, StationId | None] = field(default_factory=dict)
