# mypy: disable-error-code="untyped-decorator"
"""Signals from forwarding gateways: a batch is checked whole, kept whole, and only then answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from flask import Response, after_this_request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from devices.decoders import DECODERS
from devices.decoders.decoder import Frame
from devices.edges import Edges, Holding
from devices.reception import Reception
from devices.rules.urgency import may_call
from devices.wire import (
    ADDRESS_MAX,
    ALSO_MAX,
    ALTERNATIVES_MAX,
    EARLIEST,
    KEY_MAX,
    LATEST,
    RAW_MAX,
    frame_of,
    key_on_file,
)
from dispatch.clock import Clock
from dispatch.desk import Received, Spool
from dispatch.rules.people import Person
from dispatch.rules.rights import Right
from dispatch.rules.signal import Event, Scope
from dispatch.web.access import caller, either, speaks_for
from dispatch.web.api import ApiBlueprint
from dispatch.web.express import ByKey, by_express, refuse_failed
from dispatch.web.schemas import NUMBER_MAX, PositionSchema, Quick, Text, Wire, position_of

_log = structlog.get_logger()

BATCH_MAX = 1_000
"""Signals of one request; a gateway with more in its spool sends the next thousand after the answer."""

SCOPE = "signals"
"""The scope of keys that may hand signals in."""

RECEIVERS_MAX = 64
AGE_MAX_S = 10 * 365 * 86_400.0
WINDOW_MAX_S = 7 * 86_400.0

_BELIEVABLE = validate.Range(EARLIEST, LATEST)
"""A gateway whose clock has lost its battery says 1970; it is to put its own time of receipt, not that."""

PROTOCOL_MAX = 24
STATION_MAX = 40


def _on_file(key: str) -> None:
    if key_on_file(key) != key:
        raise ValidationError("Not a text that a database keeps.")


class Octets(fields.String):
    """Bytes in hexadecimal."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        try:
            return bytes.fromhex(super()._deserialize(value, attr, data, **more))
        except ValueError:
            raise ValidationError("Not bytes in hexadecimal.") from None


class SignalSchema(PositionSchema):
    """
    What a device said, by the protocol and address it is registered with, and when the gateway heard it.

    The first five are all that a forwarder must know. The others are what a gateway wired to the service would know
    besides; `age_s`, how long ago it was heard, goes before `received_at`, because the sender's clock may be wrong.
    """

    seq = fields.Integer(required=True, strict=True, validate=validate.Range(0, NUMBER_MAX))
    protocol = Text(PROTOCOL_MAX, required=True, metadata={"description": f"One of {', '.join(sorted(DECODERS))}, …"})
    device = Text(ADDRESS_MAX, required=True)
    event = fields.Enum(Event, by_value=True, required=True)
    received_at = fields.AwareDateTime(required=True, validate=_BELIEVABLE)
    position_at = fields.AwareDateTime(validate=_BELIEVABLE)
    rssi = fields.Float(validate=validate.Range(-200, 50), metadata={"description": "How strongly it came in, in dBm"})
    age_s = fields.Float(validate=validate.Range(0, AGE_MAX_S))
    receiver = Text(metadata={"description": "The gateway that heard it, where the sender has several"})
    station = Text(STATION_MAX, metadata={"description": "Code of the station that answers for strangers there"})
    anonymous = fields.Boolean(metadata={"description": "It names nobody; `device` is the gateway itself"})
    alternatives = fields.List(Text(ADDRESS_MAX), validate=validate.Length(max=ALTERNATIVES_MAX))
    also = fields.List(fields.Enum(Event, by_value=True), validate=validate.Length(max=ALSO_MAX))
    scope = fields.Enum(Scope, by_value=True)
    explicit = fields.Boolean(metadata={"description": "The protocol itself says that this is an emergency"})
    dedup_key = fields.String(
        validate=[validate.Length(1, KEY_MAX), _on_file],
        metadata={"description": "Equal for all copies of one statement, whoever heard it"},
    )
    window_s = fields.Float(validate=validate.Range(0, WINDOW_MAX_S))
    sliding = fields.Boolean()
    trusted = fields.Boolean(metadata={"description": "False when a checksum was wrong"})
    answers = fields.Boolean(metadata={"description": "Its sender waits for an answer and repeats until it has one"})
    sealed = fields.Boolean(metadata={"description": "Nobody but its sender can have written `sent_at`"})
    sent_at = fields.AwareDateTime(validate=_BELIEVABLE)
    raw = Octets(validate=validate.Length(max=RAW_MAX))
    parts = fields.Dict(keys=fields.String(), data_key="fields")


class PlainSignalSchema(Wire):
    """The few fields of which life signs are made: read by themselves in a quarter of the time."""

    seq = fields.Integer(required=True, strict=True, validate=validate.Range(0, NUMBER_MAX))
    protocol = Text(PROTOCOL_MAX, required=True)
    device = Text(ADDRESS_MAX, required=True)
    event = fields.Enum(Event, by_value=True, required=True)
    received_at = fields.AwareDateTime(required=True, validate=_BELIEVABLE)
    age_s = fields.Float(validate=validate.Range(0, AGE_MAX_S))
    receiver = Text()
    alternatives = fields.List(Text(ADDRESS_MAX), validate=validate.Length(max=ALTERNATIVES_MAX))


class OneSignal(fields.Nested):
    """A signal, by the shorter schema where that knows everything it says; both take and refuse the same."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **more: Any) -> Any:
        if isinstance(value, dict) and value.keys() <= _PLAIN.fields.keys():
            return _QUICK.load(value) or _PLAIN.load(value)
        return super()._deserialize(value, attr, data, partial, **more)


_PLAIN = PlainSignalSchema()
_QUICK = Quick(_PLAIN)


class ReceiverSchema(Schema):
    """How one gateway behind a forwarding one is; what is not known here is passed over."""

    class Meta:
        unknown = EXCLUDE

    name = Text(required=True)
    condition = Text(24, required=True)
    since_s = fields.Float(required=True, validate=validate.Range(0, AGE_MAX_S))
    heard_s = fields.Float(allow_none=True, load_default=None, validate=validate.Range(0, AGE_MAX_S))
    frames = fields.Integer(load_default=0)
    malformed = fields.Integer(load_default=0)
    noise_bytes = fields.Integer(load_default=0)
    waiting = fields.Integer(load_default=0)
    silent_s = fields.Float(validate=validate.Range(0, AGE_MAX_S))
    error = fields.String(load_default="", validate=validate.Length(max=300))


class StatusSchema(Schema):
    """
    How a forwarding gateway is, told every few seconds whether it has signals or not.

    `calls` and `news` wait in its spool, the oldest for `oldest_s`; `dropped` were given up for want of room.
    """

    class Meta:
        unknown = EXCLUDE

    calls = fields.Integer(validate=validate.Range(0))
    news = fields.Integer(validate=validate.Range(0))
    oldest_s = fields.Float(allow_none=True, validate=validate.Range(0))
    dropped = fields.Integer(validate=validate.Range(0))
    pager = fields.String(validate=validate.Length(max=200))
    elsewhere = fields.Boolean(metadata={"description": "Its spool cannot be kept on its own disk"})
    retired = fields.Boolean(metadata={"description": "It is taken down on purpose and will not be missed"})
    receivers = fields.List(fields.Nested(ReceiverSchema), validate=validate.Length(max=RECEIVERS_MAX))


class SignalsSchema(Wire):
    """
    A batch: `epoch` is drawn at random when a spool is created, `seq` counts within it from 1.

    `after` says that between this number and those of the batch, and between them, there is nothing (any more): the
    answer's `held` then goes up to the last. It may come without signals to tell a `status`.
    """

    gateway = Text(required=True)
    epoch = Text(required=True)
    after = fields.Integer(strict=True, validate=validate.Range(0, NUMBER_MAX))
    ask_register = fields.List(Text(PROTOCOL_MAX), validate=validate.Length(max=RECEIVERS_MAX))
    status = fields.Nested(StatusSchema)
    signals = fields.List(OneSignal(SignalSchema), required=True, validate=validate.Length(max=BATCH_MAX))

    @validates_schema
    def _something_is_said(self, loaded: dict[str, Any], **_: Any) -> None:
        if not loaded.get("signals") and "status" not in loaded:
            raise ValidationError("A batch has signals, or a status.", "signals")


class StoredSchema(Schema):
    """
    What became of a batch: how many were new, how many known, and the alarms raised or joined.

    `held` is how far we have this spool without a gap: who has marked more as forwarded sends the rest again.
    `held_before` is how far that was before this batch, for who said `after`: whoever never sent as much has a twin.
    `register` is what devices are registered, where that was asked: protocol, address, code and kind.
    """

    stored = fields.Integer(required=True)
    copies = fields.Integer(required=True)
    alarms = fields.List(fields.String(), required=True)
    held = fields.Integer(required=True)
    held_before = fields.Integer()
    register = fields.Dict(keys=fields.String(), values=fields.Dict(keys=fields.String()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """One signal of a batch, understood. `gateway` is the one that heard it."""

    seq: int
    protocol: str
    gateway: str
    frame: Frame
    waited_s: float
    station: str


# Made once: a schema made for each request copies all its fields.
_SIGNALS, _STORED = SignalsSchema(), StoredSchema()
_BATCH = Quick(_SIGNALS)


def plainly(said: Any) -> dict[str, Any] | None:
    """A batch with signals, as its schema loads it; None for whatever that is to look at."""
    batch = _BATCH.load(said)
    return batch if batch is not None and batch["signals"] else None


def signals_blueprint(reception: Reception, edges: Edges, clock: Clock) -> ApiBlueprint:
    """
    `POST /api/v1/signals`. An answer promises that every signal is on disk; without one the gateway sends the same
    again, which is harmless by (gateway, epoch, seq).
    """
    bp = ApiBlueprint("signals", __name__, url_prefix="/signals", description="What forwarding gateways heard")

    intake = _Intake(reception, edges, clock)

    @bp.post("")
    @either(SCOPE, Right.DEVICES_CHANGE)
    @bp.arguments(_SIGNALS)
    @bp.response(200, _STORED)
    @by_express(ByKey(schema=_SIGNALS, quick=plainly, scope=SCOPE, work=intake.take))
    def receive(batch: dict[str, Any]) -> dict[str, Any]:
        refuse_failed()
        answer, proceed = intake.take(batch, caller(), speaks_for)

        @after_this_request
        def answered(response: Response) -> Response:
            # The sender has its answer before anybody begins to choose.
            response.call_on_close(proceed)
            return response

        return answer

    return bp


class _Intake:
    """Takes batches in, whichever way they came through the web."""

    def __init__(self, reception: Reception, edges: Edges, clock: Clock) -> None:
        self._reception = reception
        self._edges = edges
        self._clock = clock

    def take(
        self, batch: dict[str, Any], by: Person, speaks_for: Callable[[str], bool]
    ) -> tuple[dict[str, Any], Callable[[], None]]:
        """Makes a batch durable; what became of it, and what is to be done once its sender knows."""
        known = speaks_for(batch["gateway"])
        told = self._understood(batch, by, is_known=known)
        seqs, status = [each["seq"] for each in batch["signals"]], batch.get("status") if known else None
        holding = self._edges.holding(
            batch["gateway"], batch["epoch"], seqs, after=batch.get("after"), status=status
        )  # fmt: skip
        received = _received(self._reception, batch["gateway"], batch["epoch"], told, holding)
        proceed = partial(_proceed, self._reception, received)
        try:
            held = holding.held()
        except BaseException:
            proceed()
            raise
        asked = batch.get("ask_register") if known else None
        register = {} if asked is None else {"register": self._reception.register(asked)}
        before = {} if batch.get("after") is None else {"held_before": held.before}
        return {**_counted(received), "held": held.now, **before, **register}, proceed

    def _understood(self, batch: Mapping[str, Any], by: Person, *, is_known: bool) -> list[_Told]:
        now = self._clock.now()
        told = [_told(each, batch["gateway"], now) for each in batch["signals"]]
        return told if is_known else _quarantined(batch["gateway"], told, by)


def _counted(received: Sequence[Received]) -> dict[str, Any]:
    alarms = [each.alarm_id for each in received if each.alarm_id is not None]
    copies = sum(each.copy for each in received)
    return {"stored": len(received) - copies, "copies": copies, "alarms": list(dict.fromkeys(alarms))}


def _quarantined(gateway: str, told: list[_Told], by: Person) -> list[_Told]:
    """
    What is believed of a machine whose key is not for this gateway: that somebody calls for help, marked as not to be
    relied on. No sign of life, no state and no test press of its saying counts (PROMISES, X15).
    """
    _log.warning("gateway_unbound", gateway=gateway, by=by, signals=len(told))
    return [
        replace(each, frame=replace(each.frame, trusted=False, fields={**each.frame.fields, "retained": True}))
        for each in told
        if may_call(each.frame)
    ]


def _proceed(reception: Reception, received: Sequence[Received]) -> None:
    for each in received:
        reception.proceed(each)


def _received(
    reception: Reception, gateway: str, epoch: str, told: list[_Told], holding: Holding
) -> list[Received]:  # fmt: skip
    """
    Everything made durable, what may call for help first: a cancel that overtook its press finds it there. How far the
    spool is held is written with the last of it, never before.
    """
    received: list[Received] = []
    try:
        for each in sorted(told, key=lambda each: (not may_call(each.frame), each.seq)):
            is_last = len(received) + 1 == len(told) and all(other.durable for other in received)
            received.append(reception.report(
                each.frame, Spool(gateway, epoch, each.seq), protocol=each.protocol, gateway=each.gateway,
                waited_s=each.waited_s, station=each.station, also=holding.in_unit if is_last else None,
            ))  # fmt: skip
        if not all(each.durable for each in received):
            reception.settle(holding.in_unit)
    except BaseException:
        _proceed(reception, received)
        raise
    return received


def _told(said: Mapping[str, Any], gateway: str, now: datetime) -> _Told:
    received_at = said["received_at"].astimezone(UTC)
    plain = {key: value.astimezone(UTC) if isinstance(value, datetime) else value for key, value in said.items()}
    parts = {"rssi": said["rssi"]} if "rssi" in said else {}
    plain |= {"position": position_of(dict(said)), "fields": parts | said.get("parts", {})}
    return _Told(
        seq=said["seq"],
        protocol=said["protocol"],
        gateway=said.get("receiver", gateway),
        frame=frame_of(plain, received_at=received_at),
        waited_s=said.get("age_s", max(0.0, (now - received_at).total_seconds())),
        station=said.get("station", ""),
    )
