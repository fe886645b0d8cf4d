"""
Large problems cut into parts that are planned one after another, and put together again.

Days fall apart by themselves: no worker of Monday can do a visit of Tuesday. What is still too large is cut in two by
the way: half of the visits are nearer to one far corner than to the other, and so are the workers. What no part could
serve is tried everywhere at the end.
"""

from collections.abc import Sequence
from dataclasses import replace

from schedules.planning.rules.plan import Plan, Reason, Rest, Stop
from schedules.planning.rules.problem import Job, Problem, Worker, in_time, may

PART_MAX = 300
"""Visits of a part. 300 visits and 30 workers with a profile each are 52 MB of matrices."""


def parts(problem: Problem, most: int = PART_MAX) -> list[Problem]:
    """The problem in parts of at most `most` visits each, as far as workers allow; every worker is in one."""
    return [piece for whole in _apart(problem) for piece in _halved(whole, most)]


def together(plans: Sequence[Plan], problem: Problem) -> Plan:
    """The plans of parts as one."""
    stops: list[Stop] = [stop for plan in plans for stop in plan.stops]
    rests: list[Rest] = [rest for plan in plans for rest in plan.rests]
    there = {each.job for each in stops}
    reasons: dict[str, Reason] = {job: why for plan in plans for job, why in plan.unassigned.items()}
    return Plan(
        stops=tuple(sorted(stops, key=lambda each: (each.worker, each.start, each.job))), rests=tuple(rests),
        unassigned={job.id: reasons.get(job.id, Reason.NO_SHIFT) for job in problem.jobs if job.id not in there},
    )  # fmt: skip


def _apart(problem: Problem) -> list[Problem]:
    """What has nothing to do with each other: no worker in both, no visit that waits for one of the other."""
    parent = list(range(len(problem.jobs) + len(problem.workers)))

    def root(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    number = {job.id: index for index, job in enumerate(problem.jobs)}
    for index, job in enumerate(problem.jobs):
        for other in job.after:
            if other in number:
                parent[root(index)] = root(number[other])
        for w, worker in enumerate(problem.workers):
            able = any(may(job, which, worker) for which in range(len(job.tasks)))
            if able and in_time(job, worker, problem.late_max):
                parent[root(len(problem.jobs) + w)] = root(index)
    groups: dict[int, tuple[list[Job], list[Worker]]] = {}
    for index, job in enumerate(problem.jobs):
        groups.setdefault(root(index), ([], []))[0].append(job)
    for w, worker in enumerate(problem.workers):
        groups.setdefault(root(len(problem.jobs) + w), ([], []))[1].append(worker)
    return [replace(problem, jobs=tuple(jobs), workers=tuple(workers)) for jobs, workers in groups.values() if jobs]


def _halved(problem: Problem, most: int) -> list[Problem]:
    waits = any(job.after for job in problem.jobs)
    if len(problem.jobs) <= most or len(problem.workers) < 4 or waits:
        return [problem]
    matrix = problem.travel[0]
    start = problem.jobs[0].place
    far = max(problem.jobs, key=lambda job: matrix[start][job.place]).place
    other = max(problem.jobs, key=lambda job: matrix[far][job.place]).place
    jobs = sorted(problem.jobs, key=lambda job: matrix[far][job.place] - matrix[other][job.place])
    workers = sorted(problem.workers, key=lambda each: matrix[far][each.start_place] - matrix[other][each.start_place])
    cut = len(jobs) // 2
    share = max(1, min(len(workers) - 1, round(len(workers) * cut / len(jobs))))
    one = replace(problem, jobs=tuple(jobs[:cut]), workers=tuple(workers[:share]))
    two = replace(problem, jobs=tuple(jobs[cut:]), workers=tuple(workers[share:]))
    return [*_halved(one, most), *_halved(two, most)]
