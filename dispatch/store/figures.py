"""
Takes out of the record the lines that a month's figures need: by index, in pages, on a reading connection.

It never writes, holds no transaction of the writer, and lets other threads run between pages, so that a month of
fifty thousand alarms is no reason for a press to wait.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text

from dispatch.rules.figures import calls, tallies
from dispatch.rules.figures.calls import DUPLICATE_US, Call, call_of, marked
from dispatch.rules.figures.lines import Seen
from dispatch.rules.figures.tallies import Tallying
from dispatch.store.alarms import alarms
from dispatch.store.audit import in_dialect
from dispatch.store.database import Engine, from_us

PAGE = 2_000
"""Rows between which other threads are let run."""

PAUSE_S = 0.0005

IDS_MAX = 500
"""Ids asked for at once."""

_COLUMNS = 'e.number, e.at, e.boot, e.steady_us, e.kind, e."by", e.alarm_id, e.body'


def _kinds(kinds: frozenset[str]) -> str:
    return ", ".join(f"'{each}'" for each in sorted(kinds))


_OFFERED = frozenset({"offered"})
"""Of these it matters only whether there is one, and they are many: looked up once for each alarm."""

_OF_ALARMS = f"""
    SELECT {_COLUMNS}, CASE WHEN e.kind = 'raised' THEN EXISTS (
        SELECT 1 FROM entries o WHERE o.alarm_id = e.alarm_id AND o.kind = 'offered' AND o.number <= :head
    ) END
    FROM entries r JOIN entries e ON e.alarm_id = r.alarm_id
    WHERE r.kind = 'raised' AND %s AND r.number <= :head AND e.number <= :head
    AND e.kind IN ({_kinds(calls.KINDS - _OFFERED)})
    ORDER BY r.at, r.number, e.number
"""  # noqa: S608  only our own constants
_IN_TIME = text(_OF_ALARMS % "r.at >= :start AND r.at < :end")
_ON_PAPER = text(_OF_ALARMS % "r.at >= :end AND r.body LIKE '%\"happened_at\"%'")
"""What was typed in after the month may have happened in it."""

_OF_KIND = f"SELECT {_COLUMNS} FROM entries e WHERE e.kind = :kind AND e.number <= :head AND "  # noqa: S608
_KIND_IN_TIME = text(_OF_KIND + "e.at >= :start AND e.at < :end")
_KIND_ON_PAPER = text(_OF_KIND + "e.at >= :end AND e.body LIKE '%\"happened_at\"%'")
_KIND_BEHIND = text(_OF_KIND + "e.number > :after")

_SETTLED = f"""
    SELECT FACT(e.body, provider), FACT(e.body, outcome), COUNT(*) FROM entries e
    WHERE e.kind = '{tallies.SETTLED}' AND e.number <= :head AND e.at >= :start AND e.at < :end
    AND e.body NOT LIKE '%"happened_at"%'
    GROUP BY 1, 2
"""  # noqa: S608
"""Attempts to send are many as well, and alike: the database adds them up. Few if any come from paper."""

_SETTLED_ON_PAPER = text(_OF_KIND + "e.at >= :start AND e.body LIKE '%\"happened_at\"%'")

_HEAD = text("SELECT number, hash FROM entries WHERE number <= :most ORDER BY number DESC LIMIT 1")
_NO_END = 2**62

# With the empty text no index of kinds is thought of: what is new lies at the end of the table.
_TOUCHED = text(f"""
    SELECT DISTINCT r.at, r.body LIKE '%"happened_at"%' AS paper, 1 = 0 AS answer
    FROM entries e JOIN entries r ON r.alarm_id = e.alarm_id AND r.kind || '' = 'raised'
    WHERE e.number > :after AND e.number <= :head AND e.kind || '' IN ({_kinds(calls.KINDS)})
    UNION
    SELECT DISTINCT e.at, e.body LIKE '%"happened_at"%' AS paper, e.kind IN ({_kinds(tallies.ANSWERS)}) AS answer
    FROM entries e WHERE e.number > :after AND e.number <= :head
    AND e.kind || '' IN ({_kinds(tallies.KINDS | tallies.ANSWERS)})
""")  # noqa: S608

Head = tuple[int, str]

_ALARM, _OFFERS = Seen._fields.index("alarm_id"), len(Seen._fields)

_quiet = threading.Event()
"""Never set: waiting for it is how a long count lets the others run."""


def head_of(connection: Connection, number: int = _NO_END) -> Head:
    """Number and hash of the newest entry, or of entry `number`; (0, 64 zeros) of an empty record."""
    row = connection.execute(_HEAD, {"most": number}).first()
    return (row[0], row[1]) if row else (0, "0" * 64)


def gather(reading: Engine, bounds: tuple[int, int], head: int) -> tuple[list[Call], Tallying]:
    """
    The calls of a month, duplicates marked, and the tallies of its other lines, by the entries up to `head`.

    `bounds` are the month's in microseconds since 1970. Read at one moment: later entries change nothing.
    """
    start_us, end_us = bounds
    asked = {"start": start_us - DUPLICATE_US, "end": end_us, "head": head}
    found: dict[str, Call] = {}
    with reading.connect() as connection:
        for statement in (_IN_TIME, _ON_PAPER):
            rows = _pages(connection, statement, asked)
            for _, story in groupby(rows, key=itemgetter(_ALARM)):
                call = call_of(_story(list(story)))
                if call is not None:
                    found[call.id] = call
        tallying = _tallied(connection, bounds, head)
    return [each for each in marked(found.values()) if start_us <= each.at_us < end_us], tallying


def _tallied(connection: Connection, bounds: tuple[int, int], head: int) -> Tallying:
    tallying = Tallying(*bounds)
    values = {"start": bounds[0], "end": bounds[1], "head": head}
    settled = connection.execute(text(in_dialect(_SETTLED, connection.dialect.name)), values)
    for provider, outcome, times in settled:
        tallying.add(tallies.SETTLED, {"provider": provider, "outcome": outcome}, times)
    for line in _rows(connection, _SETTLED_ON_PAPER, {**values, "kind": tallies.SETTLED}):
        tallying.take(line)
    for kind in sorted(tallies.KINDS - {tallies.SETTLED}):
        for statement in (_KIND_IN_TIME, _KIND_ON_PAPER):
            for line in _rows(connection, statement, {**values, "kind": kind}):
                tallying.take(line)
    since = tallying.waiting_since
    for kind in sorted(tallies.ANSWERS) if since is not None else ():
        for line in _rows(connection, _KIND_BEHIND, {"after": since, "head": head, "kind": kind}):
            tallying.take(line)
    return tallying


def _story(rows: Sequence[Sequence[Any]]) -> list[Seen]:
    """The lines of an alarm; one stands for all offers."""
    lines = [Seen(*row[:_OFFERS]) for row in rows]
    if any(row[_OFFERS] for row in rows):
        lines.append(lines[0]._replace(kind="offered", by="", body="{}"))
    return lines


def _rows(connection: Connection, statement: object, values: Mapping[str, object]) -> Iterator[Seen]:
    return map(Seen._make, _pages(connection, statement, values))


def _pages(connection: Connection, statement: object, values: Mapping[str, object]) -> Iterator[Any]:
    result = connection.execution_options(stream_results=True).execute(statement, values)  # type: ignore[call-overload]
    for page in result.partitions(PAGE):
        yield from page
        _quiet.wait(PAUSE_S)


def last_measured(connection: Connection) -> datetime | None:
    """When the figures that the record does not have by itself were measured last."""
    at = connection.execute(text("SELECT MAX(at) FROM entries WHERE kind = 'measured'")).scalar()
    return None if at is None else from_us(at)


def numbers_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The short numbers of these alarms, by id."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), IDS_MAX):
        query = select(alarms.c.id, alarms.c.number).where(alarms.c.id.in_(ids[start : start + IDS_MAX]))
        found |= {row.id: row.number for row in connection.execute(query)}
    return found


class Touched(NamedTuple):
    """
    Something that later entries tell of: since when it is on file, in microseconds; whether it may have happened at
    another time, because it came from paper; whether it answers something asked before.
    """

    at: int
    paper: bool
    answer: bool


def touched(connection: Connection, after: int, head: int) -> Sequence[Touched]:
    """What the entries behind `after` tell of."""
    rows = connection.execute(_TOUCHED, {"after": after, "head": head})
    return [Touched(row[0], bool(row[1]), bool(row[2])) for row in rows]
