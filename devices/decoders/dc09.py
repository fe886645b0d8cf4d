"""
SIA DC-09: how alarm panels report over TCP and UDP.

    ␊CCCC0LLL"ADM-CID"0001R0L0#1234[#1234|1101 01 001]_14:12:04,09-25-2011␍
     │   └ length of all from the quote to before ␍, three hexadecimal digits; senders get it wrong
     └ CRC-16/ARC of the same, four hexadecimal digits or (LUPUS) two bytes

The answer repeats sequence, receiver, line and account: `ACK` when it is kept (`*ACK` with the time, encrypted, to an
encrypted message); `NAK` with our time when the time of an encrypted message is not now, so that the panel sets its
clock and sends again (DC-09-2013 5.5.3.2); `DUH` when the message is whole but nothing in it can be used (5.5.3.3);
nothing to a wrong CRC, so that the panel repeats. See `dc09_message.py` for what a message holds and its sources.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from devices.decoders import accounts
from devices.decoders.accounts import Unkept
from devices.decoders.contact_id_codes import contact_id_stated
from devices.decoders.dc09_cipher import NO_KEYS, Keys, decrypted, encrypted
from devices.decoders.dc09_events import Statement, frames, statements
from devices.decoders.dc09_message import Block, Head, Message, block_of, crc, framed, head_of, secret_block_of, stamp
from devices.decoders.decoder import NO_PROFILE, Frame, Tally
from devices.decoders.sia_codes import sia_stated
from dispatch.rules.signal import Event, Scope

BODY_BYTES_MAX = 4096
"""The length field holds three hexadecimal digits; what goes on without a line end is noise."""

START_BYTES_MAX = 96
"""No head of a message and no keep-alive is longer: so much is kept of what is neither yet."""

_HEX = b"[0-9A-Fa-f]"
_START = re.compile(
    rb'(?s:\n?(?P<ascii>%b{4})|\n(?P<binary>..))0(?P<length>%b{3})"'
    % (_HEX, _HEX)
    + rb"|SR(?P<receiver>[0-9]{4})L(?P<line>[0-9]{4}) {1,16}(?P<account>[0-9A-Za-z]{1,16}) {1,16}"
    rb"\[ID(?P<id>[0-9A-Za-z]{1,16})\]"
)
_STOP = re.compile(rb"[\r\n]")
_BLANK = b" \t\r\n\0"


class _Envelope(NamedTuple):
    """What stood before the quote: its bytes, the check sum and length they state, and how the sum was written."""

    raw: bytes
    crc: int
    length: int
    binary: bool

    @classmethod
    def of(cls, found: re.Match[bytes]) -> "_Envelope":
        binary, length = found["binary"], int(found["length"], 16)
        if binary is None:
            return cls(found[0][:-1], int(found["ascii"], 16), length, False)
        return cls(found[0][:-1], int.from_bytes(binary, "big"), length, True)


class Dc09:
    """
    One panel or receiver, on a TCP connection or as one peer over UDP. A datagram without its carriage return is ended
    by feeding one; a return too many is no harm.

    `profile` maps codes of its panels to events where they differ from the standard: three digits for Contact ID, two
    letters for SIA. `keys` maps an account (or `*`) to its AES key as typed into the panel: 32, 48 or 64 hexadecimal
    digits, or 16, 24 or 32 characters; a key of another form is a ValueError.

    What is said at a wrong time is heard all the same, and answered so that the panel says it again, which joins: a
    clock that is wrong is more likely than somebody who plays back a recording, and a lost press is worse than a walk.
    A recording of what was heard at its own time is known by that time (`sealed`) and raises nothing again.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE, keys: Mapping[str, str] = NO_KEYS) -> None:
        self.tally = Tally()
        self._profile = profile
        self._keys = Keys(keys)
        self._unkept = Unkept()
        self._tail = bytearray()
        self._envelope: _Envelope | None = None
        self._messages = 0

    @property
    def incomplete(self) -> bool:
        """Whether a message has begun and waits for its end."""
        return self._envelope is not None

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes; one for each event of a message that tells several."""
        self._tail += data
        frames: list[Frame] = []
        if not self._waits(data):
            self._forget(self._cut(bytes(self._tail), frames))
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """
        The answer to the message, once all its events are kept; for every copy again. Nothing for a wrong CRC.

        `pad` needs 16 random bytes where messages are encrypted.
        """
        if not (frame.trusted and frame.answers and self._unkept.completed_by(frame)):
            return b""
        if frame.fields["kind"] == "keepalive":
            return b'"ACK"'
        return framed(self._answer(frame, at, pad).encode("ascii", "replace"), binary=frame.fields["binary_crc"])

    def refuse(self, data: bytes) -> bytes:
        """Nothing: a message whose CRC is wrong must not be answered."""
        return b""

    # ------------------------------------------------------------------------------------------------ framing

    def _waits(self, data: bytes) -> bool:
        """Whether these bytes neither complete a head nor end a message: most reads of a slow line."""
        if self._envelope is not None:
            return len(self._tail) <= BODY_BYTES_MAX and b"\r" not in data and b"\n" not in data
        if b'"' in data or b"]" in data:
            return False
        self._drop(len(self._tail) - START_BYTES_MAX)
        return True

    def _cut(self, kept: bytes, frames: list[Frame]) -> int:
        """
        Reads all that is whole. Returns how far it came; what is neither whole nor noise waits for more.

        A line feed in the place of the line end already begins the next message.
        """
        at = 0
        while True:
            if self._envelope is None:
                found = _START.search(kept, at)
                if found is None:
                    return at
                self._count_noise(kept[at : found.start()])
                at = found.end()
                if found["id"] is not None:
                    frames.append(_keepalive(found))
                    continue
                self._envelope, at = _Envelope.of(found), at - 1
            stop = _STOP.search(kept, at)
            length = (stop.start() if stop else len(kept)) - at
            if length > BODY_BYTES_MAX:
                self._envelope, self.tally.overlong = None, self.tally.overlong + 1
                self._count_noise(kept[at : at + BODY_BYTES_MAX])
                at += BODY_BYTES_MAX
            elif stop is None:
                return at
            else:
                envelope, self._envelope = self._envelope, None
                frames += self._read(envelope, kept[at : at + length], stop[0].rstrip(b"\n"))
                at = stop.end() if stop[0] == b"\r" else stop.start()

    def _forget(self, count: int) -> None:
        """What was read; and of noise, what no head that is still to come can begin with."""
        del self._tail[:count]
        if self._envelope is None:
            self._drop(len(self._tail) - START_BYTES_MAX)

    def _drop(self, count: int) -> None:
        if count > 0:
            self._count_noise(bytes(self._tail[:count]))
            del self._tail[:count]

    def _count_noise(self, data: bytes) -> None:
        if data:
            self.tally.noise_bytes += len(data.translate(None, _BLANK))

    # ------------------------------------------------------------------------------------------------ meaning

    def _read(self, envelope: _Envelope, body: bytes, end: bytes) -> list[Frame]:
        """With a wrong CRC, only what is whole otherwise and means something to us is worth to be heard."""
        message = self._message(envelope, body, end)
        said = statements(message, self._profile) if message is not None else ()
        self.tally.bad_checksum += message is not None and not message.crc_ok
        if message is None or not (message.crc_ok or (message.block and message.block.whole and _useful(said))):
            self.tally.malformed += 1
            return []
        self._messages += 1
        return frames(message, said, {"answer": self._reply(message, said), "message": self._messages})

    def _message(self, envelope: _Envelope, body: bytes, end: bytes) -> Message | None:
        head = head_of(body)
        if head is None:
            return None
        length_ok = len(body) == envelope.length
        crc_ok = crc(body) == envelope.crc
        return Message(envelope.raw + body + end, head, self._opened(head)[0], crc_ok, length_ok, envelope.binary)

    def _opened(self, head: Head) -> tuple[Block | None, bytes]:
        """The block and the key that opens it; None where it is not closed, or no key of ours opens it."""
        if not head.encrypted:
            return block_of(head.content), b""
        for key in self._keys.of(head.account):
            plain = decrypted(head.cipher_text, key)
            block = secret_block_of(plain) if plain is not None else None
            if block is not None:
                return block, key
        return None, b""

    def _reply(self, message: Message, said: Sequence[Statement]) -> str:
        """
        Nothing to a wrong CRC. What a message that does not open with our key has failed is the test of its time: NAK.
        Without a key there is no time to test, and nothing in the message that we could use: DUH.
        """
        if not message.crc_ok:
            return ""
        if message.block is None and message.head.encrypted and self._keys.of(message.head.account):
            return "NAK"
        return "ACK" if message.block is not None and _useful(said) else "DUH"

    # ------------------------------------------------------------------------------------------------ answers

    def _answer(self, frame: Frame, at: datetime, pad: bytes) -> str:
        fields, told = frame.fields, frame.fields["answer"]
        if told == "NAK" or (told == "ACK" and fields["encrypted"] and not frame.is_timely(at)):
            return f'"NAK"0000R0L0A0[]{stamp(at)}'
        parts = [f"{letter}{fields[name]}" for letter, name in (("R", "receiver"), ("L", "line")) if name in fields]
        sender = f"{fields['seq']}{''.join(parts)}#{fields['account']}["
        if told == "ACK" and fields["encrypted"]:
            return f'"*ACK"{sender}{encrypted(f"]{stamp(at)}", self._key_of(frame), pad)}'
        return f'"{told}"{sender}]'

    def _key_of(self, frame: Frame) -> bytes:
        """The key that opened it, found anew: what is kept with a frame is read by people."""
        start = _START.match(frame.raw)
        head = head_of(frame.raw[start.end() - 1 :].rstrip(b"\r")) if start is not None else None
        assert head is not None, "a frame of another decoder"
        return self._opened(head)[1]


def _useful(said: Sequence[Statement]) -> bool:
    return any(one.event is not Event.UNKNOWN for one in said)


def _keepalive(found: re.Match[bytes]) -> Frame:
    """`SR0001L0001    006969XX    [ID00000000]`: seen beside DC-09, proprietary, without a line end of its own."""
    said = {name: found[name].decode("ascii") for name in ("receiver", "line", "account", "id")}
    address = canonical(said["account"])
    return Frame(
        event=Event.HEARTBEAT,
        raw=found[0],
        address=address,
        scope=Scope.GATEWAY,
        dedup_key=f"dc09:keepalive:{address}",
        answers=True,
        fields=MappingProxyType({"kind": "keepalive", **said}),
    )


def canonical(address: str) -> str:
    """The one spelling of an address (`ACCOUNT` or `ACCOUNT:ZONE`): upper case, three places for the zone."""
    return accounts.canonical(address)


def encode(
    address: str,
    event: Event = Event.PRESS,
    *,
    count: int = 0,
    form: str = "ADM-CID",
    key: str = "",
    at: datetime | None = None,
    pad: bytes = b"",
    binary: bool = False,
) -> bytes:
    """
    The message with which a panel of this account (`ACCOUNT` or `ACCOUNT:ZONE`) reports an event.

    `form` is `ADM-CID` or `SIA-DCS`; a heartbeat is a `NULL`; what the code has no word for is sent as a test.
    `count` draws the sequence, 0001 to 9999. With a `key` it is encrypted, and then needs `at`, its time, and 16 random
    bytes of `pad`. `binary` writes the CRC as LUPUS does.
    """
    account, _, zone = address.partition(":")
    alive = event is Event.HEARTBEAT
    token, sequence = ("NULL", 0) if alive else (form, count % 9999 + 1)
    data = "" if alive else _DATA[form](event, zone[-3:] or "000")
    content = f"{f'#{account}|{data}' if data else ''}]{stamp(at) if at is not None else ''}"
    if key:
        content = encrypted(f"{'|' if data else ''}{content}", Keys({account: key}).of(account)[0], pad)
    body = f'"{"*" if key else ""}{token}"{sequence:04}R0L0#{account}[{content}'
    return framed(body.encode("ascii"), binary=binary)


def _contact_id_data(event: Event, zone: str) -> str:
    qualifier, code = contact_id_stated(event)
    return f"{qualifier}{code} 01 {zone:0>3}"


def _sia_data(event: Event, zone: str) -> str:
    return f"Nri1/{sia_stated(event)}{zone:0>3}"


_DATA = {"ADM-CID": _contact_id_data, "SIA-DCS": _sia_data}
