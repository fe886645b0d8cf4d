"""
JSON lines of rtl_433, as they come from its standard output, over syslog (UDP) or, in an envelope, from MQTT.

    {"time" : "@0.196604s", "model" : "Generic-Remote", "id" : 5069, "cmd" : 48, "tristate" : "0Z01101Z0100"}

One radio burst gives one to some forty such objects, often ghosts of other models among them: decoders without a
checksum (`mic`) read any fixed-code remote as theirs. So nothing here is an emergency by itself; who is registered
decides. Sources: `merbanan/rtl_433` (docs/DATA_FORMAT.md, devices), runs of rtl_433 22.11.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from json.scanner import make_scanner
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import FRAME_BYTES_MAX, NO_PROFILE, Frame, Tail, Tally, gravest_first, profiled
from devices.decoders.envelope import RETAINED, Message, enclosed, passed_over
from devices.decoders.rtl433_models import BUTTON_FIELDS, Json, button_of, events_of, identity, model_name, nameable
from dispatch.rules.signal import Event, Scope

REPEAT_WINDOW_S = 3.0
"""Objects of one burst come within some 2 s; nearer than this is one press (PROTOCOLS section 13)."""

BRACES_MAX = 256
"""A flex decoder prints an object for each of some fifty rows at most; what closes more braces than this is noise."""

PLAIN_BYTES_MAX = 512
"""Lines of most models are shorter (100 to 300 bytes); so many of the last lines are kept that it is 32 KiB in all."""

_END = re.compile(rb"[}\n]")
_MARK = re.compile(rb'\{\s*"(?:time|model)"')
_BEGUN = re.compile(rb'\{\s*"(?:[^"\\]|\\.)*(?:"\s*:|\Z)', re.DOTALL)
"""How an object that says anything begins, as far as it has come."""

_NOTHING = re.compile(
    rb"""
    (?:                                 # runs of objects that cannot be any, however they go on: those without a name,
        (?: \{ [ \t\r]{0,9}+ (?: [^"{}\s] | (?=[{])
                             | "[^"\\{}\n]{0,99}+" [ \t\r]{0,9}+ (?![:\s]) ) [^{}\n]{0,999}+ ){1,32}+  # or no colon
        (?: \{ [ \t\r]{0,9}+ )?+ \} [^{}]*+
      | \{ [ \t\r]{0,9}+ \} [^{}]*+     # and those with nothing inside
    )++""",
    re.VERBOSE,
)
"""
What is not worth keeping until more has come: a line full of it took the time of ten thousand objects.

It counts as it would if it came byte by byte.
"""

_STATISTICS = frozenset({"stats", "enabled", "frames", "noise"})


class Rtl433:
    """
    One rtl_433.

    `profile` may give an event to an address (`Generic-Remote:5069:48`) that this gateway's house uses otherwise.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = {canonical(address): event for address, event in profile.items()}
        self._tail = Tail(limit=FRAME_BYTES_MAX, tally=self.tally)
        self._braces = 0
        self._hopeless: set[int] = set()
        self._mark = 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """
        The frames completed by these bytes.

        An object is complete at its closing brace, so a datagram needs no line end; a line end gives up what is open.
        """
        frames: list[Frame] = []
        at = self._opening(data, 0)
        while (end := _END.search(data, at)) is not None:
            piece = data[at : end.end()]
            frames += self._line_ended(piece) if end[0] == b"\n" else self._brace_closed(piece)
            at = self._opening(data, end.end())
        self._add(data[at:])
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """Nothing: the radio is one-way."""
        return b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the radio is one-way."""
        return b""

    def _opening(self, data: bytes, at: int) -> int:
        """Where what may become an object goes on or begins; what stands before a first brace is a banner or noise."""
        if len(self._tail):
            return at
        opening = _brace_from(data, at)
        while (nothing := _NOTHING.match(data, opening)) is not None:
            self.tally.malformed += nothing[0].count(b"}")
            opening = _brace_from(data, nothing.end())
        if opening > at:
            self._count_noise(data[at:opening])
        return opening

    def _add(self, data: bytes) -> None:
        if len(self._tail) + len(data) > FRAME_BYTES_MAX:
            self._forget()  # What is kept begins elsewhere then.
        self._tail.add(data)

    def _line_ended(self, piece: bytes) -> list[Frame]:
        """An object is on one line: what is open when the line ends was cut."""
        self._add(piece)
        self._give_up()
        return []

    def _give_up(self) -> None:
        self._count_noise(self._take())
        self.tally.malformed += 1

    def _brace_closed(self, piece: bytes) -> list[Frame]:
        if not len(self._tail) and len(piece) <= PLAIN_BYTES_MAX and piece.rfind(b"{") == 0:
            is_object, frame = _plain(piece)
            if is_object:
                return self._counted(frame)
        self._add(piece)
        return self._brace_closed_behind(self._tail.peek())

    def _brace_closed_behind(self, text: bytes) -> list[Frame]:
        first = text.find(b"{")
        starts = self._starts(text, first)
        for start in starts:
            if (said := self._object_from(start, text, first)) is not None:
                self._count_noise(self._take()[:start])
                return self._counted(_frame(said, text[start:]))
        self._braces += 1
        if self._braces > BRACES_MAX or self._hopeless.issuperset(starts):
            self._give_up()
        return []

    def _counted(self, frame: Frame | None) -> list[Frame]:
        if frame is None:
            self.tally.malformed += 1
            return []
        return [profiled(frame, self._profile) if self._profile else frame]

    def _take(self) -> bytes:
        self._braces = 0
        self._forget()
        return self._tail.take()

    def _forget(self) -> None:
        self._mark = 0
        self._hopeless.clear()

    def _object_from(self, start: int, text: bytes, first: int) -> Json | None:
        """The object that begins here and ends with the text; where nothing can make one of it, none is tried again."""
        if start in self._hopeless:
            return None
        said, hope = _loaded(text[start:]) if _BEGUN.match(text, start) else (None, False)
        if said is not None and (start == first or "model" in said):
            return said
        if not hope:
            self._hopeless.add(start)
        return None

    def _starts(self, data: bytes, first: int) -> Collection[int]:
        """
        Where the object that these bytes end with may begin.

        Tried are the last `{"time"` or `{"model"`, which nothing legal contains inside, so that a press glued to a cut
        line is found; then the first brace, for other orders of the fields; then the last. Where none of them can be
        an object any more, whatever comes, none that was passed over can: it is given up.
        """
        last = data.rfind(b"{")
        if first == last:
            return (first,) if first >= 0 else ()
        for mark in _MARK.finditer(data, self._mark):
            self._mark = mark.start()
        return dict.fromkeys((self._mark, first, last))

    def _count_noise(self, data: bytes) -> None:
        self.tally.noise_bytes += len(data.translate(None, b" \t\r\n"))


def _brace_from(data: bytes, at: int) -> int:
    found = data.find(b"{", at)
    return found if found >= 0 else len(data)


def canonical(address: str) -> str:
    """The one spelling of an address: the model as rtl_433 prints it since 2019, id and button in lower case."""
    model, colon, rest = address.strip().partition(":")
    return model_name(model) + colon + rest.lower()


def encode(address: str, event: Event = Event.BUTTON, *, count: int = 0) -> bytes:
    """
    The line that rtl_433 would print for this device (`MODEL:ID` or `MODEL:ID:BUTTON`).

    An id or button of digits is printed as a number. `count` is the second of the time stamp.
    """
    model, number, button = (*address.split(":"), "", "")[:3]
    said: dict[str, Any] = {"time": f"@{count}.000000s", "model": model, "id": _number(number)}
    if button:
        said |= {BUTTON_FIELDS.get(model, ("button",))[0]: _number(button)}
    return json.dumps({**said, **_ENCODED.get(event, {})}).encode() + b"\n"


_ENCODED: Mapping[Event, Json] = {
    Event.ALARM: {"alarm": 1},
    Event.LOW_BATTERY: {"battery_ok": 0},
    Event.TAMPER: {"tamper": 1},
    Event.HEARTBEAT: {"heartbeat": 1},
    Event.WATER: {"water": 1},
    Event.MOTION: {"motion": 1},
    Event.TELEMETRY: {"temperature_C": 20.5},
}


def _number(text: str) -> int | str:
    return int(text) if re.fullmatch(r"0|[1-9][0-9]{0,18}", text) else text


def events_topic(topic: str) -> bool:
    """
    Whether an MQTT topic carries whole objects: `rtl_433/<host>/events`.

    The topics under `devices` and `states` say the same again, field by field.
    """
    return topic.rstrip("/").endswith("/events")


def burst_offset_s(frame: Frame) -> float | None:
    """The second at which rtl_433 heard the frame, on whatever clock it prints, None when it prints none."""
    printed = str(frame.fields.get("time", ""))
    if re.fullmatch(r"@[0-9]{1,9}(?:\.[0-9]{1,9})?s", printed):
        return float(printed[1:-1])
    at = _moment(printed) or _local_moment(printed)
    return at.timestamp() if at else None


@lru_cache(maxsize=64)
def _plain(data: bytes) -> tuple[bool, Frame | None]:
    """
    Whether these bytes are one object from the first to the last, and its frame.

    By far the most come so. A remote that is held is printed again and again within the second that the line names:
    what was read once is read, and a frame never changes.
    """
    try:
        said, end = _SCAN(text := data.decode(), 0)
    except (ValueError, StopIteration, RecursionError):
        return False, None
    return (True, _frame(said, data)) if end == len(text) else (False, None)


def _loaded(data: bytes) -> tuple[dict[str, Any] | None, bool]:
    """The object that these bytes are, None when they are none; whether they may still become one."""
    try:
        said = _JSON.decode(data.decode())
    except json.JSONDecodeError as error:
        return None, error.pos >= len(error.doc) or error.msg.startswith("Unterminated string")
    except (ValueError, RecursionError):  # Deep nesting is noise too.
        return None, False
    return (said if isinstance(said, dict) else None), False


def _no_constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are not JSON; no program behind us could read them.


_JSON = json.JSONDecoder(parse_constant=_no_constant)
_SCAN: Callable[[str, int], tuple[Any, int]] = make_scanner(_JSON)  # type: ignore[arg-type]  # the stub wants itself


def _frame(said: Json, raw: bytes) -> Frame | None:
    """The frame of one object; None when it names no model and is no report of the program on itself."""
    if "topic" in said and (message := enclosed(said, raw)) is not None:
        return _published(message)
    if "model" not in said and not _STATISTICS.isdisjoint(said):
        return Frame(event=Event.HEARTBEAT, raw=raw, scope=Scope.GATEWAY, dedup_key="rtl433:stats")
    if not nameable(said.get("model")):
        return None
    return _device(said, model_name(said["model"]), raw)


def _published(message: Message) -> Frame | None:
    """What was published over MQTT. Only the topic of whole objects speaks, and only live."""
    if message.retain or not events_topic(message.topic or ""):
        return passed_over(message, "rtl433", RETAINED if message.retain else "the same again, field by field")
    return _frame(message.said, message.raw) if isinstance(message.said, dict) else None


def _device(said: Json, model: str, raw: bytes) -> Frame:
    number, button = identity(said), button_of(said, model)
    addresses = _addresses(model, number, button)
    events = events_of(said, model)
    head = _leading(gravest_first(events) if len(events) > 1 else tuple(events))
    return Frame(
        event=head[0],
        also=head[1:],
        raw=raw,
        address=addresses[0] if addresses else None,
        alternatives=addresses[1:],
        dedup_key=_dedup_key(model, number, button, head[0]),
        window_s=REPEAT_WINDOW_S,
        sent_at=_moment(str(said["time"])) if "time" in said else None,
        fields=MappingProxyType(_fields(said, number, button)),
    )


def _leading(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """A frame that says nothing we know is `unknown`; a heartbeat's contact state is no change of the contact."""
    if len(events) > 1 and Event.HEARTBEAT in events:
        events = tuple(event for event in events if event not in _CONTACT_STATES)
    return events or (Event.UNKNOWN,)


_CONTACT_STATES = frozenset({Event.CONTACT_OPEN, Event.CONTACT_CLOSED})


def _fields(said: Json, number: int | str | None, button: int | str | None) -> dict[str, Any]:
    """What was printed, with `id` and `button` under one name for all models, and without a typed PIN."""
    fields = {**said, "id": number}
    if button is not None:
        fields["button"] = button
    if "extradata" in said and "pin" in str(said["extradata"]).lower():
        fields["extradata"] = "Disarm Pin"
    if "mic" not in said:
        fields["trust"] = "low"
    return fields


def _dedup_key(model: str, number: int | str | None, button: int | str | None, event: Event) -> str:
    """
    Equal for all copies of one press, whichever gateway heard it.

    A panic held for three seconds has another code than a short one (X10 88 and 98): the event stands for both.
    """
    told = button if button is not None and event is not Event.PRESS else event.value
    return f"rtl433:{model}:{number}:{told}".lower()


def _addresses(model: str, number: int | str | None, button: int | str | None) -> tuple[str, ...]:
    """From the button to the device; none when the object has no id, for then nobody can be told from another."""
    if number is None:
        return ()
    device = canonical(f"{model}:{_part(number)}")
    return (device,) if button is None else (canonical(f"{device}:{_part(button)}"), device)


def _part(value: int | str) -> str:
    return str(value).replace(":", "-")


def _moment(printed: str) -> datetime | None:
    """The time that was printed, if it says its zone: seconds since 1970 as a string, or ISO 8601 with Z or offset."""
    if not printed:
        return None
    try:
        if re.fullmatch(r"[0-9]{1,10}(?:\.[0-9]{1,9})?", printed):
            return datetime.fromtimestamp(float(printed), UTC)
        at = datetime.fromisoformat(printed)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _local_moment(printed: str) -> datetime | None:
    """A time without zone, only good for telling one from another."""
    try:
        return datetime.fromisoformat(printed).replace(tzinfo=UTC)
    except ValueError:
        return None
