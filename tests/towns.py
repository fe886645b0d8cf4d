"""Small made-up problems of planning, each from a seed."""

import math
from random import Random

from schedules.planning.rules.problem import Break, Job, Problem, Task, Weights, Worker

HOUR = 3600
SKILLS = ("nurse", "lifting", "bath")


def town(
    seed: int, *, visits: int, carers: int, doubles: float = 0.2, rests: bool = True, after: float = 0.1,
    promised: float = 0.0, late_max: int | None = 0,
) -> Problem:  # fmt: skip
    """Visits and carers scattered over 6 x 6 km, by two means; everything a problem can say turns up."""
    draw = Random(seed)
    points = [(draw.random() * 6000, draw.random() * 6000) for _ in range(visits + carers)]
    travel = tuple(
        tuple(tuple(int(math.dist(here, there) * 1.4 / speed) for there in points) for here in points)
        for speed in (1.25, 4.5)
    )
    workers = tuple(_worker(number, visits, draw, rests) for number in range(carers))
    jobs = tuple(_job(number, carers, draw, doubles, after, promised) for number in range(visits))
    weights = Weights(worst_late=1 if late_max is None else 0)
    return Problem(jobs=jobs, workers=workers, travel=travel, weights=weights, late_max=late_max)


def _worker(number: int, visits: int, draw: Random, rests: bool) -> Worker:
    start = draw.choice((7, 8, 11)) * HOUR
    rest = Break(earliest=start + 4 * HOUR, latest=start + 5 * HOUR, seconds=1800)
    return Worker(
        id=f"w{number}", carer=f"c{number}", start_place=visits + number, end_place=visits + number, start=start,
        end=start + 9 * HOUR, skills=frozenset(draw.sample(SKILLS, draw.randrange(len(SKILLS) + 1))),
        means=draw.randrange(2), breaks=(rest,) if rests and draw.random() < 0.7 else (),
        load_max=draw.choice((None, None, 6)),
    )  # fmt: skip


def _job(number: int, carers: int, draw: Random, doubles: float, after: float, promised: float) -> Job:
    early = draw.randrange(7 * HOUR, 18 * HOUR)
    count = 2 if draw.random() < doubles and carers > 1 else 1
    gap = draw.choice(((0, 0), (0, 0), (600, 3600)))
    tasks = tuple(
        Task(
            seconds=draw.choice((900, 1800, 3600)), gap=gap if which else (0, 0),
            skills=frozenset(draw.sample(SKILLS, draw.choice((0, 0, 1)))),
        )
        for which in range(count)
    )  # fmt: skip
    kept = draw.random() < promised
    return Job(
        id=f"v{number}", place=number, earliest=early, latest=early + draw.choice((0, 900, 3600, 7200)), tasks=tasks,
        load=draw.choice((0, 1, 2)), usual=(f"c{draw.randrange(carers)}",) if draw.random() < 0.5 else (),
        not_with=(f"c{draw.randrange(carers)}",) if draw.random() < 0.1 else (),
        after=(f"v{draw.randrange(number)}",) if number and draw.random() < after else (),
        before=(f"c{draw.randrange(carers)}",) if draw.random() < 0.2 else (),
        promised=tuple(f"c{each}" for each in draw.sample(range(carers), count)) if kept else (),
    )  # fmt: skip
