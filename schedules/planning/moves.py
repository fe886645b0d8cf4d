"""
The steps of the search: each changes a little, keeps it if the plan holds and costs at most what is allowed, and takes
it back else.

A step gives back what the plan costs afterwards, or None where nothing changed.
"""

import math
from collections.abc import Callable

from schedules.planning.placing import Placing, Spots
from schedules.planning.state import NEVER, NOBODY

Draw = Callable[[], float]
"""A number from 0 to 1, without 1."""


class Moves(Placing):
    """A visit moved, two exchanged, a carer exchanged, two tails exchanged, one put in that was left out."""

    near: list[list[int]]
    """For each task, the tasks it goes well behind."""

    def _relocate(self, t: int, v: int, p: int, random: Draw, allowed: float) -> int | None:
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
            low, high = self.bounds(v)
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
        self.unlinked(t)
        self.relinked(t, old_w, old_p)
        state.key[v] = old_key
        return None

    def unlinked(self, t: int) -> None:
        """Takes a task out without forgetting its start: an undo has just brought it back."""
        state = self.state
        at, over, took = state.start[t], state.late[t], state.rested[t]
        state.unlink(t)
        state.log.clear()
        state.start[t], state.late[t], state.rested[t] = at, over, took
        state.late_sum += over

    def relinked(self, t: int, w: int, p: int) -> None:
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
        if weights.travel * state.travel + state.people + state.left_out <= allowed and self.settled([v, u]):
            after = state.cost()
            if after <= allowed:
                state.log.clear()
                return after
        state.undo()
        self.unlinked(t)
        self.unlinked(p)
        self.relinked(t, wt, before_t)
        self.relinked(p, wp, before_p)
        keys[v], keys[u] = key_t, key_p
        return None

    def _shift(self, t: int, v: int, p: int, random: Draw, allowed: float) -> int | None:
        """Moves a visit of several carers in the order: `t` behind `p`, the others with whom they have or anybody."""
        state = self.state
        w = state.who[p]
        if state.price[t][w] == NEVER:
            return None
        lo, hi = state.key[state.of[p]], state.key[state.of[state.behind[p]]]
        low, high = self.bounds(v)
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

    def _reassign(self, t: int, v: int, random: Draw, allowed: float) -> int | None:
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
            self.unlinked(t)
        keys[v] = old_key
        for t, (w, p, _) in zip(tasks, old, strict=True):
            self.relinked(t, w, p)
        return None

    def _tails(self, p: int, random: Draw, allowed: float) -> int | None:
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
            state.lade(state.who[t], -state.heavy[t])
            state.lade(w, state.heavy[t])
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

    def _from_pool(self, random: Draw, allowed: float) -> int | None:
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

    def _between(self, p: int, random: Draw) -> float:
        state = self.state
        lo, hi = state.key[state.of[p]], state.key[state.of[state.behind[p]]]
        return lo + (min(hi, lo + 2.0) - lo) * random()

    def _put_in(self, v: int, w: int, key: float, u: int, random: Draw, allowed: float) -> int | None:
        state = self.state
        low, high = self.bounds(v)
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
            self.unhang(u)
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
            self.unlinked(t)
            state.start[t] = -1
        state.out(v)
        state.key[v] = old_key
        if u != NOBODY:
            for t, (worker, p) in zip(state.tasks[u], old, strict=True):
                self.relinked(t, worker, p)
            state.back(u)
        return None
