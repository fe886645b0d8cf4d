"""
Serial lines, by pyserial: the only file that knows it. Also whatever pyserial reaches by a URL (`socket://`, `rfc2217://`).

Three things differ from what pyserial does by itself:

* **Nothing is discarded at opening.** Its `open()` ends with a flush of the input, and for `socket://` with reading the
  line empty: presses that had come by then were lost (measured). Both flushes are switched off for the line at hand.
* **Closing does not hang up.** An Arduino starts anew when DTR rises. Linux raises DTR at every opening and drops it at
  the last closing only while `HUPCL` is set, so we clear that: such a gateway starts anew when it is plugged in, not
  whenever the service is restarted. DTR is left as Linux sets it, up: some receivers send only then.
* **A full line is waited for, not spun on.** pyserial repeats a write that would block until its time is up, without a
  pause (measured: 0.5 s of processor time in 0.5 s).

pyserial ships no type information, so this is also where the ignore comments live.
"""

import contextlib
import io
import math
import os
import select
import socket
import termios
from dataclasses import replace

import serial  # type: ignore[import-untyped]
from serial.tools import list_ports  # type: ignore[import-untyped]

from devices.ports.port import READ_BYTES_MAX, WRITE_S, LineSettings, PortBlocked, PortLost

TICK_S = 0.1
"""
One wait for a byte; `read` takes as many as it needs, so its time is rounded up to these.

It stays the same for as long as the line is open: with a new timeout pyserial sets the whole line anew, which over
rfc2217 is a negotiation.
"""

_FOREIGN = (OSError, termios.error, ValueError, TypeError, NotImplementedError)
"""What pyserial lets through besides its own exceptions, which are `OSError`s."""

_KEEPALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))
"""A serial server that lost its power says nothing: after 60 s without an answer the connection counts as lost."""


class SerialPort:
    """A `Port` over a device file, a link to one, or a URL of pyserial; exclusive where the system offers it (R16)."""

    def __init__(self, address: str, settings: LineSettings) -> None:
        """A line not opened yet. `ValueError` when pyserial knows no such URL or no such setting."""
        self._address = address
        self._settings = settings
        try:
            self._line = self._make()
        except serial.SerialException as error:
            raise ValueError(f"{address!r}: {error}") from error

    def open(self) -> None:
        try:
            self._line = self._make()
            self._line.open()
            _keep_connected(self._line)
        except _FOREIGN as error:
            self.close()
            raise PortLost(_reason(error)) from error

    def read(self, timeout_s: float) -> bytes:
        got = b""
        try:
            if timeout_s <= 0 and not self._line.in_waiting:
                return b""
            for _ in range(max(1, math.ceil(timeout_s / TICK_S))):
                if got := self._line.read(1):
                    break
            while got and len(got) < READ_BYTES_MAX and (more := self._line.in_waiting):
                got += self._line.read(min(more, READ_BYTES_MAX - len(got)))
        except _FOREIGN as error:
            if not got:
                raise PortLost(_reason(error)) from error
            # What came before the loss is still worth hearing; the next read finds the loss again.
        return got

    def write(self, data: bytes) -> None:
        try:
            if not _has_room(self._line):
                raise PortBlocked(f"nothing taken for {WRITE_S} s")
            self._line.write(data)
        except serial.SerialTimeoutException as error:
            raise PortBlocked(_reason(error)) from error
        except _FOREIGN as error:
            raise PortLost(_reason(error)) from error

    def close(self) -> None:
        connection = getattr(self._line, "_socket", None)
        with contextlib.suppress(*_FOREIGN):
            self._line.close()
        if connection is not None:
            # pyserial leaves it open when the other end was the first to go.
            connection.close()

    def _make(self) -> serial.SerialBase:
        # A pseudo-terminal carries bytes, not bits; asked for seven or for parity twice, it refuses (measured).
        is_pseudo = os.path.realpath(self._address).startswith("/dev/pts/")
        settings = replace(self._settings, bytesize=8, parity="N") if is_pseudo else self._settings
        line = serial.serial_for_url(
            self._address,
            do_not_open=True,
            exclusive=True,
            baudrate=settings.baud,
            bytesize=settings.bytesize,
            parity=settings.parity,
            stopbits=settings.stopbits,
            timeout=TICK_S,
            # rfc2217 has none and refuses to be told; there the socket's own 5 s hold.
            write_timeout=None if self._address.lower().startswith("rfc2217:") else WRITE_S,
        )
        line._reset_input_buffer = line.reset_input_buffer = _discard_nothing
        return line


def _discard_nothing() -> None:
    """In the place of pyserial's flushing, for one line object."""


def _keep_connected(line: serial.SerialBase) -> None:
    """No hang-up at closing for what is a terminal; probes for what is a connection."""
    connection = getattr(line, "_socket", None)
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
    elif isinstance(line, serial.Serial):
        attributes = termios.tcgetattr(line.fileno())
        attributes[2] &= ~termios.HUPCL
        termios.tcsetattr(line.fileno(), termios.TCSANOW, attributes)


def _has_room(line: serial.SerialBase) -> bool:
    """Whether the line takes something within `WRITE_S`. What cannot be waited for is taken to have room."""
    try:
        number = line.fileno()
    except io.UnsupportedOperation:
        return True
    return bool(select.select([], [number], [], WRITE_S)[1])


def _reason(error: Exception) -> str:
    """The foreign error in one line."""
    return str(error) or type(error).__name__


def comports() -> list[tuple[str, str, str, str]]:
    """The serial ports of this machine: device, VID:PID in hexadecimal or "", description, serial number or ""."""
    return [
        (
            each.device,
            f"{each.vid:04x}:{each.pid:04x}" if each.vid is not None else "",
            each.description if each.description not in {None, "n/a"} else "",
            each.serial_number or "",
        )
        for each in list_ports.comports()
    ]
