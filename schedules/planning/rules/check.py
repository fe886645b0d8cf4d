"""
Whether a plan holds. Written from the words of the problem alone: it shares no line with those who make plans.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from schedules.planning.rules.plan import Plan, Stop
from schedules.planning.rules.problem import Job, Problem, Worker


def checked(plan: Plan, problem: Problem) -> list[str]:
    """Every promise of the problem that this plan breaks, one sentence each; none for a plan that holds."""
    jobs, workers = {each.id: each for each in problem.jobs}, {each.id: each for each in problem.workers}
    strange = [each for each in plan.stops if each.job not in jobs or each.worker not in workers]
    if strange:
        return [f"{each.job} or {each.worker} is not of this problem" for each in strange]
    found = [*_all_there(plan, problem)]
    for job in problem.jobs:
        stops = sorted((each for each in plan.stops if each.job == job.id), key=lambda each: each.task)
        found += _visit(job, stops, workers, problem)
    found += _in_turn(plan, jobs)
    for worker in problem.workers:
        found += _route(worker, plan, jobs, problem)
    return found


def _all_there(plan: Plan, problem: Problem) -> Iterator[str]:
    for job in problem.jobs:
        tasks = sorted(each.task for each in plan.stops if each.job == job.id)
        if job.id in plan.unassigned and tasks:
            yield f"{job.id} is left out and planned"
        elif job.id not in plan.unassigned and tasks != list(range(len(job.tasks))):
            yield f"{job.id} has tasks {tasks} of {len(job.tasks)}"


def _visit(job: Job, stops: list[Stop], workers: dict[str, Worker], problem: Problem) -> Iterator[str]:
    carers = [workers[each.worker].carer for each in stops]
    if len(set(carers)) < len(carers):
        yield f"{job.id}: the same carer twice"
    for stop in stops:
        yield from _stop(job, stop, workers[stop.worker], problem)
    for stop in stops[1:]:
        apart, (least, most) = stop.start - stops[0].start, job.tasks[stop.task].gap
        if not least <= apart <= most:
            yield f"{job.id}: task {stop.task} starts {apart} after the first, not {least} to {most}"


def _stop(job: Job, stop: Stop, worker: Worker, problem: Problem) -> Iterator[str]:
    late = None if problem.late_max is None else job.latest + problem.late_max
    if stop.start < job.earliest:
        yield f"{job.id} starts too early"
    if late is not None and stop.start > late:
        yield f"{job.id} starts too late"
    if job.promised and job.promised[stop.task] != worker.carer:
        yield f"{job.id} was promised to {job.promised[stop.task]}"
    if not job.promised and worker.carer in job.not_with:
        yield f"{job.id} is not to be done by {worker.carer}"
    if not job.promised and not job.tasks[stop.task].skills <= worker.skills:
        yield f"{job.id}: {worker.id} lacks a skill"


def _in_turn(plan: Plan, jobs: dict[str, Job]) -> Iterator[str]:
    first: dict[str, int] = {}
    over: dict[str, int] = {}
    for stop in plan.stops:
        ends = stop.start + jobs[stop.job].tasks[stop.task].seconds
        first[stop.job] = min(first.get(stop.job, stop.start), stop.start)
        over[stop.job] = max(over.get(stop.job, ends), ends)
    for job in jobs.values():
        for other in job.after:
            if job.id in first and (other not in over or over[other] > first[job.id]):
                yield f"{job.id} starts before {other} is over"


def _route(worker: Worker, plan: Plan, jobs: dict[str, Job], problem: Problem) -> Iterator[str]:
    stops = sorted((each for each in plan.stops if each.worker == worker.id), key=lambda each: (each.start, each.job))
    if not stops:
        return
    load = sum(jobs[each.job].load for each in stops)
    if worker.load_max is not None and load > worker.load_max:
        yield f"{worker.id} has a load of {load}, not {worker.load_max}"
    rests = sorted((each for each in plan.rests if each.worker == worker.id), key=lambda each: each.number)
    if [each.number for each in rests] != list(range(len(worker.breaks))):
        yield f"{worker.id} has {len(rests)} of {len(worker.breaks)} breaks"
        return
    pauses = [(rest.start, rest.start + worker.breaks[rest.number].seconds) for rest in rests]
    for rest in rests:
        if not worker.breaks[rest.number].earliest <= rest.start <= worker.breaks[rest.number].latest:
            yield f"{worker.id}: break {rest.number} is outside its window"
    yield from _ways(worker, stops, pauses, jobs, problem)


def _ways(
    worker: Worker, stops: list[Stop], pauses: list[tuple[int, int]], jobs: dict[str, Job], problem: Problem
) -> Iterator[str]:
    matrix = problem.travel[worker.means]
    # Each span: where it happens, from when to when. A worker is at the start place until the shift begins.
    spans = [(worker.start_place, worker.start, worker.start)]
    spans += [
        (jobs[each.job].place, each.start, each.start + jobs[each.job].tasks[each.task].seconds) for each in stops
    ]
    spans.append((worker.end_place, worker.end, worker.end))
    for (here, _, free), (there, begins, _) in pairwise(spans):
        rested = _between(pauses, free, begins)
        if free + rested + matrix[here][there] > begins:
            yield f"{worker.id} cannot be at {there} by {begins}"
    for start, end in pauses:
        if start < worker.start or end > worker.end:
            yield f"{worker.id} rests outside the shift"
        if any(start < over and begins < end for _, begins, over in spans[1:-1]):
            yield f"{worker.id} rests during a visit"
    if any(second < end for (_, end), (second, _) in pairwise(sorted(pauses))):
        yield f"{worker.id} rests twice at once"


def _between(pauses: Iterable[tuple[int, int]], free: int, begins: int) -> int:
    return sum(end - start for start, end in pauses if start >= free and end <= begins)
