"""
An edge and the service it forwards to, on one hand clock, without a network: every exchange is one call of the web
application, and may be cut off before it or have its answer lost after it.
"""

import json
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from devices.cut_off import CutOff
from devices.decoders.decoder import Frame
from devices.decoders.rflink import Rflink, encode
from devices.edge import Edge
from devices.forwarder import Contact, Forwarder, Lost
from devices.link import Answer, Unreached
from devices.spool import Lane, Spool
from dispatch.ids import new_id
from dispatch.rules.signal import Event
from dispatch.store.accounts import operators, sessions
from dispatch.store.record import entries
from tests.builders import DISTRICT, NOON, House, World, build_world
from tests.fakes.clock import HandClock

PENDANTS = tuple(f"EV1527:0a{number:04x}:01" for number in range(40))


def district(homes: int = 8) -> str:
    """The usual district with further homes, each with a pendant of `PENDANTS`."""
    more = [
        f'\n[[homes]]\ncode = "P{number}"\naddress = "{number}"\nlat = 38.07\nlng = 114.49\n'
        f'residents = [{{ code = "PR{number}", name = "王" }}]\n'
        f'devices = [{{ code = "PD{number}", kind = "pendant", protocol = "rflink",'
        f' address = "{PENDANTS[number]}" }}]\n'
        for number in range(homes)
    ]
    return DISTRICT + "".join(more)


class Service:
    """The service in a folder of its own; it may be stopped, put back to an earlier copy, and started again."""

    def __init__(self, folder: Path, *, homes: int = 8) -> None:
        self.folder = folder
        self.clock = HandClock(NOON)
        self._homes = homes
        self._begin()

    def _begin(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.world: World = build_world(self.folder, district=district(self._homes), ids=new_id, clock=self.clock)
        with self.world.writing.begin() as connection:
            # The builder adds its operator to every database it meets.
            connection.execute(sessions.delete())
            connection.execute(operators.delete())
        self.house = House(self.world)
        self.client = self.house.machine("signals")

    def copy(self, to: Path) -> None:
        """A backup, as one is made: of a database that is in order."""
        self.stop()
        shutil.copytree(self.folder, to)
        self._begin()

    def restore(self, copy: Path) -> None:
        """The database is put back to how it was; the clock runs on."""
        self.stop()
        shutil.rmtree(self.folder)
        shutil.copytree(copy, self.folder)
        self._begin()

    def stop(self) -> None:
        self.house.close()
        self.world.close()

    def post(self, body: Mapping[str, Any]) -> Answer:
        answer = self.client.post("/api/v1/signals", data=json.dumps(body), content_type="application/json")
        return Answer(status=answer.status_code, body=answer.get_json(silent=True) or {})

    # ---------------------------------------------------------------------------------- what became of it

    def alarms(self) -> list[dict[str, Any]]:
        return list(self.house.review.recent(500))

    def presses(self) -> dict[str, int]:
        """How often each home's alarms were pressed, together."""
        found: dict[str, int] = {}
        for alarm in self.alarms():
            found[alarm["home"]] = found.get(alarm["home"], 0) + alarm["press_count"]
        return found

    def entries(self, kind: str) -> list[dict[str, Any]]:
        with self.world.reading.connect() as connection:
            rows = connection.execute(entries.select().where(entries.c.kind == kind).order_by(entries.c.number))
            return [json.loads(row.body) for row in rows]


class Road:
    """The way to the service: open, cut off, or losing the answers; counts what went over it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.cut = False
        self.lose_answers = 0
        self.answer: Callable[[Mapping[str, Any]], Answer | None] = lambda body: None
        self.bodies: list[dict[str, Any]] = []

    def post(self, body: Mapping[str, Any]) -> Answer:
        if self.cut:
            raise Unreached("no route to host")
        self.bodies.append(json.loads(json.dumps(body)))
        told = self.answer(body) or self.service.post(body)
        if self.lose_answers:
            self.lose_answers -= 1
            raise Unreached("connection reset")
        return told

    def sent(self) -> list[int]:
        """How many signals each exchange had."""
        return [len(body["signals"]) for body in self.bodies]


class Pages:
    """A pager that only writes down what people were told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.lasting: list[str] = []
        self.taken = 0
        self.state = "ready"

    def page(self, text: str, *, lasting: bool = False) -> None:
        self.texts.append(text)
        self.taken += 1
        self.lasting += [text] if lasting else []

    def forget(self) -> None:
        self.texts.append("(service is back)")


class EdgeRig:
    """One edge before a service; restart it as often as wanted, on the same spool."""

    def __init__(self, folder: Path, service: Service, *, name: str = "garden-edge", receiver: str = "garden") -> None:
        self.path = folder / f"{name}.db"
        self.name, self.receiver = name, receiver
        self.service, self.road = service, Road(service)
        self.pages = Pages()
        self.lost: list[Lost] = []
        self._count = 0
        self.start()

    @property
    def clock(self) -> HandClock:
        return self.service.clock

    def start(self) -> None:
        self.spool = Spool(self.path, self.clock)
        self.contact = Contact()
        self.edge = Edge(
            self.spool, self.clock, name=self.name, protocols={self.receiver: "rflink", "panel": "surgard"},
            stations={"panel": "S1"}, ring=lambda lane: None,
        )  # fmt: skip
        self.cut_off = CutOff(self.edge, self.spool, self.contact, self.clock, pager=self.pages)
        self.forwarders = {lane: self._forwarder(lane) for lane in Lane}

    def _forwarder(self, lane: Lane) -> Forwarder:
        leads = lane is Lane.CALLS
        return Forwarder(
            self.name, lane, self.spool, self.road, self.clock,
            contact=self.contact if leads else Contact(),
            draw=random.Random(1).random,
            status=(lambda: {"calls": self.spool.waiting().calls, "receivers": []}) if leads else None,
            protocols=["rflink", "surgard"] if leads else (),
            on_lost=lambda lost: (self.lost.append(lost), self.cut_off.lost(lost)),
        )  # fmt: skip

    def stop(self) -> None:
        self.spool.close()

    def restart(self) -> None:
        """As after `kill -9`: nothing but the file is left."""
        self.stop()
        self.start()

    def hear(self, frame: Frame, gateway: str | None = None, **how) -> object:
        return self.edge.hear(frame, gateway=gateway or self.receiver, **how)

    def press(self, address: str, event: Event = Event.BUTTON) -> None:
        """A pendant's whole burst, as the receiver's decoder gives it."""
        for _ in range(4):
            self._count += 1
            for frame in Rflink().feed(encode(address, event, count=self._count)):
                self.hear(frame)

    def step(self) -> list[float]:
        """One exchange of each lane, if one is due."""
        self.edge.settle()
        return [forwarder.step() for forwarder in self.forwarders.values()]

    def deliver(self, within: int = 200) -> None:
        """Everything that waits, over an open road."""
        for _ in range(within):
            if min(self.step()) > 0:
                return
        raise AssertionError("it does not come to an end")

    def pass_time(self, seconds: float, tick_s: float = 1.0) -> None:
        """Time passes as it does for a running edge: exchanges when they are due, and an eye on the silence."""
        due = dict.fromkeys(self.forwarders, 0.0)
        end_s = self.clock.steady + seconds
        while self.clock.steady < end_s:
            self.edge.settle()
            for lane, forwarder in self.forwarders.items():
                while self.clock.steady >= due[lane]:
                    due[lane] = self.clock.steady + max(forwarder.step(), 0.001)
            self.cut_off.look()
            self.clock.advance(tick_s)

    def waiting(self) -> tuple[int, int]:
        found = self.spool.waiting()
        return found.calls, found.news
