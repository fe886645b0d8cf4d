"""A small district with everybody who looks after its devices, on one database and one hand clock."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import text

from config.wiring import mend_waiting
from devices.decoders import rflink
from devices.decoders.decoder import Frame
from devices.outages import Outages
from devices.reception import Reception
from devices.rules.plan import Plan, read_plan
from devices.store.lists import Lists, Show
from devices.supervision import Supervision
from devices.upkeep.campaigns import Campaigning
from devices.upkeep.cases import Cases
from devices.upkeep.notices import Notices
from devices.upkeep.press_tests import PressTesting
from devices.upkeep.register import Label, Place, Register
from devices.upkeep.repairs import Repairing
from devices.upkeep.silences import Silences
from devices.web.devices import devices_blueprint
from devices.web.pages import device_pages
from devices.web.repairs import repairs_blueprint
from devices.web.shelves import Shelves, Upkeep
from devices.wire import frame_of
from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.desk import Received, Spool
from dispatch.ids import DeviceId
from dispatch.rules.people import Person
from dispatch.rules.signal import Event
from dispatch.web.app import create_app
from dispatch.web.options import WebOptions
from tests.builders import DISTRICT, World, build_world

OPERATOR = Person("operator:wangfang")
DUTY = "+8613800000009"
SHIPPED = Path(__file__).parents[2] / "config" / "devices.toml"

HOURLY = """
[supervision]
late_after = 2
offline_after = 3
test_days = 31

[[types]]
protocol = "test"
interval_h = 1

[kinds.door]

[faults.other]
repair_h = 72
check_h = 24

[faults.offline]
repair_h = 24
check_h = 4

[faults.mains_fail]
after_h = 1
repair_h = 24
check_h = 12
"""
"""A plan for tests: whatever speaks the protocol `test` does so every hour."""


@dataclass
class Line:
    """A gateway as the outages see it: `frames` grow while it hears."""

    name: str
    connected: bool = True
    frames: int = 1

    @property
    def state(self) -> "Line":
        return self


class DevicesRig:
    """The wiring of `config.wiring_devices` over a world; whatever keeps memory can be started anew by `restart`."""

    def __init__(self, folder: Path, *, district: str = DISTRICT, plan: str | None = None, **more: Any) -> None:
        self.world: World = build_world(folder, district=district, operators=(DUTY,), **more)
        self.world.transactions._on_jump = mend_waiting
        self.plan: Plan = read_plan(tomllib.loads(plan or SHIPPED.read_text(encoding="utf-8")))
        self.lines = [Line("radio"), Line("roof")]
        self._seq = self._chatter = 0
        self._spoken: set[str] = set()
        self.restart()

    def restart(self) -> None:
        """Everything in memory is gone, as after a stop and a start."""
        world = self.world
        calendar = world.calendar
        for line in self.lines:
            line.frames = 0
        self.notices = Notices([DUTY])
        self.cases = Cases(self.plan, calendar.by_day)
        self.tests = PressTesting(world.transactions, world.reading, self.cases, nudge=lambda: None)
        self.register = Register(
            world.transactions, self.tests, self.cases,
            changed=lambda: self.reception.forget(),  # noqa: PLW0108  it is made below
        )  # fmt: skip
        self.supervision = Supervision(world.transactions)
        self.reception = Reception(
            world.desk, self.supervision, world.reading, world.clock, world.ids,
            protocols={"radio": "rflink", "roof": "rflink"}, stations={}, tests=self.tests,
        )  # fmt: skip
        self.silences = Silences(world.transactions, world.reading, self.plan, self.cases)
        self.repairing = Repairing(
            world.transactions, world.reading, self.cases, world.desk, self.notices, by_day=calendar.by_day,
            nudge=lambda: None,
        )  # fmt: skip
        self.campaigning = Campaigning(
            world.transactions, world.reading, world.clock, self.plan, self.notices, month_of=calendar.month_of
        )
        self.outages = Outages(
            self.lines, world.transactions, world.reading, world.clock, self.notices,
            forwarding=self._handed_in,
        )  # fmt: skip

    def _handed_in(self) -> dict[str, int]:
        """What forwarding gateways said, with the life signs that they give from the first time on."""
        self._spoken |= self.reception.handed_in.keys()
        return {name: self.reception.handed_in.get(name, 0) + self._chatter for name in self._spoken}

    def close(self) -> None:
        self.world.close()

    # -------------------------------------------------------------------------------------- what is heard

    def hear(self, event: Event = Event.BUTTON, address: str = "EV1527:0a1b2c:01", *, gateway: str = "radio") -> Any:
        """A frame of a pendant on the air, past the window in which it would be a copy."""
        self.world.clock.advance(5)
        return self.copy(event, address, gateway=gateway)

    def copy(self, event: Event = Event.BUTTON, address: str = "EV1527:0a1b2c:01", *, gateway: str = "radio") -> Any:
        """The same at once."""
        (frame,) = rflink.Rflink().feed(rflink.encode(address, event))
        return self.take(frame, gateway=gateway)

    def take(self, frame: Frame, *, gateway: str = "radio") -> Received | None:
        received = self.reception.hear(frame, gateway=gateway)
        self.supervision.write_down()
        return received

    def report(
        self, device: str, event: Event, *, protocol: str = "test", gateway: str = "far", **more: Any
    ) -> Received:
        """What a forwarding gateway hands in."""
        self._seq += 1
        said = {"protocol": protocol, "device": device, "event": event, "fields": more}
        frame = frame_of(said, received_at=self.world.clock.now())
        received = self.reception.report(
            frame, Spool(gateway, "e1", self._seq), protocol=protocol, gateway=gateway, waited_s=0.0
        )
        self.supervision.write_down()
        return received

    # -------------------------------------------------------------------------------------- what passes

    def wake(self) -> int:
        """Wakes whatever is due of those who look after devices."""
        count = 0
        for owner in (self.tests, self.silences, self.repairing):
            while due := owner.due(self.world.clock.now(), 100):
                for id_ in due:
                    owner.wake(id_)
                    count += 1
        return count

    def live(self, seconds: float, *, step: float = 5.0, hearing: bool = True) -> None:
        """Time passes as in the service: gateways hear (or not), outages are checked, what is due is woken."""
        left = seconds
        while left > 0:
            part = min(step, left)
            self.world.clock.advance(part)
            if hearing:
                self._chatter += 1
                for line in self.lines:
                    line.frames += line.connected
            self.outages.check()
            self.wake()
            left -= part

    # -------------------------------------------------------------------------------------- what is on file

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        with self.world.reading.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(text(statement), values)]

    def one(self, statement: str, **values: Any) -> Any:
        rows = self.rows(statement, **values)
        return next(iter(rows[0].values())) if rows else None

    def id_of(self, code: str) -> DeviceId:
        found = self.one("SELECT id FROM devices WHERE code = :code", code=code)
        assert found is not None, f"there is no device {code}"
        return DeviceId(found)

    def device(self, code: str) -> dict[str, Any]:
        with self.world.reading.connect() as connection:
            found = Lists(connection, self.plan).one(code)
        assert found is not None
        return found

    def listed(self, show: Show) -> list[str]:
        with self.world.reading.connect() as connection:
            return sorted(
                each["code"] for each in Lists(connection, self.plan).page(self.world.clock.now(), 500, show=show)
            )

    def kinds(self) -> list[str]:
        return [row["kind"] for row in self.rows("SELECT kind FROM entries ORDER BY number")]

    def alarms(self) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM alarms ORDER BY raised_at")

    def texts(self, to: str = DUTY) -> list[Mapping[str, Any]]:
        """Messages posted for this number, the oldest first."""
        return self.rows('SELECT sentence, facts, key FROM messages WHERE "to" = :to ORDER BY posted_at, id', to=to)

    def place(self, home: str = "H1", resident: str | None = "R1") -> Place:
        return Place(home_id=self.world.home(home), resident_id=self.world.resident(resident) if resident else None)


def label(address: str = "EV1527:0bbbbb:01", **more: Any) -> Label:
    return Label(**{"kind": "pendant", "protocol": "rflink", "address": address, **more})


# ------------------------------------------------------------------------------------------------ with the web

LOGIN, PASSWORD = "wangfang", "月亮船-7-铃铛"
_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


class DevicesWeb:
    """The API and the pages of devices over a rig, with an operator and keys."""

    def __init__(self, rig: DevicesRig) -> None:
        self.rig, world = rig, rig.world
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.sign_in = SignIn(world.transactions, world.reading, world.clock, hasher)
        self.keys = Keys(world.transactions, world.reading, world.clock)
        self.operator = self.sign_in.add_operator(LOGIN, "王芳", PASSWORD)
        shelves = Shelves(world.reading, rig.plan, world.clock)
        upkeep = Upkeep(register=rig.register, tests=rig.tests, repairing=rig.repairing, outages=rig.outages)
        options = WebOptions(public_url="https://anling.example", secret_key="k" * 32, secure_cookies=False)
        self.app = create_app(
            [
                devices_blueprint(shelves, upkeep, transactions=world.transactions),
                repairs_blueprint(shelves, upkeep, transactions=world.transactions),
                device_pages(
                    shelves, upkeep, clock=world.clock, zone=world.calendar.tzinfo,
                    names=lambda: {f"operator:{self.operator.id}": "王芳"},
                ),
            ],
            sign_in=self.sign_in, keys=self.keys, options=options, health=self,
        )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        return {}

    def stranger(self) -> FlaskClient:
        return self.app.test_client()

    def machine(self, scope: str) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.keys.new_key('program', scope)}"
        return client

    def operators(self, lang: str = "zh") -> FlaskClient:
        """The browser of the operator, signed in; its posts carry the token of its session."""
        client = self.app.test_client()
        found = _TOKEN.search(client.get("/login").text)
        assert found is not None
        form = {"login": LOGIN, "password": PASSWORD, "csrf_token": found[1]}
        assert client.post("/login", data=form).status_code == 303
        found = _TOKEN.search(client.get("/devices").text)
        assert found is not None
        client.environ_base["HTTP_X_CSRFTOKEN"] = found[1]
        client.post("/lang", data={"lang": lang})
        return client

    def close(self) -> None:
        self.sign_in.close()
        self.rig.close()
