"""
A provider's server on loopback, over a real socket: it answers as its API does, and goes wrong when told.

What it answers when all is well is handed in; what goes wrong are the faults of `twilio_faults`.
"""

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.hook_catcher import LoopbackServer
from tests.fakes.twilio_faults import Fault


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    raw_query: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


Answering = Callable[[Asked], tuple[int, object]]
"""What the server says to a request when all is well: a status, and what stands in the body: bytes, or what is JSON."""


class HttpStandin:
    """Use as a context manager; `base_url` is where it listens, `asked` is everything that came, well or not."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self._next: deque[Fault] = deque()
        self._lock = threading.Lock()
        self._server = LoopbackServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "HttpStandin":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def will(self, *faults: Fault) -> None:
        """These go wrong, one a request, in this order; after them all is well."""
        with self._lock:
            self._next.extend(faults)

    def next_fault(self, asked: Asked) -> Fault | None:
        with self._lock:
            self.asked.append(asked)
            return self._next.popleft() if self._next else None


def _handler(standin: HttpStandin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(
                method=self.command,
                path=parts.path,
                raw_query=parts.query,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers=headers,
                body=self.rfile.read(int(self.headers.get("Content-Length", 0))),
            )
            fault = standin.next_fault(asked)
            if fault is None:
                status, said = standin.answering(asked)
                self._write(status, said if isinstance(said, bytes) else json.dumps(said).encode(), ())
                return
            if fault.taken:
                standin.answering(asked)
            self._go_wrong(fault)

        def do_GET(self) -> None:
            self.do_POST()

        def do_DELETE(self) -> None:
            self.do_POST()

        def _go_wrong(self, fault: Fault) -> None:
            if fault.how in {"status", "refuse"}:
                self._write(fault.status, fault.body.encode(), fault.headers)
                return
            self.close_connection = True
            if fault.how == "hang":
                standin.closing.wait(60)
            elif fault.how == "drip":
                self._slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"{" * 200, fault.seconds)
            elif fault.how == "drip_headers":
                self._slowly(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 80, fault.seconds)
            elif fault.how == "reset":
                # Closing with linger 0 sends RST instead of FIN.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            elif fault.how == "half":
                self._send(b'HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{"Code":"OK",')
            else:
                assert fault.how == "close", fault

        def _slowly(self, octets: bytes, seconds: float) -> None:
            for octet in octets:
                if not self._send(bytes([octet])) or standin.closing.wait(seconds):
                    return

        def _send(self, octets: bytes) -> bool:
            try:
                self.connection.sendall(octets)
            except OSError:
                return False
            return True

        def _write(self, status: int, body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
            self.send_response(status)
            for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self._send(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
