"""Devices: presses as real frames on pretend lines, their copies, their repeats, and what else is on the air."""

from dataclasses import dataclass
from functools import partial
from random import Random

from config.simulation.agenda import Stage
from config.simulation.faults import Crash
from config.simulation.ledger import Ledger
from config.simulation.world import Button
from devices.decoders import rflink, surgard
from devices.decoders.decoder import Frame
from devices.decoders.surgard import ACK
from dispatch.ids import AlarmId
from dispatch.rules.signal import Event

BURST_GAP_S = 0.06
ANSWER_S = 4.0
REPETITIONS = 3
LATER_S = 45.0
"""A Sur-Gard receiver waits 4 s for its answer, repeats three times, then buffers and comes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One frame on a line, as bytes; `button` is None for a stranger."""

    gateway: str
    line: bytes
    address: str
    button: Button | None


class Presses:
    """Everything that is on the air and on the receiver's line."""

    def __init__(self, random: Random, stage: Stage, ledger: Ledger) -> None:
        self._random = random
        self._stage = stage
        self._ledger = ledger
        self._count = 0
        helpful = ("pendant", "pendant", "pendant", "fall", "panel", "smoke")
        self._buttons = [each for each in stage.town.buttons if each.kind in helpful]
        self._weights = [helpful.count(each.kind) * 2 + 1 for each in self._buttons]

    # ------------------------------------------------------------------------------------------- what happens

    def some_press(self) -> None:
        """Somebody needs help, and perhaps presses again, or the other one at home does, or it is cancelled."""
        button = self._random.choices(self._buttons, self._weights)[0]
        self.press(button)
        faults, at_home = self._stage.faults, self._stage.town.at_home(button.home, "pendant", "fall", "panel")
        if self._random.random() < faults.repeats:
            self._soon(self._random.uniform(3.5, 400), button)
        if self._random.random() < faults.second_resident:
            self._soon(self._random.uniform(0, 120), self._random.choice(at_home or [button]))
        if self._random.random() < faults.cancels:
            for cancel in self._stage.town.at_home(button.home, "cancel"):
                self._soon(self._random.uniform(-0.5, 60), cancel)

    def press(self, button: Button) -> None:
        """One press: a burst over one or two radio gateways, or a message that waits for its answer."""
        self._stage.count(f"pressed: {button.kind}")
        if button.protocol == "surgard":
            self._tell_panel(surgard.encode(button.address, Event.PRESS, count=1), button)
            return
        for gateway in ("r1", "r2") if self._random.random() < 0.4 else (self._random.choice(("r1", "r2")),):
            self._burst(gateway, button.address, button, Event.BUTTON)

    def press_at(self, alarm_id: AlarmId) -> None:
        """Whoever is with the resident of this alarm presses a button there."""
        found = self._stage.look(
            "SELECT h.code FROM alarms a JOIN homes h ON h.id = a.home_id WHERE a.id = ?", alarm_id
        )
        pendants = self._stage.town.at_home(found[0][0], "pendant") if found else []
        if pendants:
            self.press(self._random.choice(pendants))

    def stuck_button(self) -> None:
        """A pendant lies under something heavy."""
        button = self._random.choice(self._stage.town.buttons[:40])
        self._stage.count("stuck button")
        gap_s = self._random.choice((2.0, 4.0, 7.0))
        for number in range(self._random.randint(10, 60)):
            self._soon(number * gap_s, button)

    def flood(self) -> None:
        """Low batteries and temperatures from everywhere at once."""
        self._stage.count("flood")
        for _ in range(self._random.randint(20, 60)):
            button = self._random.choice(self._stage.town.buttons)
            event = self._random.choice((Event.LOW_BATTERY, Event.TELEMETRY))
            if button.protocol == "rflink":
                self._burst("r1", button.address, None, event, lines=1, after_s=self._random.uniform(0, 5))

    def stranger(self) -> None:
        """A remote control from next door, noise, or an account nobody has registered, which is an emergency."""
        self._stage.count("stranger")
        dice = self._random.random()
        if dice < 0.4:
            self._tell_panel(surgard.encode(f"{9000 + self._random.randint(0, 5)}", Event.PRESS, count=1), None)
        elif dice < 0.8:
            self._burst("r2", f"EV1527:ff{self._random.randint(0, 9):04x}:02", None, Event.BUTTON)
        else:
            self._hear(Said(gateway="r1", line=b"20;7A;EV15\xff\xfe\r\n", address="", button=None))

    # ------------------------------------------------------------------------------------------- how it is heard

    def _soon(self, seconds: float, button: Button) -> None:
        self._stage.later(max(0.0, seconds), f"press {button.code}", lambda: self.press(button))

    def _burst(
        self, gateway: str, address: str, button: Button | None, event: Event, *, lines: int = 0, after_s: float = 0.0
    ) -> None:
        for number in range(lines or self._random.randint(1, 5)):
            self._count += 1
            said = Said(
                gateway=gateway, line=rflink.encode(address, event, count=self._count), address=address, button=button
            )
            wait_s = after_s + number * BURST_GAP_S + (0.02 if gateway == "r2" else 0.0)
            self._stage.later(wait_s, f"frame {address}", partial(self._listen, said))

    def _tell_panel(self, line: bytes, button: Button | None, tries: int = 0) -> None:
        said = Said(gateway="s1", line=line, address=button.address if button else "", button=button)
        self._stage.later(0.0, f"message {line!r}", lambda: self._until_answered(said, tries))

    def _until_answered(self, said: Said, tries: int) -> None:
        """The receiver says it again until somebody has answered, over a restart of ours too."""
        wait_s = ANSWER_S if tries < REPETITIONS else LATER_S
        again = lambda: self._until_answered(said, tries + 1)  # noqa: E731
        try:
            answered = self._hear(said) == ACK
        except Crash:
            self._stage.later(wait_s, "message again", again)
            raise
        if not answered or self._random.random() < self._stage.faults.lost_ack:
            self._stage.later(wait_s, "message again", again)

    def _listen(self, said: Said) -> None:
        self._hear(said)

    def _hear(self, said: Said) -> bytes:
        """The gateway's part: bytes in, frames out, durable, then the answer. Down, nothing is heard."""
        if not self._stage.is_up:
            return b""
        service = self._stage.service
        answer = b""
        for frame in service.decoders[said.gateway].feed(said.line):
            answer += self._keep(said, frame)
        if not said.button and self._random.random() < 0.5:
            service.supervision.write_down()
        return answer

    def _keep(self, said: Said, frame: Frame) -> bytes:
        service = self._stage.service
        self._ledger.before(said.button, frame)
        received = service.reception.hear(frame, gateway=said.gateway)
        answer = service.decoders[said.gateway].acknowledge(frame, self._stage.clock.now(), b"")
        self._ledger.heard(said.button, frame, received)
        return answer
