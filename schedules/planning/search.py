"""
The planner of our own: the order of visits and who does them, decoded forward, annealed.

It plans what a library cannot: two carers who must meet, one after another with a gap, breaks wherever the carer then
is. Each step moves or exchanges a visit and keeps the change if the plan holds and costs less, or a little more while
it is still hot (Kirkpatrick, Gelatt, Vecchi: Optimization by simulated annealing, Science 220, 1983).

The threshold is drawn before the step is costed, so that most steps are refused by the way alone, without decoding.
"""

import math
from random import Random

from schedules.planning.moves import Draw, Moves
from schedules.planning.planner import Budget, Told
from schedules.planning.state import NEVER, NOBODY, State

NEIGHBOURS = 24
"""Tasks that one is tried behind, besides any at random."""

HOT, WARM, GENTLE, COLD = 3.0, 0.5, 0.1, 0.05
"""
Temperatures, in the cost of a typical way: a start, a second look at the best, a good plan mended, and the last of all.
Chosen on the Mankowska instances: from 1.0, a start never leaves a poor order of visits that two carers hold together.
"""

STARTS, STARTED = 3, 100
"""So often a small problem is annealed anew; one of more than so many tasks by half gets its time in one piece."""

AGAIN = 0.2
"""Of the budget for the second look."""

LOOK = 256
"""Steps between two looks at the clock."""
RENUMBER = 4096


class Search(Moves):
    """Anneals a state. `best` is the best seen, as `snapshot` has it."""

    def __init__(self, state: State, seed: int) -> None:
        super().__init__(state)
        self.random = Random(seed)
        self.near = _near(state)
        self.steps = 0
        self.best_cost = NEVER
        self.best: list[tuple[int, list[int]]] = []

    def build(self) -> None:
        """Puts in every visit that fits, promised and scarce ones first, each where it costs least."""
        state = self.state
        jobs = state.problem.jobs
        order = sorted(
            range(state.jobs),
            key=lambda v: (not jobs[v].promised, jobs[v].latest - jobs[v].earliest > 0, jobs[v].latest, v),
        )
        for v in order:
            state.key[v] = float(jobs[v].latest)
        for v in order:
            self.fit(v)
        state.renumber()
        self.keep()

    def solve(self, budget: Budget, told: Told) -> None:
        """Anneals a built plan: anew from hot, a few times where it is small, and at last once more from the best."""
        starts = max(1, min(STARTS, STARTED // max(1, self.state.count)))
        share = (1 - AGAIN) / starts
        for number in range(starts):
            self.run(budget.share(share), HOT, _part(told, number * share, share))
        self.restore()
        self.run(budget.share(AGAIN), WARM, _part(told, 1 - AGAIN, AGAIN))

    def run(self, budget: Budget, warmth: float, told: Told) -> None:
        """
        Anneals from this temperature, from the plan as it stands. `told` hears the part done and the best cost.

        With `iterations` the same seed gives the same plan on every machine.
        """
        state, random = self.state, self.random.random
        iterations, budget_s, clock = budget.iterations, budget.seconds, budget.clock
        leg = max(1, self._leg())
        hot, cold = warmth * leg, COLD * leg
        began, temperature, part = clock(), hot, 0.0
        current = state.cost()
        count = state.count
        limit = iterations or NEVER
        number = 0
        while number < limit and count and state.workers:
            if number % LOOK == 0:
                part = number / limit if iterations else min(1.0, (clock() - began) / budget_s)
                if part >= 1.0:
                    break
                temperature = hot * (cold / hot) ** part
                if number % (LOOK * 64) == 0:
                    told(part, self.best_cost)
            if number % RENUMBER == 0:
                state.renumber()
            number += 1
            allowed = current - temperature * math.log(1.0 - random())
            after = self._step(random, allowed)
            if after is not None:
                current = after
                if current < self.best_cost:
                    self.keep()
        self.steps += number
        told(1.0, self.best_cost)

    def _leg(self) -> int:
        """What a typical way costs: between a task and its nearest ones."""
        state = self.state
        way, place = state.way, state.place
        legs = [way[0][place[p]][place[t]] for t in range(state.count) for p in self.near[t][:8]] if way else []
        return state.problem.weights.travel * sum(legs) // max(1, len(legs))

    def _step(self, random: Draw, allowed: float) -> int | None:
        state = self.state
        if state.pool and random() < 0.15:
            return self._from_pool(random, allowed)
        t = int(random() * state.count)
        v = state.of[t]
        if state.in_pool[v] != NOBODY:
            return self._from_pool(random, allowed)
        near = self.near[t]
        if random() < 0.85 and near:
            p = near[int(random() * len(near))]
        else:
            p = int(random() * (state.count + state.workers))
        if state.of[p] == v or (p < state.count and state.in_pool[state.of[p]] != NOBODY):
            return None
        chance = random()
        if len(state.tasks[v]) == 1:
            if chance < 0.55:
                return self._relocate(t, v, p, random, allowed)
            if chance < 0.9:
                return self._exchange(t, v, p, allowed)
            return self._tails(p, random, allowed)
        if chance < 0.35:
            return self._reassign(t, v, random, allowed)
        if chance < 0.45:
            return self._tails(p, random, allowed)
        return self._shift(t, v, p, random, allowed)

    def keep(self) -> None:
        """Remembers the plan as it stands."""
        self.best_cost = self.state.cost()
        self.best = self.order()

    def restore(self) -> None:
        """Stands as the best did."""
        self.lay(self.best)


def _part(told: Told, begins: float, share: float) -> Told:
    """Hears of a part as of the whole."""
    return lambda part, cost: told(begins + part * share, cost)


def _near(state: State) -> list[list[int]]:
    """For each task, the tasks it goes well behind: near, and with windows that follow each other."""
    found: list[list[int]] = []
    early, due, secs, of, place = state.early, state.due, state.secs, state.of, state.place
    if not state.workers:
        return [[] for _ in range(state.count)]
    way = state.way[0]
    for t in range(state.count):
        v, here = of[t], place[t]
        scored = []
        for p in range(state.count):
            u = of[p]
            if u == v:
                continue
            leg = way[place[p]][here]
            wait = early[v] - due[u] - secs[p] - leg
            over = early[u] + secs[p] + leg - due[v]
            scored.append((leg + (wait // 4 if wait > 0 else 0) + (over if over > 0 else 0), p))
        scored.sort()
        found.append([p for _, p in scored[:NEIGHBOURS]])
    return found
