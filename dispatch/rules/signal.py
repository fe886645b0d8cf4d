"""What a device said, in one vocabulary for every protocol, and what it means for the people concerned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from dispatch.ids import DeviceId, HomeId, ResidentId, SignalId, StationId
from dispatch.rules.place import Position


class Event(StrEnum):
    """One word for what was said, whatever the protocol."""

    # Somebody may need help.
    PRESS = "press"
    DURESS = "duress"
    FALL = "fall"
    FALL_SUSPECTED = "fall_suspected"
    INACTIVITY = "inactivity"
    BED_EXIT = "bed_exit"
    WANDERING = "wandering"
    SMOKE = "smoke"
    FIRE = "fire"
    HEAT = "heat"
    GAS = "gas"
    CO = "co"
    WATER = "water"
    ALARM = "alarm"
    INTRUSION = "intrusion"
    ALARM_24H = "alarm_24h"
    # Something about a need that is known already.
    CANCEL = "cancel"
    ATTENDANCE = "attendance"
    VOICE_REQUEST = "voice_request"
    RESTORE = "restore"
    # The state of the equipment.
    LOW_BATTERY = "low_battery"
    BATTERY_RESTORE = "battery_restore"
    BATTERY_MISSING = "battery_missing"
    MAINS_FAIL = "mains_fail"
    MAINS_RESTORE = "mains_restore"
    TAMPER = "tamper"
    TAMPER_RESTORE = "tamper_restore"
    OFFLINE = "offline"
    ONLINE = "online"
    LINK_FAULT = "link_fault"
    LINK_RESTORE = "link_restore"
    JAMMING = "jamming"
    JAMMING_RESTORE = "jamming_restore"
    FAULT = "fault"
    # Life signs of the equipment, and talk.
    HEARTBEAT = "heartbeat"
    TEST = "test"
    TELEMETRY = "telemetry"
    VITALS = "vitals"
    LOCATION = "location"
    PRESENCE = "presence"
    MOTION = "motion"
    VIBRATION = "vibration"
    BUTTON = "button"
    STATUS_PRESS = "status_press"
    SENSOR_STATE = "sensor_state"
    CONTACT = "contact"
    CONTACT_OPEN = "contact_open"
    CONTACT_CLOSED = "contact_closed"
    ARM_DISARM = "arm_disarm"
    BED_ENTER = "bed_enter"
    ACK = "ack"
    NACK = "nack"
    GATEWAY_BOOT = "gateway_boot"
    GATEWAY_INFO = "gateway_info"
    UPDATE = "update"
    INFO = "info"
    IGNORE = "ignore"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"


class Scope(StrEnum):
    """What the event is about: one device, the gateway that hears it, or the whole system."""

    DEVICE = "device"
    GATEWAY = "gateway"
    SYSTEM = "system"


class Cause(StrEnum):
    """Why somebody must come. The order is by urgency: a graver cause raises the cause of an open alarm."""

    FIRE = "fire"
    GAS = "gas"
    DURESS = "duress"
    FALL = "fall"
    PRESS = "press"
    INACTIVITY = "inactivity"
    WANDERING = "wandering"
    WATER = "water"
    INTRUSION = "intrusion"
    UNCLEAR = "unclear"
    MISSED_VISIT = "missed_visit"
    MISSED_CALL = "missed_call"
    HOTLINE = "hotline"
    EXERCISE = "exercise"
    """A drill: told to people as one, left out of every statistic, and less urgent than anything."""

    def graver_than(self, other: "Cause") -> bool:
        """Whether this cause is strictly more urgent than the other."""
        return _GRAVITY[self] < _GRAVITY[other]


_GRAVITY = {cause: place for place, cause in enumerate(Cause)} | {Cause.HOTLINE: list(Cause).index(Cause.PRESS)}

CAUSES: Mapping[Event, Cause] = MappingProxyType(
    {
        Event.PRESS: Cause.PRESS,
        Event.DURESS: Cause.DURESS,
        Event.FALL: Cause.FALL,
        Event.FALL_SUSPECTED: Cause.FALL,
        Event.INACTIVITY: Cause.INACTIVITY,
        Event.WANDERING: Cause.WANDERING,
        Event.SMOKE: Cause.FIRE,
        Event.FIRE: Cause.FIRE,
        Event.HEAT: Cause.FIRE,
        Event.GAS: Cause.GAS,
        Event.CO: Cause.GAS,
        Event.WATER: Cause.WATER,
        Event.ALARM: Cause.UNCLEAR,
    }
)
"""The events that raise an alarm, each with its cause. All others go to the device's record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """
    What a device said, checked and matched to its home.

    `dedup_key` is the same for every copy of one press, whichever gateway heard it and however often it was sent.
    `received_at` is our clock, `sent_at` theirs if they told; `heard_at` is when a gateway heard it, by our clock, if
    that was not when we received it. `raw` is the frame as it came. `station_id` answers for devices that belong to no
    home.
    """

    id: SignalId
    event: Event
    cause: Cause | None
    gateway: str
    protocol: str
    address: str
    dedup_key: str
    received_at: datetime
    sent_at: datetime | None = None
    heard_at: datetime | None = None
    device_id: DeviceId | None = None
    home_id: HomeId | None = None
    resident_id: ResidentId | None = None
    station_id: StationId | None = None
    position: Position | None = None
    position_at: datetime | None = None
    raw: bytes = b""
    trusted: bool = True
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        assert self.dedup_key
        assert self.received_at.tzinfo is not None
