"""
Figure 14: plans of visits beside the best known, and how large a town is planned in how long.

    ANLING_INSTANCES=<folder> python -m tests.bench planning [--quick]

The folder holds what others publish, each where its own repository has it; nothing of it is kept here:

    hhcrsp/       github.com/iolab-uniud/hhcrsp: instances/mankowska/*.json, solutions/mankowska_best.md, validator/
    solomon/      Solomon's 56 instances of 100 customers as text (C101.txt ...)

A sub-folder may be a bare git repository instead. Mankowska's plans are written in the instances' own format and judged
by the instances' own validator, as a process, where its libraries are installed; its objective is a third of the way,
of all tardiness and of the worst (Mankowska, Meisel, Bierwirth: The home health care routing and scheduling problem
with interdependent services, Health Care Management Science 17, 2014). Budgets are of processor time: a busy machine
makes a run longer, not worse. Seeds are 1; one run an instance.
"""

import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

from schedules.planning.choosing import ChoosingPlanner, pyvrp_there
from schedules.planning.own import OwnPlanner
from schedules.planning.planner import Budget
from schedules.planning.rules.check import checked
from schedules.planning.rules.plan import Plan as Planned
from schedules.planning.rules.plan import cost
from schedules.planning.rules.problem import Break, Job, Problem, Task, Weights, Worker
from tests.bench.measure import Figure, figure, left_out
from tests.bench.plan import Plan

SCALE = 1000
"""Mankowska's matrices have three decimals."""

FAR = 10**9
TENTH = 10
"""The DIMACS challenge (2022) cuts distances of Solomon's instances off after one decimal."""

MANKOWSKA = (("25", 10.0, 1.0), ("50", 10.0, 3.0), ("100", 60.0, 6.0))
"""Visits, seconds, and the largest median gap in percent that was promised."""

SOLOMON_S, SOLOMON_GAP = 30.0, 2.0

OPTIMA: Mapping[str, float] = {
    "C101": 827.3, "C102": 827.3, "C103": 826.3, "C104": 822.9, "C105": 827.3, "C106": 827.3, "C107": 827.3,
    "C108": 827.3, "C109": 827.3, "C201": 589.1, "C202": 589.1, "C203": 588.7, "C204": 588.1, "C205": 586.4,
    "C206": 586.0, "C207": 585.8, "C208": 585.8, "R101": 1637.7, "R102": 1466.6, "R103": 1208.7, "R104": 971.5,
    "R105": 1355.3, "R106": 1234.6, "R107": 1064.6, "R108": 932.1, "R109": 1146.9, "R110": 1068.0, "R111": 1048.7,
    "R112": 948.6, "R201": 1143.2, "R202": 1029.6, "R203": 870.8, "R204": 731.3, "R205": 949.8, "R206": 875.9,
    "R207": 794.0, "R208": 701.0, "R209": 854.8, "R210": 900.5, "R211": 746.7, "RC101": 1619.8, "RC102": 1457.4,
    "RC103": 1258.0, "RC104": 1132.3, "RC105": 1513.7, "RC106": 1372.7, "RC107": 1207.8, "RC108": 1114.2,
    "RC201": 1261.8, "RC202": 1092.3, "RC203": 923.7, "RC204": 783.5, "RC205": 1154.0, "RC206": 1051.1,
    "RC207": 962.9, "RC208": 776.1,
}  # fmt: skip
"""
The distance-only optima by the challenge's rules: all 56 are marked optimal in its own list of best known solutions, as
github.com/liyunhaocn/dimacsVRP keeps it (DataFromLiterature/BKSfromDIMACSDay15.csv). But for R112: the list has 948.9,
and the challenge's own controller accepted 948.6 (there, ConctrolSer/run1401ser/DIMACS-VRPTW-HustSmart-R112.out).
"""


def planning(plan: Plan, folder: Path) -> list[Figure]:
    """All figures; those whose instances are not there are left out by name."""
    where = os.environ.get("ANLING_INSTANCES", "")
    found: list[Figure] = []
    for size, seconds, most in MANKOWSKA:
        found += _mankowska(where, size, seconds, most, plan.of(10, quick=2), folder)
    found.append(_solomon(where, plan.of(56, quick=3)))
    found += [_town(200, 30, 10.0, doubles) for doubles in (0.0, 0.1)]
    found.append(_town(1500, 150, 60.0, 0.1 if not pyvrp_there() else 0.0))
    return found


# ------------------------------------------------------------------------------------------------ Mankowska


def _mankowska(where: str, size: str, seconds: float, most: float, count: int, folder: Path) -> list[Figure]:
    name, what = f"mankowska {size}", f"gap to the best known, {seconds:g} s of one processor"
    files = Files(Path(where) / "hhcrsp") if where else None
    if files is None or not files.there:
        return [left_out(name, what, "ANLING_INSTANCES names no folder with hhcrsp in it")]
    best = _best(files.text("solutions/mankowska_best.md"))
    names = sorted(
        (each for each in best if each.split("_")[-2] == size), key=lambda each: int(each.split("_")[-1][:-5])
    )
    gaps, judged = [], []
    for each in names[:count]:
        said = files.text(f"instances/mankowska/{each}")
        problem = mankowska_problem(json.loads(said))
        made = OwnPlanner().solve(problem, Budget(seconds=seconds, clock=time.process_time), seed=1)
        assert not checked(made, problem), checked(made, problem)
        own = cost(made, problem).total / 3 / SCALE
        verdict = _validated(files, folder, said, solution_of(made, problem))
        judged.append(verdict)
        gaps.append(((verdict or own) / best[each] - 1) * 100)
        print(
            f"{each}: {verdict or own:.2f}, best known {best[each]:.2f}, {gaps[-1]:+.2f} %", file=sys.stderr, flush=True
        )
    by = "judged by its own validator" if all(judged) else "NOT judged by its own validator (its libraries are missing)"
    return [
        figure(
            name, what, gaps, lambda told: median(gaps) <= most, unit="%", target=f"median at most {most:g} %",
            note=f"median {median(gaps):.2f} %, mean {sum(gaps) / len(gaps):.2f} %, {by}",
        )
    ]  # fmt: skip


def mankowska_problem(said: Mapping[str, object]) -> Problem:
    """An instance of that repository's JSON as a problem in thousandths."""
    data: dict[str, list] = dict(said)  # type: ignore[arg-type]
    jobs = []
    for number, patient in enumerate(data["patients"]):
        between = patient.get("synchronization", {}).get("distance", (0, 0))
        tasks = tuple(
            Task(
                seconds=_whole(need["duration"]),
                skills=frozenset([need["service"]]),
                gap=(_whole(between[0]), _whole(between[1])) if which else (0, 0),
            )
            for which, need in enumerate(patient["required_caregivers"])
        )
        early, late = map(_whole, patient["time_window"])
        jobs.append(Job(id=patient["id"], place=number + 1, earliest=early, latest=late, tasks=tasks))
    workers = tuple(
        Worker(id=each["id"], carer=each["id"], start_place=0, end_place=0, start=0, end=FAR,
               skills=frozenset(each["abilities"]))
        for each in data["caregivers"]
    )  # fmt: skip
    travel = tuple(tuple(_whole(way) for way in row) for row in data["distances"])
    weights = Weights(travel=1, late=1, worst_late=1, unassigned=FAR)
    return Problem(jobs=tuple(jobs), workers=workers, travel=(travel,), weights=weights, late_max=None)


def solution_of(plan: Planned, problem: Problem) -> dict[str, object]:
    """A plan in that repository's own format."""
    jobs, routes = {each.id: each for each in problem.jobs}, plan.routes()
    told = []
    for worker in problem.workers:
        stops = [
            {
                "patient_id": stop.job, "service_id": next(iter(jobs[stop.job].tasks[stop.task].skills)),
                "arrival_time": stop.start / SCALE,
                "departure_time": (stop.start + jobs[stop.job].tasks[stop.task].seconds) / SCALE,
            }
            for stop in routes.get(worker.id, [])
        ]  # fmt: skip
        told.append({"caregiver_id": worker.id, "locations": stops})
    return {"routes": told}


def _best(table: str) -> dict[str, float]:
    rows = [[cell.strip() for cell in line.split("|")] for line in table.splitlines()[2:]]
    return {row[1]: float(row[5]) for row in rows if len(row) > 5}


def _validated(files: "Files", folder: Path, instance: str, solution: Mapping[str, object]) -> float | None:
    """What the instances' own validator says it costs; None where it cannot run; it raises where it finds a fault."""
    judge = files.folder("validator", folder)
    (folder / "instance.json").write_text(instance, encoding="utf-8")
    (folder / "solution.json").write_text(json.dumps(solution), encoding="utf-8")
    command = [os.environ.get("ANLING_VALIDATOR_PYTHON", sys.executable), str(judge / "validator.py"), "check-solution"]
    done = subprocess.run(
        [*command, str(folder / "instance.json"), str(folder / "solution.json")], capture_output=True, text=True,
        check=False, cwd=judge,
    )  # fmt: skip
    if "ModuleNotFoundError" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr[-2000:]
    return float(json.loads(done.stdout)["total_cost"])


# ------------------------------------------------------------------------------------------------ Solomon


def _solomon(where: str, count: int) -> Figure:
    name, what = "solomon 100", f"gap to the distance-only optimum, {SOLOMON_S:g} s of one processor"
    files = Files(Path(where) / "solomon") if where else None
    if files is None or not files.there:
        return left_out(name, what, "ANLING_INSTANCES names no folder with solomon in it")
    if not pyvrp_there():
        return left_out(name, what, "pyvrp is not installed")
    gaps = []
    for each in list(OPTIMA)[:: max(1, len(OPTIMA) // count)][:count]:
        problem = solomon_problem(files.text(f"{files.prefix}{each}.txt"))
        made = ChoosingPlanner().solve(problem, Budget(seconds=SOLOMON_S, clock=time.process_time), seed=1)
        assert not checked(made, problem), checked(made, problem)
        assert not made.unassigned
        gaps.append((cost(made, problem).travel / TENTH / OPTIMA[each] - 1) * 100)
        print(f"{each}: optimum {OPTIMA[each]}, {gaps[-1]:+.2f} %", file=sys.stderr, flush=True)
    return figure(
        name, what, gaps, lambda told: told.most is not None and told.most <= SOLOMON_GAP, unit="%",
        target=f"each at most {SOLOMON_GAP:g} %",
        note=f"median {median(gaps):.2f} %; optima as the challenge lists them",
    )  # fmt: skip


def solomon_problem(said: str) -> Problem:
    """One of Solomon's text files as a problem in tenths, distances cut off."""
    rows = [line.split() for line in said.splitlines()]
    fleet = next(list(map(int, row)) for row in rows if len(row) == 2 and row[0].isdigit())
    points = [list(map(int, row)) for row in rows if len(row) == 7 and row[0].isdigit()]
    travel = tuple(tuple(math.floor(math.dist(here[1:3], there[1:3]) * TENTH) for there in points) for here in points)
    jobs = tuple(
        Job(id=str(at), place=number, earliest=ready * TENTH, latest=due * TENTH, load=demand,
            tasks=(Task(seconds=service * TENTH),))
        for number, (at, _, _, demand, ready, due, service) in enumerate(points) if number
    )  # fmt: skip
    workers = tuple(
        Worker(id=f"w{number}", carer=f"w{number}", start_place=0, end_place=0, start=points[0][4] * TENTH,
               end=points[0][5] * TENTH, load_max=fleet[1])
        for number in range(fleet[0])
    )  # fmt: skip
    return Problem(jobs=jobs, workers=workers, travel=(travel,), weights=Weights(unassigned=10_000_000))


# ------------------------------------------------------------------------------------------------ a town


def _town(visits: int, carers: int, seconds: float, doubles: float) -> Figure:
    name = f"town {visits} x {carers}" + (" with doubles" if doubles else "")
    code = (
        "import resource, time; from tests.bench.planning import planned_town;"
        f"began = time.process_time(); out = planned_town({visits}, {carers}, {seconds}, {doubles});"
        "print(time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, out)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        return left_out(name, "a day", done.stderr[-300:])
    took, memory, out = done.stdout.split()
    return figure(
        name, "reading to checked plan, processor time", [float(took)],
        lambda told: float(took) <= seconds and int(memory) <= 2048, unit="s",
        target=f"at most {seconds:g} s and 2,048 MB", note=f"{memory} MB, {out} visits left out, holds by the check",
    )  # fmt: skip


def planned_town(visits: int, carers: int, seconds: float, doubles: float) -> int:
    """Plans a town within these seconds, everything counted, and says how many visits are left out."""
    began = time.process_time()
    problem = town(visits, carers, doubles, random.Random(1))
    # What is left after the reading, less an eighth for the check and for a machine that is slow today.
    left = (seconds - (time.process_time() - began)) * 0.875
    made = ChoosingPlanner().solve(problem, Budget(seconds=left, clock=time.process_time), seed=1)
    assert not checked(made, problem)
    return len(made.unassigned)


def town(visits: int, carers: int, doubles: float, draw: random.Random) -> Problem:
    """A town of 6 x 6 km at e-bike speed: shifts of nine hours with a rest, four skills, windows of 15 min to 2 h."""
    points = [(draw.random() * 6000, draw.random() * 6000) for _ in range(visits + carers)]
    travel = tuple(tuple(int(math.dist(here, there) * 1.4 / 4.5) for there in points) for here in points)
    skills = ("nurse", "lifting", "bath", "cook")
    jobs = []
    for number in range(visits):
        early = draw.randrange(7 * 3600, 19 * 3600)
        task = Task(
            seconds=draw.choice((900, 1800, 2700, 3600)), skills=frozenset(draw.sample(skills, draw.choice((0, 0, 1))))
        )
        jobs.append(
            Job(
                id=f"v{number}", place=number, earliest=early, latest=early + draw.choice((900, 1800, 3600, 7200)),
                tasks=(task,) * (2 if draw.random() < doubles else 1),
                usual=(f"c{draw.randrange(carers)}",) if draw.random() < 0.5 else (),
            )
        )  # fmt: skip
    workers = []
    for number in range(carers):
        start = draw.choice((7, 8, 11)) * 3600
        workers.append(
            Worker(
                id=f"w{number}", carer=f"c{number}", start_place=visits + number, end_place=visits + number,
                start=start, end=start + 9 * 3600, skills=frozenset(draw.sample(skills, draw.randrange(1, 5))),
                breaks=(Break(earliest=start + 4 * 3600, latest=start + 5 * 3600, seconds=1800),),
            )
        )  # fmt: skip
    return Problem(jobs=tuple(jobs), workers=tuple(workers), travel=(travel,))


class Files:
    """A folder, or a bare git repository, of published instances."""

    def __init__(self, root: Path) -> None:
        bare = [each for each in (root, root / "repo") if (each / "HEAD").exists() and (each / "objects").exists()]
        self.there = root.exists()
        self._root = root
        self._git = bare[0] if bare else None
        self.prefix = "data/text/" if self._git else ""

    def text(self, path: str) -> str:
        if self._git is None:
            return (self._root / path).read_text(encoding="utf-8")
        return self._show(path)

    def folder(self, path: str, to: Path) -> Path:
        """That folder as files: as it is, or copied out of the repository."""
        if self._git is None:
            return self._root / path
        target = to / path
        target.mkdir(parents=True, exist_ok=True)
        for name in self._listed(path):
            (target / Path(name).name).write_text(self._show(name), encoding="utf-8")
        return target

    def _show(self, path: str) -> str:
        return self._run("show", f"HEAD:{path}")

    def _listed(self, path: str) -> Iterable[str]:
        return self._run("ls-tree", "-r", "--name-only", "HEAD", path + "/").splitlines()

    def _run(self, *words: str) -> str:
        command = ["git", f"--git-dir={self._git}", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _whole(value: float) -> int:
    return round(value * SCALE)
