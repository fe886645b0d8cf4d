"""
SCAIP (SS 91100:2014, CLC/TS 50134-9): the XML in the body of a SIP MESSAGE from a home unit.

    <mrq><ref>R1</ref><mty>ME</mty><cid>46701234567</cid><dty>0003</dty><did>00010001</did><stc>0010</stc></mrq>
         │            │            │                     │              │                  └ status: alarm by hand
         │            │            │                     │              └ the device behind the unit
         │            │            │                     └ device type: personal trigger
         │            │            └ the unit
         │            └ ME message, RE reset, IN information, PI heartbeat
         └ the sender's number of this message, repeated with it
    <mrs><ref>R1</ref><snu>0</snu></mrs>      our answer: 0 taken, 1 too long, 2 not XML, 3 wrong data, 7 tag missing

Dialects: the root may be `<scaip>`, in both directions; the content type may be application/scaip+xml, application/xml
or text/plain, which the SIP port keeps in its answer. Sources: `caruhome/scaip-gateway` (tags, their forms, code
lists), `Syntilio/Datahub-Scaip-Proxy`, `GermanBlas/SCAIP-TFG` (dialects). No real device's trace was found.

The stream: a message ends with the end tag of its root, or at a NUL, which no XML may hold. The port puts one after
every body, so that a body cut short is known as such.
"""

import html
import re
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime

from devices.decoders.decoder import FRAME_BYTES_MAX, NO_PROFILE, Frame, Tail, Tally
from devices.decoders.scaip_codes import ALARMS, STATUSES
from devices.decoders.scaip_message import NOT_XML, REFERENCE, TOO_LONG, canonical, frame_of, reply_heard, status_number
from devices.decoders.scaip_xml import Told, read
from dispatch.rules.signal import Event

__all__ = ["END", "Scaip", "canonical", "encode"]

END = b"\x00"
"""What may follow a body to say that nothing more comes of it."""

REFUSALS_MAX = 64
"""Refusals that wait to be fetched at most; one is fetched for each malformed message, at once."""

_ROOTS = frozenset({"mrq", "mrs", "scaip"})
_OPENING = re.compile(rb"<(?:[\w.-]{1,16}:)?(?:mrq|mrs|scaip)[\s/>]", re.IGNORECASE)
_ENDING = re.compile(rb"</(?:[\w.-]{1,16}:)?(?:mrq|mrs|scaip)\s{0,4}>|\x00+", re.IGNORECASE)
_ENDING_BYTES_MAX = 32


class Scaip:
    """
    One sender of SCAIP messages.

    `profile` maps a device type with a status (`0012+0009`), or a status (`0081`), to events where this sender's
    codes mean something else.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._tail = Tail(limit=FRAME_BYTES_MAX, tally=self.tally)
        self._overlong = 0
        self._last = b""
        self._heard = self._gibberish = False  # since the last body's end
        self._refusals: deque[bytes] = deque(maxlen=REFUSALS_MAX)

    @property
    def incomplete(self) -> bool:
        """Whether a message has begun and waits for its end."""
        return len(self._tail) > 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes. An end tag may itself be cut, so the last bytes are looked at again."""
        frames: list[Frame] = []
        seen, added, ended = self._last + data, len(self._last), 0
        for end in _ENDING.finditer(seen):
            text = seen[added : end.start() if end[0].startswith(END) else end.end()]
            if len(self._tail) or len(text) > FRAME_BYTES_MAX or not text.startswith(b"<"):
                self._add(text)
                text = self._tail.take()
            heard = self._ended(text)
            frames += heard
            self._heard |= bool(heard) or bool(text)
            if end[0].startswith(END):
                self._body_ended()
            added = ended = end.end()
        self._add(seen[added:])
        self._last = seen[max(ended, len(seen) - _ENDING_BYTES_MAX) :]
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """The answer in the sender's dialect, for every copy again; nothing to what was itself an answer."""
        return _answer(frame) if frame.answers else b""

    def refuse(self, data: bytes) -> bytes:
        """The answer to the oldest malformed message that has not had one."""
        return self._refusals.popleft() if self._refusals else b""

    def _add(self, data: bytes) -> None:
        """Keeps what may become a message; whatever stands between two of them is white or noise."""
        if not len(self._tail) and not data.startswith(b"<"):
            opening = data.find(b"<")
            self._count_noise(data if opening < 0 else data[:opening])
            data = data[opening:] if opening >= 0 else b""
        self._tail.add(data)

    def _body_ended(self) -> None:
        """A body in which nothing even began was meant as a message too, and its sender waits for an answer."""
        if self._gibberish and not self._heard:
            self.tally.malformed += 1
            self._refusals.append(_REFUSALS["mrs", False])
        self._heard = self._gibberish = False

    def _ended(self, text: bytes) -> Sequence[Frame]:
        too_long, self._overlong = self.tally.overlong > self._overlong, self.tally.overlong
        for start in _starts(text):
            told = read(text[start:])
            if told is not None and told.root in _ROOTS:
                self._count_noise(text[:start])
                return (_frame(told, text[start:], self._profile),)
        if text:
            self.tally.malformed += 1
            self._refusals.append(_REFUSALS[_dialect(text), too_long])
        return ()

    def _count_noise(self, data: bytes) -> None:
        if not data:
            return
        noise = len(data.translate(None, b" \t\r\n\xef\xbb\xbf"))
        self.tally.noise_bytes += noise
        self._gibberish |= noise > 0


def encode(address: str, event: Event = Event.PRESS, *, count: int = 0) -> bytes:
    """
    The message with which a unit (`CID`) would report itself, or a device behind it (`CID:DID`).

    What SCAIP has no code for is sent as a test (stc 0102). `count` makes the reference.
    """
    unit, _, device = address.partition(":")
    kind, status = _codes_of(event, "0003" if device else "0002")
    tags = {"ref": f"R{count:04d}", "mty": _KINDS.get(event, ""), "cid": unit, "dty": kind, "did": device}
    return _composed("mrq", tags | {"stc": status})


_KINDS = {Event.HEARTBEAT: "PI", Event.UPDATE: "IN"}
_STATED = {
    Event.PRESS: "0010",
    Event.ALARM: "0009",
    Event.CANCEL: "0019",
    Event.LOW_BATTERY: "0016",
    Event.TAMPER: "0125",
    Event.RESTORE: "0094",
    Event.HEARTBEAT: "",
    Event.UPDATE: "",
}


def _codes_of(event: Event, own: str) -> tuple[str, str]:
    """A device type and a status that say this event; `own` is the type of who says it, where any may."""
    if event in _STATED:
        return own, _STATED[event]
    kinds = [kind for kind, alarm in ALARMS.items() if alarm is event]
    statuses = [status for status, stated in STATUSES.items() if stated is event]
    return (kinds[0], "0009") if kinds else (own, statuses[0] if statuses else "0102")


def _starts(text: bytes) -> Sequence[int]:
    """
    Where a message may begin: at the beginning, or at the last root, behind a cut message or a DOCTYPE unread. Nowhere
    in what is worth no parser: no document ends with a tag that begins something.
    """
    last_tag = text[text.rfind(b"<") :].rstrip()
    if not (last_tag.endswith(b">") and (last_tag.startswith(b"</") or last_tag.endswith(_CLOSED))):
        return ()
    last = deque(_OPENING.finditer(text), maxlen=1)
    if not last:
        return ()
    start = last[0].start()
    return (0, start) if start else _AT_ONCE


_AT_ONCE = (0,)
_CLOSED = (b"/>", b"->", b"?>")


def _frame(told: Told, raw: bytes, profile: Mapping[str, Event]) -> Frame:
    is_reply = told.root == "mrs" or ("snu" in told.tags and "dty" not in told.tags)
    return reply_heard(told.tags, raw) if is_reply else frame_of(told.tags, raw, profile)


def _answer(frame: Frame) -> bytes:
    """What is not a reference is not sent back."""
    reference = str(frame.fields.get("ref", ""))
    said = {"ref": reference} if REFERENCE.fullmatch(reference) else {}
    return _composed(_dialect(frame.raw), said | {"snu": status_number(frame.fields)})


def _dialect(text: bytes) -> str:
    """The root of the answer: the sender's own, where it uses one root for both directions."""
    root = _OPENING.search(text) if len(text) > len(b"<scaip>") - 1 else None
    return "scaip" if root is not None and b"scaip" in root[0].lower() else "mrs"


def _composed(root: str, tags: Mapping[str, str]) -> bytes:
    said = "".join(f"<{name}>{html.escape(value, quote=False)}</{name}>" for name, value in tags.items() if value)
    return f"<{root}>{said}</{root}>".encode()


_REFUSALS = {
    (root, too_long): _composed(root, {"snu": TOO_LONG if too_long else NOT_XML})
    for root in ("mrs", "scaip")
    for too_long in (False, True)
}
"""What is said to something that is no message, by its dialect and whether it was too long."""
