"""
A log of ten million entries: how long each question takes that a reviewer asks, and what an alarm pays for it.

The entries are made here with their chain, twenty an alarm over five years, and put on file without the two indexes
that only guard uniqueness; the log's rows are what the follower writes. What the follower costs is measured by itself,
on alarms that it really follows. Read from a warm cache, as on a machine that is in use.
"""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from config.databases import upgrade
from dispatch.clock import SystemClock
from dispatch.logbook.follower import Follower
from dispatch.rules.record import GENESIS, note_hash
from dispatch.rules.review import Breach, Limits, Stage
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.audit import Books
from dispatch.store.database import reading_engine, to_us, writing_engine
from dispatch.store.log_search import EntryFilter, EntrySearch, Filter, Search
from dispatch.store.logbook import HOUR_US, bits_of
from tests.bench.measure import Figure, figure
from tests.bench.plan import Plan
from tests.fakes.clock import HandClock

ENTRIES_EACH = 20
DAYS = 5 * 365
STATIONS, CARERS, OPERATORS, RESIDENTS = 40, 2_000, 30, 20_000
CAUSES = ["press"] * 60 + ["fall"] * 20 + ["inactivity"] * 10 + ["hotline"] * 8 + ["fire", "gas"]
OUTCOMES = ["helped"] * 50 + ["false_alarm"] * 35 + ["test"] * 8 + ["hospital"] * 6 + ["died"]
WORDS = [
    "张桂兰", "摔倒", "卫生间", "扶起", "家属", "已到", "误触", "手表", "胸闷", "送医", "复诊", "钥匙", "邻居", "无人",
    "应答", "敲门", "电话", "血压", "正常", "道谢",
]  # fmt: skip
BEGUN = datetime(2021, 11, 22, tzinfo=UTC)
LIMITS = Limits(answered_s=60, accepted_s=300, on_site_s=900, closed_s=3600, failures=0, lapses=0, sample_percent=5)
_ENTRY = (
    '{"alarm_id":"%s","at":%d,"body":%s,"boot":"b","by":"%s","kind":"%s","note_hash":%s,"number":%d,"steady_us":%d,'
    '"version":%s}'
)


def logbook(plan: Plan, folder: Path) -> list[Figure]:
    alarms = plan.of(10_000_000, quick=200_000) // ENTRIES_EACH
    path = folder / "anling.db"
    begun = time.process_time()
    size = _fill(path, alarms)
    note = f"{size:,} entries of {alarms:,} alarms, {os.path.getsize(path) / 1e9:.1f} GB, made in {time.process_time() - begun:.0f} s"  # noqa: E501
    url = f"sqlite:///{path}"
    reading = reading_engine(url)
    with Books(reading).open() as page:
        assert page.chain_fault(size // 2, size // 2 + 2_000) is None
    figures = [_asked(name, ask, reading, limit_ms, note) for name, (ask, limit_ms) in _questions(alarms).items()]
    reading.dispose()
    return [*figures, _followed(folder, min(alarms, 2_000))]


def _questions(alarms: int):
    middle = BEGUN + timedelta(days=DAYS // 2)
    month = {"since": middle, "until": middle + timedelta(days=31)}
    some = Area(stations=frozenset({"s3", "s4"}))

    def alarm(area: Area = DISTRICT, **wanted):
        return lambda connection: Search(connection, area).page(Filter(**wanted), 50)

    def entry(**wanted):
        return lambda connection: EntrySearch(connection, DISTRICT).page(EntryFilter(**wanted), 50).rows

    queue = {"stages": (Stage.OPEN, Stage.FOUND)}

    def first(connection):
        search = Search(connection, DISTRICT)
        search.waiting()
        return search.page(Filter(**queue), 50)

    return {
        "first page": (first, 200),
        "first page of two stations": (alarm(some, **queue), 200),
        "newest entries": (entry(), 200),
        "by date": (alarm(**month), 1000),
        "by station": (alarm(station_id="s7"), 1000),
        "by resident": (alarm(people=("resident:r77",)), 1000),
        "by carer": (alarm(people=("carer:c77",)), 1000),
        "by cause, rare": (alarm(cause="gas"), 1000),
        "by outcome, rare": (alarm(outcome="died"), 1000),
        "by operator": (alarm(closed_by="operator:o7"), 1000),
        "by breach": (alarm(breach=Breach.AUDIT), 1000),
        "all of them at once": (
            alarm(some, cause="fire", outcome="died", people=("operator:o7", "carer:c9"), breach=Breach.CLOSED), 1000,
        ),
        "nothing fits": (alarm(cause="gas", outcome="duplicate", closed_by="operator:o1"), 1000),
        "words within a month": (alarm(**month, text="桂兰 摔"), 1000),
        "words that nobody wrote": (alarm(**month, text="没有人写过"), 1000),
        "the totals of a month": (lambda c: [Search(c, DISTRICT).totals(Filter(**month))], 1000),
        "the totals of everything": (lambda c: [Search(c, DISTRICT).totals(Filter())], 1000),
        "entries by operator in a month": (entry(**month, by="operator:o7"), 1000),
        "entries of a rare kind": (entry(kind="clock_jumped"), 1000),
    }  # fmt: skip


def _asked(name, ask, reading, limit_ms: float, note: str) -> Figure:
    took, walls, found = [], [], 0
    for _ in range(5):
        with reading.connect() as connection:
            begun, wall = time.process_time(), time.monotonic()
            found = len(ask(connection))
            took.append((time.process_time() - begun) * 1000)
            walls.append((time.monotonic() - wall) * 1000)
    return figure(
        name, "processor time of a question", took, lambda told: told.most <= limit_ms, target=f"≤ {limit_ms:g}",
        note=f"{found} found; by the clock {walls[0]:.0f} ms first, then {max(walls[1:]):.0f} ms at most; {note}",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ made


def _fill(path: Path, alarms: int) -> int:
    engine = writing_engine(f"sqlite:///{path}", synchronous="OFF")
    upgrade(engine)
    engine.dispose()
    base = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000", "foreign_keys=OFF"):
        base.execute(f"PRAGMA {pragma}")
    [indexes] = [
        base.execute(
            "SELECT sql FROM sqlite_master WHERE type='index' AND tbl_name='entries' AND sql IS NOT NULL"
        ).fetchall()
    ]
    columns = (
        "number BIGINT, at BIGINT, boot, steady_us BIGINT, kind, by, alarm_id, version, body, note_hash, before, hash"
    )
    base.executescript(f"DROP TABLE entries; CREATE TABLE entries ({columns})")
    base.execute("BEGIN")
    made = _Made(Random(5), alarms)
    base.executemany(f"INSERT INTO entries VALUES ({','.join('?' * 12)})", made.entries())
    base.executemany("INSERT INTO notes VALUES (?,?,?)", made.notes)
    base.executemany("INSERT INTO log_notes VALUES (?,?,?)", made.log_notes)
    base.executemany(f"INSERT INTO log_alarms VALUES ({','.join('?' * 22)})", made.rows)
    base.executemany("INSERT OR IGNORE INTO log_people VALUES (?,?)", sorted(made.people))
    base.executemany("INSERT INTO log_hours VALUES (?,?,?)", [(hour, *span) for hour, span in made.hours.items()])
    base.execute("INSERT INTO log_bookmarks VALUES ('log', ?)", (made.number,))
    base.execute("COMMIT")
    base.execute("CREATE UNIQUE INDEX numbered ON entries (number)")
    for (sql,) in indexes:
        base.execute(sql)
    base.close()
    return made.number


class _Made:
    """The alarms, one after the other, each by itself: entries as they go by, the rest in lists."""

    def __init__(self, random: Random, alarms: int) -> None:
        self._random, self._alarms = random, alarms
        self.number, self._before = 0, GENESIS
        self.notes, self.log_notes, self.rows, self.hours = [], [], [], {}
        self.people: set[tuple[str, int]] = set()

    def entries(self) -> Iterator[tuple]:
        step_us = DAYS * 24 * HOUR_US // self._alarms
        for number in range(self._alarms):
            yield from self._alarm(number, to_us(BEGUN) + number * step_us)

    def _alarm(self, number: int, at: int) -> Iterator[tuple]:
        draw, first = self._random, self.number + 1
        self._first = first
        id_, station, resident = f"{number:032x}", f"s{draw.randrange(STATIONS)}", f"r{draw.randrange(RESIDENTS)}"
        carer, operator = f"carer:c{draw.randrange(CARERS)}", f"operator:o{draw.randrange(OPERATORS)}"
        cause, outcome = draw.choice(CAUSES), draw.choice(OUTCOMES)
        accepted, there, closed = (
            at + s * 1_000_000 for s in (draw.randrange(20, 400), draw.randrange(400, 1100), draw.randrange(1100, 6000))
        )
        yield self._entry(at, "raised", "device:EV1527:0a1b2c", id_, 1, {"cause": cause, "from": "", "to": "raised"})
        for version in range(2, 16):
            yield self._entry(
                at + version * 900_000,
                "step_taken",
                "service",
                id_,
                version,
                {"from": "offered", "index": version, "round": 0, "step": "offer_nearest", "to": "offered"},
            )
        yield self._entry(accepted, "accepted", carer, id_, 16, {"from": "offered", "person": carer, "to": "accepted"})
        yield self._entry(
            there, "attended", carer, id_, 17, {"from": "accepted", "person": carer, "proof": "voice", "to": "attended"}
        )
        yield self._noted(there, operator, id_)
        yield self._entry(closed, "closed", operator, id_, 18, {"from": "attended", "outcome": outcome, "to": "closed"})
        yield self._entry(closed, "message_settled", "service", id_, None, {"outcome": "taken", "message": id_})
        late = [
            each
            for each, is_so in (
                (Breach.ACCEPTED, accepted > at + 300e6),
                (Breach.ON_SITE, there > at + 900e6),
                (Breach.CLOSED, closed > there + 3600e6),
                (Breach.AUDIT, number % 5000 == 0),
            )
            if is_so
        ]
        stage = "none" if not late else "open" if number > self._alarms * 0.98 else "signed"
        self.rows.append(
            (
                first,
                id_,
                self.number,
                f"{number % 10000:04}-{number}",
                cause,
                "closed",
                None,
                None,
                station,
                at,
                accepted,
                accepted,
                there,
                closed,
                operator,
                outcome,
                0,
                0,
                bits_of(late),
                False,
                stage,
                0,
            )
        )
        self.people |= {(carer, first), (operator, first), (f"resident:{resident}", first)}

    def _noted(self, at: int, operator: str, id_: str) -> tuple:
        text = " ".join(self._random.choices(WORDS, k=12))
        hash_ = note_hash(text, id_)
        self.notes.append((hash_, id_, text))
        self.log_notes.append((self._first, self.number + 1, hash_))
        return self._entry(at, "noted", operator, id_, None, {}, hash_)

    def _entry(
        self, at: int, kind: str, by: str, id_: str, version: int | None, facts: dict, note: str | None = None
    ) -> tuple:
        self.number += 1
        body = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        canonical = _ENTRY % (
            id_, at, json.dumps(body), by, kind, f'"{note}"' if note else "null", self.number, at, version or "null"
        )  # fmt: skip
        before, self._before = self._before, hashlib.sha256(f"{self._before}\n{canonical}".encode()).hexdigest()
        least, _ = self.hours.get(at // HOUR_US, (self.number, 0))
        self.hours[at // HOUR_US] = (least, self.number)
        return (self.number, at, "b", at, kind, by, id_, version, body, note, before, self._before)


# ------------------------------------------------------------------------------------------------ followed


def _followed(folder: Path, alarms: int) -> Figure:
    """What the follower takes for an alarm of twenty entries: reading, telling, judging, writing."""
    path = folder / "followed.db"
    _fill(path, alarms)
    base = sqlite3.connect(path, isolation_level=None)
    for table in ("log_alarms", "log_people", "log_notes", "log_hours", "log_bookmarks"):
        base.execute(f"DELETE FROM {table}")
    base.close()
    from dispatch.ids import new_id
    from dispatch.store.transactions import SerialTransactions

    writing, reading = writing_engine(f"sqlite:///{path}"), reading_engine(f"sqlite:///{path}")
    transactions = SerialTransactions(writing, HandClock(SystemClock().now()), new_id)
    follower = Follower(transactions, reading, SystemClock(), LIMITS)
    took, left = [], alarms * ENTRIES_EACH
    follower.keep_limits()
    while left > 0:
        begun = time.process_time()
        step = follower.step()
        took.append((time.process_time() - begun) * 1000 / step * ENTRIES_EACH)
        left -= step
    transactions.close()
    writing.dispose()
    reading.dispose()
    return figure(
        "followed behind", "processor time an alarm, off its path", took, lambda told: told.p50 <= 2.0, target="≤ 2",
        note="an alarm itself pays nothing: its own units of work are as they were",
    )  # fmt: skip
