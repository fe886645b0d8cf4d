"""Papers that are brought to a step of a bed: looked at before they are kept, and kept as they came."""

import hashlib
from collections.abc import Mapping

from dispatch.errors import Invalid, NotFound
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.care.store.beds import Beds, Steps
from schedules.care.store.papers import Paper, Papers

SIZE_MAX = 2 * 1024 * 1024
"""Bytes of one paper: a page photographed by a telephone, sent as such programs send it."""

PAPERS_MAX = 60
"""Papers of one bed."""

KINDS: Mapping[bytes, str] = {
    b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png",
}  # fmt: skip
"""By the first bytes of the file, whatever it calls itself: what a browser shows without running anything."""


class Filing:
    """Keeps papers."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def file(self, bed: str, step: str, *, name: str, content: bytes, by: Person, area: Area) -> str:
        """
        Keeps a paper with a step; gives back its id. The same bytes brought to the same step again are kept once.

        Raises:
            NotFound: no such bed in this area, or no such step of it. Invalid: no PDF, JPEG or PNG, too large, or too
            many.
        """
        kind = next((kind for begins, kind in KINDS.items() if content.startswith(begins)), None)
        if kind is None:
            raise _wrong("Only PDF, JPEG and PNG are kept.")
        if len(content) > SIZE_MAX:
            raise _wrong("A paper has two megabytes at most.")
        digest = hashlib.sha256(content).hexdigest()

        def work(tx: Tx) -> str:
            bed_id = Beds(tx.connection).get(bed, area).id
            if step not in {each.id for each in Steps(tx.connection).of(bed_id)}:
                raise NotFound("There is no such step.")
            shelf = Papers(tx.connection)
            known = shelf.of(bed_id)
            same = next((each for each in known if (each.step_id, each.sha256) == (step, digest)), None)
            if same is not None:
                return same.id
            if len(known) >= PAPERS_MAX:
                raise _wrong("This bed has sixty papers already.")
            paper = Paper(
                id=tx.new_id(), bed_id=bed_id, step_id=step, name=_name(name), kind=kind, size=len(content),
                sha256=digest, at=tx.now, by=by,
            )  # fmt: skip
            shelf.add(paper, content)
            facts = {"bed": bed_id, "step": step, "paper": paper.id, "sha256": digest, "size": str(len(content))}
            tx.log(Line(kind="bed_paper_added", by=by, facts=facts))
            return paper.id

        return self._transactions.run(work, lane=Lane.BULK)


def _name(said: str) -> str:
    """What it is called, without a path and without what no file name may have."""
    name = "".join(each for each in said.replace("\\", "/").rpartition("/")[2] if each.isprintable() and each != '"')
    return name.strip()[-120:] or "paper"


def _wrong(why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {"file": [why]}})
