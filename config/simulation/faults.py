"""What goes wrong in a simulated district, how often, and what a crash looks like."""

from dataclasses import dataclass, field, replace

from dispatch.rules.place import Position
from dispatch.rules.travel import Means, StraightLine


class Crash(BaseException):
    """The process dies here. Not an `Exception`, so that no loop of the service can survive it."""


class Poison(Exception):
    """What a decision runs into while the reckoning of ways is broken: a mistake in the rules, as it were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How carers and family answer when they are asked: weights, not chances."""

    accept: float = 62.0
    late: float = 5.0
    decline: float = 9.0
    ignore: float = 12.0
    double: float = 3.0
    garbage: float = 3.0
    never_arrives: float = 2.5
    unannounced: float = 2.5
    gives_up: float = 2.0
    stop: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """
    How often things happen, a day, and with which chance.

    `presses` are presses of pendants and messages of panels; `station-day` of the promises is 14 of them. All other
    numbers ending in `_day` are faults a day, the rest are chances between 0 and 1.
    """

    presses_day: float = 14.0
    crashes_day: float = 0.2
    clock_steps_day: float = 0.1
    outages_day: float = 0.1
    poisons_day: float = 0.05
    floods_day: float = 0.5
    stuck_day: float = 0.1
    strangers_day: float = 2.0
    silences_day: float = 0.5
    repeats: float = 0.12
    second_resident: float = 0.1
    cancels: float = 0.05
    lost_ack: float = 0.05
    lost_receipt: float = 0.1
    late_receipt: float = 0.02
    early_receipt: float = 0.03
    refused: float = 0.01
    unknown: float = 0.01
    undelivered: float = 0.02
    slow: float = 0.01
    liar: float = 0.05
    sleepy_operator: float = 0.1
    wrong_closing: float = 0.03
    manners: Manners = field(default_factory=Manners)


USUAL = Faults()
"""A station as it is most of the year."""

_WILD = Manners(
    accept=35, late=10, decline=15, ignore=18, double=6, garbage=6, never_arrives=6, unannounced=5, gives_up=6, stop=0.5
)
ROUGH = replace(
    USUAL,
    presses_day=40.0, crashes_day=30.0, clock_steps_day=6.0, outages_day=4.0, poisons_day=3.0, floods_day=4.0,
    stuck_day=1.5, strangers_day=6.0, silences_day=12.0, repeats=0.3, second_resident=0.2, cancels=0.2, lost_ack=0.3,
    lost_receipt=0.3,
    late_receipt=0.1, early_receipt=0.15, refused=0.06, unknown=0.08, undelivered=0.08, slow=0.04, liar=0.2,
    sleepy_operator=0.3, wrong_closing=0.12, manners=_WILD,
)  # fmt: skip
"""A day on which everything happens at once, for the suite."""


class Tripwire:
    """Counts commits down once it is armed, and crashes at the last one: before it is kept, or right after."""

    def __init__(self) -> None:
        self.commits = 0
        self._left = 0
        self._after = False

    def arm(self, commits: int, *, after: bool) -> None:
        """Crash at the `commits`-th commit from now."""
        assert commits > 0
        self._left, self._after = commits, after

    def before_commit(self) -> None:
        if not self._after:
            self._count()

    def after_commit(self) -> None:
        self.commits += 1
        if self._after:
            self._count()

    def _count(self) -> None:
        if self._left == 0:
            return
        self._left -= 1
        if self._left == 0:
            raise Crash


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways(StraightLine):
    """The straight line, which now and then cannot be reckoned: `broken` holds one element while it cannot."""

    broken: list[bool] = field(default_factory=list, compare=False, repr=False)

    def seconds(self, origin: Position, to: Position, means: Means) -> float:
        if self.broken:
            raise Poison("no way can be reckoned")
        return StraightLine.seconds(self, origin, to, means)
