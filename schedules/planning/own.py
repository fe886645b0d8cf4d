"""Our own planner behind the contract: builds, anneals, puts in what still fits."""

from collections.abc import Callable

from schedules.planning.planner import Budget, Told, unheard
from schedules.planning.rules.plan import Plan
from schedules.planning.rules.problem import Problem
from schedules.planning.search import GENTLE, Search
from schedules.planning.state import NOBODY, State
from schedules.planning.written import order_of, written

GIVE_WAY = 60
"""Visits left out for which others are asked to give way at the end; each takes about a tenth of a second."""

LAST = 0.07
"""Of the time, for that end."""


class OwnPlanner:
    """Plans whatever the problem may say: several carers at once, one after another, breaks, promises."""

    def solve(self, problem: Problem, budget: Budget, *, seed: int, told: Told = unheard) -> Plan:
        """See `Planner`."""
        began = budget.clock()
        search = Search(State(problem), seed)
        search.build()
        search.solve(_searched(budget, began), told)
        return finished(search, lambda: budget.over(began))


def improved(plan: Plan, problem: Problem, budget: Budget, *, seed: int, told: Told = unheard) -> Plan:
    """Puts in what this plan leaves out, where it fits, and anneals on from it, cool."""
    began = budget.clock()
    search = Search(State(problem), seed)
    search.lay(order_of(plan, problem), loosely=True)
    for v in sorted(search.state.pool, key=lambda each: (problem.jobs[each].latest, each)):
        search.fit(v)
    search.state.renumber()
    search.keep()
    search.run(_searched(budget, began), GENTLE, told)
    return finished(search, lambda: budget.over(began))


def _searched(budget: Budget, began: float) -> Budget:
    """What the search gets: all that is left, but for a little in which the last visits are put in."""
    return budget if budget.iterations else budget.since(began).share(1 - LAST)


def finished(search: Search, is_over: Callable[[], bool]) -> Plan:
    """The best seen, with every visit put in that fits, where that makes it no worse."""
    search.restore()
    seen, cost_seen = written(search.state), search.state.cost()
    filled = _filled(search, is_over)
    return filled if search.state.cost() <= cost_seen else seen


def _filled(search: Search, is_over: Callable[[], bool]) -> Plan:
    state = search.state
    for v in sorted(state.pool):
        if not is_over():
            search.fit(v)
    for v in sorted(state.pool)[:GIVE_WAY]:
        if is_over():
            break
        if state.in_pool[v] != NOBODY and not any(state.in_pool[each] != NOBODY for each in state.deps[v]):
            search.fit_instead(v, list(dict.fromkeys(state.of[t] for t in search.near[state.tasks[v][0]])))
    return written(state)
