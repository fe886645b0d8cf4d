"""
The predicates of the watch after every step, those of them that may have come to be broken since the step before.

A promise is a query over tables and the time. What it reads was written, or it is one that time alone can break, or
somebody touched the clock or the service: then it is asked, over all that the watch's own look would go over. Any other
gives what it gave before, which was nothing, or the run had ended. What is asked is the watch's SQL, word for word.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from config.simulation.written import Cell, Written
from dispatch.store.audit import GENESIS, digest, in_dialect
from dispatch.watch.auditor import HASH, Broken
from dispatch.watch.promise import SECOND, Predicate, all_of

AGEING = {"late_us", "late_look_us", "late_send_us", "stuck_us"}
"""Limits that come nearer by themselves. By all others a promise that is kept stays so while the clock runs on."""

ALL_ROWS = 2**60

Values = dict[str, int | str]
Ask = Callable[[str, Values], Sequence[tuple[Any, ...]]]


class Sieve:
    """
    One look after each step. `ask` puts a query to the database; `written` notes what the service writes to it.

    The first look, and every one after somebody touched the clock or the service began anew, is for all promises.
    """

    def __init__(self, ask: Ask, written: Written, predicates: Sequence[Predicate], values: Values) -> None:
        """`values` are any values of the parameters: SQLite asks for them to read a statement."""
        self._ask, self._written, self._predicates = ask, written, predicates
        self._reads = {each.name: _reads(written, each, values) for each in predicates}
        self._ageing = {each.name for each in predicates if _parameters(each) & AGEING}
        self._ready: dict[frozenset[Cell] | None, str] = {}
        self._newest = self._seen = (0, GENESIS)
        self._swept = 0
        self._times: tuple[int, int] | None = None

    def read(self, entries: Sequence[Mapping[str, Any]]) -> list[Broken]:
        """The record has grown by these: the hash of each is counted over, as the watch does."""
        for entry in entries:
            number, before = self._newest
            follows = entry["number"] == number + 1 and entry["before"] == before
            if not follows or entry["hash"] != digest(before, entry):
                return [Broken(promise=HASH, id=str(entry["number"]), what="does not fit to the entry before it")]
            self._newest = (entry["number"], entry["hash"])
        return []

    def look(self, values: Values) -> list[Broken]:
        """What is broken by what was written since the last look, or by time."""
        cells = frozenset(self._written.take())
        everything = self._is_disturbed(int(values["now_us"]), int(values["up_us"]))
        seen, self._seen = self._seen, self._newest
        statement = self._statement(None if everything else cells)
        return found(self._ask, statement, values | self._numbers(seen, seen[0])) if statement else []

    def whole(self, ask: Ask, values: Values) -> list[Broken]:
        """Every promise over everything, and over all entries since the last time, asked of `ask`."""
        swept, self._swept = self._swept, self._newest[0]
        wide = values | {"since_us": 0, "tail": ALL_ROWS} | self._numbers(self._newest, swept)
        return found(ask, self._statement(None), wide)

    def _numbers(self, seen: tuple[int, str], from_number: int) -> Values:
        numbers = {"from_number": from_number, "to_number": self._newest[0]}
        return {"seen_number": seen[0], "seen_hash": seen[1], **numbers}

    def _is_disturbed(self, now_us: int, up_us: int) -> bool:
        """Whether time has not just gone on: then what was reckoned from it is nothing to build on."""
        before, self._times = self._times, (now_us, up_us)
        return before is None or now_us < before[0] or abs(up_us - before[1]) > SECOND

    def _statement(self, cells: frozenset[Cell] | None) -> str:
        """One statement for all promises that what was written may have broken; None for all there are."""
        statement = self._ready.get(cells)
        if statement is None:
            wanted = [each for each in self._predicates if cells is None or self._is_touched(each, cells)]
            statement = self._ready[cells] = in_dialect(all_of(wanted), "sqlite") if wanted else ""
        return statement

    def _is_touched(self, predicate: Predicate, cells: Collection[Cell]) -> bool:
        return predicate.name in self._ageing or not self._reads[predicate.name].isdisjoint(cells)


def found(ask: Ask, statement: str, values: Values) -> list[Broken]:
    """What this statement of predicates finds broken."""
    return [Broken(promise=promise, id=str(id_), what=str(what)) for promise, id_, what in ask(statement, values)]


def _reads(written: Written, predicate: Predicate, values: Values) -> frozenset[Cell]:
    return written.reads(in_dialect(all_of([predicate]), "sqlite"), values)


def _parameters(predicate: Predicate) -> set[str]:
    return set(re.findall(r":(\w+)", in_dialect(predicate.sql, "sqlite")))
