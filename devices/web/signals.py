# mypy: disable-error-code="untyped-decorator"
"""Signals from forwarding gateways: a batch is checked whole, kept whole, and only then answered."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields, validate

from devices.decoders import DECODERS
from devices.reception import Reception, Report
from dispatch.desk import Received, Spool
from dispatch.rules.signal import CAUSES, Event
from dispatch.web.access import either
from dispatch.web.api import ApiBlueprint
from dispatch.web.schemas import NUMBER_MAX, PositionSchema, Text, Wire, position_of

BATCH_MAX = 1_000
"""Signals of one request; a gateway with more in its spool sends the next thousand after the answer."""

SCOPE = "signals"
"""The scope of keys that may hand signals in."""

_BELIEVABLE = validate.Range(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""A gateway whose clock has lost its battery says 1970; it is to put its own time of receipt, not that."""

ADDRESS_MAX = 160
PROTOCOL_MAX = 24


class SignalSchema(PositionSchema):
    """What a device said, by the protocol and address it is registered with, and when the gateway heard it."""

    seq = fields.Integer(required=True, strict=True, validate=validate.Range(0, NUMBER_MAX))
    protocol = Text(PROTOCOL_MAX, required=True, metadata={"description": f"One of {', '.join(sorted(DECODERS))}, …"})
    device = Text(ADDRESS_MAX, required=True)
    event = fields.Enum(Event, by_value=True, required=True)
    received_at = fields.AwareDateTime(required=True, validate=_BELIEVABLE)
    position_at = fields.AwareDateTime(validate=_BELIEVABLE)
    rssi = fields.Float(validate=validate.Range(-200, 50), metadata={"description": "How strongly it came in, in dBm"})


class SignalsSchema(Wire):
    """A batch: `epoch` is drawn at random when a spool is created, `seq` counts within it."""

    gateway = Text(required=True)
    epoch = Text(required=True)
    signals = fields.List(fields.Nested(SignalSchema), required=True, validate=validate.Length(1, BATCH_MAX))


class StoredSchema(Schema):
    """What became of a batch: how many were new, how many known, and the alarms raised or joined."""

    stored = fields.Integer(required=True)
    copies = fields.Integer(required=True)
    alarms = fields.List(fields.String(), required=True)


def signals_blueprint(reception: Reception) -> ApiBlueprint:
    """
    `POST /api/v1/signals`. An answer promises that every signal is on disk; without one the gateway sends the same
    again, which is harmless by (gateway, epoch, seq).
    """
    bp = ApiBlueprint("signals", __name__, url_prefix="/signals", description="What forwarding gateways heard")

    @bp.post("")
    @either(SCOPE)
    @bp.arguments(SignalsSchema)
    @bp.response(200, StoredSchema)
    def receive(batch: dict[str, Any]) -> dict[str, Any]:
        urgent_first = sorted(batch["signals"], key=lambda each: (each["event"] not in CAUSES, each["seq"]))
        received = [_report(reception, batch["gateway"], batch["epoch"], each) for each in urgent_first]
        if not all(each.durable for each in received):
            reception.settle()
        alarms = [each.alarm_id for each in received if each.alarm_id is not None]
        copies = sum(each.copy for each in received)
        return {"stored": len(received) - copies, "copies": copies, "alarms": list(dict.fromkeys(alarms))}

    return bp


def _report(reception: Reception, gateway: str, epoch: str, said: dict[str, Any]) -> Received:
    received_at: datetime = said["received_at"].astimezone(UTC)
    position = position_of(said)
    report = Report(
        protocol=said["protocol"],
        device=said["device"],
        event=said["event"],
        received_at=received_at,
        position=position,
        position_at=said.get("position_at", received_at).astimezone(UTC) if position else None,
        rssi=said.get("rssi"),
    )
    return reception.report(report, Spool(gateway, epoch, said["seq"]))
