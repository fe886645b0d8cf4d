"""Behind `anling record verify` and `anling record export`: the log counted over, and taken out of the house."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dispatch.store.audit import Books, Engine, iso
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

    Each line has all columns of an entry, `at` as ISO 8601 in UTC and `at_us` as the integer that is hashed. With
    `notes` also the words of people, as `note` and `note_salt`; both are absent where an entry has no note, and `note`
    is null where it was erased. `config/verify_record.py` checks such a file without this project.
    """
    count = 0
    with Books(reading).open() as page:
        words = page.notes() if notes else {}
        for entry in page.entries():
            out.write(json.dumps(_exported(entry, words), ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count


def _exported(entry: Mapping[str, Any], words: Mapping[str, tuple[str, str | None]]) -> dict[str, Any]:
    line = {**entry, "at": iso(entry["at"]), "at_us": entry["at"]}
    if entry["note_hash"] in words:
        line["note_salt"], line["note"] = words[entry["note_hash"]]
    return line
