"""
Statements that run for every alarm, made ready once: SQLAlchemy writes the SQL, the driver runs it.

SQLAlchemy's own `execute` looks its caches up and builds a context and a result for each call: 33 to 95 µs of
processor time where this needs 9 to 13 (docs/adr/0017). A `Prepared` statement is compiled once for each kind of
database and set of values; after that a call converts its values, runs, and converts the rows. Same connection,
same transaction, same types, same exceptions.
"""

import re
import weakref
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, Executable, Float, Insert, Numeric, Table, Update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeEngine

from dispatch.errors import SLIPS
from dispatch.store.database import Instant, from_us, insert_into, to_us, told_of

Convert = Callable[[Any], Any]

_BARE_LIMIT = re.compile(r"\b(LIMIT|OFFSET) \?")
"""SQLite plans by the value of a bare LIMIT and makes the statement ready anew at each call, which takes longer than
running it; a sum it takes as it comes. Tried with 3.53.4: 5.2 µs for the smallest query, 1.7 µs with the sum.

It does the same by any value that it holds against the condition of a partial index (`state IN (?, ?)` where an index
is over two states alone). So what a statement says by itself stands in its SQL, and only what it is given is bound."""

ROOMS = (1, 8, 32, 128)
"""Lists are given one of these numbers of places, so that few forms of a statement are made ready."""


class Rows(list[Any]):
    """What a statement gave back, each row a named tuple, and how many rows it changed."""

    __slots__ = ("rowcount",)

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        super().__init__(rows)
        self.rowcount = rowcount

    def first(self) -> Any:
        """The first row; None when there is none."""
        return self[0] if self else None

    def scalar(self) -> Any:
        """The first column of the first row; None when there is none."""
        return self[0][0] if self else None


class Prepared:
    """
    One statement of SQLAlchemy, ready to run. Made where a module is loaded, used from any thread.

    A list goes to an expanding `bindparam`, into as many places as the next of `ROOMS` that holds it: a database plans
    a search for places, where for a list of any length it would rather read everything.
    """

    def __init__(self, statement: Executable | Callable[[str], Executable]) -> None:
        """`statement` may be a function of the kind of database, where that has words of its own."""
        self._statement = statement
        self._ready: dict[tuple[Any, ...], _Ready] = {}
        self._ahead: dict[tuple[str, frozenset[tuple[str, int]]], _Ready] = {}
        _EVERY.add(self)

    def make_ready(self, dialect: Dialect) -> None:
        """
        Ahead of the first call, as far as the statement itself says which values it will be given: an UPDATE does not,
        and an INSERT is expected to be given every column. Whatever was expected wrongly is made ready when called.
        """
        statement = self._for_kind(dialect)
        if isinstance(statement, Update) or any(kind == dialect.name for kind, _ in self._ahead):
            return
        columns = statement.table.c.keys() if isinstance(statement, Insert) else None
        compiled = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
        wanted = {bind.key: bind.expanding for bind in compiled.bind_names if bind.required}
        for room in ROOMS if any(wanted.values()) else ROOMS[:1]:
            rooms = {name: room if many else 0 for name, many in wanted.items()}
            self._ahead[dialect.name, frozenset(rooms.items())] = _expand(compiled, statement, dialect, rooms)

    def on(self, connection: Connection, /, **values: Any) -> Rows:
        """
        Runs it in the connection's transaction.

        Raises:
            DBAPIError: the one that SQLAlchemy itself would raise.
        """
        ready = self._for(connection.dialect, values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(ready.sql, ready.values(values))
            rows = ready.rows(cursor.fetchall()) if ready.make_row else ()
            return Rows(rows, cursor.rowcount)
        except connection.dialect.loaded_dbapi.Error as error:
            raise told_of(error, connection.dialect, ready.sql) from error
        finally:
            cursor.close()

    def plain(self, connection: Connection, /, **values: Any) -> Sequence[Any]:
        """The rows as the driver gives them, without names and types, for a million of them. Raises as `on` does."""
        ready = self._for(connection.dialect, values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(ready.sql, ready.values(values))
            rows: Sequence[Any] = cursor.fetchall()
            return rows
        except connection.dialect.loaded_dbapi.Error as error:
            raise told_of(error, connection.dialect, ready.sql) from error
        finally:
            cursor.close()

    def each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Runs it for each of these rows, which have the same keys; how many it changed. Raises as `on` does."""
        ready = self._for(connection.dialect, rows[0])
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(ready.sql, [ready.values(row) for row in rows])
            return int(cursor.rowcount)
        except connection.dialect.loaded_dbapi.Error as error:
            raise told_of(error, connection.dialect, ready.sql) from error
        finally:
            cursor.close()

    def _for(self, dialect: Dialect, values: Mapping[str, Any]) -> "_Ready":
        # Most have no list among their values: then their names say all.
        key = (dialect.name, *values) if list not in map(type, values.values()) else (dialect.name, *_rooms(values))
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = self._made(dialect, dict(_rooms(values)))
        return ready

    def _made(self, dialect: Dialect, rooms: Mapping[str, int]) -> "_Ready":
        ahead = self._ahead.get((dialect.name, frozenset(rooms.items())))
        return ahead or _prepare(self._for_kind(dialect), dialect, rooms)

    def _for_kind(self, dialect: Dialect) -> Executable:
        return self._statement(dialect.name) if callable(self._statement) else self._statement


_EVERY: "weakref.WeakSet[Prepared]" = weakref.WeakSet()


def make_all_ready(dialect: Dialect) -> int:
    """
    Whatever is loaded by now, before anybody waits for it; how many could be.

    The first press after a start made thirty statements ready, the first answer sixteen: 40 ms each, within its unit,
    for which every other press waited.
    """
    done = 0
    for each in list(_EVERY):
        try:
            each.make_ready(dialect)
            done += 1
        except (SQLAlchemyError, *SLIPS):
            # It is made ready, or told to be wrong, at its call: no statement of a room may stop the service's start.
            continue
    return done


def _rooms(values: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """For each name, into how many places its value goes; 0 for one that is not a list."""
    return tuple((name, _room(value) if type(value) is list else 0) for name, value in values.items())


def _room(values: list[Any]) -> int:
    return next((room for room in ROOMS if len(values) <= room), len(values))


def once(table: Table) -> Prepared:
    """An INSERT that leaves a row alone whose unique key is there already: what must happen once happens once."""
    return Prepared(lambda dialect: insert_into(table, dialect).on_conflict_do_nothing())


def counting(table: Table, key: str, counter: str) -> Prepared:
    """Counts one further in the row with this key, which begins at the count that is given (1); gives the count."""

    def statement(dialect: str) -> Executable:
        column = table.c[counter]
        counted = insert_into(table, dialect).on_conflict_do_update(index_elements=[key], set_={counter: column + 1})
        return counted.returning(column)  # type: ignore[no-any-return]

    return Prepared(statement)


# ------------------------------------------------------------------------------------------ made ready, once


@dataclass(frozen=True, slots=True)
class _Bind:
    """One place in the SQL: whose value goes there, or which one of a list, or the value itself."""

    name: str
    key: str | None
    place: int | None
    fixed: Any
    convert: Convert | None

    def value(self, given: Mapping[str, Any]) -> Any:
        value = self.fixed if self.key is None else given[self.key]
        if self.place is not None:
            # What is left of the room is filled with the last one again: asked for twice is as good as once.
            value = value[min(self.place, len(value) - 1)] if value else None
        return value if self.convert is None or value is None else self.convert(value)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement for one kind of database and one set of values."""

    sql: str
    binds: tuple[_Bind, ...]
    positional: bool
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None
    """Where each place takes one value as it is called, all of them at once; only in positional statements."""
    bind_converts: tuple[tuple[int, Convert], ...]
    make_row: Callable[[Any], Any] | None
    converts: tuple[tuple[int, Convert], ...]

    def values(self, given: Mapping[str, Any]) -> Any:
        """The values as the driver wants them."""
        if not self.positional:
            return {bind.name: bind.value(given) for bind in self.binds}
        values = list(self.pick(given)) if self.pick is not None else self._spread(given)
        for place, convert in self.bind_converts:
            if values[place] is not None:
                values[place] = convert(values[place])
        return values

    def _spread(self, given: Mapping[str, Any]) -> list[Any]:
        """The values in their places, lists over theirs; what is left of a room has the last one again."""
        values: list[Any] = []
        listed: list[Any] = []
        for bind in self.binds:
            if bind.key is None:
                values.append(bind.fixed)
            elif bind.place is None:
                values.append(given[bind.key])
            elif bind.place == 0:
                listed = given[bind.key] or [None]
                values += listed
            elif bind.place >= len(listed):
                values.append(listed[-1])
        return values

    def rows(self, raw: Sequence[Any]) -> list[Any]:
        """The driver's rows as our types have them."""
        assert self.make_row is not None
        return [self.make_row(self._converted(row) if self.converts else row) for row in raw]

    def _converted(self, raw: Sequence[Any]) -> list[Any]:
        row = list(raw)
        for place, convert in self.converts:
            row[place] = convert(row[place])
        return row


def _prepare(statement: Any, dialect: Dialect, rooms: Mapping[str, int]) -> _Ready:
    """`rooms`: see `_rooms`."""
    return _expand(statement.compile(dialect=dialect, column_keys=list(rooms)), statement, dialect, rooms)


def _expand(compiled: Any, statement: Any, dialect: Dialect, rooms: Mapping[str, int]) -> _Ready:
    fixed = {bind.key: bind.value for bind in compiled.bind_names if not bind.required}
    given = {name: [None] * room if room else None for name, room in rooms.items()}
    state = compiled.construct_expanded_state(given | fixed)
    by_name = {name: bind for bind, name in compiled.bind_names.items()}
    places = {name: (name, None) for name in by_name} | {
        child: (parent, place)
        for parent, children in state.parameter_expansion.items()
        for place, child in enumerate(children)
    }
    columns = list(statement.exported_columns)
    binds = tuple(
        _bind(name, by_name[places[name][0]], places[name][1], state.parameters.get(name), dialect)
        for name in state.positiontup or state.parameters
    )
    sql, binds = _written_out(state.statement, binds) if dialect.name == "sqlite" else (state.statement, binds)
    return _Ready(
        sql=sql,
        binds=binds,
        pick=_picker(binds) if compiled.positional else None,
        bind_converts=tuple((place, bind.convert) for place, bind in enumerate(binds) if bind.convert),
        positional=compiled.positional,
        make_row=_maker([column.key for column in columns]) if columns else None,
        converts=tuple(
            (place, convert) for place, column in enumerate(columns) if (convert := _reader(column.type, dialect))
        ),
    )


def _written_out(sql: str, binds: tuple[_Bind, ...]) -> tuple[str, tuple[_Bind, ...]]:
    """What the statement says by itself written into its SQL, and the places that are left for what it is given."""
    pieces = sql.split("?")
    if len(pieces) == len(binds) + 1:
        marks = [_literal(bind) for bind in binds]
        sql = pieces[0] + "".join(f"{mark}{piece}" for mark, piece in zip(marks, pieces[1:], strict=True))
        binds = tuple(bind for bind, mark in zip(binds, marks, strict=True) if mark == "?")
    return _BARE_LIMIT.sub(r"\g<0> + 0", sql), binds


def _literal(bind: _Bind) -> str:
    """A number or a text as SQL has it; a place for anything else, and for what is given."""
    value = bind.fixed if bind.key is None and bind.convert is None else None
    if type(value) is int:
        return str(value)
    return "'{}'".format(value.replace("'", "''")) if type(value) is str and "?" not in value else "?"


def _instant(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


_READERS: Mapping[type[Any], Convert] = {Instant: _instant}
_WRITERS: Mapping[type[Any], Convert] = {Instant: to_us}
"""What our types of every row would do in several calls each; a writer is never given None."""


def _picker(binds: Sequence[_Bind]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]] | None:
    """All values at once where each place has one of its own; None where one is fixed or part of a list."""
    keys = [bind.key for bind in binds]
    if len(keys) < 2 or None in keys or any(bind.place is not None for bind in binds):
        return None
    return itemgetter(*keys)


def _bind(name: str, bind: BindParameter[Any], place: int | None, value: Any, dialect: Dialect) -> _Bind:
    convert = _WRITERS.get(type(bind.type)) or bind.type.dialect_impl(dialect).bind_processor(dialect)
    if not bind.required:
        return _Bind(name=name, key=None, place=None, fixed=value, convert=convert)
    return _Bind(name=name, key=bind.key, place=place, fixed=None, convert=convert)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """How the type reads what the driver gives. Both drivers give a float for our only kind of fraction, `Float`."""
    if isinstance(kind, (Numeric, Float)):
        return None
    return _READERS.get(type(kind)) or kind.dialect_impl(dialect).result_processor(dialect, None)


def _maker(names: list[str]) -> Callable[[Any], Any]:
    make: Callable[[Any], Any] = getattr(namedtuple("Row", names), "_make")  # noqa: B009 - made by hand
    return make
