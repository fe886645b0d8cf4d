"""Problems and plans as JSON, for the pipe to the planner's process and for the row that keeps a plan."""

from dataclasses import asdict
from typing import Any

from schedules.planning.rules.plan import Plan, Reason, Rest, Stop
from schedules.planning.rules.problem import Break, Job, Problem, Task, Weights, Worker
from schedules.planning.rules.why import Choice, Why

Plain = dict[str, Any]


def problem_out(problem: Problem) -> Plain:
    """The problem as JSON can say it."""
    return {
        "jobs": [_job_out(each) for each in problem.jobs],
        "workers": [{**asdict(each), "skills": sorted(each.skills)} for each in problem.workers],
        "travel": [[list(row) for row in matrix] for matrix in problem.travel],
        "weights": asdict(problem.weights),
        "late_max": problem.late_max,
    }


def problem_in(said: Plain) -> Problem:
    """
    The problem that `problem_out` wrote.

    Raises:
        KeyError, TypeError, ValueError, AssertionError: it did not write this.
    """
    return Problem(
        jobs=tuple(_job_in(each) for each in said["jobs"]),
        workers=tuple(_worker_in(each) for each in said["workers"]),
        travel=tuple(tuple(tuple(row) for row in matrix) for matrix in said["travel"]),
        weights=Weights(**said["weights"]),
        late_max=said["late_max"],
    )


def plan_out(plan: Plan) -> Plain:
    """The plan as JSON can say it."""
    return {
        "stops": [asdict(each) for each in plan.stops],
        "rests": [asdict(each) for each in plan.rests],
        "unassigned": {job: str(reason) for job, reason in plan.unassigned.items()},
    }


def plan_in(said: Plain) -> Plan:
    """The plan that `plan_out` wrote; raises as `problem_in`."""
    return Plan(
        stops=tuple(Stop(**each) for each in said["stops"]),
        rests=tuple(Rest(**each) for each in said["rests"]),
        unassigned={job: Reason(reason) for job, reason in said["unassigned"].items()},
    )


def why_out(why: Why) -> Plain:
    """Why one visit went where it went."""
    return {**asdict(why), "barred": dict(why.barred)}


def why_in(said: Plain) -> Why:
    """What `why_out` wrote; raises as `problem_in`."""
    return Why(
        job=said["job"], cost=said["cost"], others=tuple(Choice(**each) for each in said["others"]),
        barred=said["barred"],
    )  # fmt: skip


def _job_out(job: Job) -> Plain:
    tasks = [{"seconds": each.seconds, "skills": sorted(each.skills), "gap": each.gap} for each in job.tasks]
    return {**asdict(job), "tasks": tasks}


def _job_in(said: Plain) -> Job:
    tasks = tuple(
        Task(seconds=each["seconds"], skills=frozenset(each["skills"]), gap=(each["gap"][0], each["gap"][1]))
        for each in said["tasks"]
    )
    lists = {name: tuple(said[name]) for name in ("after", "usual", "not_with", "before", "promised")}
    return Job(**{**said, "tasks": tasks, **lists})


def _worker_in(said: Plain) -> Worker:
    breaks = tuple(Break(**each) for each in said["breaks"])
    return Worker(**{**said, "skills": frozenset(said["skills"]), "breaks": breaks})
