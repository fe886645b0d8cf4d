"""What stands behind the SIP port in its tests: a decoder for each talker and a reception made of memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from devices.decoders.decoder import Frame
from devices.decoders.scaip import Scaip
from devices.ports.listener import Said
from devices.ports.sip import SipListener

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Desk:
    """
    Hears a listener in a thread, in the order of the exchange: durable, answered, confirmed, refused, dismissed.

    While `closed` is set nothing becomes durable. `kept` are the frames that have, `said` what the listener has said.
    """

    def __init__(self, listener: SipListener) -> None:
        self.listener = listener
        self.closed = threading.Event()
        self.said: list[Said] = []
        self.kept: list[Frame] = []
        self._ended: list[Said] = []
        self._pending: list[tuple[Said, Scaip, list[Frame]]] = []
        self._stopping = threading.Event()
        self._failure: BaseException | None = None

    @contextmanager
    def open(self) -> Iterator["Desk"]:
        """Listens for the length of a block; what fails in the thread fails the test."""
        self.listener.open()
        thread = threading.Thread(target=self._run, name="sip desk", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            thread.join(60.0)
            self.listener.close()
        assert not thread.is_alive()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._round()
        except BaseException as failure:  # noqa: BLE001  told in the test's own thread
            self._failure = failure

    def _round(self) -> None:
        for said in self.listener.poll(0.02):
            if said.ended:
                self._ended.append(said)
                continue
            decoder = Scaip()
            self.said.append(said)
            self._pending.append((said, decoder, list(decoder.feed(said.data))))
        while self._pending and not self.closed.is_set():
            self._settle(*self._pending.pop(0))
        while self._ended and not self._pending:
            self.listener.confirm(self._ended[0], 0)
            self.listener.dismiss(self._ended.pop(0).talker)

    def _settle(self, said: Said, decoder: Scaip, frames: list[Frame]) -> None:
        for frame in frames:
            self.kept.append(frame)
            if answer := decoder.acknowledge(frame, NOON, b""):
                self.listener.answer(said.talker, answer)
        self.listener.confirm(said, len(frames))
        for _ in range(decoder.tally.malformed):
            if refusal := decoder.refuse(said.data):
                self.listener.answer(said.talker, refusal)
