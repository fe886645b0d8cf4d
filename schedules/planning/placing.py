"""Putting visits into a state and taking them out: where they cost least, or as somebody laid them out."""

import math

from schedules.planning.state import NEVER, NOBODY, State

FITTED = 6
"""Places found to fit before the best of them is taken."""

IDLE = 1800
"""A visit is not tried before one that is over so long before it may begin."""

Spots = list[tuple[int, int]]
"""A worker for each task of a visit, and behind whom."""


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

    def cheapest(self, v: int, only: int = NOBODY) -> tuple[float, Spots] | None:
        """The cheapest key and places for a visit that is left out; `only` names a worker who must be among them."""
        state = self.state
        if any(state.in_pool[each] != NOBODY for each in state.deps[v]):
            return None
        before, best, found, fitted = state.cost(), NEVER, None, 0
        for _, key, spots in sorted(self._ways_in(v, only), key=lambda each: each[:2]):
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
        """Candidate places with a guess of their cost: gaps of able workers for one task, the best for the others."""
        state = self.state
        low, high = self.bounds(v)
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
