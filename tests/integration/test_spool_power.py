"""
A spool killed at every statement, and a disk whose power is cut at every write: what was promised is there, once.

The laws, after every such end: every call that was added is waiting or with the service; none is there that was not
added; numbers are unique and without a gap behind what is held; the file is sound; it goes on as if nothing had been.
"""

import collections
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from devices.spool import Entry, Lane, Spool
from dispatch.clock import SystemClock
from tests.fakes.power import Tape, recorder
from tests.fakes.spool_life import live
from tests.need import need

ROOT = Path(__file__).parents[2]


def assert_kept(folder: Path, marks: str) -> None:
    """The laws, with what had been promised by then."""
    told = collections.defaultdict(list)
    for line in marks.splitlines():
        word, _, body = line.partition(" ")
        told[word].append(body)
    spool = Spool(folder / "spool.db", SystemClock())
    try:
        assert spool.set_aside is None
        found = spool.batch(Lane.CALLS, most=10_000, most_bytes=10**9)
        bodies = [each.body for each in found]
        assert None not in bodies
        assert len(set(bodies)) == len(bodies)
        missing = set(told["call"]) - set(bodies) - set(told["has"])
        assert missing == set(), f"promised and gone: {missing}"
        held, last = spool.held(Lane.CALLS), spool.last(Lane.CALLS)
        assert [each.seq for each in found] == list(range(held + 1, last + 1))
        order = [body for body in told["call"] if body in bodies]
        assert [body for body in bodies if body in set(order)] == order
        spool.add([Entry(lane=Lane.CALLS, body="afterwards", heard=SystemClock().look())])
        assert spool.batch(Lane.CALLS, most=10_000, most_bytes=10**9)[-1].seq == last + 1
    finally:
        spool.close()


def killed_at(folder: Path, seed: int, count: int, dies_at: int) -> bool:
    """Lives in a process of its own; whether it was killed on the way."""
    with warnings.catch_warnings():
        # Later Pythons warn of forking beside threads; this child only lives its life and ends.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            live(folder, seed, count, dies_at)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_spool_killed_at_every_statement_has_what_it_promised(tmp_path, seed):
    ends = 0
    # The drill reaches every statement; here it is every seventh place.
    for dies_at in range(seed, 100_000, 7):
        folder = tmp_path / "life"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if not killed_at(folder, seed, 14, dies_at):
            break
        ends += 1
        assert_kept(folder, (folder / "marks").read_text() if (folder / "marks").exists() else "")
    assert ends > 20


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_spool_killed_at_really_every_statement(tmp_path, seed):
    for dies_at in range(1, 100_000):
        folder = tmp_path / "life"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if not killed_at(folder, seed, 40, dies_at):
            assert dies_at > 300
            return
        assert_kept(folder, (folder / "marks").read_text() if (folder / "marks").exists() else "")


def recorded(tmp_path: Path, seed: int, count: int) -> tuple[Tape, str]:
    """A life recorded below it, and all of its marks."""
    library = recorder(tmp_path)
    need(library, "no C compiler found: apt install gcc libc6-dev")
    folder, tape = tmp_path / "life", tmp_path / "tape"
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-m", "tests.fakes.spool_life", folder, str(seed), str(count)],
        cwd=ROOT, check=True,
        env={**os.environ, "LD_PRELOAD": str(library), "POWER_FOLDER": str(folder), "POWER_TAPE": str(tape)},
    )  # fmt: skip
    return Tape(tape, folder), (folder / "marks").read_text(encoding="ascii")


def cut_everywhere(tmp_path: Path, seed: int, count: int, draws: int, share: float) -> int:
    tape, marks = recorded(tmp_path, seed, count)
    kinds = collections.Counter(step.kind for step in tape.steps)
    assert kinds["s"] > count / 2, "what is not synced proves nothing"
    assert {step.name for step in tape.steps} >= {"spool.db", "spool.db-wal"}
    cuts = 0
    for drawn in range(draws):
        draw = random.Random(f"{seed} {drawn}")
        for _, marked, disk in tape.disks(tmp_path / "disk", marks="marks", draw=draw):
            if draw.random() < share:
                cuts += 1
                assert_kept(disk, marks[:marked])
    return cuts


def test_a_power_cut_at_any_write_loses_nothing_that_was_promised(tmp_path):
    assert cut_everywhere(tmp_path, 5, 40, draws=1, share=0.6) > 100


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(4))
def test_a_power_cut_at_any_write_of_a_long_life(tmp_path, seed):
    assert cut_everywhere(tmp_path, seed, 150, draws=8, share=1.0) > 3_000


def test_a_power_cut_would_show_if_commits_were_not_synced(tmp_path):
    """The proof that these disks can lose something: with `synchronous=NORMAL` they do."""
    library = recorder(tmp_path)
    need(library, "no C compiler found: apt install gcc libc6-dev")
    folder, tape = tmp_path / "life", tmp_path / "tape"
    folder.mkdir()
    script = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1] + '/spool.db', isolation_level=None)\n"
        "db.execute('PRAGMA journal_mode=WAL'); db.execute('PRAGMA synchronous=NORMAL')\n"
        "db.execute('CREATE TABLE t (x)'); marks = os.open(sys.argv[1] + '/marks', os.O_WRONLY | os.O_CREAT)\n"
        "for n in range(30): db.execute('INSERT INTO t VALUES (?)', (n,)); os.write(marks, b'x')\n"
    )
    environ = {**os.environ, "LD_PRELOAD": str(library), "POWER_FOLDER": str(folder), "POWER_TAPE": str(tape)}
    subprocess.run([sys.executable, "-c", script, folder], check=True, env=environ)
    lost = 0
    for _, marked, disk in Tape(tape, folder).disks(tmp_path / "disk", marks="marks", draw=random.Random(1)):
        connection = sqlite3.connect(disk / "spool.db")
        with contextlib.suppress(sqlite3.OperationalError):
            lost += connection.execute("SELECT count(*) FROM t").fetchone()[0] < marked
        connection.close()
    assert lost > 5
