"""From a state of the search to a plan with its reasons, and back."""

from collections.abc import Callable
from dataclasses import replace
from heapq import heapify, heappop, heappush
from itertools import pairwise, takewhile

from schedules.planning.rules.plan import Plan, Reason, Rest, Stop
from schedules.planning.rules.problem import Problem
from schedules.planning.rules.reasons import barred, plain_reason
from schedules.planning.rules.why import Choice, Why
from schedules.planning.search import Search
from schedules.planning.state import NOBODY, State

CHOICES = 3
"""Next best workers that are kept with a visit."""

TRIED = 8
"""Workers tried in a visit's stead to find them; the others are counted only."""


def written(state: State) -> Plan:
    """The plan as the state stands, with a reason for each visit that is left out."""
    problem = state.problem
    stops = [
        Stop(job=problem.jobs[v].id, task=number, worker=problem.workers[state.who[t]].id, start=state.start[t])
        for v in range(state.jobs)
        if state.in_pool[v] == NOBODY
        for number, t in enumerate(state.tasks[v])
    ]
    out = [problem.jobs[v].id for v in sorted(state.pool)]
    return Plan(
        stops=tuple(sorted(stops, key=lambda each: (each.worker, each.start, each.job))),
        rests=tuple(rest for w in range(state.workers) for rest in _rests(state, w)),
        unassigned={problem.jobs[v].id: _reason(state, v, out) for v in sorted(state.pool)},
    )


def _rests(state: State, w: int) -> list[Rest]:
    """When this worker rests: as `State` decodes it."""
    found: list[Rest] = []
    p, worker = state.head[w], state.problem.workers[w]
    if state.behind[p] >= state.count:
        return []
    while p != state.tail[w]:
        n = state.behind[p]
        at = state.start[p] + state.secs[p]
        until = state.rested[n] if n < state.count else len(worker.breaks)
        for number in range(state.rested[p], until):
            at = max(at, worker.breaks[number].earliest)
            found.append(Rest(worker=worker.id, number=number, start=at))
            at += worker.breaks[number].seconds
        p = n
    return found


def _reason(state: State, v: int, out: list[str]) -> Reason:
    problem = state.problem
    job = problem.jobs[v]
    plain = plain_reason(job, problem, out)
    if plain is not None:
        return plain
    alone = Search(State(replace(problem, jobs=(replace(job, after=()),))), 0)
    if alone.fit(0):
        return Reason.PROMISED if job.promised else Reason.FULL
    return Reason.PROMISED if job.promised else Reason.NO_WAY


def order_of(plan: Plan, problem: Problem) -> list[tuple[int, list[int]]]:
    """
    The visits of a plan, by number, in an order in which they can be decoded, with the workers of their tasks.

    Raises:
        ValueError: two carers wait for each other in it.
    """
    jobs = {each.id: index for index, each in enumerate(problem.jobs)}
    workers = {each.id: index for index, each in enumerate(problem.workers)}
    who: dict[int, dict[int, int]] = {}
    starts: dict[int, int] = {}
    for stop in plan.stops:
        v = jobs[stop.job]
        who.setdefault(v, {})[stop.task] = workers[stop.worker]
        starts[v] = min(starts.get(v, stop.start), stop.start)
    kids: dict[int, list[int]] = {v: [] for v in who}
    waits = dict.fromkeys(who, 0)
    edges = [(jobs[one.job], jobs[two.job]) for stops in plan.routes().values() for one, two in pairwise(stops)]
    edges += [(jobs[dep], v) for v in who for dep in problem.jobs[v].after if jobs.get(dep) in who]
    for u, v in edges:
        kids[u].append(v)
        waits[v] += 1
    ready = [(starts[v], v) for v in who if not waits[v]]
    heapify(ready)
    found: list[tuple[int, list[int]]] = []
    while ready:
        v = heappop(ready)[1]
        found.append((v, [who[v][number] for number in sorted(who[v])]))
        for n in kids[v]:
            waits[n] -= 1
            if not waits[n]:
                heappush(ready, (starts[n], n))
    if len(found) < len(who):
        raise ValueError("two carers wait for each other in this plan")
    return found


def whys(plan: Plan, problem: Problem, *, over: Callable[[], bool] = lambda: False) -> list[Why]:
    """
    Why each planned visit went where it went; of as many as there is time for, until it is `over`.

    Raises:
        ValueError: the plan does not hold.
    """
    search = Search(State(problem), 0)
    search.lay(order_of(plan, problem))
    search.state.renumber()
    planned = (v for v in range(search.state.jobs) if search.state.in_pool[v] == NOBODY)
    return [_why(search, v) for v in takewhile(lambda _: not over(), planned)]


def _why(search: Search, v: int) -> Why:
    state, problem = search.state, search.state.problem
    job = problem.jobs[v]
    has = [state.who[t] for t in state.tasks[v]]
    key, spots = state.key[v], [(state.who[t], state.before[t]) for t in state.tasks[v]]
    total = state.cost()
    if state.kids[v] or not search.take(v):
        return Why(job=job.id, cost=0, barred={})
    alone = state.cost() - state.omitted[v]
    counts: dict[str, int] = {}
    could = []
    for w, worker in enumerate(problem.workers):
        if w in has:
            continue
        bars = [barred(job, number, worker, problem.late_max) for number in range(len(job.tasks))]
        if None in bars:
            could.append(w)
        else:
            counts[bars[0] or ""] = counts.get(bars[0] or "", 0) + 1
    could.sort(key=lambda w: min(search.roughly(t, w, key) for t in state.tasks[v]))
    others = []
    for w in could[:TRIED]:
        more = search.price_with(v, w)
        if more is None:
            counts["no_room"] = counts.get("no_room", 0) + 1
        else:
            others.append(Choice(worker=problem.workers[w].id, more=more - total))
    search.put(v, key, spots)
    others.sort(key=lambda each: (each.more, each.worker))
    return Why(job=job.id, cost=total - alone, others=tuple(others[:CHOICES]), barred=counts)
