"""One alarm for a reviewer: its entries as they are, what follows from them, and the proof that nobody changed them."""

from dataclasses import asdict, dataclass
from typing import Any

from dispatch.errors import NotFound
from dispatch.ids import AlarmId
from dispatch.logbook.follower import Follower
from dispatch.review import Review
from dispatch.rules.record import GENESIS, Entry, digest, note_hash
from dispatch.rules.rights import Area
from dispatch.store.database import Connection, Engine, to_us
from dispatch.store.logbook import Judged, Log
from dispatch.store.people import People
from dispatch.store.record import Record

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """
    Whether the entries of an alarm fit their hashes, and each the entry before it in the record. `faults` are entries'
    numbers with what is wrong. What lies between them is proved by the walk along the whole chain.
    """

    entries: int
    first: int
    last: int
    last_hash: str
    faults: tuple[tuple[int, str], ...]

    @property
    def is_whole(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`timeline` as `Review.timeline` tells it; `home`, `resident`, `station` are what the registers call them now."""

    judged: Judged
    timeline: list[Plain]
    proof: Proof
    audits: list[Plain]
    home: str
    resident: str
    station: str


class Stories:
    """Tells alarms to people who work for an area."""

    def __init__(self, reading: Engine, review: Review, follower: Follower) -> None:
        self._reading = reading
        self._review = review
        self._follower = follower

    def story(self, alarm_id: AlarmId, area: Area) -> Story:
        """
        One alarm whole.

        Raises:
            NotFound: there is no such alarm in `area`.
        """
        with self._reading.connect() as connection:
            log = Log(connection)
            exists, station = log.station_of(alarm_id)
            judged = self._follower.judged(connection, alarm_id) if exists and area.answers_for(station) else None
            if judged is None:
                raise NotFound("There is no such alarm.")
            audits = log.audits([alarm_id])
            home, resident, named = _names(connection, judged)
            proof = prove(connection, alarm_id)
        return Story(
            judged=judged, timeline=self._review.timeline(alarm_id), proof=proof, audits=audits, home=home,
            resident=resident, station=named,
        )  # fmt: skip


def _names(connection: Connection, judged: Judged) -> tuple[str, str, str]:
    people, told = People(connection), judged.told
    household = people.household(told.home_id) if told.home_id else None
    resident = household.resident(told.resident_id) if household else None
    station = people.station(told.station_id) if told.station_id else None
    return (
        household.home.address if household else "",
        resident.name if resident else "",
        station.name if station else "",
    )


def prove(connection: Connection, alarm_id: AlarmId) -> Proof:
    """Counts an alarm's entries over."""
    record = Record(connection)
    entries = record.of_alarm(alarm_id)
    before = record.hashes_of([each.number - 1 for each in entries])
    salts = record.salted([each.note_hash for each in entries if each.note_hash])
    faults = [(each.number, why) for each in entries if (why := _fault(each, before, salts))]
    return Proof(
        entries=len(entries), first=entries[0].number, last=entries[-1].number, last_hash=entries[-1].hash,
        faults=tuple(faults),
    )  # fmt: skip


def _fault(entry: Entry, before: dict[int, str], salts: dict[str, tuple[str, str | None]]) -> str | None:
    if before.get(entry.number - 1, GENESIS) != entry.before:
        return "is not chained to the entry before it"
    fields = {name: value for name, value in asdict(entry).items() if name not in {"before", "hash"}}
    if digest(entry.before, fields | {"at": to_us(entry.at)}) != entry.hash:
        return "its content does not match its hash"
    if entry.note_hash is not None:
        salt, text = salts.get(entry.note_hash, ("", ""))
        if text is not None and note_hash(text, salt) != entry.note_hash:
            return "its note was altered"
    return None
