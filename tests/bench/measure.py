"""What a figure is, how it is told, and the floors it is told against."""

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BLOCK = b"\x5a" * 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """
    One line of the table: a distribution, or a single rate where `n` is what was counted.

    `floor` is what this machine can do at all, by `floor_is`, measured in the same run. `target` is the promise in
    words, `holds` whether it was kept; None where it was not measured, and then `note` says why.
    """

    name: str
    what: str
    unit: str = "ms"
    n: int = 0
    least: float | None = None
    p50: float | None = None
    p99: float | None = None
    most: float | None = None
    floor: float | None = None
    floor_is: str = ""
    target: str = ""
    holds: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.p50 is None or not self.floor else self.p50 / self.floor


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of sorted values: one that really occurred."""
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def figure(name: str, what: str, values: Sequence[float], holds: Callable[[Figure], bool], **more: Any) -> Figure:
    """A figure out of its measurements; without any it does not hold."""
    if not values:
        return Figure(name=name, what=what, holds=False, **{"note": "nothing was measured", **more})
    found = sorted(values)
    spread = {"n": len(found), "least": found[0], "p50": percentile(found, 50), "p99": percentile(found, 99)}
    told = Figure(name=name, what=what, most=found[-1], **spread, **more)
    return Figure(**{**asdict(told), "holds": bool(holds(told))})


def left_out(name: str, what: str, why: str) -> Figure:
    return Figure(name=name, what=what, note=f"left out: {why}")


# ------------------------------------------------------------------------------------------------ floors


def append_and_sync(path: Path, count: int) -> list[float]:
    """Milliseconds of appending 4 KB to a file and having them on disk, each time."""
    took = []
    line = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(count):
            begun = time.monotonic()
            os.write(line, BLOCK)
            os.fdatasync(line)
            took.append((time.monotonic() - begun) * 1000)
    finally:
        os.close(line)
        path.unlink()
    return took


def paced(every_s: float, count: int) -> Iterator[int]:
    """Numbers from 0, each at its own time whatever the one before took (open loop: a slow answer delays no press)."""
    pause, begun = threading.Event(), time.monotonic()
    for number in range(count):
        wait_s = begun + number * every_s - time.monotonic()
        if wait_s > 0:
            pause.wait(wait_s)
        yield number


# ------------------------------------------------------------------------------------------------ telling

_HEADS = ("figure", "n", "min", "p50", "p99", "max", "floor", "ratio", "target", "holds")


def table(figures: Sequence[Figure]) -> str:
    """All figures under each other, each with what it was measured against."""
    rows = [_HEADS, *(_row(each) for each in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = [_line(row, widths) for row in rows]
    notes = [f"  {each.name}: {each.note}" for each in figures if each.note]
    floors = dict.fromkeys(f"  {each.name}: the floor is {each.floor_is}" for each in figures if each.floor_is)
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], "", *floors, *notes])


def _row(each: Figure) -> tuple[str, ...]:
    shown = [_number(value) for value in (each.least, each.p50, each.p99, each.most, each.floor)]
    ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
    holds = {True: "yes", False: "NO", None: "-"}[each.holds]
    return (f"{each.name} ({each.unit})", str(each.n or ""), *shown, ratio, each.target, holds)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) if place in (0, 8) else cell.rjust(width)
             for place, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
    return "  ".join(cells).rstrip()
