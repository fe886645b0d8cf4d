"""What a run has to say, for people and for programs: never a mean alone, always how many."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from config.simulation.result import Result

QUANTILES = (50, 90, 99)


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile: a value that really occurred. `values` are sorted and not empty."""
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def as_text(result: Result, *, wall_s: float) -> str:
    """The report as a page of text."""
    lines = [f"seed {result.seed}, {result.days:g} days, {result.steps} steps, {result.head} entries in the record"]
    lines += ["", "what happened"]
    lines += [f"  {count:>8}  {what}" for what, count in result.counts.items()]
    lines += ["", f"response times in seconds{'':<7}{'n':>6}{'p50':>10}{'p90':>10}{'p99':>10}"]
    lines += [_row(name, sorted(values)) for name, values in result.figures.items()]
    lines += ["", f"{speed(result, wall_s):.1f} station-years an hour on this core ({wall_s:.1f} s)", ""]
    lines += _breach(result)
    return "\n".join(lines)


def as_json(result: Result, *, wall_s: float) -> str:
    """The same as one JSON object."""
    figures: dict[str, Any] = {
        name: {"n": len(values)} | {f"p{each}": round(percentile(sorted(values), each), 3) for each in QUANTILES}
        for name, values in result.figures.items()
    }
    told = asdict(result) | {"figures": figures, "wall_s": wall_s, "station_years_an_hour": speed(result, wall_s)}
    return json.dumps(told, ensure_ascii=False, indent=2)


def replay(result: Result) -> str:
    """The command that plays the same again."""
    return f"anling simulate --seed {result.seed} --days {result.days:g}"


def speed(result: Result, wall_s: float) -> float:
    """Station-years an hour: a station-day is fifty residents with their alarms, played to the end or not."""
    played = result.days if result.breach is None else result.breach.t / 86_400
    return played / 365 / max(wall_s, 1e-9) * 3600


def _row(name: str, values: Sequence[float]) -> str:
    shown = "".join(f"{percentile(values, each):>10.1f}" for each in QUANTILES)
    return f"  {name:<30}{len(values):>6}{shown}"


def _breach(result: Result) -> list[str]:
    breach = result.breach
    if breach is None:
        return ["every promise was kept"]
    head = f"BROKEN: {breach.promise}: {breach.what} ({breach.id}), step {breach.step}, {breach.t:.3f} s"
    return [head, "the steps that led to it:", *breach.last, f"again: {replay(result)}"]
