"""
Messages of alarm receivers to their automation: Sur-Gard MLR2 and System I-III, Radionics 6500, Ademco 685.

See `surgard_messages.py` for the messages. The answer is one byte within 4 s: 06 for each message and each copy, 15 for
a garbled one. Without it the receiver repeats three times and then buffers, so nothing is acknowledged before it is
durable, and every message of a known form is, whatever it says: what is refused holds up all behind it. There is no
checksum and no sequence number. Sources: Sur-Gard MLR2-E, MLR2-DG and MLR2000 manuals.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from devices.decoders import accounts
from devices.decoders.accounts import Unkept
from devices.decoders.contact_id_codes import contact_id_stated
from devices.decoders.decoder import NO_PROFILE, Frame, Tail, Tally
from devices.decoders.surgard_messages import LINES, MESSAGES, Form, link_test
from devices.decoders.surgard_print import printed
from dispatch.rules.signal import Event

ACK = b"\x06"
NAK = b"\x15"

MESSAGE_BYTES_MAX = 256
"""The longest message has some 80 bytes (SIA blocks: 66, MLR2-E); a terminator later than this ends noise."""

TEXT_BYTES_MIN = 6
"""The shortest are a heartbeat without its blanks and an empty block: `1011 @`, `0011[]`."""

_TERMINATOR = re.compile(rb"\x14+|\r")
_LINK_TEST = (link_test(b"\r"),)
_WITHOUT_PARITY = bytes(byte & 0x7F if byte.bit_count() % 2 == 0 else byte for byte in range(256))
"""What 7 bits with even parity look like when read as 8 bits: bit 7 makes the number of ones even."""


class Surgard:
    """
    One receiver, on a serial line or TCP.

    `profile` maps codes of its panels to events where they differ from the standard: three digits for Contact ID, two
    letters for SIA, one for the basic format.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._tail = Tail(limit=MESSAGE_BYTES_MAX, tally=self.tally)
        self._unkept = Unkept()
        self._messages = 0
        self._speaks_685 = False

    @property
    def incomplete(self) -> bool:
        """Whether a message has begun and waits for its terminator."""
        return len(self._tail) > 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes, whether the line was opened with seven bits or with eight."""
        clean = data.translate(_WITHOUT_PARITY)
        frames: list[Frame] = []
        at = 0
        for end in _TERMINATOR.finditer(clean):
            piece, at = clean[at : end.start() + 1], end.end()
            if piece == b"\r" and not len(self._tail):
                frames += self._asked()
            else:
                frames += (self._line if end[0] == b"\r" else self._message)(piece)
        self._tail.add(clean[at:])
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """06, for every copy again; for a message of several events once, when all of them are kept."""
        return ACK if self._unkept.completed_by(frame) else b""

    def refuse(self, data: bytes) -> bytes:
        """15: the same message, please."""
        return NAK

    def _message(self, piece: bytes) -> Sequence[Frame]:
        """What a DC4 has ended. Noise may stand before the message, never behind it."""
        if len(self._tail) or len(piece) > MESSAGE_BYTES_MAX:
            self._tail.add(piece)
            piece = self._tail.take()
        return self._one_of(MESSAGES, piece)

    def _line(self, piece: bytes) -> Sequence[Frame]:
        """What a CR has ended, if it began with LF; else the CR is noise in a message that may still end well."""
        if len(self._tail) or len(piece) > MESSAGE_BYTES_MAX or b"\n" not in piece:
            self._tail.add(piece)
            if b"\n" not in self._tail:
                return ()
            piece = self._tail.take()
        if not piece.strip(b"\r\n"):
            return self._asked() and (link_test(piece),)
        frames = self._one_of(LINES, piece)
        self._speaks_685 |= bool(frames)
        return frames

    def _asked(self) -> Sequence[Frame]:
        """A lone CR is the 685 link test. Noise has those too, so it counts only where 685 has been spoken before."""
        return _LINK_TEST if self._speaks_685 else ()

    def _one_of(self, forms: Sequence[Form], data: bytes) -> Sequence[Frame]:
        text = data[:-1].decode("latin-1")
        for form, read in forms if len(data) > TEXT_BYTES_MIN else ():
            found = form.search(text)
            if found is not None:
                self.tally.noise_bytes += found.start()
                self._messages += 1
                return read(found, printed(data[found.start() :], self._messages, self._profile))
        self.tally.malformed += bool(text.strip())
        return []


def canonical(address: str) -> str:
    """The one spelling of an address (`ACCOUNT` or `ACCOUNT:ZONE`): upper case, three places for the zone."""
    return accounts.canonical(address)


def encode(address: str, event: Event = Event.PRESS, *, count: int = 0) -> bytes:
    """
    The Contact ID message with which a receiver reports this account (`ACCOUNT` or `ACCOUNT:ZONE`).

    A restore is sent as such; what Contact ID has no code for is sent as a test (602). `count` chooses the line, 1-9.
    """
    if event is Event.HEARTBEAT:
        return b"1011           @    \x14"
    account, _, zone = address.partition(":")
    qualifier, code = contact_id_stated(event)
    printed = _PRINTED[qualifier]
    return f"501{count % 9 + 1} 18{account}{printed}{code}01{zone[-3:] or '000':0>3}\x14".encode("ascii")


_PRINTED = {"1": "E", "3": "R", "6": "P"}
