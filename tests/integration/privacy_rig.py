"""One resident about whom something stands in every table, marked so that it is found again."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Float, Integer, LargeBinary, insert, select, update

import config.tables  # noqa: F401  every table must be known
from dispatch.privacy import inventory
from dispatch.privacy.erasing import Erasing
from dispatch.privacy.exporting import Exporting
from dispatch.rules.alarm import Outcome
from dispatch.rules.inventory import Blank
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT as _EVERYWHERE
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.people import residents
from dispatch.store.personal import PersonalRows
from tests.integration.satisfaction_rig import HOUR, R1, Satisfaction

MARK = "CANARY"
ANNA, BORIS = operator("anna"), operator("boris")
SAFE = {
    "alarms": {"state": "closed", "closed_by": "operator:anna", "due_at": None},
    "messages": {"state": "sent", "due_at": None},
    "devices": {"retired_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "privacy_requests": {"state": "done"},
}
"""Made up rows must not stand in the way of erasing, nor wait for anybody."""


class PrivacyRig(Satisfaction):
    """A district in which R1 was helped, asked and written to, and of whom every table holds something."""

    def __init__(self, folder) -> None:
        super().__init__(folder)
        world = self.world
        self.folder = folder
        self.listed = folder / "erased.jsonl"
        self.erasing = Erasing(world.transactions, world.reading, world.clock, listed=self.listed)
        self.exporting = Exporting(world.transactions, world.reading, world.clock)
        self.resident = world.resident("R1")

    def live(self) -> None:
        """What happens in a life with the service."""
        alarm_id = self.helped()
        self.world.desk.note(alarm_id, f"{MARK} note", by=ANNA)
        self.later(3 * HOUR, step=HOUR / 2)
        self.says(R1, "2")

    def fill(self) -> list[str]:
        """A row about R1 in every table that may hold one, and a mark in every column that is erased."""
        self._retire()
        with self.world.writing.begin() as connection:
            # What is made up need not make sense; a new table with checks of its own needs no line here.
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
            rows, subject, found = PersonalRows(connection, inventory()), None, {}
            for table in metadata.sorted_tables:
                holding = inventory().get(table.name)
                if not (holding and holding.is_personal and table.name not in found):
                    continue
                if subject is None:
                    # Looked up again after each row that was made up: it may lead on to more.
                    subject = rows.subject(self.resident)
                    found = rows.find(subject)
                if table.name not in found:
                    connection.execute(insert(table).values(_made_up(connection, table, holding, subject)))
                    subject = None
            subject = rows.subject(self.resident)
            found = rows.find(subject)
            marks = [_mark(connection, name, keys) for name, keys in found.items() if not inventory()[name].delete]
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")
            return sorted({each for some in marks for each in some})

    def tables(self):
        with self.world.reading.connect() as connection:
            rows = PersonalRows(connection, inventory())
            return rows.find(rows.subject(self.resident))

    def erase(self) -> None:
        id_ = self.erasing.ask(
            self.resident, "erasure", asked_by=f"{MARK} daughter", reason=f"{MARK} reason", by=ANNA, area=_EVERYWHERE
        )
        self.erasing.approve(id_, by=BORIS, area=_EVERYWHERE)
        assert self.erasing.check() == 1

    def _retire(self) -> None:
        with self.world.writing.begin() as connection:
            devices = metadata.tables["devices"]
            connection.execute(update(devices).values(retired_at=datetime(2026, 11, 21, tzinfo=UTC)))

    def close_alarm(self, alarm_id) -> None:
        self.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=ANNA)

    def bytes_on_disk(self) -> bytes:
        files = [each for each in self.folder.iterdir() if each.name.startswith("anling.db")]
        return b"\n".join(each.read_bytes() for each in sorted(files))


def _made_up(connection, table, holding, subject) -> dict[str, Any]:
    values = {column.name: _any(connection, column) for column in table.columns}
    values |= {"due_at": None} if "due_at" in values and table.c.due_at.nullable else {}
    values |= SAFE.get(table.name, {})
    for column, of in {**holding.rows, **holding.contains}.items():
        if subject.sets.get(of):
            values[column] = sorted(subject.sets[of])[0]
            return values
    raise AssertionError(f"nothing leads to {table.name}")


def _any(connection, column) -> Any:
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        if column.nullable:
            return None
        found = connection.execute(select(target).limit(1)).scalar()
        return found or _parent(connection, target)
    kind = column.type
    if isinstance(kind, Instant):
        return datetime(2026, 11, 21, tzinfo=UTC)
    if isinstance(kind, Json):
        return {}
    if isinstance(kind, Date):
        return date(1938, 3, 5)
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer | Float):
        return None if column.nullable else 1
    if isinstance(kind, LargeBinary):
        return b""
    return f"x-{column.table.name}"[: getattr(kind, "length", None) or 40]


def _parent(connection, target) -> Any:
    values = {each.name: _any(connection, each) for each in target.table.columns}
    connection.execute(insert(target.table).values(values))
    return values[target.name]


LINKS = {"phone", "sender", "to"}
"""Columns by which rows are found: they hold the real numbers, which are looked for as well."""


def _mark(connection, name, keys) -> list[str]:
    """Writes the mark into every text that erasing must take away; gives which."""
    table, marked = metadata.tables[name], []
    primary = list(table.primary_key.columns)
    for column, word in inventory()[name].erase.items():
        kind = table.c[column].type
        texts = not isinstance(kind, Date | Float | Instant) and column not in LINKS and column not in primary
        if not texts or any(each.name == column for each in primary):
            continue
        marked.append(f"{name}.{column}")
        for number, key in enumerate(keys):
            text = f"{MARK}{name[:6]}{column[:4]}{number}"
            value = {Blank.DICT: {"x": text}, Blank.LIST: [text], Blank.BYTES: text.encode()}.get(word, text)
            if column in inventory()[name].contains:
                # Found by what the text says: that must still stand in it.
                value = f"{_kept(connection, table, primary, key, column)} {text}"
            where = [each == part for each, part in zip(primary, key, strict=True)]
            connection.execute(update(table).where(*where).values({column: value}))
    return marked


def _kept(connection, table, primary, key, column) -> str:
    where = [each == part for each, part in zip(primary, key, strict=True)]
    return str(connection.execute(select(table.c[column]).where(*where)).scalar())


def name_of(connection, code="R1") -> str:
    return connection.execute(select(residents.c.name).where(residents.c.code == code)).scalar()
