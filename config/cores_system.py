"""What Linux says of its cores and does with threads, for `config/cores.py`."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

Idle = Mapping[int, float]
"""Seconds for which each core had nothing to do, since it began."""


def read_idle(stat: str) -> dict[int, float]:
    """
    Of each core, out of the text of /proc/stat: idle and iowait, the fourth and fifth number, in ticks (proc_stat(5)).

    What is not idle is somebody's work, or was not given to this machine; a core that stands still is never idle.
    """
    lines = [line.split() for line in stat.splitlines() if line.startswith("cpu") and line[3:4].isdigit()]
    per_s = os.sysconf("SC_CLK_TCK")
    return {int(name[3:]): sum(map(int, ticks[3:5])) / per_s for name, *ticks in lines}


class Machine:
    """The machine we run on. Elsewhere than on Linux it has no core to choose."""

    def allowed(self) -> frozenset[int]:
        """The cores that the calling thread may run on; fewer than two where there is nothing to choose."""
        return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset()

    def idle(self) -> Idle:
        return read_idle(Path("/proc/stat").read_text(encoding="ascii"))

    def own_s(self) -> float:
        """Seconds of processor time that this process took since it began."""
        times = os.times()
        return times.user + times.system

    def place(self, thread: int, cores: Iterable[int]) -> None:
        """This thread, by the system's number, runs on these cores only. Nothing happens where it has ended."""
        try:
            os.sched_setaffinity(thread, cores)
        except ProcessLookupError:
            return

    def begun_by_us(self) -> list[int]:
        """The threads of all processes that we began, and of those that they began; empty where nobody tells."""
        found, ask = [], [os.getpid()]
        while ask:
            pid = ask.pop()
            for task in _tasks(pid):
                ask += _children(task)
                found += [int(task.name)] if pid != os.getpid() else []
        return found

    def is_held(self, thread: int, core: int) -> bool:
        """Whether this thread runs on that core only."""
        try:
            return os.sched_getaffinity(thread) == {core}
        except ProcessLookupError:
            return False


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except FileNotFoundError:
        return []


def _children(task: Path) -> list[int]:
    try:
        return [int(pid) for pid in (task / "children").read_text(encoding="ascii").split()]
    except (FileNotFoundError, ProcessLookupError):
        # It ended meanwhile, or the kernel was built without CONFIG_PROC_CHILDREN.
        return []
