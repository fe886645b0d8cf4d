"""
Our own stand-in for Twilio's API, over a real socket on loopback.

It takes messages and calls, keeps what it got, misbehaves when told, and signs callbacks as Twilio does. It has what
the third-party emulators lack: hangs, drips, resets, errors with and without taking the message, refusals by code.
"""

import base64
import json
import socket
import ssl
import struct
import threading
import time
import urllib.request
import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from queue import Queue
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.fakes.hook_catcher import LoopbackServer
from tests.fakes.twilio_faults import Fault

ACCOUNT = "AC" + "0" * 32
TOKEN = "standin_auth_token"

# Twilio's test numbers (messaging reference, 1.10): what a create to or from them is refused with.
MAGIC_TO = {"+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408, "+15005550004": 21610,
            "+15005550009": 21614}  # fmt: skip
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}


class TwilioStandin:
    """Use as a context manager; `base_url` is where it listens. `now` gives the time of what it makes."""

    def __init__(self, *, account: str = ACCOUNT, token: str = TOKEN, now: Callable[[], float] = time.time) -> None:
        self.account, self.token, self.now = account, token, now
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.made: list[dict] = []
        self.changed: Queue[tuple[str, dict[str, str]]] = Queue()
        self.always: Fault | None = None
        self.closing = threading.Event()
        self._next: deque[Fault] = deque()
        self._lock = threading.Lock()
        self._drawn = 0
        self._encrypted = False
        self._server = LoopbackServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> "TwilioStandin":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        start = "https://localhost" if self._encrypted else "http://127.0.0.1"
        return f"{start}:{self._server.server_port}"

    def encrypt(self, context: ssl.SSLContext) -> None:
        """From now on over TLS."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._encrypted = True

    def will(self, *faults: Fault) -> None:
        """
        These go wrong, one a request, in this order; after them all is well (or `always`). To be asked what came in is
        no such request: it comes at times of its own.
        """
        with self._lock:
            self._next.extend(faults)

    def creates(self) -> list[dict[str, str]]:
        """The forms of every create that arrived, taken or not."""
        with self._lock:
            return [form for method, _, form in self.requests if method == "POST"]

    # -- what it says of itself -----------------------------------------------------------------------------------

    def call_back(self, sid: str, status: str, *, through: str | None = None, **more: str) -> int:
        """Send a signed status callback for what it made; the HTTP status of the answer. A call has `CallSid`."""
        made = self.find(sid)
        made["status"] = status
        kind = "Call" if sid.startswith("CA") else "Message"
        form = {"AccountSid": self.account, f"{kind}Sid": sid, f"{kind}Status": status, "ApiVersion": "2010-04-01"}
        if kind == "Message":
            form |= {"SmsSid": sid, "SmsStatus": status}
        form |= {"To": made["to"], "From": made["from"] or "", **more}
        return self.post(made["_params"]["StatusCallback"], form, through=through)[0]

    def reply(self, url: str, *, sender: str, to: str, body: str, through: str | None = None) -> tuple[int, str]:
        """A person's text message, signed, to `url`."""
        sid = self._sid("SM")
        form = {"AccountSid": self.account, "MessageSid": sid, "SmsSid": sid, "From": sender, "To": to, "Body": body,
                "NumMedia": "0", "NumSegments": "1", "FromCity": "", "ApiVersion": "2010-04-01"}  # fmt: skip
        self.write(sid, sender=sender, to=to, body=body)
        return self.post(url, form, through=through)

    def write(self, sid: str, *, sender: str, to: str, body: str) -> None:
        """A person's text message as Twilio keeps it: all that is left when its webhook is lost."""
        made = self.keep("Messages", {"To": to, "From": sender, "Body": body, "StatusCallback": ""})
        made |= {"sid": sid, "direction": "inbound", "status": "received", "date_sent": made["date_created"]}

    def press(self, sid: str, digits: str, *, through: str | None = None) -> tuple[int, str]:
        """The person who was called presses keys: a signed request to the Gather's action."""
        made = self.find(sid)
        gather = ET.fromstring(made["_params"]["Twiml"]).find("Gather")
        assert gather is not None, "this call takes no keys"
        form = {"AccountSid": self.account, "CallSid": sid, "CallStatus": "in-progress", "Digits": digits,
                "To": made["to"], "From": made["from"], "msg": "Gather End"}  # fmt: skip
        return self.post(gather.attrib["action"], form, through=through)

    def post(self, url: str, form: dict[str, str], *, through: str | None = None) -> tuple[int, str]:
        """
        Sign for `url` and post. `through` is the loopback server behind the public address, as a proxy would reach it.
        """
        public = urldefrag(url).url
        parts = urlsplit(public)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        target = through.rstrip("/") + path if through else public
        assert urlsplit(target).hostname in ("127.0.0.1", "localhost"), "a stand-in asks nothing of the network"
        signature = RequestValidator(self.token).compute_signature(public, form)
        request = urllib.request.Request(target, urlencode(form).encode(), {"X-Twilio-Signature": signature})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def find(self, sid: str) -> dict:
        with self._lock:
            return next(made for made in self.made if made["sid"] == sid)

    # -- used by the handler --------------------------------------------------------------------------------------

    def next_fault(self, method: str, form: dict[str, str]) -> Fault | None:
        asked_what_came = method == "GET" and any(name.startswith("DateSent") for name in form)
        with self._lock:
            return self.always if asked_what_came or not self._next else self._next.popleft()

    def keep(self, kind: str, form: dict[str, str]) -> dict:
        at = formatdate(self.now()).replace("-0000", "+0000")
        made = {
            "sid": self._sid("CA" if kind == "Calls" else "SM"), "account_sid": self.account, "status": "queued",
            "to": form["To"], "from": form.get("From"), "body": form.get("Body"), "direction": "outbound-api",
            "date_created": at, "date_updated": at, "date_sent": None, "error_code": None, "error_message": None,
            "num_segments": "1", "api_version": "2010-04-01", "price": None, "price_unit": "USD",
            "messaging_service_sid": form.get("MessagingServiceSid"), "_kind": kind, "_params": form,
        }  # fmt: skip
        with self._lock:
            self.made.append(made)
        return made

    def listed(self, kind: str, to: str | None) -> list[dict]:
        with self._lock:
            return [made for made in reversed(self.made) if made["_kind"] == kind and to in (None, made["to"])]

    def _sid(self, start: str) -> str:
        with self._lock:
            self._drawn += 1
            return f"{start}{self._drawn:032x}"


def _handler(standin: TwilioStandin) -> type[BaseHTTPRequestHandler]:
    root = f"/2010-04-01/Accounts/{standin.account}/"
    basic = "Basic " + base64.b64encode(f"{standin.account}:{standin.token}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            kind = urlsplit(self.path).path.removeprefix(root).removesuffix(".json")
            kind, _, sid = kind.partition("/")
            well = (lambda: self._change(sid, form)) if sid else (lambda: self._create(kind, form))
            self._serve("POST", form, well, lambda: standin.keep(kind, form))

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            kind, _, sid = parts.path.removeprefix(root).removesuffix(".json").partition("/")
            self._serve("GET", query, lambda: self._fetch(sid) if sid else self._list(kind, query), dict)

        def _serve(self, method: str, form: dict[str, str], well: Callable[[], None], keep: Callable[[], dict]) -> None:
            standin.requests.append((method, self.path, form))
            fault = standin.next_fault(method, form)
            if self.headers.get("Authorization") != basic:
                self._error(401, 20003)
            elif fault is None:
                well()
            elif fault.how == "delay":
                standin.closing.wait(fault.seconds)
                well()
            else:
                self._go_wrong(fault, keep() if fault.taken else {})

        def _create(self, kind: str, form: dict[str, str]) -> None:
            code = MAGIC_TO.get(form["To"]) or MAGIC_FROM.get(form.get("From", ""))
            if code:
                self._error(400, code)
            else:
                self._answer(201, _shown(standin.keep(kind, form)))

        def _change(self, sid: str, form: dict[str, str]) -> None:
            """Other words for a call under way."""
            made = standin.find(sid)
            made["_params"] = made["_params"] | form
            standin.changed.put((sid, form))
            self._answer(200, _shown(made))

        def _list(self, kind: str, query: dict[str, str]) -> None:
            page = standin.listed(kind, query.get("To"))[: int(query.get("PageSize", 50))]
            self._answer(200, {kind.lower(): [_shown(made) for made in page], "page": 0, "next_page_uri": None})

        def _fetch(self, sid: str) -> None:
            try:
                self._answer(200, _shown(standin.find(sid)))
            except StopIteration:
                self._error(404, 20404)

        def _go_wrong(self, fault: Fault, made: dict) -> None:
            if fault.how == "refuse":
                self._error(fault.status, fault.code, fault.headers)
            elif fault.how == "problem":
                self._answer(fault.status, {"type": "t", "title": "no", "status": fault.status, "code": fault.code})
            elif fault.how == "status":
                self._write(fault.status, fault.body.encode(), "text/html", fault.headers)
            else:
                self.close_connection = True
                getattr(self, f"_{fault.how}")(fault, json.dumps(_shown(made)).encode())

        def _hang(self, fault: Fault, body: bytes) -> None:
            standin.closing.wait(60)

        def _drip(self, fault: Fault, body: bytes) -> None:
            self._send(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body))
            self._slowly(body, fault.seconds)

        def _drip_headers(self, fault: Fault, body: bytes) -> None:
            self._slowly(b"HTTP/1.1 201 Created\r\n" + b"X-Slow: 1\r\n" * 80, fault.seconds)

        def _slowly(self, octets: bytes, seconds: float) -> None:
            for octet in octets:
                if not self._send(bytes([octet])) or standin.closing.wait(seconds):
                    return

        def _close(self, fault: Fault, body: bytes) -> None:
            """Nothing more."""

        def _reset(self, fault: Fault, body: bytes) -> None:
            # Closing with linger 0 sends RST instead of FIN; the handler's own references are closed right after.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def _half(self, fault: Fault, body: bytes) -> None:
            self._send(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body) + body[: len(body) // 2])

        def _send(self, octets: bytes) -> bool:
            try:
                self.connection.sendall(octets)
            except OSError:
                return False
            return True

        def _error(self, status: int, code: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
            words = {"code": code, "message": f"refused: +8613800000001 is {code}", "status": status}
            self._write(status, json.dumps(words).encode(), "application/json", headers)

        def _answer(self, status: int, words: dict) -> None:
            self._write(status, json.dumps(words).encode(), "application/json", ())

        def _write(self, status: int, body: bytes, content_type: str, headers: tuple[tuple[str, str], ...]) -> None:
            self.send_response(status)
            for name, value in (("Content-Type", content_type), ("Content-Length", str(len(body))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self._send(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _shown(made: dict) -> dict:
    return {name: value for name, value in made.items() if not name.startswith("_")}
