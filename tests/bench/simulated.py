"""Figure 7: how much simulated life an hour of one core holds. A child process each, so that runs share nothing."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.architecture.tree import ROOT
from tests.bench.measure import Figure, figure, left_out
from tests.bench.plan import Plan

NAME, TARGET = "simulation", 40.0


def simulated(plan: Plan, folder: Path) -> list[Figure]:
    if find_spec("config.simulation") is None:
        return [left_out(NAME, "station-years an hour", "config.simulation is not there")]
    days, runs = plan.of(20, quick=6), plan.of(3, quick=2)
    speeds, broken = [], []
    for seed in range(1, runs + 1):
        command = [sys.executable, "-m", "config.main", "simulate", "--days", str(days), "--seed", str(seed), "--json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        if not done.stdout.strip().startswith("{"):
            return [left_out(NAME, "station-years an hour", f"it did not run: {done.stderr[-300:]}")]
        told = json.loads(done.stdout)
        speeds.append(told["station_years_an_hour"])
        broken += [f"seed {seed}: {told['breach']['promise']}"] if told["breach"] else []
    note = f"{runs} runs of {days} days, a process each" + (f"; broken promises: {broken}" if broken else "")
    return [figure(
        NAME, "station-years an hour a core", speeds, lambda told: told.p50 >= TARGET, unit="station-years/h",
        target=f"p50 ≥ {TARGET:g}", note=note,
    )]  # fmt: skip
