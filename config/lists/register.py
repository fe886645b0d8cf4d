"""What is on file, as an import compares with it: rows of tables as plain values, found by code, name and address."""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from devices.store.devices import devices
from dispatch.rules.rights import Area
from dispatch.store.database import Connection, Table
from dispatch.store.people import carers, contacts, homes, residents, stations
from schedules.duty.store import shifts
from schedules.meals.store.canteens import canteen_rules, canteens, tills
from schedules.places.store import ServicePoints

Values = dict[str, Any]

TABLES: Mapping[str, Table] = {
    "homes": homes, "residents": residents, "contacts": contacts, "carers": carers, "devices": devices,
    "shifts": shifts, "canteens": canteens, "canteen_rules": canteen_rules, "tills": tills,
}  # fmt: skip
"""In the order in which they are written: whatever is pointed to comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row that is to be written: `before` is None for a new one. `row` is the row of the file it came from."""

    table: str
    row: int
    before: Values | None
    after: Values


@dataclass(slots=True, kw_only=True)
class Register:
    """A copy of the rows, which grows with what an import adds. `area` is what its caller works for."""

    area: Area
    secret: bytes
    by_code: dict[str, dict[str, Values]] = field(default_factory=dict)
    homes_at: dict[str, Values] = field(default_factory=dict)
    living: dict[tuple[str, str], Values] = field(default_factory=dict)
    kin: dict[str, list[Values]] = field(default_factory=dict)
    stations: dict[str, Values] = field(default_factory=dict)
    shifts: dict[str, list[Values]] = field(default_factory=dict)
    names: dict[tuple[str, str], list[Values]] = field(default_factory=dict)
    by_id: dict[str, Values] = field(default_factory=dict)
    by_id_number: dict[str, Values] = field(default_factory=dict)
    transmitters: dict[tuple[str, str], list[Values]] = field(default_factory=dict)
    rules: dict[str, dict[date, Values]] = field(default_factory=dict)
    """The rules of each canteen, by the day from which they hold."""

    places: frozenset[str] = frozenset()
    """The codes of service points."""

    first_said: dict[str, tuple[int, Values]] = field(default_factory=dict)
    """What the first row of a file that names a canteen says of it."""

    def station(self, said: str) -> Values | None:
        """A station by code or name."""
        return self.stations.get(said) or next((each for each in self.stations.values() if each["name"] == said), None)

    def named(self, table: str, said: str) -> list[Values]:
        """Rows with this code, else all of this name."""
        found = self.by_code[table].get(said)
        if found:
            return [found]
        # A row that was changed stands here as often as it was read.
        return list({each["id"]: each for each in self.names.get((table, said), [])}.values())

    def code_for(self, letter: str, *words: str) -> str:
        """A code of its own for whoever has none: the same words make the same code, and it tells nothing of them."""
        mac = hmac.new(self.secret, "\n".join(["list", letter, *words]).encode(), hashlib.sha256).digest()
        return letter + base64.b32encode(mac[:10]).decode()

    def add(self, table: str, values: Values) -> None:
        """From now on this row is there."""
        self.by_id[values["id"]] = values
        if "code" in values:
            self.by_code[table][values["code"]] = values
        if "name" in values:
            self.names.setdefault((table, values["name"]), []).append(values)
        if table == "homes":
            self.homes_at[at(values["address"])] = values
        elif table == "residents":
            self.living[values["home_id"], values["name"]] = values
            if values["id_hash"]:
                self.by_id_number[values["id_hash"]] = values
        elif table == "contacts":
            self.kin.setdefault(values["home_id"], []).append(values)
        elif table == "devices":
            self.transmitters.setdefault((values["protocol"], values["address"]), []).append(values)
        elif table == "shifts":
            self.shifts.setdefault(values["carer_id"], []).append(values)
        elif table == "canteen_rules":
            self.rules.setdefault(values["canteen_id"], {})[values["from_on"]] = values


def at(address: str) -> str:
    """An address without what people write differently in it: blanks, width and case."""
    return "".join(unicodedata.normalize("NFKC", address).casefold().split())


def read_register(connection: Connection, area: Area, secret: str) -> Register:
    """The copy as of now."""
    found = Register(area=area, secret=secret.encode(), by_code={table: {} for table in TABLES})
    found.stations = {row.code: dict(row._mapping) for row in connection.execute(stations.select())}
    found.places = frozenset(each.code for each in ServicePoints(connection).all())
    for name, table in TABLES.items():
        for row in connection.execute(table.select()):
            found.add(name, dict(row._mapping))
    return found
