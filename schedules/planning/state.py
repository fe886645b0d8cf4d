"""
A plan as a search sees it: flat lists, changed in place, with a log that takes each change back.

Visits stand in one global order (`key`), each task in the chain of its worker (`before`, `behind`); the start times
follow from both by decoding forward. The order of every chain is the order of the keys, so that two carers who must
meet can never wait for each other. After a change only the visits behind it are decoded again, in the order of their
keys, and only as far as a start really moves.

    worker 0:  [S0] ── a1 ─────── b1 ── d ── [E0]
                                  ║                     b has two carers: both chains are decoded up to b,
    worker 1:  [S1] ─────── c ─── b2 ─────── [E1]       then b starts at the later arrival
"""

from heapq import heapify, heappop, heappush

from schedules.planning.rules.problem import Problem, in_time, may, omitted, price

NEVER = 1 << 60
"""Larger than any time or cost."""
NOBODY = -1


class State:
    """Lists by task: `of`, `secs`, `place`, `gap_min`, `gap_max`, `who`, `before`, `behind`, `start`, `late`."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        jobs, workers = problem.jobs, problem.workers
        self.jobs, self.workers = len(jobs), len(workers)
        number = {job.id: index for index, job in enumerate(jobs)}
        self.early = [job.earliest for job in jobs]
        self.due = [job.latest for job in jobs]
        bound = problem.late_max
        self.last = [NEVER if bound is None else job.latest + bound for job in jobs]
        self.deps = [[number[each] for each in job.after if each in number] for job in jobs]
        self.kids: list[list[int]] = [[] for _ in jobs]
        for index, deps in enumerate(self.deps):
            for each in deps:
                self.kids[each].append(index)
        self.tasks: list[list[int]] = []
        self.of: list[int] = []
        self.secs: list[int] = []
        self.place: list[int] = []
        self.gap_min: list[int] = []
        self.gap_max: list[int] = []
        self.price: list[list[int]] = []
        """By task and worker; NEVER where it may not be."""
        self.able: list[list[int]] = []
        for index, job in enumerate(jobs):
            self.tasks.append([])
            for which, task in enumerate(job.tasks):
                self.tasks[index].append(len(self.of))
                self.of.append(index)
                self.secs.append(task.seconds)
                self.place.append(job.place)
                self.gap_min.append(task.gap[0])
                self.gap_max.append(task.gap[1])
                fits = [may(job, which, each) and in_time(job, each, bound) for each in workers]
                prices = [
                    price(job, each, problem.weights) if fit else NEVER for each, fit in zip(workers, fits, strict=True)
                ]
                self.price.append(prices)
                self.able.append([index for index, fit in enumerate(fits) if fit])
        self.count = len(self.of)
        self.omitted = [omitted(job, problem.weights) for job in jobs]
        self.heavy = [job.load for job in jobs for _ in job.tasks]
        self.load_max = [NEVER if each.load_max is None else each.load_max for each in workers]
        self.load = [0] * len(workers)
        self.excess = 0
        self.carer = [each.carer for each in workers]
        self.breaks = [each.breaks for each in workers]
        self.plain_worker = [not each.breaks for each in workers]
        # One carer, before and after nobody: decoded on the spot. The ends of chains come last and are not.
        alone = [len(job.tasks) == 1 and not deps for job, deps in zip(jobs, self.deps, strict=True)]
        self.plain = [one and not kids for one, kids in zip(alone, self.kids, strict=True)] + [False] * self.workers
        self.way = [problem.travel[each.means] for each in workers]
        self.shift_end = [each.end for each in workers]
        self._empty()

    def _empty(self) -> None:
        n, count = self.workers, self.count
        workers = self.problem.workers
        # Behind the tasks come a start and an end for each worker, so that every task has somebody before and behind.
        self.head = [count + index for index in range(n)]
        self.tail = [count + n + index for index in range(n)]
        self.of += [NOBODY] * n + [self.jobs + index for index in range(n)]
        self.place += [each.start_place for each in workers] + [each.end_place for each in workers]
        self.secs += [0] * (2 * n)
        self.who = [NOBODY] * count + list(range(n)) * 2
        self.before = [NOBODY] * count + [NOBODY] * n + self.head
        self.behind = [NOBODY] * count + self.tail + [NOBODY] * n
        self.start = [-1] * count + [each.start for each in workers] * 2
        self.rested = [0] * (count + 2 * n)
        self.late = [0] * (count + 2 * n)
        self.key = [0.0] * self.jobs + [float("inf")] * n + [-1.0]
        self.travel = 0
        self.late_sum = 0
        self.people = 0
        self.left_out = sum(self.omitted)
        self.pool = list(range(self.jobs))
        self.in_pool = list(range(self.jobs))
        self.log: list[tuple[int, int, int, int]] = []

    # ------------------------------------------------------------------------------------ chains

    def unlink(self, t: int) -> None:
        """Takes a task out of its chain; its start is forgotten, the others stand as they stood."""
        w, p, n = self.who[t], self.before[t], self.behind[t]
        row, place = self.way[w], self.place
        here = row[place[p]]
        if p >= self.count and n >= self.count:
            self.travel -= here[place[t]] + row[place[t]][place[n]]
        else:
            self.travel += here[place[n]] - here[place[t]] - row[place[t]][place[n]]
        self.behind[p] = n
        self.before[n] = p
        self.people -= self.price[t][w]
        self.lade(w, -self.heavy[t])
        self.log.append((t, self.start[t], self.late[t], self.rested[t]))
        self.late_sum -= self.late[t]
        self.late[t] = 0
        self.rested[t] = 0
        self.start[t] = -1

    def link(self, t: int, w: int, p: int) -> None:
        """Puts a task behind `p` in the chain of `w`."""
        n = self.behind[p]
        row, place = self.way[w], self.place
        here = row[place[p]]
        if p >= self.count and n >= self.count:
            self.travel += here[place[t]] + row[place[t]][place[n]]
        else:
            self.travel += here[place[t]] + row[place[t]][place[n]] - here[place[n]]
        self.behind[p] = t
        self.before[t] = p
        self.behind[t] = n
        self.before[n] = t
        self.who[t] = w
        self.people += self.price[t][w]
        self.lade(w, self.heavy[t])

    def lade(self, w: int, more: int) -> None:
        """Gives a worker more load, or less; `excess` is what all of them have too much."""
        if more:
            load, most = self.load[w], self.load_max[w]
            self.excess += max(0, load + more - most) - max(0, load - most)
            self.load[w] = load + more

    def spot(self, w: int, key: float) -> int:
        """The last in the chain of `w` whose key is at most this one."""
        behind, of, keys = self.behind, self.of, self.key
        p = self.head[w]
        n = behind[p]
        while keys[of[n]] <= key:
            p = n
            n = behind[n]
        return p

    def out(self, v: int) -> None:
        """Says that the visit is left out; its tasks are unlinked by the caller."""
        self.left_out += self.omitted[v]
        self.in_pool[v] = len(self.pool)
        self.pool.append(v)

    def back(self, v: int) -> None:
        """Says that the visit is no more left out."""
        self.left_out -= self.omitted[v]
        at, last = self.in_pool[v], self.pool[-1]
        self.pool[at] = last
        self.in_pool[last] = at
        self.pool.pop()
        self.in_pool[v] = NOBODY

    # ------------------------------------------------------------------------------------ times

    def settle(self, dirty: list[tuple[float, int]]) -> bool:
        """
        Decodes these visits, and those behind them as far as starts move; False as soon as one cannot be in time.

        `dirty` holds (key, visit) and is used up. What changed is in `log`; `undo` takes it back.
        """
        if self.excess:
            return False
        heapify(dirty)
        plain, tasks, before, behind, start = self.plain, self.tasks, self.before, self.behind, self.start
        secs, place, way, who, early, of, key = self.secs, self.place, self.way, self.who, self.early, self.of, self.key
        plain_worker, due, last, late, log = self.plain_worker, self.due, self.last, self.late, self.log
        jobs, rested, done = self.jobs, self.rested, -1
        while dirty:
            v = heappop(dirty)[1]
            if v == done:
                continue
            done = v
            if plain[v]:
                t = tasks[v][0]
                w = who[t]
                if plain_worker[w]:
                    p = before[t]
                    at = start[p] + secs[p] + way[w][place[p]][place[t]]
                    if at < early[v]:
                        at = early[v]
                    old = start[t]
                    if at == old:
                        continue
                    if at > last[v]:
                        return False
                    log.append((t, old, late[t], rested[t]))
                    start[t] = at
                    if at > due[v] or late[t]:
                        over = at - due[v] if at > due[v] else 0
                        self.late_sum += over - late[t]
                        late[t] = over
                    n = of[behind[t]]
                    heappush(dirty, (key[n], n))
                    continue
            if v >= jobs:
                if not self._home(v - jobs):
                    return False
                continue
            if not self._meet(v, dirty):
                return False
        return True

    def _home(self, w: int) -> bool:
        t = self.tail[w]
        p = self.before[t]
        if p >= self.count:
            return True
        at = self.start[p] + self.secs[p]
        arrives = at + self.way[w][self.place[p]][self.place[t]]
        for rest in self.breaks[w][self.rested[p] :]:
            at = max(at, rest.earliest)
            if at > rest.latest:
                return False
            at += rest.seconds
            arrives = max(arrives, rest.earliest) + rest.seconds
        return arrives <= self.shift_end[w]

    def _meet(self, v: int, dirty: list[tuple[float, int]]) -> bool:
        """Decodes a visit of several tasks, or after others, or by somebody who has a break."""
        tasks, start, secs, last = self.tasks[v], self.start, self.secs, self.last[v]
        first = self.early[v]
        for dep in self.deps[v]:
            for t in self.tasks[dep]:
                if start[t] < 0:
                    return False
                first = max(first, start[t] + secs[t])
        arrivals = []
        for t in tasks:
            p = self.before[t]
            arrivals.append(start[p] + secs[p] + self.way[self.who[t]][self.place[p]][self.place[t]])
        rests = [self.rested[self.before[t]] for t in tasks]
        starts = self._together(tasks, arrivals, first)
        if not all(self.plain_worker[self.who[t]] for t in tasks):
            for index, t in enumerate(tasks):
                self._rest(index, t, arrivals, rests, starts)
            starts = self._together(tasks, arrivals, first)
        moved = False
        for t, at, took in zip(tasks, starts, rests, strict=True):
            if at > last:
                return False
            if at == start[t] and took == self.rested[t]:
                continue
            moved = True
            self.log.append((t, start[t], self.late[t], self.rested[t]))
            start[t] = at
            self.rested[t] = took
            over = at - self.due[v] if at > self.due[v] else 0
            self.late_sum += over - self.late[t]
            self.late[t] = over
        if moved:
            for t in tasks:
                n = self.of[self.behind[t]]
                heappush(dirty, (self.key[n], n))
            for n in self.kids[v]:
                if self.in_pool[n] == NOBODY:
                    heappush(dirty, (self.key[n], n))
        return True

    def _together(self, tasks: list[int], arrivals: list[int], first: int) -> list[int]:
        for t, at in zip(tasks, arrivals, strict=True):
            if at - self.gap_max[t] > first:
                first = at - self.gap_max[t]
        return [
            at if at > first + self.gap_min[t] else first + self.gap_min[t]
            for t, at in zip(tasks, arrivals, strict=True)
        ]

    def _rest(self, index: int, t: int, arrivals: list[int], rests: list[int], starts: list[int]) -> None:
        """
        Takes a break on the way to `t` where it costs nothing, or where it would be too late afterwards.

        The way goes on until the break's window opens: it begins then, or at once, wherever the carer is.
        """
        w, p = self.who[t], self.before[t]
        at, arrives = self.start[p] + self.secs[p], arrivals[index]
        for rest in self.breaks[w][rests[index] :]:
            begins, after = max(at, rest.earliest), max(arrives, rest.earliest) + rest.seconds
            is_last_chance = starts[index] + self.secs[t] > rest.latest
            if begins > rest.latest or not (after <= starts[index] or is_last_chance):
                break
            at, arrives = begins + rest.seconds, after
            rests[index] += 1
        arrivals[index] = arrives

    def undo(self) -> None:
        """Takes back every start since the log was empty; chains are taken back by who changed them."""
        start, late, rested = self.start, self.late, self.rested
        total = self.late_sum
        for t, at, over, took in reversed(self.log):
            start[t] = at
            total += over - late[t]
            late[t] = over
            rested[t] = took
        self.late_sum = total
        self.log.clear()

    # ------------------------------------------------------------------------------------ cost and keys

    def cost(self) -> int:
        """As `rules.plan.cost` counts it."""
        weights = self.problem.weights
        total = weights.travel * self.travel + weights.late * self.late_sum + self.people + self.left_out
        return total + (weights.worst_late * max(self.late) if weights.worst_late and self.late_sum else 0)

    def renumber(self) -> None:
        """Gives the visits whole keys in an order that holds, earlier starts first, so that there is room between."""
        jobs, tasks, behind, of = self.jobs, self.tasks, self.behind, self.of
        waits = [0] * jobs
        for v in range(jobs):
            if self.in_pool[v] == NOBODY:
                for t in tasks[v]:
                    waits[v] += self.before[t] < self.count
                waits[v] += sum(self.in_pool[each] == NOBODY for each in self.deps[v])
        ready = [
            (self.start[tasks[v][0]], self.key[v], v) for v in range(jobs) if self.in_pool[v] == NOBODY and not waits[v]
        ]
        heapify(ready)
        rank = 0.0
        while ready:
            _, _, v = heappop(ready)
            self.key[v] = rank
            rank += 1.0
            for n in [*[of[behind[t]] for t in tasks[v] if behind[t] < self.count], *self.kids[v]]:
                if self.in_pool[n] != NOBODY:
                    continue
                waits[n] -= 1
                if not waits[n]:
                    heappush(ready, (self.start[tasks[n][0]], self.key[n], n))
