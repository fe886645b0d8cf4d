"""
The ledger as values: what is entered, what may be entered, what a closed month comes to. Nothing is ever changed.

    meal, visit or bill ─► Entry (Σ postings = 0) ─┬─► month closed: its hash, behind that of the month before
                 mistake ─► reversal of that entry ─┘
                 too late ─► the first open month, with its reason
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import orjson

from dispatch.errors import Conflict, NotFound
from schedules.money.rules.months import following

CORRECTED = "corrected"
"""Why an entry is of a later month: its rule was corrected backwards, and its own month was closed."""


class Kind(StrEnum):
    """What a subsidy is given for."""

    MEAL = "meal"
    VISIT = "visit"
    BILL = "bill"


@dataclass(frozen=True, slots=True)
class Source:
    """The one meal, visit or bill behind an entry."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True)
class Posting:
    """So many fen to an account; what one account gives, others get: "fund:city" −300, "owed:canteen-7" +300."""

    account: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One entry: of one source by one version of a rule, or the reversal of one other entry.

    `on` is the local day of the meal or service, `month` ("2026-03") where it is booked, `late` why that is a later
    one. `claim` is what can be had once: resident, day and meal slot.
    """

    id: str
    on: date
    month: str
    postings: tuple[Posting, ...]
    claim: str
    source: Source | None = None
    version: str | None = None
    reverses: str | None = None
    late: str = ""

    def __post_init__(self) -> None:
        assert self.postings
        assert sum([posting.amount_fen for posting in self.postings]) == 0
        assert (self.source is None) is (self.version is None)
        assert (self.source is None) is not (self.reverses is None)
        assert _is_booked_right(self.on.isoformat(), self.month, self.late)


def subsidy(
    *, entry_id: str, source: Source, version: str, claim: str, on: date, layers: Mapping[str, int], owed_to: str,
    closed: str | None = None, why: str = "late",
) -> Entry:  # fmt: skip
    """
    The entry of a subsidy: each layer's fund gives its fen, whoever gave the meal or service is owed their sum.

    `closed` is the last month that is closed; what is of such a month is booked in the one after it, and says `why`.
    A meal for which nothing is given has no entry.
    """
    assert any(layers.values())
    given = {f"fund:{layer}": -amount_fen for layer, amount_fen in sorted(layers.items()) if amount_fen}
    month = booked_in(on, closed)
    return Entry(
        id=entry_id, on=on, month=month, claim=claim, source=source, version=version,
        postings=(*(Posting(*each) for each in given.items()), Posting(f"owed:{owed_to}", -sum(given.values()))),
        late=why if month > f"{on:%Y-%m}" else "",
    )  # fmt: skip


def reversal(entry: Entry, *, entry_id: str, closed: str | None = None, why: str = "reversal") -> Entry:
    """The entry that takes another one back: in its own month while that is open, else in the first open one."""
    month = max(entry.month, booked_in(entry.on, closed))
    return Entry(
        id=entry_id, on=entry.on, month=month, claim=entry.claim, reverses=entry.id,
        postings=tuple(Posting(each.account, -each.amount_fen) for each in entry.postings),
        late=why if month > f"{entry.on:%Y-%m}" else "",
    )  # fmt: skip


def booked_in(on: date, closed: str | None) -> str:
    """The month that takes an entry of this day: its own, or the one after the last closed."""
    own = f"{on:%Y-%m}"
    if closed is None or own > closed:
        return own
    return following(closed)


class Ledger:
    """
    Entries in the order they came, and what may come next. Entering the same one again changes nothing.

    A claim and a source have one live entry at most; what was reversed may be entered anew, under another id.
    """

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._reversed: set[str] = set()
        self._live: dict[str | Source, str] = {}
        self.hashes: dict[str, str] = {}
        """Of every closed month, in their order."""

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    @property
    def closed(self) -> str | None:
        """The last closed month."""
        return max(self.hashes, default=None)

    def enter(self, entry: Entry) -> bool:
        """
        Takes an entry; False when it is there already.

        Raises:
            Conflict: another entry has this id, this source or this claim, the month is closed, or what it reverses is
                reversed already or no entry of a subsidy.
            NotFound: what it reverses is not there.
        """
        known = self._entries.get(entry.id)
        if known is not None:
            if known != entry:
                raise Conflict(f"entry {entry.id} is there with other content")
            return False
        if self.closed is not None and entry.month <= self.closed:
            raise Conflict(f"{entry.month} is closed; book it in {booked_in(entry.on, self.closed)}")
        if entry.reverses is not None:
            self._take_back(entry, entry.reverses)
        else:
            self._claim(entry)
        self._entries[entry.id] = entry
        return True

    def close(self, month: str) -> str:
        """
        Closes a month and gives its hash.

        Raises:
            Conflict: it, or a later one, is closed, or an earlier one is open and has entries.
        """
        if self.closed is not None and month <= self.closed:
            raise Conflict(f"{self.closed} is closed; {month} cannot be closed after it")
        before = {entry.month for entry in self._entries.values()} - set(self.hashes)
        if before and min(before) < month:
            raise Conflict(f"{min(before)} has entries and is open; close it first")
        entries = [entry for entry in self._entries.values() if entry.month == month]
        self.hashes[month] = month_hash(month, entries, self.hashes.get(self.closed or "", ""))
        return self.hashes[month]

    def _take_back(self, entry: Entry, reverses: str) -> None:
        taken = self._entries.get(reverses)
        if taken is None:
            raise NotFound(f"there is no entry {reverses} to take back")
        if taken.reverses is not None or reverses in self._reversed:
            raise Conflict(f"entry {reverses} is a reversal or was taken back before")
        if {posting.account: -posting.amount_fen for posting in taken.postings} != balances([entry]):
            raise Conflict(f"entry {entry.id} does not take back what {reverses} gave")
        self._reversed.add(reverses)
        assert taken.source is not None
        del self._live[taken.claim], self._live[taken.source]

    def _claim(self, entry: Entry) -> None:
        assert entry.source is not None
        for had in (entry.claim, entry.source):
            if had in self._live:
                raise Conflict(f"{had} was had with entry {self._live[had]}; take that back first")
        self._live[entry.claim] = self._live[entry.source] = entry.id


def balances(entries: Iterable[Entry]) -> dict[str, int]:
    """Fen by account; their sum is nothing."""
    sums: dict[str, int] = {}
    for entry in entries:
        for posting in entry.postings:
            sums[posting.account] = sums.get(posting.account, 0) + posting.amount_fen
    return sums


def month_hash(month: str, entries: Iterable[Entry], before: str) -> str:
    """
    SHA-256 of a month: over the hash of the month before, the month, and one line of canonical JSON for each entry,
    sorted by id, so that whoever has the entries finds it in whatever order they came.
    """
    digest = begun(month, before)
    for entry in sorted(entries, key=lambda each: each.id):
        digest.update(f"{canonical(entry)}\n".encode())
    return digest.hexdigest()


def begun(month: str, before: str) -> "hashlib._Hash":
    """The hash of a month before its first entry, for whoever reads the entries in the order of their ids."""
    return hashlib.sha256(f"{before}\n{month}\n".encode())


def resident_of(claim: str) -> str:
    """Whose claim it is: a claim is written "resident/day/slot"."""
    return claim.partition("/")[0]


def canonical(entry: Entry) -> str:
    """An entry as one line of JSON that never differs."""
    source = (entry.source.kind, entry.source.id) if entry.source else None
    postings = [(posting.account, posting.amount_fen) for posting in entry.postings]
    return _line(
        entry.id, entry.on.isoformat(), entry.month, entry.claim, source, entry.version, entry.reverses, entry.late,
        postings,
    ).decode()  # fmt: skip


Written = tuple[str, str, str, str, str | None, str | None, str | None, str | None, str]
"""An entry's row as it is on file: id, on, month, claim, source_kind, source_id, version, reverses, late."""


def read_back(row: Written, postings: list[tuple[str, int]]) -> bytes | None:
    """
    The canonical line of what is on file, in UTF-8; None where it is no entry that could have been made: the same as
    `canonical` of an `Entry`, and all that an `Entry` asserts, in a quarter of the time, because a month has a million.
    """
    id_, on, month, claim, kind, source_id, version, reverses, late = row
    source = None if kind is None or source_id is None else (kind, source_id)
    is_whole = (
        postings
        and sum([fen for _, fen in postings]) == 0
        and (source is None) is (version is None)
        and (source is None) is not (reverses is None)
        and (kind is None or kind in _KINDS)
        and (kind is None) is (source_id is None)
        and _is_booked_right(on, month, late)
    )
    return _line(id_, on, month, claim, source, version, reverses, late, postings) if is_whole else None


_KINDS = frozenset(each.value for each in Kind)


def _is_booked_right(on: str, month: str, late: str) -> bool:
    """In its own month, or for a reason in a later one."""
    own = on[:7]
    return (month == own and not late) or (month > own and bool(late))


def _line(
    id_: str, on: str, month: str, claim: str, source: tuple[str, str] | None, version: str | None,
    reverses: str | None, late: str, postings: list[tuple[str, int]],
) -> bytes:  # fmt: skip
    """The keys stand in their order, there is no blank, and nothing but control characters is escaped."""
    return orjson.dumps({
        "claim": claim, "id": id_, "late": late, "month": month, "on": on, "postings": sorted(postings),
        "reverses": reverses, "source": source, "version": version,
    })  # fmt: skip
