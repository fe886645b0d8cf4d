"""
The pure function behind `anling decode`: one line of a protocol vector in, what the decoder makes of it out.

It is also how installers try a frame that they have captured. To add a protocol: a line in `PROTOCOLS`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from devices.decode_sms import make_units, read_modem_line, read_unit
from devices.decoders import DECODERS, KEYED
from devices.decoders.contact_id_codes import PROFILES
from devices.decoders.dc09_cipher import ANY
from devices.decoders.decoder import NO_PROFILE, Decoder, Frame
from devices.decoders.envelope import wrap
from devices.decoders.rtl433 import burst_offset_s
from devices.decoders.scaip import END
from devices.decoders.scaip_message import wants_callback
from devices.decoders.scaip_xml import read
from devices.rules.burst import Heard, Windows, as_sent_by, bursts, likeliest, without_ghosts
from devices.rules.meaning import meaning
from dispatch.rules.signal import Event

Line = Mapping[str, Any]
Decoded = dict[str, Any]
_AT = datetime.fromtimestamp(0, UTC)
"""Decoding is not a conversation: the answers of protocols that carry the time carry this one."""


def decoded(line: Line, earlier: dict[str, str] | None = None) -> Decoded:
    """
    What the decoder of `line["protocol"]` makes of `line["input"]`.

    Gives the line's `id`, `ok`, and the keys that the vectors put in `expect`. A decoded device has an `id` too: the
    line's own wins at the top, and `decoded` holds everything that was decoded, the device's id included. A line that
    cannot be understood gives `ok` false and `error`; this never raises.

    `earlier` is the memory of one run, empty at its beginning: what repeats the reference of a line before it is then
    shown as `duplicate_of` that reference. Lines carry no time, so a run counts as one moment.
    """
    try:
        result = _read(line) if earlier is None else _compared(_read(line), earlier)
    except _Refused as refused:
        return {"id": line.get("id"), "ok": False, "error": str(refused)}
    return {**result, "id": line.get("id"), "decoded": result}


def _compared(result: Decoded, earlier: dict[str, str]) -> Decoded:
    """The result, as a duplicate where a line before it said the same under the same reference."""
    if not result.get("dedup_key") or not result.get("ref"):
        return result
    known = result["dedup_key"] in earlier
    reference = earlier.setdefault(result["dedup_key"], result["ref"])
    return result | {"duplicate_of": reference} if known else result


class _Refused(Exception):
    """The line asks for something we cannot do; the text says what."""


def _read(line: Line) -> Decoded:
    protocol = line.get("protocol")
    reader = PROTOCOLS.get(protocol) if isinstance(protocol, str) else None
    if reader is None:
        raise _Refused(f"unknown protocol {protocol!r}; known are: {', '.join(PROTOCOLS)}")
    return reader(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """Reads an input that is one frame. `ending` is the terminator that a text leaves out."""

    decoder: str
    ending: bytes = b""

    def __call__(self, line: Line) -> Decoded:
        """The frame; where there are more in the same input, all of them are listed under `events`."""
        decoder = _decoder(self.decoder, line)
        frames = [frame for chunk in [*chunks(line), self.ending] for frame in decoder.feed(chunk)]
        if not frames:
            return _nothing(decoder)
        told = [shown(frame, line) for frame in frames]
        whole = frames[: frames[0].fields.get("parts", 1)]  # of several events, answered when all are kept
        return {**told[0], **({"events": told} if len(told) > 1 else {}), **_answer(decoder, whole)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Reads an input that is what a line carried, in reads. `each` shows one of the frames under `events`."""

    decoder: str
    each: Callable[[Frame, Line], Any]

    def __call__(self, line: Line) -> Decoded:
        """Every statement once, how many were copies, and all the bytes that would be answered."""
        decoder, windows = _decoder(self.decoder, line), Windows()
        frames = [frame for chunk in chunks(line) for frame in decoder.feed(chunk)]
        new = [frame for frame in frames if not windows.heard(frame, 0.0)]
        each = [decoder.acknowledge(frame, frame.sent_at or _AT, b"") for frame in frames]
        answers = b"".join(each)
        refusals = decoder.refuse(b"") * decoder.tally.malformed
        return {
            "ok": not decoder.tally.malformed,
            "events": [self.each(frame, line) for frame in new],
            "duplicates": len(frames) - len(new),
            "acks": sum(map(bool, each)),
            "malformed": decoder.tally.malformed,
            **({"acks_hex": answers.hex()} if answers else {}),
            **({"nak_hex": refusals.hex()} if refusals else {}),
            **({"incomplete": True} if getattr(decoder, "incomplete", False) else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Reads an input of an alarm panel, which may tell several events. `ending` is as with `Single`."""

    decoder: str
    ending: bytes = b""

    def __call__(self, line: Line) -> Decoded:
        """
        The first event; all of them under `events` where there are more; `profile`, the code table; the answer.

        A wrong check sum is decoded, but not `ok`. An encrypted message is answered as if it came when it was sent.
        """
        decoder = _decoder(self.decoder, line)
        frames = [frame for chunk in [*chunks(line), self.ending] for frame in decoder.feed(chunk)]
        if not frames:
            return _nothing(decoder)
        answer = b"".join(decoder.acknowledge(frame, frame.sent_at or _AT, b"") for frame in frames)
        told = [_told(frame, line) for frame in frames]
        profile = line.get("profile", "standard")
        return {**told[0], **({"events": told} if len(told) > 1 else {}), "profile": profile, **_reply(answer)}


def _told(frame: Frame, line: Line) -> Decoded:
    """What machines say to each other (`ack`, `nack`) is no event of anybody."""
    talk = {"event": None} if frame.event in {Event.ACK, Event.NACK} else {}
    return shown(frame, line) | {"ok": frame.trusted} | talk


def _reply(answer: bytes) -> Decoded:
    text = answer.decode("latin-1")
    token = re.search(r'"(\*?[A-Z]+)"', text)
    return {
        "ack_hex": answer.hex() or None,
        "reply_hex": answer.hex() or None,
        "reply": text.strip("\r\n") or None,
        "reply_token": token[1] if token else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Single):
    """
    Reads one frame and also shows what the protocol answers to it, under this `key`, text or hexadecimal.

    None where it answers nothing, or the time, which is another every time. It is what would be said to an undamaged
    frame; what is really said to this one is `ack_hex`.
    """

    key: str

    def __call__(self, line: Line) -> Decoded:
        decoder = _decoder(self.decoder, line)
        frames = [frame for chunk in [*chunks(line), self.ending] for frame in decoder.feed(chunk)]
        return {**Single.__call__(self, line), **({self.key: self._reply(decoder, frames[0])} if frames else {})}

    def _reply(self, decoder: Decoder, frame: Frame) -> str | None:
        sound = replace(frame, trusted=True)
        replies = {decoder.acknowledge(sound, _AT + timedelta(days=days), b"") for days in (0, 1)}
        reply = replies.pop()
        if replies or not reply:
            return None
        return reply.hex() if self.key.endswith("_hex") else reply.decode("latin-1")


def shown(frame: Frame, line: Line) -> Decoded:
    """A frame as the vectors show it, meant as `line["registered_as"]` would."""
    event, *also = meaning(frame, _role(line))
    fields = {name: value for name, value in frame.fields.items() if name != "time"}
    return {
        **fields,
        "ok": True,
        "event": str(event),
        "also": [str(one) for one in also],
        "scope": str(frame.scope),
        "fields": dict(frame.fields),
        "address": frame.address,
        "alternatives": list(frame.alternatives),
        "explicit": frame.explicit,
        "trusted": frame.trusted,
        **({"sent_at": frame.sent_at.isoformat()} if frame.sent_at else {}),
    }


def chunks(line: Line) -> list[bytes]:
    """The bytes of the input, in the reads in which they came."""
    encoding, given = line.get("encoding"), line.get("input")
    read = _ENCODINGS.get(encoding) if isinstance(encoding, str) else None
    if read is None:
        raise _Refused(f"unknown encoding {encoding!r}; known are: {', '.join(_ENCODINGS)}")
    parts = given if isinstance(given, list) else [given]
    return [read(part) for part in parts]


def _text(part: object) -> bytes:
    if isinstance(part, (dict, list)):
        return json.dumps(part, ensure_ascii=False).encode("utf-8", "replace")
    if not isinstance(part, str):
        raise _Refused("the input is not a text")
    return part.encode("utf-8", "replace")


def _hex(part: object) -> bytes:
    try:
        return bytes.fromhex(part) if isinstance(part, str) else _not_hex()
    except ValueError:
        return _not_hex()


def _not_hex() -> bytes:
    raise _Refused("the input is not hexadecimal")


def _one_line(part: object) -> bytes:
    """What was posted over HTTP comes as one line."""
    return b" ".join(_text(part).splitlines())


def _mqtt(part: object) -> bytes:
    """A message comes in its envelope."""
    if not isinstance(part, dict) or "payload" not in part:
        raise _Refused("the input has no payload")
    return wrap(str(part.get("topic", "")), _text(part["payload"]), part.get("retain") is True)


def _body(part: object) -> bytes:
    if not isinstance(part, dict) or "body" not in part:
        raise _Refused("the input has no body")
    return _text(part["body"])


_ENCODINGS: Mapping[str, Callable[[object], bytes]] = {
    "text": _text,
    "hex": _hex,
    "hex-chunks": _hex,
    "json": _one_line,
    "json-line": _text,
    "json-lines": _text,
    "mqtt": _mqtt,
    "sip-message-body": _body,
}


def _decoder(name: str, line: Line) -> Decoder:
    further: dict[str, Any] = {}
    if name in _WITH_CODECS and isinstance(codec := line.get("codec"), str):
        further["codec"] = codec
    if name in KEYED and line.get("key_hex") is not None:
        further["keys"] = {ANY: str(line["key_hex"])}
    try:
        return DECODERS[name](profile=_profile(line.get("profile")), **further)
    except ValueError as error:
        raise _Refused(str(error)) from None


_WITH_CODECS = frozenset({"chirpstack"})
"""Decoders that can be told whose bytes they carry."""


def _profile(given: object) -> Mapping[str, Event]:
    """A profile by its name, or a table of codes to events."""
    if given is None:
        return NO_PROFILE
    if isinstance(given, str) and given in PROFILES:
        return PROFILES[given]
    if not isinstance(given, dict):
        raise _Refused(f"unknown profile {given!r}")
    try:
        return {str(code): Event(event) for code, event in given.items()}
    except ValueError as error:
        raise _Refused(str(error)) from None


def _role(line: Line) -> str | None:
    role = line.get("registered_as")
    return role if isinstance(role, str) else None


def _nothing(decoder: Decoder) -> Decoded:
    """No frame came of it: refused if it was whole and wrong, still waiting if it has no end."""
    refusals = decoder.refuse(b"") if decoder.tally.malformed else b""
    waiting = not decoder.tally.malformed and getattr(decoder, "incomplete", False)
    return {
        "ok": False,
        "event": None,
        **({"nak_hex": refusals.hex()} if refusals else {}),
        **({"incomplete": True} if waiting else {}),
    }


def _answer(decoder: Decoder, frames: Sequence[Frame]) -> Decoded:
    answer = b"".join(decoder.acknowledge(frame, _AT, b"") for frame in frames)
    return {"ack_hex": answer.hex()} if answer else {}


def _word(frame: Frame, line: Line) -> str:
    return str(meaning(frame, _role(line))[0])


def _radio_burst(line: Line) -> Decoded:
    """One burst of one radio: each statement once, without the ghosts. `registered_as` is the sender's role."""
    decoder = _decoder("rtl433", line)
    reads = [part for chunk in chunks(line) for part in chunk.splitlines()]
    frames = [frame for read in reads for frame in decoder.feed(read + b"\n")]
    heard = [Heard(frame=frame, at_s=burst_offset_s(frame) or 0.0) for frame in frames]
    events = [shown(one.frame, line if one.role else {}) for group in bursts(heard) for one in _statements(group, line)]
    return {"ok": not decoder.tally.malformed, "events": events, "raw_lines": len(reads)}


def _statements(group: Sequence[Heard], line: Line) -> list[Heard]:
    role, windows = _role(line), Windows()
    named = as_sent_by(group, likeliest(group), role) if role is not None else group
    return [one for one in without_ghosts(named) if not windows.heard(one.frame, one.at_s)]


def _scaip(line: Line) -> Decoded:
    """The message with its answer. One that is answered with a defect is not `ok`, whatever it says."""
    decoder = _decoder("scaip", line)
    frames = [frame for chunk in [*chunks(line), END] for frame in decoder.feed(chunk)]
    if not frames:
        return {"ok": False, "event": None, "reply": _tags(decoder.refuse(b""))}
    frame = frames[0]
    said = shown(frame, line) | {"ok": frame.trusted, "reply": _tags(decoder.acknowledge(frame, _AT, b""))}
    if frame.event is Event.UNKNOWN:
        # Without a device type nobody knows what it is, also where it is raised as an alarm of unknown kind.
        said |= {"event": str(Event.UNKNOWN), "also": [str(event) for event in frame.also]}
    return (
        said | {"dedup_key": frame.dedup_key} | ({"callback_requested": True} if wants_callback(frame.fields) else {})
    )


def _tags(answer: bytes) -> dict[str, str]:
    told = read(answer)
    return dict(told.tags) if told is not None else {}


PROTOCOLS: Mapping[str, Callable[[Line], Decoded]] = MappingProxyType(
    {
        "rflink": Single(decoder="rflink", ending=b"\r\n"),
        "rflink-stream": Stream(decoder="rflink", each=shown),
        "rtl_433-json": Single(decoder="rtl433", ending=b"\n"),
        "rtl_433-burst": _radio_burst,
        "rtl_433-mqtt": Single(decoder="rtl433", ending=b"\n"),
        "rtl_433-syslog-udp": Single(decoder="rtl433", ending=b"\n"),
        "surgard": Single(decoder="surgard"),
        "surgard-stream": Stream(decoder="surgard", each=_word),
        "radionics-6500": Single(decoder="surgard"),
        "ademco-685": Single(decoder="surgard"),
        "sms-pdu": read_unit,
        "sms-submit": make_units,
        "at-line": read_modem_line,
        "zigbee2mqtt": Single(decoder="zigbee2mqtt", ending=b"\n"),
        "chirpstack4-up": Single(decoder="chirpstack", ending=b"\n"),
        "chirpstack4-status": Single(decoder="chirpstack", ending=b"\n"),
        "chirpstack4-join": Single(decoder="chirpstack", ending=b"\n"),
        "chirpstack4-log": Single(decoder="chirpstack", ending=b"\n"),
        "sigfox-json": Single(decoder="chirpstack", ending=b"\n"),
        "traccar-event-json": Single(decoder="traccar", ending=b"\n"),
        "scaip-mrq": _scaip,
        "contact-id-raw": Panel(decoder="contact_id", ending=b"\r\n"),
        "contact-id-ip": Panel(decoder="contact_id"),
        "contact-id-asterisk": Panel(decoder="contact_id", ending=b"\r\n"),
        "sia-dc09": Panel(decoder="dc09"),
        "sia-dc09-stream": Stream(decoder="dc09", each=shown),
        "mmwave-5359": Single(decoder="bed"),
        "mmwave-5359-stream": Stream(decoder="bed", each=_word),
        "http-bed-json": Single(decoder="bed", ending=b"\n"),
        "cn-elder-platform-push": Single(decoder="bed", ending=b"\n"),
        "mqtt-drug-slip": Single(decoder="bed", ending=b"\n"),
        "watch-3g": Replied(decoder="watch3g", key="reply"),
        "watch-3g-stream": Stream(decoder="watch3g", each=_word),
        "eview-ev07": Replied(decoder="ev07b", key="reply_hex"),
        "gt06": Replied(decoder="gt06", key="reply_hex"),
        "h02": Replied(decoder="h02", key="reply"),
        "jt808": Replied(decoder="jt808", key="reply_hex"),
        "topin": Replied(decoder="topin", key="reply_hex"),
        "trv": Replied(decoder="trv", ending=b"#", key="reply"),
    }
)
"""How each protocol of the vectors is read."""
