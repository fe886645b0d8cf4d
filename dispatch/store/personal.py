"""Finding, reading and blanking every row that is about one resident, by the inventory; and what is old."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, delete, func, or_, select, tuple_, update

from dispatch.rules.inventory import Blank, Holding, Inventory
from dispatch.store.database import metadata
from dispatch.store.people import carers, contacts, homes, residents

CHUNK = 400
"""Values of one list in a statement; databases take some thousands."""

Key = tuple[Any, ...]
Keys = dict[str, list[Key]]
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(slots=True)
class Subject:
    """One resident and all that leads to rows about them: sets of ids, telephones and words, by name."""

    resident_id: str
    sets: dict[str, set[str]] = field(default_factory=dict)

    def add(self, name: str, value: str | None) -> bool:
        """Whether that is new."""
        known = self.sets.setdefault(name, set())
        if not value or value in known:
            return False
        known.add(value)
        return True


class PersonalRows:
    """What is on file about people, whatever table it stands in."""

    def __init__(self, connection: Connection, inventory: Inventory) -> None:
        self._connection = connection
        self._inventory = inventory

    def subject(self, resident_id: str) -> Subject | None:
        """
        Where a resident begins; None where there is none. The home is theirs where nobody else lives in it who is not
        erased; a telephone that is also somebody else's leads nowhere.
        """
        row = self._connection.execute(select(residents).where(residents.c.id == resident_id)).first()
        if row is None:
            return None
        subject = Subject(resident_id)
        subject.add("resident", row.id)
        subject.add("person", f"resident:{row.id}")
        subject.add("scope", f"resident:{row.id}")
        subject.add("word", row.id)
        others = select(residents.c.id).where(residents.c.home_id == row.home_id, residents.c.id != row.id)
        if self._connection.execute(others.where(residents.c.name != "")).first() is None:
            subject.add("home", row.home_id)
        self._add_phone(subject, row.phone)
        return subject

    def find(self, subject: Subject) -> Keys:
        """The primary keys of every row about them, by table. Grows the subject until nothing new leads on."""
        found: dict[str, dict[Key, None]] = {}
        # Nothing is looked for twice: some tables are gone through from end to end.
        looked: set[tuple[str, str, str]] = set()
        grows = True
        while grows:
            grows = False
            for holding in self._inventory.values():
                if not holding.is_personal:
                    continue
                rows = self._rows_about(holding, subject, looked)
                found.setdefault(holding.table, {}).update(dict.fromkeys(_key(_table(holding), row) for row in rows))
                for row in rows:
                    grows |= self._led_on(holding, row, subject)
        return {name: list(keys) for name, keys in found.items() if keys}

    def read(self, name: str, keys: Sequence[Key]) -> list[dict[str, Any]]:
        """These rows whole, as plain values."""
        table = metadata.tables[name]
        rows: list[dict[str, Any]] = []
        for some in _chunks(keys):
            rows += [dict(row._mapping) for row in self._connection.execute(select(table).where(_these(table, some)))]
        return rows

    def blank(self, name: str, keys: Sequence[Key], new_id: Callable[[], str]) -> None:
        """Takes what is personal out of these rows, or deletes them where the inventory says so."""
        holding, table = self._inventory[name], metadata.tables[name]
        if holding.delete:
            for some in _chunks(keys):
                self._connection.execute(delete(table).where(_these(table, some)))
            return
        fixed = {column: _BLANKS[word] for column, word in holding.erase.items() if word is not Blank.UNIQUE}
        unique = [column for column, word in holding.erase.items() if word is Blank.UNIQUE]
        for some in _chunks(keys):
            if fixed:
                self._connection.execute(update(table).where(_these(table, some)).values(**fixed))
            for key in some if unique else ():
                drawn = {column: _drawn(table.c[column], new_id()) for column in unique}
                self._connection.execute(update(table).where(_these(table, [key])).values(**drawn))

    def older(self, name: str, column: str, before: datetime, most: int, *, left: Mapping[str, Blank]) -> list[Key]:
        """The oldest rows from before then in which something of `left` still stands; all columns empty: any row."""
        table = metadata.tables[name]
        keys = list(table.primary_key.columns)
        query = select(*keys).where(table.c[column] < before, _still(table, left)).order_by(table.c[column]).limit(most)
        return [tuple(row) for row in self._connection.execute(query)]

    def count_older(self, name: str, column: str, before: datetime, *, left: Mapping[str, Blank]) -> int:
        table = metadata.tables[name]
        query = select(func.count()).select_from(table).where(table.c[column] < before, _still(table, left))
        return int(self._connection.execute(query).scalar() or 0)

    def clear(self, name: str, keys: Sequence[Key], values: Mapping[str, Blank]) -> None:
        """Blanks these columns of these rows; deletes the rows where no column is named."""
        table = metadata.tables[name]
        plain = {column: _BLANKS[word] for column, word in values.items()}
        for some in _chunks(keys):
            where = _these(table, some)
            self._connection.execute(
                update(table).where(where).values(**plain) if plain else delete(table).where(where)
            )

    def _rows_about(self, holding: Holding, subject: Subject, looked: set[tuple[str, str, str]]) -> list[Any]:
        table = _table(holding)
        wanted = {
            *table.primary_key.columns.keys(),
            *(name for _, template in _leads(holding) for name in _named(template)),
        }
        columns = [table.c[name] for name in sorted(wanted)]
        found: list[Any] = []
        for column, of in holding.rows.items():
            for some in _chunks(_new(looked, holding.table, column, subject.sets.get(of, ()))):
                found += self._connection.execute(select(*columns).where(table.c[column].in_(some))).all()
        for column, of in holding.contains.items():
            for word in _new(looked, holding.table, column, subject.sets.get(of, ())):
                where = table.c[column].contains(word, autoescape=True)
                found += self._connection.execute(select(*columns).where(where)).all()
        return found

    def _led_on(self, holding: Holding, row: Any, subject: Subject) -> bool:
        grew = False
        for name, template in _leads(holding):
            value = _filled(template, row)
            grew |= self._add_phone(subject, value) if name == "phone" else subject.add(name, value)
        return grew

    def _add_phone(self, subject: Subject, phone: str | None) -> bool:
        """A number that others have as well is not this household's to erase by."""
        if not phone or phone in subject.sets.get("phone", ()):
            return False
        home = select(residents.c.home_id).where(residents.c.id == subject.resident_id).scalar_subquery()
        theirs = [
            select(carers.c.id).where(carers.c.phone == phone),
            select(contacts.c.id).where(contacts.c.phone == phone, contacts.c.home_id != home),
            select(residents.c.id).where(residents.c.phone == phone, residents.c.id != subject.resident_id),
        ]
        if any(self._connection.execute(query.limit(1)).first() is not None for query in theirs):
            return False
        return subject.add("phone", phone)


def home_of(connection: Connection, resident_id: str) -> tuple[str, str | None] | None:
    """The home and station of a resident; None where there is no such resident."""
    query = select(homes.c.id, homes.c.station_id).join(residents, residents.c.home_id == homes.c.id)
    row = connection.execute(query.where(residents.c.id == resident_id)).first()
    return None if row is None else (row[0], row[1])


_BLANKS: Mapping[Blank, Any] = {Blank.EMPTY: "", Blank.NULL: None, Blank.LIST: [], Blank.DICT: {}, Blank.BYTES: b""}


def _drawn(column: Column[Any], id_: str) -> str:
    return f"erased:{id_}"[: getattr(column.type, "length", None) or 80]


def _table(holding: Holding) -> Table:
    return metadata.tables[holding.table]


def _key(table: Table, row: Any) -> Key:
    return tuple(row._mapping[column.name] for column in table.primary_key.columns)


def _these(table: Table, keys: Sequence[Key]) -> Any:
    columns = list(table.primary_key.columns)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    if len(keys) == 1:
        return and_(*(column == value for column, value in zip(columns, keys[0], strict=True)))
    return tuple_(*columns).in_(keys)


def _still(table: Table, left: Mapping[str, Blank]) -> Any:
    """Rows in which something is left to blank, so that a rule never comes to the same row twice."""
    if not left:
        return True
    return or_(*(_differs(table.c[column], word) for column, word in left.items()))


def _differs(column: Column[Any], word: Blank) -> Any:
    if word is Blank.NULL:
        return column.is_not(None)
    return column != _BLANKS[word] if word is not Blank.UNIQUE else False


def _chunks(values: Sequence[Any]) -> Iterator[list[Any]]:
    for at in range(0, len(values), CHUNK):
        yield list(values[at : at + CHUNK])


def _new(looked: set[tuple[str, str, str]], table: str, column: str, values: Iterable[str]) -> list[str]:
    """The values that were not looked for in this column yet; they count as looked for from now on."""
    fresh = sorted(value for value in values if (table, column, value) not in looked)
    looked.update((table, column, value) for value in fresh)
    return fresh


def _leads(holding: Holding) -> Iterator[tuple[str, str]]:
    for name, templates in holding.gives.items():
        for template in [templates] if isinstance(templates, str) else templates:
            yield name, template


def _named(template: str) -> list[str]:
    return _FIELD.findall(template) or [template]


def _filled(template: str, row: Any) -> str | None:
    """A column's value, or a text with columns in braces; None where one of them is empty."""
    values = {name: row._mapping[name] for name in _named(template)}
    if any(value is None or value == "" for value in values.values()):
        return None
    return _FIELD.sub(lambda found: str(values[found[1]]), template) if "{" in template else str(values[template])
