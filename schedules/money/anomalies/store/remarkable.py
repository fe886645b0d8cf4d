"""What the registers know that matters to public money: who died, who is in hospital, who draws what excludes."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime

from sqlalchemy import Connection, select

from dispatch.rules.absences import Kind, State
from dispatch.store.absences import absences
from dispatch.store.people import homes, residents
from dispatch.store.record import entries
from schedules.care.rules.bed import Deed, Why
from schedules.care.store.beds import bed_steps, beds
from schedules.money.anomalies.rules.serving import About, Stay

Schemes = Mapping[str, Mapping[str, str]]
"""By resident: the id of each scheme they draw, and its kind."""


_ELSEWHERE = {
    Why.HOSPITAL.value: "hospital", Why.SHORT_STAY.value: "institution", Why.INSTITUTION.value: "institution",
}  # fmt: skip


class Remarkable:
    """Reads the few of whom there is something to say, so that they fit in memory whatever the district's size."""

    def __init__(self, connection: Connection, day_of: Callable[[datetime], date]) -> None:
        self._connection = connection
        self._day_of = day_of

    def about(self, start: datetime, end: datetime, cats: Collection[str], schemes: Schemes) -> dict[str, About]:
        """
        About residents who died before `end`, were in hospital in [start, end), or have one of these categories.

        An absence that nobody ended is believed until the time it was planned for; a bed that ended because its
        resident lives in an institution now is one that goes on.
        """
        stays = self._stays(start, end)
        found = {}
        for row in self._connection.execute(select(residents.c.id, residents.c.died_on, residents.c.cats)):
            said = frozenset(row.cats or ()) & frozenset(cats)
            if row.died_on or said or row.id in stays or row.id in schemes:
                found[row.id] = About(
                    died_on=row.died_on, stays=tuple(stays.get(row.id, ())), schemes=schemes.get(row.id, {}), cats=said,
                )  # fmt: skip
        return found

    def _stays(self, start: datetime, end: datetime) -> dict[str, list[Stay]]:
        found: dict[str, list[Stay]] = {}
        for resident, stay in (*self._in_hospital(start, end), *self._suspended(self._day_of(start))):
            found.setdefault(resident, []).append(stay)
        return found

    def _in_hospital(self, start: datetime, end: datetime) -> Iterator[tuple[str, Stay]]:
        """An absence that somebody ended lasted until then; the record knows when, the row only what was planned."""
        back = self._back_since(start)
        query = select(absences).where(
            absences.c.kind == Kind.HOSPITAL.value, absences.c.from_at < end, absences.c.state != State.PLANNED.value
        ).order_by(absences.c.from_at)  # fmt: skip
        for row in self._connection.execute(query):
            last = back.get(row.id) if row.state == State.OVER.value else row.until_at
            if last is not None and last >= start:
                yield row.resident_id, Stay(kind="hospital", first=self._day_of(row.from_at), last=self._day_of(last))

    def _back_since(self, start: datetime) -> dict[str, datetime]:
        query = select(entries.c.at, entries.c.body).where(entries.c.kind == "absence_over", entries.c.at >= start)
        return {json.loads(row.body)["absence"]: row.at for row in self._connection.execute(query)}

    def _suspended(self, first: date) -> Iterator[tuple[str, Stay]]:
        """Beds that stood still because of a hospital or an institution, and did not end doing so before `first`."""
        query = (
            select(beds.c.resident_id, bed_steps.c.bed_id, bed_steps.c.why, bed_steps.c.on)
            .join(beds, beds.c.id == bed_steps.c.bed_id)
            .where(bed_steps.c.deed.in_([each.value for each in (Deed.SUSPEND, Deed.RESUME, Deed.END, Deed.REOPEN)]))
            .order_by(bed_steps.c.bed_id, bed_steps.c.at, bed_steps.c.id)
        )
        begun: dict[str, tuple[str, str, date]] = {}
        for row in self._connection.execute(query):
            before = begun.pop(row.bed_id, None)
            if before is not None and row.on >= first:
                yield before[0], Stay(kind=before[1], first=before[2], last=row.on)
            if row.why in _ELSEWHERE:
                begun[row.bed_id] = (row.resident_id, _ELSEWHERE[row.why], row.on)
        for resident, kind, day in begun.values():
            yield resident, Stay(kind=kind, first=day)

    def called(self, ids: Collection[str]) -> dict[str, tuple[str, str]]:
        """Code and name of these residents."""
        query = select(residents.c.id, residents.c.code, residents.c.name).where(residents.c.id.in_(set(ids)))
        return {row.id: (row.code, row.name) for row in self._connection.execute(query)}

    def stations(self) -> dict[str, str | None]:
        """Each resident's station, for what is about no canteen."""
        query = select(residents.c.id, homes.c.station_id).join(homes, homes.c.id == residents.c.home_id)
        return {row[0]: row[1] for row in self._connection.execute(query)}
