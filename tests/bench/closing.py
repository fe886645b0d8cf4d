"""How long closing a month of a million meals takes on SQLite, and how much memory it takes."""

import resource
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from config.tables import metadata
from dispatch.rules.people import operator
from dispatch.store.database import reading_engine, writing_engine
from dispatch.store.transactions import SerialTransactions
from schedules.calendar import Calendar
from schedules.money.closing import Closing
from schedules.money.store.ledger import ledger_entries, ledger_postings
from schedules.money.store.versions import Rule, Versions
from tests.bench.measure import Figure, figure
from tests.bench.plan import Plan
from tests.builders import numbered_ids
from tests.fakes.clock import HandClock

PROMISE_S = 60.0
"""For a million meals."""

FIRST = date(2026, 5, 1)


def closing(plan: Plan, folder: Path) -> list[Figure]:
    count = plan.of(1_000_000, quick=100_000)
    url = f"sqlite:///{folder / 'anling.db'}"
    writing, reading = writing_engine(url), reading_engine(url)
    metadata.create_all(writing)
    _fill(writing, count)
    transactions = SerialTransactions(writing, HandClock(datetime(2026, 6, 1, 4, tzinfo=UTC)), numbered_ids())
    rule = Rule(version="v1", policy_id="p", file="p.toml", content="")
    transactions.run(lambda tx: Versions(tx.connection).keep(rule))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    desk = Closing(transactions, reading, HandClock(datetime(2026, 6, 1, 4, tzinfo=UTC)), Calendar("Asia/Shanghai"))
    begun, begun_cpu, seen = time.perf_counter(), time.process_time(), []
    closed = desk.close("2026-05", by=operator("keeper"), progress=lambda done, _of: seen.append(done))
    took, cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    assert closed.entries == count == seen[-1]
    per_million = took * 1_000_000 / count
    return [figure(
        "closing", f"{count:,} meals, to the hash and the sums", [per_million], lambda each: each.p50 <= PROMISE_S,
        unit="s a million", target="1,000,000 meals in 60 s", floor=cpu * 1_000_000 / count,
        floor_is="the processor time of the same", note=f"{grown} MiB more at the peak; {len(seen)} steps of the bar",
    )]  # fmt: skip


def _fill(engine, count: int, piece: int = 20_000) -> None:
    with engine.begin() as connection:
        for start in range(0, count, piece):
            numbers = range(start, min(start + piece, count))
            connection.execute(insert(ledger_entries), [_entry(number) for number in numbers])
            connection.execute(insert(ledger_postings), [each for number in numbers for each in _postings(number)])


def _entry(number: int) -> dict[str, object]:
    on = FIRST + timedelta(days=number % 31)
    # Ids come in no order, as those of tills do.
    return {
        "id": f"meal-{number * 7919 % 9_999_991:07}-{number}", "on": on, "month": "2026-05",
        "claim": f"r{number // 62}/{on}/{'lunch' if number % 2 else 'dinner'}", "source_kind": "meal",
        "source_id": f"m{number}", "version": "v1", "reverses": None, "late": "",
    }  # fmt: skip


def _postings(number: int) -> list[dict[str, object]]:
    entry_id, fen = _entry(number)["id"], 100 + number % 500
    told = [("fund:city", -fen), ("fund:district", -2 * fen), (f"owed:canteen-{number % 300}", 3 * fen)]
    return [
        {"entry_id": entry_id, "place": place, "account": account, "amount_fen": amount}
        for place, (account, amount) in enumerate(told)
    ]
