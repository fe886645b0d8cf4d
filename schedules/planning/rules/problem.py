"""
What a planner is asked: visits with their windows and skills, carers with their shifts, and how long each way takes.

Every time and every weight is a whole number. The service counts in seconds since the planned day began; a planner only
adds and compares, so a benchmark may count in thousandths of a minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one carer does in a visit; a visit with two carers has two."""

    seconds: int
    skills: frozenset[str] = frozenset()
    gap: tuple[int, int] = (0, 0)
    """How long after the first task this one starts, at least and at most: (0, 0) is at the same moment."""

    def __post_init__(self) -> None:
        assert self.seconds >= 0
        assert 0 <= self.gap[0] <= self.gap[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One visit to be planned."""

    id: str
    place: int
    """A row and column of the travel matrix."""
    earliest: int
    latest: int
    """Every task starts in [earliest, latest]; later only as far as `Problem.late_max` lets it."""
    tasks: tuple[Task, ...]
    after: tuple[str, ...] = ()
    """Visits that must be over before this one starts."""
    usual: tuple[str, ...] = ()
    """Carers who usually come, dearest first."""
    not_with: tuple[str, ...] = ()
    """Carers who are not sent here."""
    before: tuple[str, ...] = ()
    """Carers whom the plan in force sends: to send another is a move."""
    load: int = 0
    """How hard it is, for each of its carers, in a measure of one's own: lifts, kilograms."""
    promised: tuple[str, ...] = ()
    """Carers who were announced or have begun, task by task: nobody else comes."""

    def __post_init__(self) -> None:
        assert self.tasks
        assert self.tasks[0].gap == (0, 0)
        assert self.earliest <= self.latest
        assert len(self.promised) in {0, len(self.tasks)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A rest that begins in [earliest, latest], between two visits, wherever the carer then is."""

    earliest: int
    latest: int
    seconds: int

    def __post_init__(self) -> None:
        assert self.seconds >= 0
        assert self.earliest <= self.latest


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One shift of one carer. A carer with two shifts is two workers with the same `carer`."""

    id: str
    carer: str
    start_place: int
    end_place: int
    start: int
    end: int
    skills: frozenset[str] = frozenset()
    means: int = 0
    """Which of the travel matrices is theirs."""
    breaks: tuple[Break, ...] = ()
    load_max: int | None = None
    """How much load they are given at most; None for any."""

    def __post_init__(self) -> None:
        assert self.start <= self.end


Matrix = Sequence[Sequence[int]]
"""`matrix[here][there]`, in the unit of the problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """
    What a second of each part costs, in the cost of a second on the way.

    The defaults weigh a visit left out as ten hours on the way, a stranger at the door as ten minutes, and a carer
    exchanged after the plan was published as half an hour. They are ours; no source gives them.
    """

    travel: int = 1
    late: int = 1
    worst_late: int = 0
    stranger: int = 600
    """For each task that is done by somebody who does not usually come, where somebody usually does."""
    moved: int = 1800
    """For each task that the plan in force gives to somebody else."""
    unassigned: int = 36_000
    promise: int = 360_000
    """Further, for a visit that was promised and is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    Everything a planner needs to know.

    `late_max` is how long after its latest start a task may still begin: 0 makes windows hard; None sets no bound, and
    lateness is only paid for.
    """

    jobs: tuple[Job, ...]
    workers: tuple[Worker, ...]
    travel: tuple[Matrix, ...]
    weights: Weights = field(default_factory=Weights)
    late_max: int | None = 0

    def __post_init__(self) -> None:
        assert len({each.id for each in self.jobs}) == len(self.jobs)
        assert len({each.id for each in self.workers}) == len(self.workers)
        assert all(each.means < len(self.travel) for each in self.workers)


def may(job: Job, number: int, worker: Worker) -> bool:
    """Whether this worker may do this task of the visit, whatever the hour."""
    if job.promised:
        return job.promised[number] == worker.carer
    return job.tasks[number].skills <= worker.skills and worker.carer not in job.not_with


def in_time(job: Job, worker: Worker, late_max: int | None) -> bool:
    """Whether the shift leaves room for the visit at all."""
    latest = worker.end if late_max is None else min(worker.end, job.latest + late_max)
    return max(job.earliest, worker.start) <= latest


def price(job: Job, worker: Worker, weights: Weights) -> int:
    """What it costs that this worker comes, apart from the way: a stranger, a move."""
    cost = 0
    if job.usual and worker.carer not in job.usual:
        cost += weights.stranger
    if job.before and worker.carer not in job.before:
        cost += weights.moved
    return cost


def omitted(job: Job, weights: Weights) -> int:
    """What it costs to leave this visit out."""
    return weights.unassigned * len(job.tasks) + (weights.promise if job.promised else 0)
