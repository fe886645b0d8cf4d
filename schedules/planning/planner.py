"""The contract of those who make plans."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dispatch.clock import SystemClock
from schedules.planning.rules.plan import Plan
from schedules.planning.rules.problem import Problem

Told = Callable[[float, int], None]
"""Hears how much of the budget is used, 0 to 1, and the best cost so far."""


def unheard(part: float, cost: int) -> None:
    """For who wants no progress."""


def steady() -> float:
    """Seconds of the steady clock."""
    return SystemClock().look().steady_s


LEAST_S = 0.05
"""What a step of the work gets where all the time is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    How long a planner may think.

    With `iterations` (above 0) the same problem, seed and iterations give the same plan on every machine; by seconds, a
    faster machine finds a better one. `clock` counts the seconds: the wall's in the service, a processor's in a bench.
    """

    seconds: float = 10.0
    iterations: int = 0
    clock: Callable[[], float] = steady

    def share(self, part: float) -> "Budget":
        """A part of this budget."""
        assert 0 < part <= 1
        return Budget(
            seconds=self.seconds * part, iterations=int(self.iterations * part) or bool(self.iterations),
            clock=self.clock,
        )  # fmt: skip

    def since(self, began: float) -> "Budget":
        """What is left of the seconds, if `clock` said `began` when they began to run; steps are not used up so."""
        left = max(LEAST_S, self.seconds - (self.clock() - began))
        return Budget(seconds=left, iterations=self.iterations, clock=self.clock)

    def over(self, began: float) -> bool:
        """Whether the seconds are used up; steps never are by time, so that a plan by steps is the same everywhere."""
        return not self.iterations and self.clock() - began >= self.seconds


class Planner(Protocol):
    """Makes a plan that `rules.check.checked` finds nothing against."""

    def solve(self, problem: Problem, budget: Budget, *, seed: int, told: Told = unheard) -> Plan:
        """
        The best plan found within the budget. What cannot be served is left out with a reason.

        Raises:
            AssertionError: the problem is not one (its own checks); nothing else, whatever it holds.
        """
        ...
