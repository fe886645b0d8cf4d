"""Devices that speak by themselves: they fall silent, somebody repairs them, and a test press shows that they work."""

from collections.abc import Callable
from functools import partial
from random import Random

from config.simulation.agenda import Stage
from config.simulation.ledger import Ledger
from config.simulation.upkeep import BEAT_S
from config.simulation.world import Button
from devices.decoders import rtl433
from devices.store.devices import Devices
from devices.store.press_tests import Purpose
from devices.upkeep.press_tests import Wanted
from dispatch.errors import Refusal
from dispatch.ids import DeviceId
from dispatch.rules.people import operator
from dispatch.rules.signal import Event

CASE_S = 3 * BEAT_S + 1500.0
"""Three missed intervals; and what a crash, a look put off and the second at which it fell silent may add."""

PRESS_S = 20.0
LOOK_S = 60.0
AGAIN_S = 1800.0
FITTER = operator("fitter")


class Sensors:
    """All of them, and whoever repairs them."""

    def __init__(self, random: Random, stage: Stage, ledger: Ledger, audit: Callable[[], None]) -> None:
        """`audit` looks at every promise about devices, those included that read every one of them."""
        self._random = random
        self._stage = stage
        self._ledger = ledger
        self._audit = audit
        self._silent: dict[str, float] = {}
        self._beats = 0

    def beat(self) -> None:
        """Whoever lives says so; then it is looked whether every silent one has a case."""
        self._beats += 1
        if self._stage.is_up:
            for each in self._stage.town.sensors:
                if each.code not in self._silent:
                    self._say(each, Event.HEARTBEAT)
            self._stage.service.supervision.write_down()
            self._judge()
        self._stage.later(BEAT_S, "sensors", self.beat)

    def fall_silent(self) -> None:
        """A battery is empty. Somebody comes hours later."""
        living = [each for each in self._stage.town.sensors if each.code not in self._silent]
        if living:
            each = self._random.choice(living)
            self._stage.count("sensor silent")
            self._silent[each.code] = self._stage.clock.t
            self._stage.later(self._random.uniform(2, 8) * 3600, "repair", partial(self._repair, each), asks=True)

    def clock_stepped(self) -> None:
        """Silence is counted by the wall clock, and anew where that was set back."""
        self._silent = dict.fromkeys(self._silent, self._stage.clock.t)

    def _judge(self) -> None:
        for code, since in self._silent.items():
            if self._stage.clock.t - since > CASE_S and not self._has_case(code):
                self._stage.broken("I15.case", code, "has been silent for long, and nobody owns it")
        self._audit()

    def _has_case(self, code: str) -> bool:
        return bool(self._stage.look(
            "SELECT 1 FROM repairs r JOIN devices d ON d.id = r.device_id WHERE d.code = ? AND r.ended_at IS NULL", code
        ))  # fmt: skip

    def _repair(self, sensor: Button) -> None:
        """A new battery, and the button is pressed while the centre waits for it."""
        service = self._stage.service
        with service.reading.connect() as connection:
            device_id = Devices(connection).id_of(sensor.code)
        try:
            service.tests.begin(DeviceId(device_id or ""), Purpose.REPAIR, Wanted(), by=FITTER)
        except Refusal:
            self._stage.later(AGAIN_S, "repair", partial(self._repair, sensor), asks=True)
            return
        self._stage.later(PRESS_S, "test press", partial(self._say, sensor, Event.ALARM), asks=True)
        self._stage.later(LOOK_S, "look at the repair", partial(self._look, sensor), asks=True)

    def _look(self, sensor: Button) -> None:
        """Over when the case is; else the fitter presses once more, later."""
        if self._has_case(sensor.code):
            self._stage.later(AGAIN_S, "repair", partial(self._repair, sensor), asks=True)
            return
        self._silent.pop(sensor.code, None)
        self._stage.count("sensor repaired")

    def _say(self, sensor: Button, event: Event) -> None:
        service = self._stage.service
        for frame in service.decoders["w1"].feed(rtl433.encode(sensor.address, event, count=self._beats)):
            if event is Event.HEARTBEAT:
                service.reception.hear(frame, gateway="w1")
            else:
                self._ledger.before(None, frame)
                self._ledger.tested(service.reception.hear(frame, gateway="w1"))
