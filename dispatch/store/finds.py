"""
The search table: what may be typed to find somebody, written in the same transaction as the register's row.

One row a term. `within` is the home that ties a resident, the contacts and the address together, or the subject itself
where there is none; so two words may each hit another row of the same home. Looked up by the beginning of a term
alone, so that an index answers.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
    update,
)

from dispatch.ids import StationId
from dispatch.rules.readings import TERM_MAX, address_terms, after, name_terms, phone_terms, plain, prefixes
from dispatch.rules.rights import Area
from dispatch.store.database import metadata
from dispatch.store.prepared import Prepared, once

_TERM = String(TERM_MAX).with_variant(String(TERM_MAX, collation="C"), "postgresql")

finds = Table(
    "finds", metadata,
    Column("term", _TERM, primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("subject_id", String(40), primary_key=True),
    Column("within", String(60), nullable=False),
    Column("station_id", String(40)),
    Index("ix_finds_subject", "kind", "subject_id"),
    Index("ix_finds_within", "within"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""`station_id` is a copy of the home's or the carer's, so that an area costs no join."""

_INSERT = once(finds)
_FORGET = Prepared(delete(finds).where(finds.c.kind == bindparam("kind"), finds.c.subject_id == bindparam("id")))

_MOVE = Prepared(update(finds).where(finds.c.within == bindparam("home")).values(station_id=bindparam("station_id")))

WORDS_MAX = 4
HITS_MAX = 300
"""Rows looked at for one word; whoever types more letters sees fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One row of the search: which term of whom began so."""

    kind: str
    subject_id: str
    within: str
    term: str


class Finds:
    """The shelf of what may be typed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def learn(self, kind: str, row: Mapping[str, Any], *, known: bool = True) -> None:
        """Makes the terms of this register row what they must be now; `known` False: it certainly has none yet."""
        if known:
            self.forget(kind, row["id"])
        within, station = self._place(kind, row)
        rows = [
            {"term": term, "kind": kind, "subject_id": row["id"], "within": within, "station_id": station}
            for term in sorted(_terms(kind, row))
        ]
        if rows:
            _INSERT.each(self._connection, rows)
        if kind == "home":
            _MOVE.on(self._connection, home=row["id"], station_id=station)

    def forget(self, kind: str, id_: str) -> None:
        _FORGET.on(self._connection, kind=kind, id=id_)

    def hits(self, words: Sequence[str], area: Area) -> list[Hit]:
        """
        Who fits one of the words, at a home where the others fit too; at most `HITS_MAX` for each way to read a word.

        Raises nothing: what cannot be found is an empty list.
        """
        wanted = [found for word in words[:WORDS_MAX] if (found := prefixes(word))]
        hits: dict[tuple[str, str], Hit] = {}
        for each in wanted:
            others = [_near(one) for one in wanted if one is not each]
            for prefix in each:
                self._add(hits, prefix, others, area)
        return list(hits.values())

    def _add(
        self, hits: dict[tuple[str, str], Hit], prefix: str, others: Sequence[ColumnElement[bool]], area: Area
    ) -> None:
        query = select(finds.c.kind, finds.c.subject_id, finds.c.within, finds.c.term)
        query = query.where(_begins([prefix]), *others, *_inside(area)).order_by(finds.c.term).limit(HITS_MAX)
        for row in self._connection.execute(query):
            hits.setdefault((row.kind, row.subject_id), Hit(**dict(row._mapping)))

    def unlearnt(self, kind: str, table: Table, most: int) -> list[Mapping[str, Any]]:
        """Rows of a register that cannot be found yet: they were there before the search was."""
        known = select(finds.c.term).where(finds.c.kind == kind, finds.c.subject_id == table.c.id).exists()
        found = self._connection.execute(select(table).where(~known).limit(most))
        return [dict(row._mapping) for row in found]

    def size(self) -> int:
        return int(self._connection.execute(select(func.count()).select_from(finds)).scalar() or 0)

    def _place(self, kind: str, row: Mapping[str, Any]) -> tuple[str, str | None]:
        if kind == "home":
            return row["id"], row["station_id"]
        if "home_id" in row:
            return row["home_id"], self._station_of(row["home_id"])
        return f"{kind}:{row['id']}", row["id"] if kind == "station" else row["station_id"]

    def _station_of(self, home_id: str) -> str | None:
        found: str | None = _STATION.on(self._connection, id=home_id).scalar()
        return found


def _station(_: str) -> Select[Any]:
    # The registers' module imports this one.
    homes = metadata.tables["homes"]
    return select(homes.c.station_id).where(homes.c.id == bindparam("id"))


_STATION = Prepared(_station)


def _terms(kind: str, row: Mapping[str, Any]) -> frozenset[str]:
    terms: frozenset[str] = frozenset({plain(row["code"])[:TERM_MAX]})
    if kind == "home":
        return terms | address_terms(row["address"])
    return terms | name_terms(row["name"]) | phone_terms(row.get("phone"))


def _near(prefixes_: Iterable[str]) -> ColumnElement[bool]:
    return finds.c.within.in_(select(finds.c.within).where(_begins(prefixes_)))


def _begins(prefixes_: Iterable[str]) -> ColumnElement[bool]:
    ranges = [(finds.c.term >= each) & (finds.c.term < after(each)) for each in prefixes_]
    whole = ranges[0]
    for each in ranges[1:]:
        whole = whole | each
    return whole


def _inside(area: Area) -> Collection[ColumnElement[bool]]:
    stations: frozenset[StationId] | None = area.stations
    return () if stations is None else (finds.c.station_id.in_(sorted(stations)),)
