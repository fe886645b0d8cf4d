"""
Finding somebody: by name, sounds, telephone, address, number of a device or an alarm, or code; first who is served.

Answered from the search table, which is written with the registers; devices and alarms from their own rows.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dispatch.clock import Clock
from dispatch.rules.readings import plain, readings, words_of
from dispatch.rules.rights import Area
from dispatch.store.accounts import Reading
from dispatch.store.database import Connection
from dispatch.store.files import Files
from dispatch.store.finds import Finds, Hit
from dispatch.store.register_rows import HOMES, KINDS, RESIDENTS, RegisterRows, Row
from dispatch.store.transactions import Lane, Transactions, Tx

SHOWN = 20
TYPED_MAX = 80
LEARN_MAX = 100
"""Rows of each register learnt at a time."""

LEARN_PIECE = 10
"""Rows learnt in one unit of work: some 20 ms, so that a press never waits for longer than that."""

LEARN_PAUSE_S = 0.06
"""Between two pieces in a quiet house: 40,000 new rows in some six minutes."""

LEARN_SHARE = 10
"""So many times as long as a piece took it rests: one that waited behind alarms waits the longer for its next."""

Plain = dict[str, Any]

DevicesCalled = Callable[[Connection, str, Area, int], list[Plain]]
"""Devices in use whose number or address is typed; another room tells."""

_ORDER = {"resident": 0, "alarm": 1, "device": 2, "contact": 3, "carer": 4, "home": 5, "station": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One answer: what it is, its names, where it leads. `over` says that it is not in use any more."""

    kind: str
    id: str
    code: str
    name: str
    where: str
    path: str
    over: bool = False


class Finding:
    """Answers what was typed, and learns the rows of registers that were there before it."""

    def __init__(
        self, reading: Reading, transactions: Transactions, clock: Clock, *, devices: DevicesCalled
    ) -> None:  # fmt: skip
        self._reading = reading
        self._transactions = transactions
        self._clock = clock
        self._devices = devices
        self._learnt = False
        self._quiet = threading.Event()  # Never set: waiting for it lets others run.

    def find(self, typed: str, area: Area, most: int = SHOWN) -> list[Found]:
        """
        Who and what fits everything that was typed, the likeliest first: residents, then what leads to them.

        A contact and a home are shown with the file of who lives there.
        """
        words = words_of(typed[:TYPED_MAX])
        if not words:
            return []
        with self._reading.connect() as connection:
            hits = Finds(connection).hits(words, area)
            found = _rows(connection, _nearest(hits, most * 2))
            if len(words) == 1:
                found += self._numbered(connection, typed.strip()[:TYPED_MAX], area)
        terms = {(hit.kind, hit.subject_id): hit.term for hit in hits}
        exact = {plain(words[0])} if len(words) == 1 else set[str]()
        rank = {id(each): _rank(each, terms.get((each.kind, each.id), each.code), exact) for each in found}
        return sorted(found, key=lambda each: rank[id(each)])[:most]

    def learn(self) -> None:
        """The next rows that cannot be found yet; nothing any more once all were learnt."""
        if self._learnt:
            return
        with self._reading.connect() as connection:
            missing = [
                (kind.one, row)
                for kind in (HOMES, *(each for each in KINDS.values() if each is not HOMES))
                for row in Finds(connection).unlearnt(kind.one, kind.table, LEARN_MAX)
            ]
        if missing:
            readings("安")  # The dictionary takes a second to load: now, and not inside the first piece.
        for start in range(0, len(missing), LEARN_PIECE):
            begun_s = self._clock.look().steady_s
            self._transactions.run(partial(_learn, missing[start : start + LEARN_PIECE]), lane=Lane.BULK)
            self._quiet.wait(max(LEARN_PAUSE_S, LEARN_SHARE * (self._clock.look().steady_s - begun_s)))
        self._learnt = not missing

    def look_again(self) -> None:
        """Rows may have come that nobody has learnt yet: out of a list, say."""
        self._learnt = False

    def _numbered(self, connection: Connection, typed: str, area: Area) -> list[Found]:
        devices = [
            Found(
                kind="device", id=each["id"], code=each["code"], name=each["name"] or "", where=each["where"],
                path=f"/devices/{each['id']}",
            )
            for each in self._devices(connection, typed, area, SHOWN)
        ]  # fmt: skip
        alarms = [
            Found(
                kind="alarm", id=each["id"], code=each["number"], name="", where=each["address"] or "",
                path=f"/alarms/{each['id']}", over=each["state"] == "closed",
            )
            for each in (Files(connection).numbered(typed, area, SHOWN) if typed[:1].isdigit() else [])
        ]  # fmt: skip
        return [*devices, *alarms]


def _nearest(hits: Collection[Hit], most: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: (_ORDER[hit.kind], len(hit.term), hit.term, hit.subject_id))[:most]


def _rank(found: Found, term: str, exact: Collection[str]) -> tuple[bool, bool, int, int, str, str]:
    """In use before over; typed whole before begun; residents before what leads to them; short before long."""
    whole = term in exact or plain(found.code) in exact
    return found.over, not whole, _ORDER[found.kind], len(term), found.name, found.id


def _rows(connection: Connection, hits: Collection[Hit]) -> list[Found]:
    shelf = RegisterRows(connection)
    found: list[Found] = []
    homes = shelf.by_ids(HOMES, {hit.within for hit in hits})
    for kind in KINDS.values():
        rows = shelf.by_ids(kind, {hit.subject_id for hit in hits if hit.kind == kind.one})
        found += [_found(connection, kind.one, row, homes) for row in rows.values()]
    return found


def _found(connection: Connection, kind: str, row: Row, homes: Mapping[str, Row]) -> Found:
    home = row if kind == "home" else homes.get(row.get("home_id", ""))
    where = home["address"] if home else ""
    return Found(
        kind=kind, id=row["id"], code=row["code"], name=row.get("name", ""), where=where,
        path=_path(connection, kind, row), over=row.get("ended_at") is not None,
    )  # fmt: skip


def _path(connection: Connection, kind: str, row: Row) -> str:
    if kind in {"resident", "home"}:
        return f"/{kind}s/{row['id']}"
    if kind == "contact":
        people = RegisterRows(connection).of_home(RESIDENTS, row["home_id"])
        served = [each for each in people if each["ended_at"] is None]
        return f"/residents/{served[0]['id']}" if len(served) == 1 else f"/homes/{row['home_id']}"
    return f"/{kind}s/{row['id']}"


def _learn(rows: Collection[tuple[str, Mapping[str, Any]]], tx: Tx) -> None:
    for kind, row in rows:
        Finds(tx.connection).learn(kind, row, known=False)
