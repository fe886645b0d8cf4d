"""
What this disk does, as a program of its own so that a slow disk can be laid before it.

    python -m tests.bench.disk FOLDER COUNT

Prints the median milliseconds of appending 4 KB with fdatasync, and of one commit of the SQLite that the service uses:
the second shows whether a library laid before libc's reaches it.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from dispatch.store.database import sqlite_module
from tests.architecture.tree import ROOT
from tests.bench.measure import append_and_sync, percentile


class Disk(NamedTuple):
    """Median and p99 of the append, and the median commit, in milliseconds."""

    append_ms: float
    append_p99_ms: float
    commit_ms: float


def disk(folder: Path, count: int, *, preload: Path | None = None) -> Disk:
    """Measured in a child process, with a library laid before libc's or without."""
    environment = {"PATH": os.environ.get("PATH", "")} | ({"LD_PRELOAD": str(preload)} if preload else {})
    command = [sys.executable, "-m", "tests.bench.disk", str(folder), str(count)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return Disk(**json.loads(done.stdout))


def _look(folder: Path, count: int) -> Disk:
    appended = sorted(append_and_sync(folder / "floor", count))
    connection = sqlite_module().connect(folder / "floor.db", isolation_level=None)
    for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE IF NOT EXISTS t (x)"):
        connection.execute(line)
    took = []
    for _ in range(count):
        begun = time.monotonic()
        connection.execute("INSERT INTO t VALUES (1)")
        took.append((time.monotonic() - begun) * 1000)
    connection.close()
    return Disk(percentile(appended, 50), percentile(appended, 99), percentile(sorted(took), 50))


if __name__ == "__main__":
    print(json.dumps(_look(Path(sys.argv[1]), int(sys.argv[2]))._asdict()))
