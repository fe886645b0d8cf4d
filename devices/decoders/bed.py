"""
Bed, fall and inactivity sensors, one dialect to a connection, four known:

    53 59 … 54 43                                     a radar on a serial line (`radar.py`)
    {"mac":"f4:cf:…","inbed":true,"heart_rate":57}    a mattress, polled or posted; told on change only
    {"pushType":1,"Action":7}                         a Chinese elder-care platform (`push_codes.py`)
    drug/<id>/slip  {"id":…,"code":400}               a gyroscope that has felt a fall, over MQTT (see `envelope.py`)

A vital value is a hint and never an alarm, least of all a heart rate of zero: that is what an empty bed has. Leaving
the bed becomes an alarm by schedule and time, not here. Nothing is acknowledged. Sources: PROTOCOLS section 12;
GetDeviceRealtimeData (EasyDoc); `scuiot-team/drug` (docs/MQTT.md).
"""

import json
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import FRAME_BYTES_MAX, NO_PROFILE, Frame, Tail, Tally
from devices.decoders.envelope import RETAINED, Message, passed_over, unwrap, wrap
from devices.decoders.json_values import Json, integer, moment, name, number, said_false, said_true, scalars, table
from devices.decoders.push_codes import ACTION_OF, SOS_PUSH, is_about_gateway, pushed
from devices.decoders.radar import RadarFrame, RadarFrames, framed, told
from devices.decoders.state_words import EMERGENCIES
from dispatch.rules.signal import Event, Scope

NAME = "bed"

RADAR = "radar"
"""The address of a radar on a serial line, which says no id; registered with its gateway's name beside it."""

REPEAT_WINDOW_S = 60.0
"""The same statement with the same time is the same one, posted again or polled twice."""

BEDS_MAX = 10_000

_NO_TEXT = re.compile(rb"[\x00-\x08\x0a-\x0c\x0e-\x1f]")
_BEGUN = rb"[ \t\r]*\{[ \t\r]*"
_JSON = re.compile(_BEGUN + rb"\"[^\n]{10}")
_TEXT = re.compile(_BEGUN + rb"(?:\"(?:[^\n]{10}|[^\n]{0,9}\Z)|\Z)")
_LINE_OF_TEXT = re.compile(rb"\n(?=" + _TEXT.pattern + rb")")
_FALL_TOPIC = re.compile(r"(?:^|/)drug/(?P<id>[^/]+)/(?P<kind>[^/]+)$")


class Bed:
    """
    One sensor or one service that speaks for many.

    `profile` may give an event to an action number of the platform (`"63"`), or to a radar's control and command in
    hexadecimal (`8405`).
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._text = Tail(limit=FRAME_BYTES_MAX, tally=self.tally)
        self._radar = RadarFrames()
        self._for_radar = bytearray()
        self._at_line_start = True
        self._in_bed: OrderedDict[str, bool] = OrderedDict()

    @property
    def incomplete(self) -> bool:
        """Whether something has begun and waits for its end."""
        return len(self._text) + len(self._radar) > 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """
        The frames completed by these bytes, whichever of the dialects they are.

        A brace, a quote and ten bytes at the beginning of a line begin JSON (the shortest message has no fewer) until a
        control character shows that they do not: every frame of a radar has one in its length, and no JSON has.
        """
        frames: list[Frame] = []
        at = 0
        while at < len(data):
            is_text = len(self._text) or (self._at_line_start and _TEXT.match(data, at))
            at = (self._go_on_with_text if is_text else self._go_on_with_radar)(data, at, frames)
        self._ask_radar(frames)
        return frames

    def _go_on_with_text(self, data: bytes, at: int, frames: list[Frame]) -> int:
        """Reads text to its end; what turns out to be none is the radar's. Returns how far it came."""
        found = _NO_TEXT.search(data, at)
        end = found.start() if found else len(data)
        self._text.add(data[at:end])
        if found is None and _TEXT.match(self._text.peek()):
            return end
        line = self._text.take()
        message = unwrap(line.strip()) if found and found[0] == b"\n" else None
        if message is not None:
            self._ask_radar(frames)
            frames += self._message(message)
            return end + 1
        self.tally.malformed += found is not None and found[0] == b"\n" and _JSON.match(line) is not None
        self._at_line_start = False
        self._for_radar += line
        return end

    def _go_on_with_radar(self, data: bytes, at: int, frames: list[Frame]) -> int:
        """Reads up to where text may begin. Returns how far it came."""
        text = _LINE_OF_TEXT.search(data, at)
        end = text.end() if text else len(data)
        self._for_radar += data[at:end]
        last = data.rfind(b"\n", at, end)
        self._at_line_start = not data[last + 1 if last >= 0 else at : end].strip() and (
            self._at_line_start or last >= 0
        )
        return end

    def _ask_radar(self, frames: list[Frame]) -> None:
        """Hears what has been gathered for the radar, before whatever comes behind it."""
        if not self._for_radar:
            return
        before = len(self._radar) + len(self._for_radar)
        heard = self._radar.feed(bytes(self._for_radar))
        self._for_radar.clear()
        self.tally.noise_bytes += before - len(self._radar) - sum(len(each.raw) for each in heard)
        frames += [self._heard(each) for each in heard]

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """Nothing: a radar is not asked to repeat, and the port answers a request."""
        return b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: none of them would repeat it."""
        return b""

    def _heard(self, radar: RadarFrame) -> Frame:
        self.tally.bad_checksum += not radar.trusted
        event, fields = told(radar)
        code = radar.raw[2:4].hex()
        event = self._profile.get(code, event)
        return Frame(
            event=event,
            raw=radar.raw,
            address=RADAR,
            explicit=event in EMERGENCIES,
            dedup_key=f"{NAME}:{RADAR}:{radar.raw[2:-3].hex()}"[:240],
            trusted=radar.trusted,
            fields=MappingProxyType({"code": code, "checksum_ok": radar.trusted} | fields),
        )

    def _message(self, message: Message) -> list[Frame]:
        if message.retain:
            return [passed_over(message, NAME, RETAINED)]
        frame = self._by_names(message, table(message.said))
        self.tally.malformed += frame is None
        return [] if frame is None else [frame]

    def _by_names(self, message: Message, said: Json) -> Frame | None:
        if "Action" in said or "pushType" in said:
            return self._pushed(message, said)
        topic = _FALL_TOPIC.search(message.topic or "")
        if topic is not None:
            return _from_drug(message, said, topic["id"], topic["kind"])
        return self._mattress(message, said) if "mac" in said else None

    def _pushed(self, message: Message, said: Json) -> Frame:
        """One of the platform's numbers. Who it is about is named in one of several ways, or not at all."""
        action = integer(said.get("Action"))
        event = self._profile.get(str(action)) or pushed(integer(said.get("pushType")), action, said)
        scope = Scope.GATEWAY if is_about_gateway(action) else Scope.DEVICE
        return _frame(message, said, _who(said), (event,), {"action": action}, scope=scope)

    def _mattress(self, message: Message, said: Json) -> Frame | None:
        """What a mattress measures. A poll that finds somebody in bed still is no news."""
        device, inbed = name(said.get("mac")), said.get("inbed")
        if not device or not (said_true(inbed) or said_false(inbed)):
            return _unread(message, said, device)
        here = said_true(inbed)
        news = () if self._known(device, here) else (Event.BED_ENTER if here else Event.BED_EXIT,)
        return _frame(message, said, device, (*news, Event.VITALS), _vitals(said))

    def _known(self, device: str, here: bool) -> bool:
        """Whether this was known of the bed already; it is remembered either way, for the latest `BEDS_MAX` beds."""
        known = self._in_bed.get(device) == here
        self._in_bed[device] = here
        self._in_bed.move_to_end(device)
        if len(self._in_bed) > BEDS_MAX:
            self._in_bed.popitem(last=False)
        return known


def canonical(address: str) -> str:
    """The one spelling of an address: in lower case, as some print a MAC in capitals and some do not."""
    return address.strip().lower()


def encode(address: str, event: Event = Event.FALL, *, count: int = 0) -> bytes:
    """
    What would come of this sensor: a radar's frame for the address `radar`, else JSON.

    What the dialect has no word for is sent as a heart rate. JSON carries `count` as seconds since 2025 began.
    """
    if address == RADAR:
        return framed(*_ENCODED_RADAR.get(event, (0x85, 0x02, b"\x48")))
    seconds = 1_735_689_600 + count
    if event in {Event.BED_ENTER, Event.BED_EXIT}:
        bed = {"mac": address, "inbed": event is Event.BED_ENTER, "heart_rate": 57, "respiration_rate": 9.5}
        return json.dumps({"ret": 0, "timestamp": seconds * 1000, **bed}).encode() + b"\n"
    if event is Event.FALL:
        slip = {"id": address, "code": 400, "message": "监测到患者摔倒", "timestamp": seconds}
        return wrap(f"drug/{address}/slip", json.dumps(slip).encode(), False)
    if event in ACTION_OF:
        push = {"pushType": SOS_PUSH if event is Event.PRESS else 4, "Action": ACTION_OF[event], "deviceId": address}
        return json.dumps({**push, "timestamp": seconds}).encode() + b"\n"
    rate = {"id": address, "code": 200, "heartrate": 65, "timestamp": seconds}
    return wrap(f"drug/{address}/heartrate", json.dumps(rate).encode(), False)


_ENCODED_RADAR: Mapping[Event, tuple[int, int, bytes]] = {
    Event.FALL: (0x83, 0x01, b"\x01"),
    Event.RESTORE: (0x83, 0x01, b"\x00"),
    Event.INACTIVITY: (0x83, 0x05, b"\x01"),
    Event.BED_EXIT: (0x84, 0x01, b"\x00"),
    Event.BED_ENTER: (0x84, 0x01, b"\x01"),
    Event.PRESENCE: (0x80, 0x01, b"\x01"),
    Event.FAULT: (0x84, 0x0E, b"\x00"),
    Event.TELEMETRY: (0x80, 0x03, b"\x05"),
    Event.HEARTBEAT: (0x01, 0x01, b"\x0f"),
    Event.IGNORE: (0x84, 0x8F, b"\x0f"),
}


def _from_drug(message: Message, said: Json, device: str, kind: str) -> Frame:
    """What the medicine box and its gyroscope publish. 400 under `slip` is a fall."""
    device = name(said.get("id")) or name(device)
    if kind == "slip":
        fallen = integer(said.get("code")) == 400
        return _frame(message, said, device, (Event.FALL if fallen else Event.UNKNOWN,), {})
    if kind in {"heartrate", "spo2"}:
        return _frame(message, said, device, (Event.VITALS,), {"heart_rate": number(said.get("heartrate"))})
    return passed_over(message, NAME, "about medicines")


def _unread(message: Message, said: Json, device: str) -> Frame | None:
    """An answer without a bed in it: the service says that it failed, or it is none of ours."""
    if not integer(said.get("ret")):
        return None
    fields = {"detail": name(said.get("msg"))}
    return _frame(message, said, device, (Event.FAULT,), fields, scope=Scope.GATEWAY)


def _vitals(said: Json) -> dict[str, Any]:
    return {"heart_rate": number(said.get("heart_rate")), "respiration": number(said.get("respiration_rate"))}


def _who(said: Json) -> str:
    """The device of a push, under whichever name it stands."""
    if _NAMED.isdisjoint(said):
        return ""
    return next((found for each in _NAMES if each in said and (found := name(said[each]))), "")


_NAMES = ("deviceId", "DeviceId", "deviceid", "device_id", "imei", "IMEI", "Imei", "deviceNo", "sn", "SN", "mac", "MAC")
_NAMED = frozenset(_NAMES)


def _frame(
    message: Message, said: Json, device: str, events: tuple[Event, ...], fields: Json, *, scope: Scope = Scope.DEVICE
) -> Frame:
    sent_at = moment(said.get("timestamp"))
    when = sent_at.timestamp() if sent_at else ""
    address, head = canonical(device), events[0]
    return Frame(
        head,
        message.raw,
        address or None,
        (),
        events[1:],
        scope,
        head in EMERGENCIES,
        f"{NAME}:{address}:{when}:{head}"[:240],
        REPEAT_WINDOW_S if sent_at else 0.0,
        False,
        sent_at=sent_at,
        fields=MappingProxyType({**scalars(said), "device": device, **fields}),
    )
