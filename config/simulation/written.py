"""
What the service has written, by table and column: noted where its statements pass, and read from them by SQLite itself.

So whoever looks at the file after a step knows what cannot have changed. It may say too much (a statement that found no
row, a unit that was taken back), never too little.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from dispatch.store.database import Engine, connect_by, sqlite_module

Cell = tuple[str, str]
"""A table and one of its columns; `ROWS` stands for rows that come or go."""

ROWS = "*"

CHECKPOINT_PAGES = "4000"
"""So many pages wait in the log before they are written to the file itself: four times as many as usual."""

_INSERT, _DELETE, _UPDATE, _READ = 18, 9, 23, 20
"""What SQLite's authorizer is asked about (sqlite.org/c3ref/c_alter_table.html)."""

_WRITING = {"INSERT", "UPDATE", "DELETE", "REPLACE"}
"""What a statement that writes begins with; one that begins otherwise and has such a word in it is not understood."""

_WRITES: dict[str, frozenset[Cell]] = {}
"""What each statement writes, once seen: the tables are the same in every run."""


class Written:
    """
    What was written since it was last asked. `stamps` grow with every statement that may have written to a table,
    `changes` with every one that may have written anywhere.
    """

    def __init__(self, path: Path) -> None:
        self.stamps: Counter[str] = Counter()
        self.changes = 0
        self._path = path
        self._cells: set[Cell] = set()
        self._reader: Any = None

    def take(self) -> set[Cell]:
        """What was written since the last call."""
        taken, self._cells = self._cells, set()
        return taken

    def heed(self, engine: Engine) -> None:
        """From now on notes what goes over the connections of this engine, which has none yet."""
        connect_by(engine, _noting(sqlite_module(), self), wal_autocheckpoint=CHECKPOINT_PAGES)

    def note(self, sql: str) -> None:
        """This statement is about to run."""
        cells = _WRITES.get(sql)
        if cells is None:
            cells = _WRITES[sql] = self._writes(sql)
        if cells:
            self._cells |= cells
            self.changes += 1
            self.stamps.update({table for table, _ in cells})

    def reads(self, sql: str, values: Mapping[str, int | str]) -> frozenset[Cell]:
        """What a query reads; of each table also whether its rows come or go."""
        seen: set[Cell] = set()
        self._asked(seen, _READ).execute(f"EXPLAIN {sql}", values).fetchall()
        return frozenset(seen | {(table, ROWS) for table, _ in seen})

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _writes(self, sql: str) -> frozenset[Cell]:
        verb = sql.split(None, 1)[0].upper()
        if verb not in _WRITING:
            assert verb != "WITH" or not _WRITING & set(sql.upper().split()), f"nobody can tell what it writes: {sql}"
            return frozenset()
        seen: set[Cell] = set()
        self._asked(seen, _INSERT, _DELETE, _UPDATE).executemany(sql, [])
        return frozenset(seen)

    def _asked(self, seen: set[Cell], *actions: int) -> Any:
        """A connection that tells `seen` of these actions when a statement is made ready on it, and runs none."""
        if self._reader is None:
            self._reader = sqlite_module().connect(str(self._path), isolation_level=None)

        def tell(action: int, table: str | None, column: str | None, *_: str | None) -> int:
            if action in actions and table is not None:
                seen.add((table, ROWS if action in {_INSERT, _DELETE} else column or ROWS))
            return 0

        self._reader.set_authorizer(tell)
        return self._reader


def _noting(module: ModuleType, written: Written) -> type[Any]:
    """A connection of this driver whose cursors tell `written` of every statement first."""
    note = written.note

    class Cursor(module.Cursor):  # type: ignore[misc, name-defined]
        def execute(self, sql: str, values: Any = ()) -> Any:
            note(sql)
            return super().execute(sql, values)

        def executemany(self, sql: str, rows: Iterable[Any]) -> Any:
            note(sql)
            return super().executemany(sql, rows)

    class Connection(module.Connection):  # type: ignore[misc, name-defined]
        def cursor(self, factory: type[Any] = Cursor) -> Any:
            return super().cursor(factory)

    return Connection
