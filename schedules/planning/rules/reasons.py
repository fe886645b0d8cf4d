"""Why a visit has nobody, as far as it can be told without planning: skills and shifts."""

from collections.abc import Callable, Sequence

from schedules.planning.rules.plan import Reason
from schedules.planning.rules.problem import Job, Problem, Worker, in_time, may


def plain_reason(job: Job, problem: Problem, unassigned: Sequence[str] = ()) -> Reason | None:
    """The reason that the problem alone gives; None where each task has somebody able and on duty."""
    if any(each in unassigned for each in job.after):
        return Reason.WAITS
    if not _enough(job, problem, lambda number, worker: may(job, number, worker)):
        return Reason.PROMISED if job.promised else Reason.NO_SKILL
    if not _enough(
        job, problem, lambda number, worker: may(job, number, worker) and in_time(job, worker, problem.late_max)
    ):
        return Reason.PROMISED if job.promised else Reason.NO_SHIFT
    return None


def _enough(job: Job, problem: Problem, able: Callable[[int, Worker], bool]) -> bool:
    """Whether each task can have a carer of its own (a matching of tasks with carers)."""
    choices = [{worker.carer for worker in problem.workers if able(number, worker)} for number in range(len(job.tasks))]
    taken: dict[str, int] = {}
    return all(_placed(number, choices, taken, set()) for number in range(len(choices)))


def _placed(number: int, choices: list[set[str]], taken: dict[str, int], seen: set[str]) -> bool:
    for carer in sorted(choices[number] - seen):
        seen.add(carer)
        if carer not in taken or _placed(taken[carer], choices, taken, seen):
            taken[carer] = number
            return True
    return False


def barred(job: Job, number: int, worker: Worker, late_max: int | None) -> str | None:
    """Why this worker is no choice for this task: `not_wanted`, `no_skill`, `off_shift`; None for one who is."""
    if worker.carer in job.not_with:
        return "not_wanted"
    if not may(job, number, worker):
        return "no_skill"
    return None if in_time(job, worker, late_max) else "off_shift"
