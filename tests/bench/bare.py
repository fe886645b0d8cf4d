"""
The floor of figure 1, a program of its own: read the pty, commit the same rows by hand with synchronous=FULL, post.

    python -m tests.bench.bare PTY DATABASE PORT

No decoder, no decision, no courier, no Twilio client: what is left is what the machine wants for it. The rows are those
of one alarm: signal, alarm, offer, choice, message, attempt, three lines of the record; one commit.
"""

import base64
import http.client
import json
import os
import secrets
import socket
import sys
import time
import tty
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dispatch.ids import new_id
from dispatch.store.database import sqlite_module
from tests.bench.service import SENDER
from tests.bench.town import compound
from tests.fakes.twilio_standin import ACCOUNT, TOKEN

FRAME = 32
"""Bytes of a frame of the floor: the number of the home, filled up."""

_COLUMNS = {
    "alarms": ("id", "number", "subject", "cause", "state", "raised_at", "due_at", "policy_id", "home_id",
               "resident_id", "station_id", "lat", "lng", "place_source", "press_count", "pressed_at", "step", "rounds",
               "stepped_at", "delayed_s", "version"),
    "signals": ("id", "event", "cause", "gateway", "protocol", "address", "dedup_key", "received_at", "home_id",
                "resident_id", "alarm_id", "raw", "trusted", "copies", "details"),
    "offers": ("id", "alarm_id", "person", "code", "state", "offered_at", "eta_s", "asked"),
    "choices": ("alarm_id", "version", "at", "choice"),
    "messages": ("id", "key", "sentence", "channel", "priority", "to", "person", "lang", "facts", "answerable",
                 "alarm_id", "offer_id", "state", "posted_at", "due_at", "expires_at", "fence", "tries"),
    "attempts": ("id", "message_id", "seq", "provider", "started_at", "outcome", "text"),
    "entries": ("number", "at", "boot", "steady_us", "kind", "by", "alarm_id", "body", "before", "hash"),
}  # fmt: skip
_INSERT = {
    table: 'INSERT INTO {} ("{}") VALUES ({})'.format(table, '", "'.join(names), ", ".join("?" * len(names)))
    for table, names in _COLUMNS.items()
}
_HOME = """
SELECT h.id, h.lat, h.lng, h.station_id, r.id FROM homes h JOIN residents r ON r.home_id = h.id WHERE h.code = ?
"""
_CHOICE = json.dumps([{"carer_id": f"{n:032x}", "travel_s": n, "reasons": [{"code": "travel"}] * 2} for n in range(20)])


def run(pty: str, database: str, port: int) -> None:
    """Serves until the other end of the line goes."""
    connection = sqlite_module().connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(
        "INSERT OR IGNORE INTO policies (id, name, content, first_used_at) VALUES ('bare', 'bare', '{}', 0)"
    )
    api = _Api(port)
    line = os.open(pty, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    print("ready", flush=True)
    waiting = b""
    while data := os.read(line, 4096):
        waiting += data
        while len(waiting) >= FRAME:
            frame, waiting = waiting[:FRAME], waiting[FRAME:]
            number = int(frame)
            _keep(connection, number, frame)
            api.post(number)


def _keep(connection: Any, number: int, frame: bytes) -> None:
    """The rows of one alarm in one transaction."""
    now = time.time_ns() // 1000
    alarm, offer, message = new_id(), new_id(), new_id()
    connection.execute("BEGIN IMMEDIATE")
    home, lat, lng, station, resident = connection.execute(_HOME, (f"H{number}",)).fetchone()
    later, subject = now + 30_000_000, f"home:{home}"
    where = (home, resident, station, lat, lng, "home")
    _put(connection, "alarms", (alarm, f"0000-{number}", subject, "press", "offered", now, later, "bare", *where,
                                1, now, 0, 0, now, 0, 1))  # fmt: skip
    _put(connection, "signals", (new_id(), "press", "press", "bare", "rflink", f"{number}", f"bare:{number}", now, home,
                                 resident, alarm, frame, 1, 1, "{}"))  # fmt: skip
    _put(connection, "offers", (offer, alarm, f"carer:{number}", 10, "open", now, 300, 1))
    _put(connection, "choices", (alarm, 1, now, _CHOICE))
    _put(connection, "messages", (message, offer, "offer", "sms", 0, "+447700900000", f"carer:{number}", "zh", "{}", 1,
                                  alarm, offer, "claimed", now, now, now + 120_000_000, 1, 1))  # fmt: skip
    _put(connection, "attempts", (new_id(), message, 1, "twilio", now, "in_flight", compound(number)))
    head = connection.execute("SELECT max(number) FROM entries").fetchone()[0] or 0
    for place, kind in enumerate(("raised", "chosen", "offered"), 1):
        before, hash_ = secrets.token_hex(32), secrets.token_hex(32)
        _put(connection, "entries", (head + place, now, "bare", now, kind, "service:", alarm, "{}", before, hash_))
    connection.execute("COMMIT")


def _put(connection: Any, table: str, values: Sequence[Any]) -> None:
    connection.execute(_INSERT[table], values)


class _Api:
    """A kept-alive connection to the stand-in."""

    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._line.connect()
        self._line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        self._headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        self._path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

    def post(self, number: int) -> None:
        text = f"【安铃】急 {compound(number)} 按铃求助 12:00 约5分钟，回1接单，2去不了"
        form = urlencode({"To": "+447700900000", "From": SENDER, "Body": text})
        self._line.request("POST", self._path, form, self._headers)
        self._line.getresponse().read()


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], int(sys.argv[3]))
