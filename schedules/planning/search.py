"""
The planner of our own: the order of visits and who does them, decoded forward, annealed.

It plans what a library cannot: two carers who must meet, one after another with a gap, breaks wherever the carer then
is. Each step moves or exchanges a visit and keeps the change if the plan holds and costs less, or a little more while
it is still hot (Kirkpatrick, Gelatt, Vecchi: Optimization by simulated annealing, Science 220, 1983).

The threshold is drawn before the step is costed, so that most steps are refused by the way alone, without decoding.
"""

import math
from collections.abc import Callable
from random import Random

from schedules.planning.state import NEVER, NOBODY, State

GENTLE = 0.1
FITTED = 6
"""Places found to fit before the best of them is taken."""

IDLE = 1800
"""A visit is not tried before one that is over so long before it may begin."""

NEIGHBOURS = 24
"""Tasks that one is tried behind, besides any at random."""

HOT, COLD = 1.0, 0.05
"""The first and the last temperature, in the cost of a typical way; chosen on the Mankowska instances."""

LOOK = 256
"""Steps between two looks at the clock."""
RENUMBER = 4096

Clock = Callable[[], float]
Spots = list[tuple[int, int]]
"""A worker for each task of a visit, and behind whom."""


class Search:
    """Anneals a state. `best` is the best seen, as `snapshot` has it."""

    def __init__(self, state: State, seed: int) -> None:
        self.state = state
        self.random = Random(seed)
        self.near = _near(state)
        self.steps = 0
        self.best_cost = NEVER
        self.best: list[tuple[int, list[int]]] = []

    # ------------------------------------------------------------------------------------ to begin with

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

    def fit(self, v: int) -> bool:
        """Puts a visit that is left out where it costs least; False, and nothing changed, where it fits nowhere."""
        found = self.cheapest(v)
        if found is None:
            return False
        self.put(v, *found)
        return True

    def cheapest(self, v: int, only: int = NOBODY) -> tuple[float, Spots] | None:
        """The cheapest key and places for a visit that is left out; `only` names a worker who must be among them."""
        state = self.state
        if any(state.in_pool[each] != NOBODY for each in state.deps[v]):
            return None
        before, best, found, fitted = state.cost(), NEVER, None, 0
        for _, key, spots in sorted(self._ways_in(v, only), key=lambda each: each[:2]):
            old = state.key[v]
            self._put(v, key, spots)
            fits = self._settled([v])
            price = state.cost() - before
            if fits and price < best:
                best, found = price, (key, spots)
            state.undo()
            self._take(v)
            state.log.clear()
            state.key[v] = old
            fitted += fits
            if fitted == FITTED:
                break
        return found

    def _ways_in(self, v: int, only: int) -> list[tuple[int, float, Spots]]:
        """Candidate places with a guess of their cost: gaps of able workers for one task, the best for the others."""
        state = self.state
        low, high = self._bounds(v)
        found: list[tuple[int, float, Spots]] = []
        for lead in state.tasks[v]:
            for w in state.able[lead]:
                if only != NOBODY and len(state.tasks[v]) == 1 and w != only:
                    continue
                for guess, lo, hi in self._gaps(lead, w, low, high):
                    key = lo + 1.0 if hi == math.inf else (lo + hi) / 2
                    spots = self._others(v, lead, w, key, only)
                    if spots:
                        found.append((guess, key, spots))
            if len(state.tasks[v]) == 1:
                break
        return found

    def _gaps(self, t: int, w: int, low: float, high: float) -> list[tuple[int, float, float]]:
        """Where in the chain of `w` this task might go: a guess of its cost, and between which keys."""
        state = self.state
        start, secs, place, of, keys, behind = state.start, state.secs, state.place, state.of, state.key, state.behind
        row, here, v = state.way[w], place[t], of[t]
        early, last, due, price = state.early[v], state.last[v], state.due[v], state.price[t][w]
        found = []
        n = state.head[w]
        while n != state.tail[w]:
            p, n = n, behind[n]
            lo, hi = max(low, keys[of[p]]), min(high, keys[of[n]])
            arrives = start[p] + secs[p] + row[place[p]][here]
            if arrives > last:
                break
            if lo >= hi or (n < state.count and start[n] + secs[n] < early - row[place[n]][here] - IDLE):
                continue
            guess = row[place[p]][here] + row[here][place[n]] - row[place[p]][place[n]] + price
            if n < state.count:
                ready = (arrives if arrives > early else early) + secs[t] + row[here][place[n]]
                guess += 4 * max(0, ready - start[n])
            found.append((guess + 4 * max(0, arrives - due), lo, hi))
        return found

    def price_with(self, v: int, w: int) -> int | None:
        """What the plan would cost with this visit put in so that `w` comes; None where it cannot. Nothing changes."""
        found = self.cheapest(v, w)
        if found is None:
            return None
        key = self.state.key[v]
        self.put(v, *found)
        price = self.state.cost()
        out = self.take(v)
        assert out
        self.state.key[v] = key
        return price

    def put(self, v: int, key: float, spots: Spots) -> None:
        """Puts a visit where it is known to fit."""
        self._put(v, key, spots)
        fits = self._settled([v])
        assert fits
        self.state.log.clear()

    def take(self, v: int) -> bool:
        """Takes a visit out; those behind it move up. False, and nothing changed, where one then cannot be in time."""
        state = self.state
        spots = [(state.who[t], state.before[t]) for t in state.tasks[v]]
        behind = [state.of[state.behind[t]] for t in state.tasks[v]]
        self._take(v)
        if state.settle([(state.key[n], n) for n in behind if n != v]):
            state.log.clear()
            return True
        state.undo()
        for t, (w, p) in zip(state.tasks[v], spots, strict=True):
            state.link(t, w, p)
        state.back(v)
        return False

    def _others(self, v: int, lead: int, w: int, key: float, only: int) -> Spots | None:
        state, chosen = self.state, {lead: w}
        for t in state.tasks[v]:
            if t == lead:
                continue
            taken = {state.carer[each] for each in chosen.values()}
            free = [each for each in state.able[t] if state.carer[each] not in taken]
            if only != NOBODY and only not in chosen.values() and only in free:
                free = [only]
            if not free:
                return None
            chosen[t] = min(free, key=lambda each: self.roughly(t, each, key))
        if only != NOBODY and only not in chosen.values():
            return None
        return [(chosen[t], state.spot(chosen[t], key)) for t in state.tasks[v]]

    def roughly(self, t: int, w: int, key: float) -> int:
        """About what it costs that this worker does the task at this place of the order."""
        state = self.state
        p = state.spot(w, key)
        n = state.behind[p]
        row, place = state.way[w], state.place
        way = row[place[p]][place[t]] + row[place[t]][place[n]] - row[place[p]][place[n]]
        wait = max(0, state.start[p] + state.secs[p] + row[place[p]][place[t]] - state.due[state.of[t]])
        return way + 4 * wait + state.price[t][w]

    def _bounds(self, v: int) -> tuple[float, float]:
        """Between which keys a visit may stand, for what it follows and what follows it."""
        state = self.state
        low = max((state.key[each] for each in state.deps[v]), default=-1.0)
        high = min((state.key[each] for each in state.kids[v] if state.in_pool[each] == NOBODY), default=math.inf)
        return low, high

    # ------------------------------------------------------------------------------------ chains

    def _put(self, v: int, key: float, spots: Spots) -> None:
        state = self.state
        state.key[v] = key
        for t, (w, p) in zip(state.tasks[v], spots, strict=True):
            state.link(t, w, p)
        state.back(v)

    def _take(self, v: int) -> None:
        for t in self.state.tasks[v]:
            self.state.unlink(t)
        self.state.out(v)

    def _settled(self, visits: list[int]) -> bool:
        state = self.state
        dirty = [(state.key[v], v) for v in visits]
        for v in visits:
            for t in state.tasks[v]:
                n = state.of[state.behind[t]]
                dirty.append((state.key[n], n))
        return state.settle(dirty)

    # ------------------------------------------------------------------------------------ annealing

    def run(self, *, iterations: int = 0, budget_s: float = 0.0, clock: Clock, told: Callable[[float, int], None],
            gently: bool = False) -> None:  # fmt: skip
        """
        Anneals for so many steps, or so long by this clock. `told` hears the part done and the best cost.

        With `iterations` the same seed gives the same plan on every machine. `gently` begins cool, from a good plan.
        """
        state, random = self.state, self.random.random
        leg = max(1, self._leg())
        hot, cold = (GENTLE if gently else HOT) * leg, COLD * leg
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

    def _step(self, random: Callable[[], float], allowed: float) -> int | None:
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

    def _relocate(self, t: int, v: int, p: int, random: Callable[[], float], allowed: float) -> int | None:
        """Moves a visit of one carer behind `p`."""
        state = self.state
        w = state.who[p]
        if state.price[t][w] == NEVER:
            return None
        behind, before, of = state.behind, state.before, state.of
        n = behind[p]
        if n == t:
            return None
        lo, hi = state.key[of[p]], state.key[of[n]]
        if state.deps[v] or state.kids[v]:
            low, high = self._bounds(v)
            lo, hi = max(lo, low), min(hi, high)
        if hi == math.inf:
            hi = lo + 2.0
        key = lo + (hi - lo) * random()
        if not lo < key < hi:
            return None
        old_p, old_n, old_w, old_key = before[t], behind[t], state.who[t], state.key[v]
        state.unlink(t)
        state.link(t, w, p)
        state.key[v] = key
        weights = state.problem.weights
        if weights.travel * state.travel + state.people + state.left_out <= allowed:
            keys = state.key
            a, b = of[old_n], of[n]
            dirty = [(key, v), (keys[a], a), (keys[b], b)]
            dirty += [(keys[kid], kid) for kid in state.kids[v] if state.in_pool[kid] == NOBODY]
            if state.settle(dirty):
                after = state.cost()
                if after <= allowed:
                    state.log.clear()
                    return after
        state.undo()
        self._unlinked(t)
        self._linked(t, old_w, old_p)
        state.key[v] = old_key
        return None

    def _unlinked(self, t: int) -> None:
        """Takes a task out without forgetting its start: an undo has just brought it back."""
        state = self.state
        at, over, took = state.start[t], state.late[t], state.rested[t]
        state.unlink(t)
        state.log.clear()
        state.start[t], state.late[t], state.rested[t] = at, over, took
        state.late_sum += over

    def _linked(self, t: int, w: int, p: int) -> None:
        self.state.link(t, w, p)

    def _exchange(self, t: int, v: int, p: int, allowed: float) -> int | None:
        """Exchanges two visits of one carer each: their places, their carers and their keys."""
        state = self.state
        if p >= state.count or len(state.tasks[state.of[p]]) != 1:
            return None
        u = state.of[p]
        wt, wp = state.who[t], state.who[p]
        if state.price[t][wp] == NEVER or state.price[p][wt] == NEVER or wt == wp:
            return None
        if state.deps[v] or state.kids[v] or state.deps[u] or state.kids[u]:
            return None
        before_t, before_p = state.before[t], state.before[p]
        keys = state.key
        key_t, key_p = keys[v], keys[u]
        state.unlink(t)
        state.unlink(p)
        state.link(t, wp, before_p)
        state.link(p, wt, before_t)
        keys[v], keys[u] = key_p, key_t
        weights = state.problem.weights
        if weights.travel * state.travel + state.people + state.left_out <= allowed and self._settled([v, u]):
            after = state.cost()
            if after <= allowed:
                state.log.clear()
                return after
        state.undo()
        self._unlinked(t)
        self._unlinked(p)
        self._linked(t, wt, before_t)
        self._linked(p, wp, before_p)
        keys[v], keys[u] = key_t, key_p
        return None

    def _shift(self, t: int, v: int, p: int, random: Callable[[], float], allowed: float) -> int | None:
        """Moves a visit of several carers in the order: `t` behind `p`, the others with whom they have or anybody."""
        state = self.state
        w = state.who[p]
        if state.price[t][w] == NEVER:
            return None
        lo, hi = state.key[state.of[p]], state.key[state.of[state.behind[p]]]
        low, high = self._bounds(v)
        lo, hi = max(lo, low), min(hi, high)
        if hi == math.inf:
            hi = lo + 2.0
        key = lo + (hi - lo) * random()
        if not lo < key < hi:
            return None
        chosen = {t: w}
        for other in state.tasks[v]:
            if other != t:
                keep = state.who[other] if random() < 0.6 else NOBODY
                able = state.able[other]
                chosen[other] = keep if keep != NOBODY else able[int(random() * len(able))]
        return self._again(v, key, chosen, allowed)

    def _reassign(self, t: int, v: int, random: Callable[[], float], allowed: float) -> int | None:
        """Gives one task of a visit of several to another carer, where it stands in the order."""
        state = self.state
        able = state.able[t]
        w = able[int(random() * len(able))]
        if w == state.who[t]:
            return None
        chosen = {other: state.who[other] for other in state.tasks[v]}
        twin = next((other for other, has in chosen.items() if has == w), None)
        if twin is not None:
            if state.price[twin][chosen[t]] == NEVER:
                return None
            chosen[twin] = chosen[t]
        chosen[t] = w
        return self._again(v, state.key[v], chosen, allowed)

    def _again(self, v: int, key: float, chosen: dict[int, int], allowed: float) -> int | None:
        state = self.state
        if len({state.carer[w] for w in chosen.values()}) < len(chosen):
            return None
        tasks, keys = state.tasks[v], state.key
        old = [(state.who[t], state.before[t], state.of[state.behind[t]]) for t in tasks]
        old_key = keys[v]
        for t in reversed(tasks):
            state.unlink(t)
        keys[v] = key
        for t in tasks:
            state.link(t, chosen[t], state.spot(chosen[t], key))
        weights = state.problem.weights
        if weights.travel * state.travel + state.people + state.left_out <= allowed:
            dirty = [(key, v)]
            for t, (_, _, n) in zip(tasks, old, strict=True):
                m = state.of[state.behind[t]]
                dirty += [(keys[n], n), (keys[m], m)]
            dirty += [(keys[kid], kid) for kid in state.kids[v] if state.in_pool[kid] == NOBODY]
            if state.settle(dirty):
                after = state.cost()
                if after <= allowed:
                    state.log.clear()
                    return after
        state.undo()
        for t in tasks:
            self._unlinked(t)
        keys[v] = old_key
        for t, (w, p, _) in zip(tasks, old, strict=True):
            self._linked(t, w, p)
        return None

    def _tails(self, p: int, random: Callable[[], float], allowed: float) -> int | None:
        """Two carers exchange everything behind one moment of the order."""
        state = self.state
        a = state.who[p]
        key = state.key[state.of[p]]
        b = int(random() * state.workers)
        if a == b:
            return None
        # Cut by the global order, both chains keep the order of the keys. A cut right behind p and one before it.
        q = state.spot(b, key)
        first, second = state.behind[p], state.behind[q]
        if first >= state.count and second >= state.count:
            return None
        if not self._could(first, b) or not self._could(second, a):
            return None
        self._cross(a, p, first, b, q, second)
        weights = state.problem.weights
        if weights.travel * state.travel + state.people + state.left_out <= allowed:
            dirty = [(state.key[v], v) for v in (state.of[state.behind[p]], state.of[state.behind[q]])]
            dirty += [(math.inf, state.jobs + a), (math.inf, state.jobs + b)]
            if state.way[a] is not state.way[b] or state.breaks[a] or state.breaks[b]:
                # With other means or other breaks, a tail that begins at the same time need not go on so.
                dirty += self._chain(state.behind[p]) + self._chain(state.behind[q])
            if state.settle(dirty):
                after = state.cost()
                if after <= allowed:
                    state.log.clear()
                    return after
        state.undo()
        # Crossing again is crossing back.
        self._cross(a, p, state.behind[p], b, q, state.behind[q])
        return None

    def _chain(self, t: int) -> list[tuple[float, int]]:
        state, found = self.state, []
        while t < state.count:
            found.append((state.key[state.of[t]], state.of[t]))
            t = state.behind[t]
        return found

    def _could(self, t: int, w: int) -> bool:
        state = self.state
        while t < state.count:
            if state.price[t][w] == NEVER:
                return False
            tasks = state.tasks[state.of[t]]
            if len(tasks) > 1 and len({state.carer[w], *(state.carer[state.who[x]] for x in tasks if x != t)}) < len(
                tasks
            ):
                return False
            t = state.behind[t]
        return True

    def _cross(self, a: int, p: int, first: int, b: int, q: int, second: int) -> None:
        state = self.state
        state.travel -= self._length(a) + self._length(b)
        self._give(first, b)
        self._give(second, a)
        last_a, last_b = state.before[state.tail[a]], state.before[state.tail[b]]
        tail_a, tail_b = state.tail[a], state.tail[b]
        new_p = second if second < state.count else tail_a
        new_q = first if first < state.count else tail_b
        end_a = last_b if second < state.count else p
        end_b = last_a if first < state.count else q
        state.behind[p], state.before[new_p] = new_p, p
        state.behind[q], state.before[new_q] = new_q, q
        state.behind[end_a], state.before[tail_a] = tail_a, end_a
        state.behind[end_b], state.before[tail_b] = tail_b, end_b
        state.travel += self._length(a) + self._length(b)

    def _give(self, t: int, w: int) -> None:
        state = self.state
        while t < state.count:
            state.people += state.price[t][w] - state.price[t][state.who[t]]
            state.who[t] = w
            t = state.behind[t]

    def _length(self, w: int) -> int:
        state = self.state
        row, place, behind = state.way[w], state.place, state.behind
        p, total = state.head[w], 0
        if behind[p] >= state.count:
            return 0
        while p != state.tail[w]:
            n = behind[p]
            total += row[place[p]][place[n]]
            p = n
        return total

    def _from_pool(self, random: Callable[[], float], allowed: float) -> int | None:
        """Tries one visit that is left out, in a gap or in another's stead."""
        state = self.state
        if not state.pool:
            return None
        v = state.pool[int(random() * len(state.pool))]
        t = state.tasks[v][0]
        near = self.near[t]
        p = near[int(random() * len(near))] if near and random() < 0.8 else int(random() * state.count)
        if state.of[p] == v or state.in_pool[state.of[p]] != NOBODY:
            p = state.head[state.able[t][int(random() * len(state.able[t]))]] if state.able[t] else NOBODY
        if p == NOBODY or any(state.in_pool[each] != NOBODY for each in state.deps[v]):
            return None
        instead = random() < 0.5 and p < state.count
        u = state.of[p] if instead else NOBODY
        if instead and (state.kids[u] or len(state.tasks[u]) > len(state.tasks[v])):
            return None
        w, key = state.who[p], state.key[state.of[p]]
        if state.price[t][w] == NEVER:
            return None
        return self._put_in(v, w, key if instead else self._between(p, random), u, random, allowed)

    def _between(self, p: int, random: Callable[[], float]) -> float:
        state = self.state
        lo, hi = state.key[state.of[p]], state.key[state.of[state.behind[p]]]
        return lo + (min(hi, lo + 2.0) - lo) * random()

    def _put_in(self, v: int, w: int, key: float, u: int, random: Callable[[], float], allowed: float) -> int | None:
        state = self.state
        low, high = self._bounds(v)
        if not low < key < high:
            return None
        chosen = [w]
        for t in state.tasks[v][1:]:
            able = state.able[t]
            if not able:
                return None
            chosen.append(able[int(random() * len(able))])
        if len({state.carer[each] for each in chosen}) < len(chosen):
            return None
        old: Spots = []
        dirty: list[tuple[float, int]] = []
        if u != NOBODY:
            for t in state.tasks[u]:
                old.append((state.who[t], state.before[t]))
                n = state.of[state.behind[t]]
                dirty.append((state.key[n], n))
            self._take(u)
        old_key = state.key[v]
        state.key[v] = key
        for t, each in zip(state.tasks[v], chosen, strict=True):
            state.link(t, each, state.spot(each, key))
        state.back(v)
        dirty.append((key, v))
        for t in state.tasks[v]:
            n = state.of[state.behind[t]]
            dirty.append((state.key[n], n))
        if state.settle([each for each in dirty if each[1] != u]):
            after = state.cost()
            if after <= allowed:
                state.log.clear()
                return after
        state.undo()
        for t in reversed(state.tasks[v]):
            self._unlinked(t)
            state.start[t] = -1
        state.out(v)
        state.key[v] = old_key
        if u != NOBODY:
            for t, (worker, p) in zip(state.tasks[u], old, strict=True):
                self._linked(t, worker, p)
            state.back(u)
        return None

    # ------------------------------------------------------------------------------------ the best

    def keep(self) -> None:
        """Remembers the plan as it stands."""
        state = self.state
        self.best_cost = state.cost()
        self.best = [
            (v, [state.who[t] for t in state.tasks[v]])
            for _, v in sorted((state.key[v], v) for v in range(state.jobs) if state.in_pool[v] == NOBODY)
        ]

    def restore(self) -> None:
        """Stands as the best did."""
        self.lay(self.best)

    def lay(self, order: list[tuple[int, list[int]]], *, loosely: bool = False) -> None:
        """
        Empties the plan and lays these visits with these workers, in this order.

        Raises:
            ValueError: one cannot be in time; `loosely` leaves it out instead.
        """
        state = self.state
        for v in range(state.jobs):
            if state.in_pool[v] == NOBODY:
                self._take(v)
        state.log.clear()
        for rank, (v, workers) in enumerate(order):
            key = float(rank)
            self._put(v, key, [(w, state.spot(w, key)) for w in workers])
            if self._settled([v]):
                state.log.clear()
                continue
            if not loosely:
                raise ValueError(f"visit {state.problem.jobs[v].id} cannot be in time")
            state.undo()
            self._take(v)
            state.log.clear()


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
