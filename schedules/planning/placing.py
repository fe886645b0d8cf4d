"""Putting visits into a state and taking them out: where they cost least, or as somebody laid them out."""

import math

from schedules.planning.state import NEVER, NOBODY, State

FITTED = 6
"""Places found to fit before the best of them is taken."""

IDLE = 1800
"""A visit is not tried before one that is over so long before it may begin."""

WIDE = 60
"""Places of the first tasks of a visit for which those of the next are looked through."""

TRIED = 200
"""Places decoded before it is taken that there is none."""

Spots = list[tuple[int, int]]
"""A worker for each task of a visit, and behind whom."""

_Way = tuple[int, float, float, tuple[int, ...]]
"""A guess of the cost, between which keys, and a worker for each task so far."""


class Placing:
    """Visits by number, put into a state and taken out of it."""

    def __init__(self, state: State) -> None:
        self.state = state

    def fit(self, v: int) -> bool:
        """Puts a visit that is left out where it costs least; False, and nothing changed, where it fits nowhere."""
        found = self.cheapest(v)
        if found is None:
            return False
        self.put(v, *found)
        return True

    def fit_instead(self, v: int, near: list[int]) -> bool:
        """Puts a visit in by moving one of these others elsewhere; False, and nothing changed, where none gives way."""
        state = self.state
        total, order = state.cost(), self.order()
        for u in near:
            if u == v or state.in_pool[u] != NOBODY or state.kids[u]:
                continue
            key, spots = state.key[u], [(state.who[t], state.before[t]) for t in state.tasks[u]]
            if not self.take(u):
                continue
            if self.fit(v):
                if self.fit(u) and state.cost() < total:
                    return True
                self.lay(order)
                continue
            state.key[u] = key
            self.put(u, key, spots)
        return False

    def order(self) -> list[tuple[int, list[int]]]:
        """The visits that are planned, in their order, with the workers of their tasks: what `lay` takes."""
        state = self.state
        there = sorted((state.key[v], v) for v in range(state.jobs) if state.in_pool[v] == NOBODY)
        return [(v, [state.who[t] for t in state.tasks[v]]) for _, v in there]

    def cheapest(self, v: int, only: int = NOBODY) -> tuple[float, Spots] | None:
        """The cheapest key and places for a visit that is left out; `only` names a worker who must be among them."""
        state = self.state
        if any(state.in_pool[each] != NOBODY for each in state.deps[v]):
            return None
        before, best, found, fitted = state.cost(), NEVER, None, 0
        for _, key, spots in sorted(self._ways_in(v, only))[:TRIED]:
            old = state.key[v]
            self.hang(v, key, spots)
            fits = self.settled([v])
            price = state.cost() - before
            if fits and price < best:
                best, found = price, (key, spots)
            state.undo()
            self.unhang(v)
            state.log.clear()
            state.key[v] = old
            fitted += fits
            if fitted == FITTED:
                break
        return found

    def _ways_in(self, v: int, only: int) -> list[tuple[int, float, Spots]]:
        """Candidate places with a guess of their cost, each with a key that suits every chain."""
        state = self.state
        low, high = self.bounds(v)
        ways: list[_Way] = [(0, low, high, ())]
        for number, t in enumerate(state.tasks[v]):
            ways = self._widened(ways, t, only, last=number == len(state.tasks[v]) - 1)
        found = []
        for guess, lo, hi, workers in ways:
            key = lo + 1.0 if hi == math.inf else (lo + hi) / 2
            found.append((guess, key, [(w, state.spot(w, key)) for w in workers]))
        return found

    def _widened(self, ways: list[_Way], t: int, only: int, *, last: bool) -> list[_Way]:
        """Each way with every place of one task more; the most promising only where there are many."""
        state = self.state
        found: list[_Way] = []
        able = state.able[t]
        if last and only != NOBODY and not any(only in workers for *_, workers in ways):
            able = [only] if only in able else []
        gaps = {w: self._gaps(t, w, -1.0, math.inf) for w in able}
        for guess, low, high, workers in ways:
            taken = {state.carer[each] for each in workers}
            for w, places in gaps.items():
                if state.carer[w] in taken or (last and only != NOBODY and only != w and only not in workers):
                    continue
                for more, lo, hi in places:
                    lo, hi = max(lo, low), min(hi, high)  # noqa: PLW2901  narrowed
                    if lo < hi:
                        found.append((guess + more, lo, hi, (*workers, w)))
        return found if last else sorted(found)[:WIDE]

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
        self.hang(v, key, spots)
        fits = self.settled([v])
        assert fits
        self.state.log.clear()

    def take(self, v: int) -> bool:
        """Takes a visit out; those behind it move up. False, and nothing changed, where one then cannot be in time."""
        state = self.state
        spots = [(state.who[t], state.before[t]) for t in state.tasks[v]]
        behind = [state.of[state.behind[t]] for t in state.tasks[v]]
        self.unhang(v)
        if state.settle([(state.key[n], n) for n in behind if n != v]):
            state.log.clear()
            return True
        state.undo()
        for t, (w, p) in zip(state.tasks[v], spots, strict=True):
            state.link(t, w, p)
        state.back(v)
        return False

    def roughly(self, t: int, w: int, key: float) -> int:
        """About what it costs that this worker does the task at this place of the order."""
        state = self.state
        p = state.spot(w, key)
        n = state.behind[p]
        row, place = state.way[w], state.place
        way = row[place[p]][place[t]] + row[place[t]][place[n]] - row[place[p]][place[n]]
        wait = max(0, state.start[p] + state.secs[p] + row[place[p]][place[t]] - state.due[state.of[t]])
        return way + 4 * wait + state.price[t][w]

    def bounds(self, v: int) -> tuple[float, float]:
        """Between which keys a visit may stand, for what it follows and what follows it."""
        state = self.state
        low = max((state.key[each] for each in state.deps[v]), default=-1.0)
        high = min((state.key[each] for each in state.kids[v] if state.in_pool[each] == NOBODY), default=math.inf)
        return low, high

    def hang(self, v: int, key: float, spots: Spots) -> None:
        state = self.state
        state.key[v] = key
        for t, (w, p) in zip(state.tasks[v], spots, strict=True):
            state.link(t, w, p)
        state.back(v)

    def unhang(self, v: int) -> None:
        for t in self.state.tasks[v]:
            self.state.unlink(t)
        self.state.out(v)

    def settled(self, visits: list[int]) -> bool:
        state = self.state
        dirty = [(state.key[v], v) for v in visits]
        for v in visits:
            for t in state.tasks[v]:
                n = state.of[state.behind[t]]
                dirty.append((state.key[n], n))
        return state.settle(dirty)

    def lay(self, order: list[tuple[int, list[int]]], *, loosely: bool = False) -> None:
        """
        Empties the plan and lays these visits with these workers, in this order.

        Raises:
            ValueError: one cannot be in time; `loosely` leaves it out instead.
        """
        state = self.state
        for v in range(state.jobs):
            if state.in_pool[v] == NOBODY:
                self.unhang(v)
        state.log.clear()
        for rank, (v, workers) in enumerate(order):
            key = float(rank)
            self.hang(v, key, [(w, state.spot(w, key)) for w in workers])
            if self.settled([v]):
                state.log.clear()
                continue
            if not loosely:
                raise ValueError(f"visit {state.problem.jobs[v].id} cannot be in time")
            state.undo()
            self.unhang(v)
            state.log.clear()
