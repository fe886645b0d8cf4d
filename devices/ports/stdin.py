"""Standard input as a line: `rtl_433 -F json | anling gateway` and tests with a file."""

import os
import select

from devices.ports.port import READ_BYTES_MAX, LineSettings, PortLost


class StdinPort:
    """
    A `Port` that reads what is piped into the process.

    One-way: answers go nowhere, because standard output is the log's. The end of the input is a lost line; opening
    again finds the end again.
    """

    def __init__(self, address: str = "stdin:", settings: LineSettings | None = None, *, number: int = 0) -> None:
        """`number` is the file descriptor to read, 0 unless told. `ValueError` when something follows `stdin:`."""
        if address != "stdin:":
            raise ValueError(f"nothing may follow 'stdin:': {address!r}")
        self._number = number

    def open(self) -> None:
        pass

    def read(self, timeout_s: float) -> bytes:
        try:
            waiting = select.poll()
            waiting.register(self._number, select.POLLIN)
            if not waiting.poll(timeout_s * 1000):
                return b""
            data = os.read(self._number, READ_BYTES_MAX)
        except OSError as error:
            raise PortLost(f"standard input failed: {error}") from error
        if not data:
            raise PortLost("end of standard input")
        return data

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass
