"""
The figures of the service, each as a ratio to a floor measured in the same run.

    python -m tests.bench [NAME ...] [--seconds N] [--quick] [--json]

Without a name all of them, one after the other, each in a process of its own. Not a test: nothing fails, what does not
hold says so. Times move by a factor of two between runs of a busy machine; ratios, medians and orders of magnitude are
to be trusted, and single maxima are not.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from config.databases import sqlite_version
from tests.architecture.tree import ROOT
from tests.bench.disk import disk
from tests.bench.measure import Figure, left_out, table
from tests.bench.plan import Plan

NAMES = {
    "press": "frame on the line to the provider's request, idle and at 20 alarms a second",
    "acknowledged": "frame to commit to answer, on a fast and a slow disk",
    "flat_out": "alarms a second, durable, 50,000 carers on duty",
    "lateness": "how late an alarm is woken, a million waiting",
    "storm": "presses amid a power cut: 100,000 supervision signals in 60 s, and at once",
    "heartbeats": "2,000 life signs a second over HTTP",
    "mqtt": "1,100 messages a second through a broker",
    "backlog": "press to text taken behind 1,000 reminders and a slow provider",
    "restart": "kill -9 to the first pending request",
    "board": "200 open alarms and 50 boards: event to screen, and a webhook meanwhile",
    "simulated": "station-years an hour and core",
    "logbook": "ten million entries of the record: every question of a reviewer",
    "quoting": "subsidy rules: cases a second and core",
    "closing": "a month of a million meals closed, on SQLite",
    "decoding": "DC-09 and RFLink beside pysiaalarm and rflink: how fast, how often right",
    "welfare": "the welfare signal on simulated households: precision, recall, false ones, by threshold",
    "planning": "plans of visits beside the best known (ANLING_INSTANCES), and a town in how long",
}
LIMIT_S = 420.0
LONGER_S = {"planning": 3600.0}
"""Figures that think for so long."""


def main() -> None:
    asked = _arguments()
    if asked.child:
        plan = Plan(seconds=asked.seconds, quick=asked.quick)
        for each in _measure(asked.names[0], plan):
            print(json.dumps(asdict(each), ensure_ascii=False), flush=True)
        return
    facts = _machine()
    figures: list[Figure] = []
    for name in asked.names or NAMES:
        print(f"{name}: {NAMES[name]} …", file=sys.stderr, flush=True)
        figures += _in_a_process(name, asked)
    if asked.json:
        print(json.dumps({"machine": facts, "figures": [asdict(each) for each in figures]}, ensure_ascii=False))
        return
    print("\n".join(f"{key:>16}  {value}" for key, value in facts.items()), table(figures), sep="\n\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.strip().splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--seconds", type=float, help="how long the load of 20 alarms a second lasts (60; quick: 15)")
    parser.add_argument("--quick", action="store_true", help="fewer measurements")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in NAMES]
    if unknown:
        parser.error(f"no figure is called {unknown[0]}; known are {', '.join(NAMES)}")
    asked.seconds = asked.seconds or (15.0 if asked.quick else 60.0)
    return asked


def _measure(name: str, plan: Plan) -> list[Figure]:
    work: Callable[[Plan, Path], list[Figure]] = getattr(import_module(f"tests.bench.{name}"), name)
    with tempfile.TemporaryDirectory(prefix="anling-bench-") as folder:
        return work(plan, Path(folder))


def _in_a_process(name: str, asked: argparse.Namespace) -> list[Figure]:
    """A figure that breaks is told as one that was not measured; the others go on."""
    command = [sys.executable, "-m", "tests.bench", name, "--child", "--seconds", str(asked.seconds)]
    command += ["--quick"] if asked.quick else []
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=LONGER_S.get(name, LIMIT_S), check=False
        )
    except subprocess.TimeoutExpired:
        return [left_out(name, NAMES[name], f"not ended within {LONGER_S.get(name, LIMIT_S):g} s")]
    told = [Figure(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith('{"name"')]
    return told or [left_out(name, NAMES[name], f"it ended with {done.returncode}; its words are above")]


def _machine() -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="anling-bench-") as folder:
        found = disk(Path(folder), 300)
    version, safe = sqlite_version()
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        "load average": " ".join(f"{each:.1f}" for each in os.getloadavg()) + " before the run",
        "SQLite": f"{version}{'' if safe else ' (with the WAL-reset race)'}",
        "append+fdatasync": f"p50 {found.append_ms:.2f} ms, p99 {found.append_p99_ms:.2f} ms",
        "SQLite commit": f"p50 {found.commit_ms:.2f} ms (one row, synchronous=FULL)",
    }


if __name__ == "__main__":
    main()
