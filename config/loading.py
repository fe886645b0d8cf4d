"""
Puts a district file into the database, each kind of thing on its shelf. Loading the same file twice changes nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from config.district import CarerRow, District, HomeRow
from config.district_schema import ConsentRow
from devices.decoders import canonical
from devices.store.devices import Device, Devices
from devices.store.meanings import DISTRICT, GivenMeanings
from devices.upkeep.register import enter_loaded, refuse_taken
from dispatch.ids import ContactId, DeviceId, HomeId, ResidentId, StationId
from dispatch.rules.people import SERVICE
from dispatch.rules.place import Position, distance_m
from dispatch.rules.record import Line
from dispatch.store.database import Table
from dispatch.store.moves import RegisterMoves
from dispatch.store.people import People, carers, contacts, homes, residents, stations
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.duty.store import Shifts

PIECE = 100
"""Rows put into one unit of work, so that a press never waits for an import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How many rows of each kind the file had."""

    stations: int
    carers: int
    shifts: int
    homes: int
    residents: int
    devices: int


def load_into(transactions: Transactions, district: District) -> Loaded:
    """
    Loads a checked district: stations first, since all the rest points to them.

    In pieces on the bulk lane. The file was checked whole before, so a piece fails only if the database does; loading
    again then finishes the work.

    Raises:
        AlreadyPaired: a device of the file is somebody's already under another code; nothing was loaded.
    """
    for part in _pieces(district.homes):
        transactions.run(partial(_refuse_taken, part), lane=Lane.BULK)
    transactions.run(partial(_stations, district), lane=Lane.BULK)
    for part in _pieces(district.carers):
        transactions.run(partial(_carers, part), lane=Lane.BULK)
    for part in _pieces(district.homes):
        transactions.run(partial(_homes, district, part), lane=Lane.BULK)
    for part in _pieces(district.shifts):
        transactions.run(partial(_shifts, part), lane=Lane.BULK)
    return Loaded(
        stations=len(district.stations),
        carers=len(district.carers),
        shifts=len(district.shifts),
        homes=len(district.homes),
        residents=sum(len(home.residents) for home in district.homes),
        devices=sum(len(home.devices) for home in district.homes),
    )


def _pieces(rows: tuple[Any, ...]) -> Iterable[tuple[Any, ...]]:
    return (rows[start : start + PIECE] for start in range(0, len(rows), PIECE))


def _put(tx: Tx, table: Table, code: str, row: Mapping[str, Any], *, once: Collection[str] = ()) -> str:
    """Puts a row under its code and gives back its id, the old one if it was there; `once`: see `People.put`."""
    people = People(tx.connection)
    known = people.id_of(table, code)
    if known is not None:
        RegisterMoves(tx.connection).note(table, known, row, tx.now)
    id_ = known or tx.new_id()
    people.put(table, {"id": id_, "code": code, **row}, once=once)
    return id_


def _stations(district: District, tx: Tx) -> None:
    People(tx.connection).describe(district.name, area_code=district.area_code, zone=district.timezone)
    GivenMeanings(tx.connection).put(DISTRICT, district.meanings)
    ids = {}
    for row in district.stations:
        ids[row.code] = _put(tx, stations, row.code, {"name": row.name, **_place(row.position), "lends": []})
    for row in district.stations:
        lends = [ids[code] for code in row.lends]
        People(tx.connection).put(
            stations, {"id": ids[row.code], "code": row.code, "name": row.name, **_place(row.position), "lends": lends}
        )


def _place(position: Position | None, prefix: str = "") -> dict[str, float | None]:
    return {f"{prefix}lat": position.lat if position else None, f"{prefix}lng": position.lng if position else None}


def _carers(rows: tuple[CarerRow, ...], tx: Tx) -> None:
    for row in rows:
        values = {
            "name": row.name,
            "phone": row.phone or None,
            "station_id": People(tx.connection).id_of(stations, row.station),
            **_place(row.position, "base_"),
            **_place(row.position if row.position_at else None),
            "position_at": row.position_at,
            "means": row.means,
            "skills": sorted(row.skills),
            "languages": sorted(row.languages) or ["zh"],
            "suspended": False,
            "opted_out": False,
        }
        # What has become of a carer since is not taken back by loading the file again.
        lived = {"suspended", "opted_out"} | (set() if row.position_at else {"lat", "lng", "position_at"})
        _put(tx, carers, row.code, values, once=lived)


def _homes(district: District, rows: tuple[HomeRow, ...], tx: Tx) -> None:
    for row in rows:
        station_id = _station_of(tx, district, row)
        home_id = _put(
            tx,
            homes,
            row.code,
            {
                "address": row.address,
                **_place(row.position),
                "station_id": station_id,
                "entry": row.entry,
                "street": row.street,
                "community": row.community,
            },
        )
        _residents(tx, row, home_id)
        _contacts(tx, row, home_id)
        _devices(tx, row, home_id)


def _station_of(tx: Tx, district: District, row: HomeRow) -> StationId | None:
    """The station the file names, else the nearest, else none: then the whole district is asked alike."""
    code = row.station
    placed = [station for station in district.stations if station.position is not None]
    if code is None and row.position is not None and placed:
        at = row.position
        code = min(placed, key=lambda each: (distance_m(each.position or at, at), each.code)).code
    elif code is None and len(district.stations) == 1:
        code = district.stations[0].code
    found = People(tx.connection).id_of(stations, code) if code else None
    return None if found is None else StationId(found)


def _residents(tx: Tx, home: HomeRow, home_id: str) -> None:
    for row in home.residents:
        values = {
            "home_id": home_id, "name": row.name, "born_on": row.born_on, "phone": row.phone or None,
            "level": row.level, "cats": list(row.cats), "needs": sorted(row.needs), "language": row.language or None,
            "talk": list(row.talk), "agreements": sorted(row.agreements), "illness": row.illness,
        }  # fmt: skip
        resident_id = _put(tx, residents, row.code, values)
        GivenMeanings(tx.connection).put(f"resident:{resident_id}", row.meanings)


def _contacts(tx: Tx, home: HomeRow, home_id: str) -> None:
    for number, row in enumerate(home.contacts):
        values = {
            "home_id": home_id, "name": row.name, "phone": row.phone or None, "order": row.order,
            "relation": row.relation, "key_holder": row.key_holder,
        }  # fmt: skip
        contact_id = ContactId(_put(tx, contacts, f"{home.code}/{number}", values))
        if row.consent is not None:
            _consent(tx, contact_id, row.consent)


def _consent(tx: Tx, contact_id: ContactId, row: ConsentRow) -> None:
    """Kept with who gave it and when; the record says that it was, and of whom."""
    kept = People(tx.connection).keep_consent(contact_id, given_by=row.by, given_at=row.at, may_know=list(row.may_know))
    if kept:
        facts = {"contact": contact_id, "may_know": ",".join(sorted(row.may_know))}
        tx.log(Line(kind="consent_kept", by=SERVICE, facts=facts))


def _refuse_taken(rows: tuple[HomeRow, ...], tx: Tx) -> None:
    """Two codes for one transmitter would send help to one of two doors: before anything is written."""
    for home in rows:
        for row in home.devices:
            refuse_taken(tx, row.code, row.protocol, canonical(row.protocol, row.address), row.gateway or "")


def _devices(tx: Tx, home: HomeRow, home_id: str) -> None:
    shelf = Devices(tx.connection)
    for row in home.devices:
        resident_id = People(tx.connection).id_of(residents, row.resident) if row.resident else None
        device = Device(
            id=DeviceId(shelf.id_of(row.code) or tx.new_id()), code=row.code, kind=row.kind, protocol=row.protocol,
            address=canonical(row.protocol, row.address), gateway=row.gateway or "", home_id=HomeId(home_id),
            resident_id=ResidentId(resident_id) if resident_id else None,
        )  # fmt: skip
        enter_loaded(tx, device)
        GivenMeanings(tx.connection).put(f"device:{device.id}", row.meanings)


def _shifts(rows: tuple[Any, ...], tx: Tx) -> None:
    for row in rows:
        carer_id = People(tx.connection).id_of(carers, row.carer)
        Shifts(tx.connection).add_once(
            {"id": tx.new_id(), "carer_id": carer_id, "start_at": row.start, "end_at": row.end}
        )
