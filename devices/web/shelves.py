"""
What pages and programs are told about devices: one place that reads, for both, and tells each person what belongs to
their stations and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request

from devices.outages import Outages
from devices.rules.plan import Plan
from devices.store.assignments import Assignments
from devices.store.devices import Devices
from devices.store.gateways import Incident, Incidents
from devices.store.lists import Lists, Show
from devices.store.press_tests import PressTests
from devices.store.repairs import Campaigns, Checks
from devices.upkeep.press_tests import PressTesting
from devices.upkeep.register import Place, Register
from devices.upkeep.repairs import Repairing
from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound
from dispatch.ids import DeviceId, HomeId, ResidentId
from dispatch.rules.masking import mask
from dispatch.rules.rights import Right
from dispatch.store.accounts import Reading
from dispatch.store.areas import covers_home
from dispatch.store.database import from_us, to_us
from dispatch.store.people import People, homes
from dispatch.web.access import area, file_opened, has_bearer, may

Plain = dict[str, Any]
HISTORY_MAX = 50
CALLED_MAX = 500
"""Homes of an outage shown with their telephones; the incident has the codes of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Who looks after devices, as far as the web asks them."""

    register: Register
    tests: PressTesting
    repairing: Repairing
    outages: Outages


class Shelves:
    """Reads the register and what belongs to it. Raises NotFound for what is not there."""

    def __init__(self, reading: Reading, plan: Plan, clock: Clock) -> None:
        self._reading = reading
        self._plan = plan
        self._clock = clock

    # ------------------------------------------------------------------------------------------- devices

    def devices(self, most: int, *, show: Show = Show.ALL, find: str = "", after: str = "") -> list[Plain]:
        """Devices in the order of their ids."""
        with self._reading.connect() as connection:
            lists = Lists(connection, self._plan, area())
            return lists.page(self._clock.now(), most, show=show, find=find, after=after)

    def counts(self) -> dict[str, int]:
        """How many devices stand in each list."""
        with self._reading.connect() as connection:
            return {
                show.value: count
                for show, count in Lists(connection, self._plan, area()).counts(self._clock.now()).items()
            }

    def device(self, name: str) -> Plain:
        """One device whole: whose it was, its tests and cases, and who hears it."""
        with self._reading.connect() as connection:
            lists = Lists(connection, self._plan, area())
            found = lists.one(name)
            if found is None:
                raise NotFound(f"no device {name}")
            id_ = DeviceId(found["id"])
            codes = self._codes(People(connection))
            file_opened(found["resident"])
            return {
                **found,
                "history": [_assignment(each, codes) for each in Assignments(connection).of(id_)[:HISTORY_MAX]],
                "tests": [_fields(each) for each in PressTests(connection).of(id_)],
                "repairs": lists.repairs(HISTORY_MAX, device_id=id_),
                "hearings": lists.hearings(id_),
            }

    def id_of(self, name: str) -> DeviceId:
        """The id of a device, by its code or id."""
        with self._reading.connect() as connection:
            found = Lists(connection, self._plan, area()).one(name)
        if found is None:
            raise NotFound(f"no device {name}")
        return DeviceId(found["id"])

    def strangers(self) -> list[Plain]:
        """Whoever was heard and is not registered, the latest first."""
        with self._reading.connect() as connection:
            rows = Devices(connection).strangers()
        return [
            {**row, "id": f"{row['protocol']}:{row['address']}", "first_at": row["first_at"].isoformat(),
             "last_at": row["last_at"].isoformat()}
            for row in rows
        ]  # fmt: skip

    def place(self, *, home: str | None, resident: str | None) -> Place:
        """
        Where a device is to be, by codes; a resident alone says which home.

        Raises:
            Invalid: neither is named, one is not known, or they do not belong together.
        """
        with self._reading.connect() as connection:
            home_id = _home(People(connection), home) if home else None
            found = _resident(Lists(connection, self._plan, area()), resident) if resident else None
        if resident and found is None:
            raise _unknown("resident", "There is no such resident.")
        if home and home_id is None:
            raise _unknown("home", "There is no such home.")
        resident_id, lives_at = found or (None, home_id)
        if home_id not in {None, lives_at}:
            raise _unknown("resident", "This resident does not live there.")
        if lives_at is None:
            raise _unknown("resident", "Say whose it is: a resident, or a home.")
        return Place(home_id=HomeId(lives_at), resident_id=ResidentId(resident_id) if resident_id else None)

    def people(self, most: int) -> list[tuple[str, str, str]]:
        """Residents to choose from: code, name, address."""
        with self._reading.connect() as connection:
            return Lists(connection, self._plan, area()).residents(most)

    # ------------------------------------------------------------------------------------------- what is wrong

    def repairs(self, most: int, *, is_open: bool | None = None, cursor: str | None = None) -> list[Plain]:
        """Repair cases, the newest first."""
        with self._reading.connect() as connection:
            lists = Lists(connection, self._plan, area())
            found = lists.repairs(most, is_open=is_open, before=_mark(cursor) if cursor else None)
            return [_for_eyes(each) for each in found]

    def repair(self, id_: str) -> Plain:
        """One case with its checks."""
        with self._reading.connect() as connection:
            found = Lists(connection, self._plan, area()).repairs(1, id_=id_)
            if not found:
                raise NotFound(f"no repair case {id_}")
            return {**_for_eyes(found[0]), "checks": [_fields(each) for each in Checks(connection).of_repair(id_)]}

    def checks(self, most: int) -> list[Plain]:
        """Whom somebody is to ask how they are, now or later."""
        with self._reading.connect() as connection:
            lists = Lists(connection, self._plan, area())
            rounds = {each.id: each for each in Incidents(connection).all_open()}
            found = [each for each in lists.checks(most) if each["home_id"] or _is_ours(lists, rounds, each)]
        return [_for_eyes(each) for each in found]

    def check(self, id_: str) -> None:
        """
        That there is this check and it is ours to settle.

        Raises:
            NotFound: there is none, or a home in it is another station's.
        """
        with self._reading.connect() as connection:
            found = Checks(connection).get(id_)
            if found is None or (found.home_id and not covers_home(connection, area(), HomeId(found.home_id))):
                raise NotFound("There is no such check.")
        if found.incident_id is not None and found.home_id is None:
            self.whole_incident(found.incident_id)

    def uncovered(self, incident_id: str) -> list[Plain]:
        """Who was left uncovered by an outage, with telephones: for whoever calls them one after the other."""
        with self._reading.connect() as connection:
            found = Incidents(connection).get(incident_id)
            lists = Lists(connection, self._plan, area())
            rows = lists.households(found.homes[:CALLED_MAX]) if found else []
        return [_for_eyes(each) for each in rows]

    def incidents(self, most: int, *, is_open: bool | None = None, cursor: str | None = None) -> list[Plain]:
        """Gateways that heard nothing, the newest first."""
        with self._reading.connect() as connection:
            shelf = Incidents(connection)
            found = shelf.all_open() if is_open else shelf.recent(most, before=_mark(cursor) if cursor else None)
            lists = Lists(connection, self._plan, area())
            ours = [(each, lists.codes_of_ours(each.homes)) for each in found[:most]]
        return [_incident(each, homes) for each, homes in ours if homes or area().is_district]

    def incident(self, id_: str) -> Plain:
        """One incident with its checks."""
        with self._reading.connect() as connection:
            found = Incidents(connection).get(id_)
            ours = Lists(connection, self._plan, area()).codes_of_ours(found.homes) if found else []
            if found is None or not (ours or area().is_district):
                raise NotFound(f"no incident {id_}")
            return {**_incident(found, ours), "checks": [_fields(each) for each in Checks(connection).of_incident(id_)]}

    def whole_incident(self, id_: str) -> None:
        """
        That all of an incident is ours: who settles it speaks for every home in it.

        Raises:
            NotFound: there is none, or a home in it is another station's.
        """
        with self._reading.connect() as connection:
            found = Incidents(connection).get(id_)
            lists = Lists(connection, self._plan, area())
            if found is None or len(lists.codes_of_ours(found.homes)) != len(found.homes):
                raise NotFound(f"no incident {id_}")

    def campaigns(self) -> list[Plain]:
        """The months of test presses; of the running one, how far it is."""
        with self._reading.connect() as connection:
            lists = Lists(connection, self._plan, area())
            rows = [_fields(each) for each in Campaigns(connection).recent()]
            for row in rows:
                if row["ended_at"] is None:
                    row["covered"], row["of"] = lists.coverage(datetime.fromisoformat(row["began_at"]))
        return rows

    def owners(self) -> dict[str, str]:
        """Who may own a case, by reference: stations and carers, with their names."""
        with self._reading.connect() as connection:
            shelf = People(connection)
            found = {f"station:{each.id}": each.name for each in shelf.stations() if area().covers(each.id)}
            carers = [each for each in shelf.carers() if area().covers(each.station_id)]
            return found | {f"carer:{each.id}": each.name for each in carers}

    def _codes(self, shelf: People) -> Callable[[str | None], str | None]:
        ours: dict[str, str] = {each.id: each.code for each in shelf.homes() if area().covers(each.station_id)}
        known: dict[str, str] = {**ours}
        known |= {each.id: each.code for each in shelf.residents() if each.home_id in ours}
        return lambda id_: known.get(id_ or "")


def cursor_of(opened_at: str, id_: str) -> str:
    """Where a list goes on after this one."""
    return f"{to_us(datetime.fromisoformat(opened_at))}.{id_}"


def _mark(cursor: str) -> tuple[datetime, str]:
    at_us, dot, id_ = cursor.partition(".")
    if not dot or not (at_us.isascii() and at_us.isdigit()) or len(at_us) > 17:
        raise Invalid("This cursor is none of ours.", {"query": {"cursor": ["not a cursor"]}})
    return from_us(int(at_us)), id_


def _resident(lists: Lists, said: str) -> tuple[str, str] | None:
    """
    Whoever is meant by "R1", by "R1 王秀英 …" as a browser fills it in, or by a name, where only one is called so.

    Raises:
        Invalid: several are.
    """
    found = lists.resident(said.split()[0])
    if found is not None:
        return found
    named = lists.named(said.strip())
    if len(named) > 1:
        raise _unknown("resident", "Several residents are called so: write the code.")
    return lists.resident(named[0]) if named else None


def _unknown(field: str, detail: str) -> Invalid:
    return Invalid(detail, {"json": {field: [detail]}})


def _fields(value: Any) -> Plain:
    """A frozen value as plain ones, instants as ISO 8601."""
    found = {name: getattr(value, name) for name in type(value).__dataclass_fields__}
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in found.items()}


def _assignment(value: Any, code_of: Callable[[str | None], str | None]) -> Plain:
    return {**_fields(value), "home_code": code_of(value.home_id), "resident_code": code_of(value.resident_id)}


def _incident(incident: Incident, homes: list[str]) -> Plain:
    return {**_fields(incident), "homes": homes}


def _is_ours(lists: Lists, rounds: Mapping[str, Incident], check: Plain) -> bool:
    """Whether a list of homes to be called has one of ours in it."""
    incident = rounds.get(check["incident_id"] or "")
    return area().is_district or (incident is not None and bool(lists.codes_of_ours(incident.homes)))


def _for_eyes(row: Plain) -> Plain:
    """The telephone of a resident somebody is to ask how they are: whole while it is open, to whoever may call."""
    is_open = row.get("ended_at") is None
    return row if has_bearer(request) or (is_open and may(Right.ALARMS_ACT)) else dict(mask(row))


def _home(shelf: People, code: str) -> str | None:
    id_ = shelf.id_of(homes, code)
    return id_ if id_ and area().covers(shelf.home(HomeId(id_)).station_id) else None
