"""A pretend radio stick on the network (`rtl_tcp`), which plays presses of a fixed-code remote to the real rtl_433."""

import math
import socket
import threading
from collections.abc import Sequence

RATE = 250_000
"""Samples a second, rtl_433's own default."""

TONE_HZ = 12_000
_HEADER = b"RTL0" + (5).to_bytes(4, "big") + (29).to_bytes(4, "big")
"""Who it is, its tuner (R820T) and how many gains that has: what rtl_tcp says first."""


def air(pulses: Sequence[tuple[int, int]]) -> bytes:
    """On-off keying as unsigned 8-bit I/Q: a tone for each pulse and faint noise for each gap, in microseconds."""
    samples = bytearray()
    for pulse_us, gap_us in pulses:
        for number in range(pulse_us * RATE // 1_000_000):
            angle = 2 * math.pi * TONE_HZ * number / RATE
            samples += bytes((int(127.5 + 100 * math.cos(angle)), int(127.5 + 100 * math.sin(angle))))
        samples += bytes((127, 128)) * (gap_us * RATE // 1_000_000)
    return bytes(samples)


class RtlTcp:
    """Serves silence at its real speed, and each of `play` in between."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._waiting: list[bytes] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "RtlTcp":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._server.close()
        self._thread.join()

    def play(self, samples: bytes) -> None:
        self._waiting.append(samples)

    def _serve(self) -> None:
        try:
            connection, _ = self._server.accept()
        except OSError:
            return
        with connection:
            try:
                connection.sendall(_HEADER)
                while not self._ending.wait(0.05):
                    connection.sendall(self._waiting.pop(0) if self._waiting else air([(0, 50_000)]))
            except OSError:
                pass
