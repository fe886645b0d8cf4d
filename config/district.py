"""
The district file: stations, carers, shifts, homes, read and checked whole before anything is loaded.

A wrong row refuses the whole file with its place (`homes.3.devices.0.address`), because half a district is worse than
none: whoever loads it would believe that everybody is covered.
"""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from config.district_phones import e164
from config.district_schema import (
    CarerRow,
    ContactRow,
    DeviceRow,
    District,
    DistrictSchema,
    HomeRow,
    ResidentRow,
    ShiftRow,
    StationRow,
)
from config.files import parse_toml
from config.schemas import refusal
from devices.decoders import DECODERS, PARTS
from dispatch.errors import Misconfigured

__all__ = [
    "CarerRow",
    "ContactRow",
    "DeviceRow",
    "District",
    "HomeRow",
    "ResidentRow",
    "ShiftRow",
    "StationRow",
    "e164",
    "load_district",
    "read_district",
]


_SHOWN_MAX = 8
_NEAR = 0.65
"""How like a decoder's name another must be to be it misspelt: `rtl_433` and `sia-dc09` are, `modem` and `test` not."""

_ADDRESSES = 'Write make and id, and the button where there is one, like "EV1527:0a1b2c:01".'


def load_district(path: Path) -> District:
    """
    The district that a file describes.

    Raises:
        Misconfigured: the file cannot be read, or a row is wrong; the place names the row, counted from 0.
    """
    return read_district(parse_toml(path))


def read_district(written: Mapping[str, Any]) -> District:
    """
    The district from a file already parsed.

    Raises:
        Misconfigured: a row is wrong, a code is used twice, or a row names another that is not there.
    """
    schema = DistrictSchema()
    try:
        district: District = schema.load(written)
    except ValidationError as wrong:
        raise refusal(schema, wrong) from None
    _check_codes(district)
    _check_references(district)
    _check_protocols(district)
    _check_addresses(district)
    return replace(district, homes=tuple(_whose(home) for home in district.homes))


def _whose(home: HomeRow) -> HomeRow:
    """A device without a resident belongs to the only one who lives there; among several it stays nobody's."""
    if len(home.residents) != 1:
        return home
    alone = home.residents[0].code
    return replace(home, devices=tuple(replace(d, resident=d.resident or alone) for d in home.devices))


def _check_codes(district: District) -> None:
    """Every code names one thing of its kind in the whole file."""
    homes = list(enumerate(district.homes))
    residents = [(f"homes.{i}.residents.{j}", row) for i, home in homes for j, row in enumerate(home.residents)]
    _unique("station", _codes("stations", district.stations))
    _unique("carer", _codes("carers", district.carers))
    _unique("home", _codes("homes", district.homes))
    _unique("resident", [(f"{place}.code", row.code) for place, row in residents])
    _unique("device", [(f"{place}.code", row.code) for place, row in _devices(district)])


def _codes(table: str, rows: Sequence[StationRow | CarerRow | HomeRow]) -> list[tuple[str, str]]:
    return [(f"{table}.{i}.code", row.code) for i, row in enumerate(rows)]


def _devices(district: District) -> list[tuple[str, DeviceRow]]:
    homes = enumerate(district.homes)
    return [(f"homes.{i}.devices.{j}", row) for i, home in homes for j, row in enumerate(home.devices)]


def _unique(kind: str, codes: Iterable[tuple[str, str]]) -> None:
    first: dict[str, str] = {}
    for place, code in codes:
        if code in first:
            raise Misconfigured(
                place, f"The {kind} at {first[code]} has the code {code} already. Give one another code."
            )
        first[code] = place


def _check_references(district: District) -> None:
    """Whatever names a station, a carer or a resident names one that is there."""
    stations = {row.code for row in district.stations}
    carers = {row.code for row in district.carers}
    for place, station in _named_stations(district):
        _known(place, "station", station, stations)
    for i, shift in enumerate(district.shifts):
        _known(f"shifts.{i}.carer", "carer", shift.carer, carers)
    for i, home in enumerate(district.homes):
        residents = {row.code for row in home.residents}
        for j, device in enumerate(home.devices):
            _known(f"homes.{i}.devices.{j}.resident", "resident of this home", device.resident, residents)


def _named_stations(district: District) -> Iterator[tuple[str, str | None]]:
    for i, station in enumerate(district.stations):
        yield from ((f"stations.{i}.lends.{j}", lent) for j, lent in enumerate(station.lends))
    yield from ((f"carers.{i}.station", carer.station) for i, carer in enumerate(district.carers))
    yield from ((f"homes.{i}.station", home.station) for i, home in enumerate(district.homes))


def _known(place: str, kind: str, code: str | None, codes: Collection[str]) -> None:
    if code is not None and code not in codes:
        there = ", ".join(sorted(codes)[:_SHOWN_MAX]) or "none"
        what = f"There is no {kind} with the code {code}, only: {there}{' …' if len(codes) > _SHOWN_MAX else ''}."
        raise Misconfigured(place, f"{what} Correct the code, or add the row it names.")


def _check_protocols(district: District) -> None:
    """
    No protocol is a decoder's name misspelt, and no address of a radio device lacks the id after its make.

    Such a device would be loaded and its press heard as a stranger's, which raises nothing. A name like none of ours
    is left alone: other systems post signals of protocols of their own.
    """
    for place, device in _devices(district):
        if device.protocol in DECODERS:
            parts = [part.strip() for part in device.address.split(":")]
            if PARTS.get(device.protocol, 1) > 1 and not all((*parts, len(parts) > 1)):
                raise Misconfigured(f"{place}.address", f"{device.address} names no device. {_ADDRESSES}")
        elif near := difflib.get_close_matches(_spelt(device.protocol), list(_SPELT), n=1, cutoff=_NEAR):
            what = f"There is no protocol '{device.protocol}'. Did you mean {_SPELT[near[0]]}?"
            raise Misconfigured(f"{place}.protocol", what)


def _spelt(protocol: str) -> str:
    return "".join(letter for letter in protocol.casefold() if letter.isalnum())


_SPELT = {_spelt(name): name for name in DECODERS}


def _check_addresses(district: District) -> None:
    """
    One address means one device: else a press would bring help to the wrong door.

    Two receivers may know the same account number, so an address counts with its gateway where both rows name one.
    """
    first: dict[tuple[str, str], list[tuple[str, str | None]]] = {}
    for place, device in _devices(district):
        users = first.setdefault((device.protocol, device.address.casefold()), [])
        for other, gateway in users:
            if gateway is None or device.gateway is None or gateway == device.gateway:
                what = f"The device at {other} has this address already: {device.address}."
                raise Misconfigured(f"{place}.address", f"{what} Read both labels again, or name their gateways.")
        users.append((place, device.gateway))
