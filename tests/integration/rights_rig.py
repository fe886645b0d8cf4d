"""
The whole application as `config.pages` puts it together, over a district of two stations, with people of every role.

Sessions are opened in the database, so that no password is ever hashed; the CSRF token is made as the library makes it.
"""

import shutil
from datetime import timedelta
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from config.databases import upgrade
from config.district import read_district
from config.files import parse_toml_text
from config.loading import load_into
from config.options import AccountSettings
from config.pages import Pages
from config.settings import Settings
from config.wiring import build
from devices.store.gateways import Incident, Incidents
from devices.store.repairs import Checks
from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn, new_token
from dispatch.accounts.staff import Staff
from dispatch.clock import SystemClock
from dispatch.ids import OperatorId, new_id
from dispatch.rules.calls import Call, CallState
from dispatch.rules.rights import DISTRICT, Area, Role
from dispatch.rules.signal import Cause
from dispatch.store.accounts import Accounts, Operator
from dispatch.store.calls import Calls
from dispatch.store.database import writing_engine
from dispatch.store.people import People

SECRET = "k" * 40
CSRF = "c" * 40

OURS, THEIRS = "S1", "S2"
MARKERS = (
    "邻站老人", "邻站亲属", "邻站护理", "邻站小区", "钥匙9911", "邻站病史", "驿站乙", "13900000101", "13900000201",
    "13900000001", "邻站替补", "邻站亲戚",
)  # fmt: skip
"""What only belongs to the other station, and must never be in an answer to a person of ours."""

TOWN = """
[district]
name = "示范区"
timezone = "Asia/Shanghai"
[[stations]]
code = "S1"
name = "驿站甲"
lat = 38.07
lng = 114.49
[[stations]]
code = "S2"
name = "驿站乙"
lat = 39.90
lng = 116.40
[[carers]]
code = "C1"
name = "本站护理"
phone = "+8613800000001"
station = "S1"
lat = 38.07
lng = 114.49
[[carers]]
code = "C2"
name = "邻站护理"
phone = "+8613900000001"
station = "S2"
lat = 39.90
lng = 116.40
[[carers]]
code = "C3"
name = "本站替补"
phone = "+8613800000003"
station = "S1"
[[carers]]
code = "C4"
name = "邻站替补"
phone = "+8613900000003"
station = "S2"
[[homes]]
code = "H1"
address = "本站小区 1-101"
station = "S1"
lat = 38.07
lng = 114.49
entry = "钥匙1100"
residents = [{ code = "R1", name = "本站老人", phone = "+8613800000101", illness = "本站病史" }]
contacts = [
    { name = "本站亲属", phone = "+8613800000201", order = 1 },
    { name = "本站亲戚", phone = "+8613800000202", order = 2 },
]
devices = [{ code = "D1", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2c:01" }]
[[homes]]
code = "H2"
address = "邻站小区 2-202"
station = "S2"
lat = 39.90
lng = 116.40
entry = "钥匙9911"
residents = [{ code = "R2", name = "邻站老人", phone = "+8613900000101", illness = "邻站病史" }]
contacts = [
    { name = "邻站亲属", phone = "+8613900000201", order = 1 },
    { name = "邻站亲戚", phone = "+8613900000202", order = 2 },
]
devices = [{ code = "D2", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2d:01" }]
"""


class Town:
    """The application, its people, and one of everything at each station."""

    def __init__(self, folder: Path, **said) -> None:
        """`said` are further settings, by section."""
        settings = Settings(
            database_url=f"sqlite:///{folder / 'anling.db'}",
            home=folder,
            accounts=AccountSettings(second_factor="optional"),
            **said,
        )
        shutil.copy(_upgraded(folder.parent), folder / "anling.db")
        self.house = house = build(settings, SystemClock(), new_id)
        load_into(house.transactions, read_district(parse_toml_text(TOWN, name="town")))
        house.forget()
        self.pages = Pages(house)
        self.reads = self.pages.reads
        self.app = self.pages.app(secret_key=SECRET)
        self.door = SignIn(house.transactions, house.reading, house.clock, _cheap())
        self.staff = Staff(self.door)
        self.csrf = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps(CSRF)
        self.known: dict[tuple[frozenset[Role], str | None], Operator] = {}
        with house.reading.connect() as connection:
            shelf = People(connection)
            self.stations = {each.code: each.id for each in shelf.stations()}
            self.homes = {each.station_id: each.id for each in shelf.homes()}
            self.residents = {each.home_id: each.id for each in shelf.residents()}
        self.spare = self.operator(frozenset({Role.REVIEWER}), None)
        self.ids = {code: self._furnish(code) for code in (OURS, THEIRS)}

    def close(self) -> None:
        self.pages.bell.stop()
        self.reads.close()
        self.door.close()
        self.house.stop()

    def operator(self, roles: frozenset[Role], station: str | None) -> Operator:
        """Somebody with these roles, for one station or the whole district."""
        area = Area(frozenset({self.stations[station]})) if station else DISTRICT

        def work(tx) -> Operator:
            id_ = OperatorId(tx.new_id())
            made = Operator(
                id=id_, login=f"u{id_}", name="某人", phone=None, lang="en", disabled=False, created_at=tx.now,
                roles=roles, area=area,
            )  # fmt: skip
            Accounts(tx.connection).add_operator(made, "no hash")
            return made

        key = (roles, station)
        if key not in self.known:
            self.known[key] = self.house.transactions.run(work)
        return self.known[key]

    def browser(self, roles: frozenset[Role], station: str | None = None) -> FlaskClient:
        """A browser in which this person has just signed in."""
        operator, token = self.operator(roles, station), new_token()
        self.house.transactions.run(lambda tx: self.door.begin(tx, token, operator, ip="127.0.0.1", device="test"))
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["csrf_token"] = token, CSRF
        return client

    def stranger(self) -> FlaskClient:
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["csrf_token"] = CSRF
        return client

    def _furnish(self, code: str) -> dict[str, str]:
        """One of everything that a station has, by name."""
        house, home = self.house, self.homes[self.stations[code]]
        device = "D1" if code == OURS else "D2"
        by = f"operator:{self.spare.id}"
        alarm = house.desk.raise_by_hand(Cause.HOTLINE, by=by, home_id=home, note="note")
        house.desk.wake(alarm)
        device_id = self._device(device)
        repair = house.upkeep.repairing.report(device_id, by=by)
        self.house.transactions.run(lambda tx: None)
        phone = "+8613800000101" if code == OURS else "+8613900000101"
        call, incident, check = new_id(), new_id(), ""

        def work(tx) -> None:
            Calls(tx.connection).add(Call(id=call, provider="p", key=code, sender=phone, to="", state=CallState.RINGING,
                                          came_at=tx.now, due_at=tx.now + timedelta(minutes=1)))  # fmt: skip
            Incidents(tx.connection).open(Incident(
                id=incident, gateway=f"g{code}", why="silent", began_at=tx.now, opened_at=tx.now, devices=1,
                homes=("H1" if code == OURS else "H2",), owner="operators", due_at=tx.now + timedelta(hours=1), told=0,
            ))  # fmt: skip

        house.transactions.run(work)
        with house.reading.connect() as connection:
            check = next((each.id for each in Checks(connection).of_repair(repair)), "")
        key = Keys(house.transactions, house.reading, house.clock)
        keys = [key.new_key("machine", "read").split(".")[0].removeprefix("al_") for _ in range(2)]
        return {
            "alarm": alarm, "home": home, "resident": self.residents[home], "device": device, "repair": repair,
            "call": call, "incident": incident, "check": check, "key": keys[0], "key2": keys[1],
        }  # fmt: skip

    def _device(self, code: str):
        from devices.store.devices import Devices

        with self.house.reading.connect() as connection:
            return Devices(connection).id_of(code)


@cache
def _upgraded(around: Path) -> Path:
    """An empty database of today's shape, made once for all towns; it lies beside them and goes with them."""
    path = around / "upgraded-town" / "anling.db"
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        return path
    engine = writing_engine(f"sqlite:///{path}", synchronous="OFF")
    upgrade(engine)
    # The last to close writes the log back into the file, so that the file alone is the whole.
    engine.dispose()
    return path


def _cheap() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
