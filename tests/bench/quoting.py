"""How many cases a core answers in a second: the lines of `anling quote`, from JSON to JSON, in processor time."""

import io
import json
import time
from pathlib import Path

from config.quoting import quote_lines
from tests.architecture.tree import ROOT
from tests.bench.measure import Figure, figure
from tests.bench.plan import Plan

PROMISE = 20_000
"""Cases a second and core."""


def quoting(plan: Plan, folder: Path) -> list[Figure]:
    cases = [json.loads(line) for line in (ROOT / "tests/cases/quotes.jsonl").read_text("utf-8").splitlines()]
    count, runs = plan.of(81_000, quick=16_200), plan.of(7, quick=3)
    meals = [case for case in cases if "ask" not in case]
    dated = [{**case, "date": "2026-02-28", "person": _born(case["person"])} for case in meals]
    return [
        _figure("every question", cases, count, runs),
        _figure("meals", meals, count, runs),
        _figure("meals of people with birthdays, explained", dated, count // 4, runs, lang="zh"),
    ]


def _born(person: dict) -> dict:
    known = {key: value for key, value in person.items() if key != "age"}
    return {**known, "born_on": f"{2026 - person['age']}-01-15"}


def _figure(what: str, cases: list[dict], count: int, runs: int, lang: str | None = None) -> Figure:
    lines = [json.dumps(case, ensure_ascii=False).encode() + b"\n" for case in cases]
    stream = b"".join(lines[number % len(lines)] for number in range(count))
    rates = [_rate(stream, count, lang) for _ in range(runs)]
    floor = sorted(_floor(stream, count) for _ in range(runs))
    promise = PROMISE if lang is None else PROMISE // 4
    return figure(
        f"quoting: {what}", "cases a second", rates, lambda each: each.p50 >= promise, unit="/s",
        floor=floor[len(floor) // 2], floor_is="reading and writing the same JSON",
        target=f"{promise:,} a second and core", note=f"{runs} runs of {count:,} cases, in processor time",
    )  # fmt: skip


def _rate(stream: bytes, count: int, lang: str | None) -> float:
    begun = time.process_time()
    status = quote_lines(io.BytesIO(stream), io.StringIO(), policies=ROOT / "config/policies", lang=lang)
    assert status == 0
    return count / (time.process_time() - begun)


def _floor(stream: bytes, count: int) -> float:
    begun, out = time.process_time(), io.StringIO()
    for line in io.BytesIO(stream):
        out.write(json.dumps(json.loads(line), ensure_ascii=False))
    return count / (time.process_time() - begun)
