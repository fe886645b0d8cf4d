"""Behind `anling record verify` and `anling record export`: the log counted over, and taken out of the house."""

from dataclasses import dataclass
from typing import Any, Protocol

from dispatch.logbook.files import lines
from dispatch.store.audit import Engine
from dispatch.store.record import Record


class Writer(Protocol):
    """Where an export goes: a file, or standard output."""

    def write(self, line: str, /) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a walk along the chain ended: `number` and `why` of the first entry that does not fit, None if all do."""

    entries: int
    head: str
    number: int | None = None
    why: str | None = None

    @property
    def good(self) -> bool:
        return self.number is None

    @property
    def sentence(self) -> str:
        """The verdict as a person reads it."""
        if self.good:
            return f"The record is whole: {self.entries} entries, head {self.head}."
        return f"Entry {self.number} does not fit: {self.why}."

    def to_json(self) -> dict[str, Any]:
        """The verdict as a program reads it."""
        return {"ok": self.good, "entries": self.entries, "head": self.head, "number": self.number, "why": self.why}


def verify(reading: Engine) -> Verdict:
    """Walks the hash chain of the whole record and its notes; stops at the first entry that does not fit."""
    with reading.connect() as connection:
        record = Record(connection)
        entries, head = record.head()
        number, why = next(record.faults(), (None, None))
    return Verdict(entries=entries, head=head, number=number, why=why)


def export(reading: Engine, out: Writer, *, notes: bool = False) -> int:
    """
    Writes the record as JSON lines, oldest first, and returns how many.

    What a line has is told by `dispatch.logbook.files.lines`; `notes` adds the words of people.
    `config/verify_record.py` checks such a file without this project.
    """
    count = 0
    for line in lines(reading, notes=notes):
        out.write(line)
        count += 1
    return count
