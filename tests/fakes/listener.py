"""An address on which many talk, made of memory, and a reception whose life signs share a write."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass

from devices.decoders.decoder import Frame
from devices.ports.listener import SAID_MAX, Said
from devices.ports.port import PortLost
from tests.fakes.line import Ears


class FakeListener:
    """
    A listener: what is said together comes out of one `poll`.

    The journal has `told TALKER …`, `confirmed RECEIPT COUNT` and `dismissed TALKER`; `patience_s` is how long each
    look was to take at most.
    """

    def __init__(self, journal: list[str] | None = None, *, free: bool = True) -> None:
        self.journal = [] if journal is None else journal
        self.unanswered = 0
        self.refused = 0
        self.opened = 0
        self.polls = 0
        self.patience_s: list[float] = []
        self._free = free
        self._said: list[list[Said]] = []
        self._changed = threading.Condition()

    def say(self, talker: Hashable, data: bytes, *, ended: bool = False, receipt: Hashable = None) -> None:
        self.say_together(Said(talker, data, ended=ended, receipt=receipt))

    def say_together(self, *said: Said) -> None:
        assert len(said) <= SAID_MAX
        with self._changed:
            self._said.append(list(said))
            self._changed.notify_all()

    def lose(self) -> None:
        with self._changed:
            self._free = False
            self._changed.notify_all()

    def free(self) -> None:
        with self._changed:
            self._free = True

    def open(self) -> None:
        self.opened += 1
        if not self._free:
            raise PortLost("somebody else has the address")

    def poll(self, timeout_s: float) -> list[Said]:
        self.patience_s.append(timeout_s)
        with self._changed:
            self._changed.wait_for(lambda: self._said or not self._free, timeout_s)
            self.polls += 1
            if self._said:
                return self._said.pop(0)
            if not self._free:
                raise PortLost("the address is gone")
            return []

    def answer(self, talker: Hashable, data: bytes) -> None:
        self.journal.append(f"told {talker} {data.decode()}")

    def confirm(self, said: Said, frames: int) -> None:
        if said.receipt is not None:
            self.journal.append(f"confirmed {said.receipt} {frames}")

    def dismiss(self, talker: Hashable) -> None:
        self.journal.append(f"dismissed {talker}")

    def close(self) -> None:
        self.journal.append("closed")


@dataclass(frozen=True)
class Outcome:
    durable: bool


class SharedEars(Ears):
    """
    As `Ears`; a life sign (`low…`) is only `taken …` until the next `settled`, which makes all of them durable.

    `unsettled` is how many of the next tries to settle fail.
    """

    def __init__(self, journal: list[str] | None = None) -> None:
        super().__init__(journal)
        self.unsettled = 0
        self._taken: list[str] = []

    def hear(  # type: ignore[override]
        self, frame: Frame, *, gateway: str, waited_s: float = 0.0, settle: bool = True
    ) -> Outcome:
        word = frame.raw.decode()
        if settle or not word.startswith("low"):
            super().hear(frame, gateway=gateway, waited_s=waited_s)
            return Outcome(durable=True)
        if frame.raw in self.poison:
            raise ValueError("this frame can never be kept")
        self.journal.append(f"taken {word}")
        self._taken.append(word)
        return Outcome(durable=False)

    def settle(self) -> None:
        self.tried += 1
        if self.unsettled > 0:
            self.unsettled -= 1
            raise ConnectionError("the database is down")
        self.journal.append(f"settled {' '.join(self._taken)}")
        self._taken.clear()
