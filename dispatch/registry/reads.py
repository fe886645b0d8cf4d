"""
Who read whose file, and who saw a number in full: the one place that writes it down.

A file is read again and again while one person talks with another: one line in ten minutes for each reader and
resident. A number in full is a line each time, with the reason.
"""

import threading
from datetime import datetime, timedelta

import structlog

from dispatch.errors import Busy, Invalid
from dispatch.ids import ResidentId
from dispatch.registry.id_numbers import IdNumbers
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.idempotency import StorageFailed
from dispatch.store.register_rows import CONTACTS, RESIDENTS, RegisterRows
from dispatch.store.transactions import Lane, Transactions, Tx

AGAIN_AFTER = timedelta(minutes=10)
KEPT_MAX = 10_000
REASON_MIN = 4
"""A reason is a word at least: two characters of Chinese and a blank would be none."""

log = structlog.get_logger()

Numbers = dict[str, str]


class FileReads:
    """Keeps the reads. Counted in each process by itself: two processes write two lines, and none too few."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._lock = threading.Lock()
        self._last: dict[tuple[Person, ResidentId], datetime] = {}

    def seen(self, reader: Person, resident_id: ResidentId, now: datetime) -> None:
        """
        This person looks at this resident's file.

        What cannot be written down is an error in the log, and the file is shown: somebody may be lying on the floor.
        """
        with self._lock:
            before = self._last.get((reader, resident_id))
            if before is not None and now - AGAIN_AFTER < before <= now:
                return
            if len(self._last) >= KEPT_MAX:
                self._last.clear()
            self._last[reader, resident_id] = now
        try:
            line = Line(kind="file_read", by=reader, facts={"resident": resident_id})
            self._transactions.run(lambda tx: tx.log(line), lane=Lane.BULK)
        except (Busy, StorageFailed):
            log.exception("file_read_not_kept", resident_id=resident_id)
            with self._lock:
                self._last.pop((reader, resident_id), None)


class Disclosures:
    """Numbers in full, each time with a reason that is kept."""

    def __init__(self, transactions: Transactions, sealing: IdNumbers) -> None:
        self._transactions = transactions
        self._sealing = sealing

    def unmask(self, resident: str, reason: str, *, by: Person, area: Area) -> Numbers:
        """
        The resident's ID number and telephone, and the telephones of the contacts, by `id_number`, `phone` and
        `contact:<id>`.

        Raises:
            NotFound: no such resident in this area. Invalid: no reason. Conflict: the key of the ID number is missing.
        """
        why = reason.strip()
        if len(why) < REASON_MIN:
            raise Invalid("Please say why.", {"json": {"reason": ["Say why, in a few words."]}})

        def work(tx: Tx) -> Numbers:
            shelf = RegisterRows(tx.connection)
            row = shelf.one(RESIDENTS, resident, area)
            numbers = {"phone": row["phone"] or ""}
            if row["id_sealed"]:
                numbers["id_number"] = self._sealing.open(row["id_sealed"])
            for contact in shelf.of_home(CONTACTS, row["home_id"]):
                numbers[f"contact:{contact['id']}"] = contact["phone"] or ""
            facts = {"resident": row["id"], "fields": ",".join(sorted(name for name in numbers if ":" not in name))}
            tx.log(Line(kind="numbers_shown", by=by, facts=facts, note=why))
            return numbers

        return self._transactions.run(work)
