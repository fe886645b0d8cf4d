"""
A sheet against the register: for each row what it would change, or what is wrong with it, where and what cures it.

An empty cell changes nothing, a column that is not there changes nothing: a list of telephones does not wipe out the
illnesses that somebody wrote down with care.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from config.district_places import is_possible
from config.lists import cells
from config.lists.canteens import CanteenRows
from config.lists.cells import Wrong, plain
from config.lists.columns import Columns
from config.lists.meanings import CATS, DATUMS, LEVELS, MEANS, TALK, TALKS
from config.lists.reading import Plan, Reading
from config.lists.register import Change, Register, Values, at
from config.lists.sheet import Sheet
from devices.decoders import DECODERS, canonical
from dispatch.ids import StationId
from dispatch.registry.id_numbers import IdNumbers
from dispatch.rules.place import Position, distance_m, gcj02_to_wgs84

LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """
    What rows are judged by: the register, today, the district's zone, who seals ID numbers, the datum where no column
    says one, the ids of the meal rules. `breathe` is called between rows and lets other threads run.
    """

    register: Register
    new_id: Callable[[], str]
    today: date
    zone: tzinfo
    seal: IdNumbers
    datum: str = "wgs84"
    policies: Sequence[str] = ()
    breathe: Callable[[], object] = lambda: None


def plan(sheet: Sheet, columns: Columns, kind: str, ground: Ground, progress: Callable[[float], None]) -> Plan:
    """Goes through all rows below the head."""
    made, work = Plan(kind=kind), _Work(ground)
    body = sheet.rows[columns.head :]
    for offset, row in enumerate(body):
        number = columns.head + 1 + offset
        said = {name: row[column] for name, column in columns.of.items() if column < len(row) and plain(row[column])}
        if not said:
            continue
        made.rows += 1
        ground.breathe()
        reading = Reading(number, said, columns, made)
        if number in sheet.hidden:
            reading.say("hidden", next(iter(said)))
        before = len(made.problems)
        try:
            changes = _KINDS[kind](work, reading)
        except Wrong:
            continue
        if not any(each.grave for each in made.problems[before:]):
            made.changes += [each for each in changes if each.before != each.after]
        if offset % 500 == 0:
            progress(offset / len(body))
    return made


class _Work:
    """The rows of one file, one after the other: later ones see what earlier ones would have added."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.register = ground.register
        self.seen: dict[tuple[str, str], tuple[int, Any]] = {}

    # -------------------------------------------------------------------------------------- residents

    def resident(self, row: Reading) -> list[Change]:
        name = row.take("name", lambda cell: cells.words(cell, 120), needed=True) or ""
        home, changes = self._home(row)
        before = self._known_resident(row, home, name)
        number, born_on = self._born(row)
        said = {
            "name": name or None, "born_on": born_on, "phone": row.take("phone", cells.phone),
            "level": row.take("level", lambda cell: LEVELS.get(plain(cell), cells.words(cell, 20))),
            "cats": row.take("cats", lambda cell: cells.listed(cell, CATS)),
            "illness": row.take("illness", lambda cell: cells.words(cell, 500)),
            "talk": row.take("talk", lambda cell: [x for x in cells.listed(cell, TALK) if x in TALKS]),
        }  # fmt: skip
        new = {
            "id": self.ground.new_id(), "code": "", "name": "", "home_id": home["id"], "born_on": None, "phone": None,
            "level": "", "cats": [], "needs": [], "language": None, "talk": [], "agreements": [], "illness": "",
            "id_sealed": None, "id_hash": None, "id_mask": None,
        }  # fmt: skip
        after = {**(before or new), **_said(said), **self._sealed(row, number, before)}
        if before is None:
            key = str(row.said.get("id_number") or born_on or "")
            after["code"] = row.take("code", cells.code) or self.register.code_for("R", home["code"], name, key)
        self._once(row, "resident", after["code"], after, "name")
        self.register.add("residents", after)
        return [*changes, Change(table="residents", row=row.number, before=before, after=after), *self._kin(row, home)]

    def _known_resident(self, row: Reading, home: Values, name: str) -> Values | None:
        code = row.take("code", cells.code)
        found = self.register.by_code["residents"].get(code) if code else None
        if found is not None and found["home_id"] != home["id"]:
            row.refuse("elsewhere", "code")
        if found is None and code is None:
            found = self.register.living.get((home["id"], name))
        return found

    def _sealed(self, row: Reading, number: str | None, before: Values | None) -> Values:
        """The ID number as the register keeps it; one that is another resident's already is refused."""
        if number is None:
            return {}
        hash_ = self.ground.seal.hash(number)
        if before is not None and before["id_hash"] == hash_:
            return {}
        owner = self.register.by_id_number.get(hash_)
        if owner is not None and (before is None or owner["id"] != before["id"]):
            row.refuse("id_taken", "id_number")
        made = self.ground.seal.seal(number)
        return {"id_sealed": made.sealed, "id_hash": made.hash, "id_mask": made.mask}

    def _born(self, row: Reading) -> tuple[str | None, date | None]:
        """The ID number, and the day of birth by the list or else by that number."""
        born_on = row.take("born_on", lambda cell: cells.day(cell, self.ground.today))
        told = row.take("id_number", lambda cell: cells.id_number(cell, self.ground.today))
        if told is None:
            return None, born_on
        number, from_id, warning = told
        self._once(row, "id", number, None, "id_number")
        if warning:
            row.say(warning, "id_number")
        if born_on is not None and born_on != from_id:
            row.say("id_differs", "born_on")
        return number, born_on or from_id

    def _home(self, row: Reading) -> tuple[Values, list[Change]]:
        code = row.take("home", cells.code)
        address = row.take("address", lambda cell: cells.words(cell, 240), needed=not code) or ""
        before = self.register.by_code["homes"].get(code) if code else self.register.homes_at.get(at(address))
        if before is None and not address:
            row.refuse("no_home", "home")
        place = self._place(row)
        said: Values = {"address": address or None, "entry": row.take("entry", lambda cell: cells.words(cell, 500))}
        if place is not None:
            said |= {"lat": place.lat, "lng": place.lng}
        said["station_id"] = self._station_of(row, before, place)
        new: Values = {
            "id": self.ground.new_id(),
            "code": code or self.register.code_for("H", at(address)),
            "entry": "",
        }
        new |= {"lat": None, "lng": None, "station_id": None}
        after = {**(before or new), **_said(said)}
        self.register.add("homes", after)
        return after, [Change(table="homes", row=row.number, before=before, after=after)]

    def _station_of(self, row: Reading, home: Values | None, place: Position | None) -> str | None:
        """The station that is said, for a new home else the nearest, else the only one; one of the caller's."""
        said = row.take("station", lambda cell: cells.words(cell, 120))
        found = self.register.station(said) if said else None
        if said and found is None:
            row.refuse("no_station", "station")
        mine = [each for each in self.register.stations.values() if self.register.area.covers(each["id"])]
        if found is None and home is None:
            placed = [each for each in mine if each["lat"] is not None]
            if place is not None and placed:
                found = min(
                    placed, key=lambda each: (distance_m(Position(each["lat"], each["lng"]), place), each["code"])
                )
            elif len(mine) == 1:
                found = mine[0]
        now = found["id"] if found else None
        for each in {now if found else None, home["station_id"] if home else now}:
            if not self.register.area.covers(StationId(each) if each else None):
                row.refuse("outside", "station")
        return now

    def _place(self, row: Reading) -> Position | None:
        lat, lng = row.take("lat", cells.number), row.take("lng", cells.number)
        if ("lat" in row.said) != ("lng" in row.said):
            row.refuse("half_place", "lat" if "lat" in row.said else "lng")
        if lat is None or lng is None:
            return None
        if not is_possible(lat, lng):
            row.refuse("no_place", "lat")
        datum = self.ground.datum
        if "datum" in row.said:
            datum = DATUMS.get(plain(row.said["datum"]).casefold(), "")
        if not datum:
            row.refuse("no_datum", "datum")
        point = Position(lat, lng)
        point = gcj02_to_wgs84(point) if datum == "gcj02" else point
        return Position(round(point.lat, 7), round(point.lng, 7))

    def _kin(self, row: Reading, home: Values) -> list[Change]:
        number = row.take("contact_phone", cells.phone)
        name = row.take("contact_name", lambda cell: cells.words(cell, 120))
        if number is None:
            return []
        known = self.register.kin.get(home["id"], [])
        before = next((each for each in known if each["phone"] == number), None)
        relation = row.take("contact_relation", lambda cell: cells.words(cell, 40))
        taken = {each["code"] for each in known}
        free = next(n for n in range(len(known) + 1) if f"{home['code']}/{n}" not in taken)
        new = {
            "id": self.ground.new_id(), "code": f"{home['code']}/{free}", "home_id": home["id"], "name": name or "",
            "phone": number, "order": min(len(known) + 1, 99), "relation": "", "key_holder": False, "may_know": [],
        }  # fmt: skip
        after = {**(before or new), **_said({"name": name, "relation": relation})}
        if before is None:
            self.register.add("contacts", after)
        return [Change(table="contacts", row=row.number, before=before, after=after)]

    # -------------------------------------------------------------------------------------- carers

    def carer(self, row: Reading) -> list[Change]:
        name = row.take("name", lambda cell: cells.words(cell, 120), needed=True) or ""
        number, code = row.take("phone", cells.phone), row.take("code", cells.code)
        station = self._carers_station(row)
        before = self.register.by_code["carers"].get(code) if code else self._known_carer(name, number)
        if before is not None and not self.register.area.covers(before["station_id"]):
            row.refuse("outside", "station")
        place = self._place(row)
        said: Values = {
            "name": name or None, "phone": number, "station_id": station,
            "means": row.take("means", _means),
            "skills": row.take("skills", lambda cell: sorted(cells.listed(cell, {"护士": "nurse"}))),
            "languages": row.take("languages", lambda cell: sorted(cells.listed(cell, {"普通话": "zh", "英语": "en"}))),
        }  # fmt: skip
        if place is not None:
            said |= {"base_lat": place.lat, "base_lng": place.lng}
        new = {
            "id": self.ground.new_id(), "name": "", "code": code or self.register.code_for("C", name, number or ""),
            "phone": None, "base_lat": None, "base_lng": None, "lat": None, "lng": None, "position_at": None,
            "means": "ebike", "skills": [], "languages": ["zh"], "suspended": False, "opted_out": False,
        }  # fmt: skip
        after = {**(before or new), **_said(said)}
        self._once(row, "carer", after["code"], after, "name")
        if number:
            self._once(row, "phone", number, None, "phone")
        self.register.add("carers", after)
        return [Change(table="carers", row=row.number, before=before, after=after)]

    def _known_carer(self, name: str, number: str | None) -> Values | None:
        found = self.register.names.get(("carers", name), [])
        return next((each for each in found if number is None or each["phone"] in {number, None}), None)

    def _carers_station(self, row: Reading) -> str | None:
        said = row.take("station", lambda cell: cells.words(cell, 120), needed=True)
        found = self.register.station(said or "")
        if found is None:
            row.refuse("no_station", "station")
        if not self.register.area.covers(found["id"]):
            row.refuse("outside", "station")
        return str(found["id"])

    # -------------------------------------------------------------------------------------- devices

    def device(self, row: Reading) -> list[Change]:
        code = row.take("code", cells.code, needed=True) or ""
        protocol = row.take("protocol", lambda cell: plain(cell).lower(), needed=True) or ""
        if protocol not in DECODERS:
            row.refuse("no_protocol", "protocol")
        address = row.take("address", lambda cell: cells.words(plain(cell), 160), needed=True) or ""
        if cells._SCIENTIFIC.fullmatch(address):
            row.refuse("digits_lost", "address")
        home_id, resident_id = self._whose(row)
        gateway = row.take("gateway", lambda cell: cells.words(cell, 80)) or ""
        before = self.register.by_code["devices"].get(code)
        kind = row.take(
            "kind", lambda cell: {"呼叫器": "pendant", "吊坠": "pendant"}.get(plain(cell), cells.words(cell, 24))
        )
        after = {
            **(before or {"id": self.ground.new_id(), "kind": "pendant", "retired_at": None}), "code": code,
            "protocol": protocol, "address": canonical(protocol, address), "home_id": home_id,
            "resident_id": resident_id, **_said({"kind": kind, "gateway": gateway or (None if before else "")}),
        }  # fmt: skip
        for other in self.register.transmitters.get((protocol, after["address"]), []):
            used = other["code"] != code and not other["retired_at"]
            if used and (not gateway or not other["gateway"] or gateway == other["gateway"]):
                row.refuse("taken", "address")
        self._once(row, "device", code, after, "code")
        self.register.add("devices", after)
        return [Change(table="devices", row=row.number, before=before, after=after)]

    def _whose(self, row: Reading) -> tuple[str, str | None]:
        """The home and the resident of a device; who lives alone need not be named."""
        said, code = row.take("resident", lambda cell: cells.words(cell, 120)), row.take("home", cells.code)
        found = self.register.named("residents", said) if said else []
        home = self.register.by_code["homes"].get(code) if code else None
        if said and len(found) != 1:
            row.refuse("two_residents" if found else "no_resident", "resident")
        if not found and home is None:
            row.refuse("no_home" if code else "missing", "home" if code else "resident")
        home_id = found[0]["home_id"] if found else (home or {})["id"]
        if home is not None and home["id"] != home_id:
            row.refuse("elsewhere", "resident")
        place = self.register.by_id[home_id]
        if not self.register.area.covers(place["station_id"]):
            row.refuse("outside", "resident")
        return home_id, found[0]["id"] if found else None

    # -------------------------------------------------------------------------------------- shifts

    def shift(self, row: Reading) -> list[Change]:
        said = row.take("carer", lambda cell: cells.words(plain(cell), 120), needed=True) or ""
        found = self.register.named("carers", said)
        if len(found) != 1:
            row.refuse("two_carers" if found else "no_carer", "carer")
        if not self.register.area.covers(found[0]["station_id"]):
            row.refuse("outside", "carer")
        start, end = self._moment(row, "start"), self._moment(row, "end")
        if end <= start:
            end += timedelta(days=1)
        if end - start > LONGEST or end <= start:
            row.refuse("long_shift", "end")
        after = {
            "id": self.ground.new_id(), "carer_id": found[0]["id"], "start_at": start, "end_at": end, "sequence": 0,
            "changed_at": None,
        }  # fmt: skip
        self._once(row, "shift", f"{found[0]['id']} {start} {end}", None, "start")
        for other in self.register.shifts.get(found[0]["id"], []):
            if (other["start_at"], other["end_at"]) == (start, end):
                return []
            if other["start_at"] < end and start < other["end_at"]:
                row.refuse("overlap", "start")
        self.register.add("shifts", after)
        return [Change(table="shifts", row=row.number, before=None, after=after)]

    def _moment(self, row: Reading, name: str) -> datetime:
        """A time of the row's day; or a day and a time in one cell."""
        cell = row.said.get(name)
        if cell is None:
            row.refuse("missing", name)
        text = plain(cell)
        if "day" not in row.said:
            try:
                told = cell if isinstance(cell, datetime) else datetime.fromisoformat(text.replace("/", "-"))
            except ValueError:
                row.refuse("no_time", name)
                raise
            aware = told if told.tzinfo else told.replace(tzinfo=self.ground.zone)
            return aware.astimezone(UTC)
        day = row.take("day", cells.any_day)
        at_ = row.take(name, cells.clock_time)
        if day is None or at_ is None:
            raise Wrong("no_time")
        return datetime.combine(day + timedelta(days=at_[1]), at_[0], self.ground.zone).astimezone(UTC)

    # -------------------------------------------------------------------------------------- canteens

    def canteen(self, row: Reading) -> list[Change]:
        ground = self.ground
        rows = CanteenRows(
            register=self.register, new_id=ground.new_id, policies=ground.policies, once=self._once
        )  # fmt: skip
        return rows.changes(row)

    def _once(self, row: Reading, what: str, key: str, content: Any, name: str) -> None:
        """The same thing twice in a file is a mistake of the pen, whichever of both is right."""
        known = self.seen.get((what, key))
        if known is not None:
            row.refuse("twice" if known[1] == content else "differs", name, row=known[0])
        self.seen[what, key] = (row.number, content)


def _means(cell: Any) -> str:
    if plain(cell).casefold() not in MEANS:
        raise Wrong("no_means")
    return MEANS[plain(cell).casefold()]


def _said(values: Mapping[str, Any]) -> Values:
    """Without what the row does not say."""
    return {name: value for name, value in values.items() if value is not None}


_KINDS: Mapping[str, Callable[[_Work, Reading], Sequence[Change]]] = {
    "residents": _Work.resident, "carers": _Work.carer, "devices": _Work.device, "shifts": _Work.shift,
    "canteens": _Work.canteen,
}  # fmt: skip
