"""
A city on file, put there row by row rather than by a district file: twenty thousand homes in a second.

Every home has a compound of its own, so that a text message tells which home it is about, a pendant on the radio and,
the first ten thousand, an account at the alarm receiver.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, insert

from config.databases import upgrade
from devices.decoders import canonical
from devices.store.devices import devices
from dispatch.ids import new_id
from dispatch.rules.place import Position
from dispatch.store.database import writing_engine
from dispatch.store.finds import finds
from dispatch.store.people import carers, districts, homes, residents, stations
from schedules.duty.store import shifts

CENTRE = Position(38.04, 114.50)
CARERS_A_KM2 = 5
"""Five hundred on duty in ten kilometres by ten; ten times as many have ten times the ground."""

CARERS_A_STATION = 50
ACCOUNTS_MAX = 10_000
_DEGREE_M = 111_195.0
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_COMPOUND = re.compile("苑([a-z]{4})")
_CODE = re.compile(r"码(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """What was put on file: the ids of the homes and their residents by number, and the telephones of the carers."""

    path: Path
    home_ids: list[str]
    resident_ids: list[str]
    phones: list[str]


def compound(number: int) -> str:
    """The name that the texts about this home carry; letters only, because a place is cut at its first digit."""
    letters = []
    for _ in range(4):
        number, digit = divmod(number, 26)
        letters.append(_LETTERS[digit])
    return "苑" + "".join(reversed(letters))


def home_of(text: str) -> int | None:
    """Which home a text is about."""
    found = _COMPOUND.search(text)
    return sum(_LETTERS.index(letter) * 26**place for place, letter in enumerate(reversed(found[1]))) if found else None


def code_of(text: str) -> str:
    """The reply code in a text; empty where it has none."""
    found = _CODE.search(text)
    return found[1] if found else ""


def pendant(number: int) -> str:
    return f"EV1527:{number:06x}:01"


def sensor(number: int) -> str:
    """A thing that says how it is, and has no button."""
    return f"EV1527:{0x800000 + number:06x}"


def account(number: int) -> str:
    return f"{number:04d}:001"


def build_town(path: Path, now: datetime, *, homes_count: int, carers_count: int, sensors_count: int = 0) -> Town:
    """
    Makes the database and fills it. Everybody is on duty from eight hours ago until in sixteen.

    So many of the first homes have a sensor besides.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = writing_engine(f"sqlite:///{path}", synchronous="OFF")
    upgrade(engine)
    random, side_m = Random(8), 1000 * math.sqrt(carers_count / CARERS_A_KM2)
    stations_count = max(1, carers_count // CARERS_A_STATION)
    station_ids = [new_id() for _ in range(stations_count)]
    places = [_anywhere(random, side_m) for _ in station_ids]
    home_ids, resident_ids = [new_id() for _ in range(homes_count)], [new_id() for _ in range(homes_count)]
    carer_rows = [_carer(n, random, station_ids, places) for n in range(carers_count)]
    _put(engine, districts, [{"id": "only", "name": "测城", "area_code": "0311", "zone": "Asia/Shanghai"}])
    _put(engine, stations, [
        {"id": id_, "code": f"S{n}", "name": f"驿站{n}", "lat": at.lat, "lng": at.lng, "lends": []}
        for n, (id_, at) in enumerate(zip(station_ids, places, strict=True))
    ])  # fmt: skip
    _put(engine, carers, carer_rows)
    window = {"start_at": now - timedelta(hours=8), "end_at": now + timedelta(hours=16)}
    _put(engine, shifts, [{"id": new_id(), "carer_id": row["id"], **window} for row in carer_rows])
    _put(engine, homes, [_home(n, id_, random, station_ids, places) for n, id_ in enumerate(home_ids)])
    _put(engine, residents, [_resident(n, id_, home_ids[n]) for n, id_ in enumerate(resident_ids)])
    _put(engine, devices, [
        row for n, home_id in enumerate(home_ids) for row in _devices(n, home_id, resident_ids[n])
    ])  # fmt: skip
    if sensors_count:
        _put(engine, devices, [
            _device(f"sensor{n}", "rflink", sensor(n), home_ids[n], resident_ids[n]) for n in range(sensors_count)
        ])  # fmt: skip
    _put(engine, finds, [
        *(_found("resident", f"r{n}", id_, home_ids[n]) for n, id_ in enumerate(resident_ids)),
        *(_found("home", f"h{n}", id_, id_) for n, id_ in enumerate(home_ids)),
        *(_found("carer", row["code"].lower(), row["id"], f"carer:{row['id']}") for row in carer_rows),
        *(_found("station", f"s{n}", id_, f"station:{id_}") for n, id_ in enumerate(station_ids)),
    ])  # fmt: skip
    # The last connection that closes takes the write-ahead log into the file, so that it may be copied.
    engine.dispose()
    return Town(path=path, home_ids=home_ids, resident_ids=resident_ids, phones=[row["phone"] for row in carer_rows])


def _put(engine: Engine, table: Any, rows: list[dict[str, Any]]) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table), rows)


def _found(kind: str, code: str, id_: str, within: str) -> dict[str, Any]:
    """Found by its code alone: a district that is lived in was learnt long ago, and learning is not measured here."""
    return {"term": code, "kind": kind, "subject_id": id_, "within": within, "station_id": None}


def _anywhere(random: Random, side_m: float, around: Position = CENTRE) -> Position:
    north, east = (random.uniform(-side_m, side_m) / 2 / _DEGREE_M for _ in range(2))
    return Position(around.lat + north, around.lng + east / math.cos(math.radians(around.lat)))


def _carer(number: int, random: Random, station_ids: list[str], places: list[Position]) -> dict[str, Any]:
    station = number % len(station_ids)
    base = _anywhere(random, 3000, places[station])
    # Ofcom keeps +44 7700 900000 to 900999 free for fiction, and Twilio carries answers from there; the first thousand
    # carers have these. Nothing is ever sent to the others.
    phone = f"+447700{900_000 + number}" if number < 1000 else f"+4479{number:08d}"
    return {
        "id": new_id(), "code": f"C{number}", "name": f"护理{number}", "phone": phone,
        "station_id": station_ids[station], "base_lat": base.lat, "base_lng": base.lng, "means": "ebike",
        "skills": [], "languages": ["zh"], "suspended": False, "opted_out": False,
    }  # fmt: skip


def _home(number: int, id_: str, random: Random, station_ids: list[str], places: list[Position]) -> dict[str, Any]:
    station = random.randrange(len(station_ids))
    at = _anywhere(random, 3000, places[station])
    return {
        "id": id_, "code": f"H{number}", "address": f"{compound(number)} 3-2-501", "lat": at.lat, "lng": at.lng,
        "station_id": station_ids[station], "entry": "钥匙盒 4711",
    }  # fmt: skip


def _resident(number: int, id_: str, home_id: str) -> dict[str, Any]:
    return {
        "id": id_, "code": f"R{number}", "home_id": home_id, "name": f"老人{number}", "level": "moderate", "cats": [],
        "needs": [], "talk": [], "agreements": [], "illness": "",
    }  # fmt: skip


def _devices(number: int, home_id: str, resident_id: str) -> list[dict[str, Any]]:
    addresses = {"rflink": pendant(number)} | ({"surgard": account(number)} if number < ACCOUNTS_MAX else {})
    return [
        _device(f"{protocol}{number}", protocol, address, home_id, resident_id)
        for protocol, address in addresses.items()
    ]


def _device(code: str, protocol: str, address: str, home_id: str, resident_id: str) -> dict[str, Any]:
    return {
        "id": new_id(), "code": code, "kind": "pendant", "protocol": protocol, "address": canonical(protocol, address),
        "gateway": "", "home_id": home_id, "resident_id": resident_id,
    }  # fmt: skip
