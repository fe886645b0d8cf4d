"""What the watch's own predicates find broken in a stretch of the record: an audit finding is a breach of the alarm."""

from typing import Any

from dispatch.store.audit import Books, Engine
from dispatch.watch.auditor import FIGURES
from dispatch.watch.predicates import PREDICATES
from dispatch.watch.promise import all_of

_WALKING = [each for each in PREDICATES if each.log]
"""
Those that walk through entries. What can only be seen while it lasts (a late message, an alarm that nobody looks at)
leaves no trace of its own in the record, and is the watch's to tell.
"""

OVERLAP_US = 5_000_000
"""As the auditor has it: on PostgreSQL neighbours in the record may overlap by what a unit of work takes."""

WHAT_MAX = 240


class Inspector:
    """Runs them over entries that are on file."""

    def __init__(self, reading: Engine) -> None:
        self._books = Books(reading)
        self._sql = self._books.prepare(all_of(_WALKING))

    def between(self, from_number: int, to_number: int) -> list[dict[str, Any]]:
        """
        What is broken in the entries behind the one number up to the other: rows of `number`, `promise` and `what`.

        Raises:
            Unreadable: the database could not be read.
        """
        overlap = 0 if self._books.dialect == "sqlite" else OVERLAP_US
        values: dict[str, int | str] = {
            **FIGURES, "from_number": from_number, "to_number": to_number, "overlap_us": overlap,
            "since_us": 2**62, "genesis": "0" * 64,
        }  # fmt: skip
        with self._books.open() as page:
            rows = page.rows(self._sql, values)
        return [
            {"number": int(id_), "promise": promise, "what": what[:WHAT_MAX]}
            for promise, id_, what in rows if id_.isdigit()
        ]  # fmt: skip
