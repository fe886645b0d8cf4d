"""
The SCAIP codes as data: what a device type (dty) with a status (stc) says.

Sources: the lists in `caruhome/scaip-gateway:scaip_gateway/spec.py` (whose INACTIVE and INITIATED share 0050, so that
code means nothing here) and the enumerations of `Syntilio/Datahub-Scaip-Proxy`; the care meanings from PROTOCOLS
sections 6 and 13. Codes have up to four digits, with or without leading zeros.
"""

from collections.abc import Mapping
from types import MappingProxyType

from devices.decoders.contact_id_codes import RESTORES
from devices.decoders.decoder import NO_PROFILE
from dispatch.rules.signal import CAUSES, Event, Scope


def _table(*groups: tuple[Event, str]) -> Mapping[str, Event]:
    return MappingProxyType({code: event for event, codes in groups for code in codes.split()})


ALARMS: Mapping[str, Event] = _table(
    (Event.FALL, "0005 0030"),
    # 0027 is the switch for a bogus caller at the door: help is wanted, and the caller must not notice.
    (Event.DURESS, "0006 0027"),
    (Event.PRESS, "0007"),
    (Event.INACTIVITY, "0010"),
    (Event.BED_EXIT, "0012"),
    (Event.WANDERING, "0015"),
    (Event.GAS, "0021"),
    (Event.SMOKE, "0023"),
    (Event.HEAT, "0025"),
    (Event.CO, "0026"),
    (Event.INTRUSION, "0028 0029 0036"),
    (Event.WATER, "0033"),
    (Event.FIRE, "0037 0047"),
    (Event.TAMPER, "0038"),
    (Event.LINK_FAULT, "0032"),
    (Event.FAULT, "0031 0039 0040 0041"),
)
"""What an automatic alarm (stc 0009, 0011) of each device type is; of any other type an alarm of unknown kind."""

STATUSES: Mapping[str, Event] = _table(
    (Event.CANCEL, "0002 0019 0093"),
    (Event.LOW_BATTERY, "0014 0016"),
    (Event.BATTERY_RESTORE, "0015 0020"),
    (Event.CONTACT_CLOSED, "0021"),
    (Event.CONTACT_OPEN, "0076"),
    (Event.LINK_FAULT, "0023 0024 0025 0026 0027"),
    (Event.LINK_RESTORE, "0112 0113 0114 0115 0116"),
    (Event.OFFLINE, "0073 0123"),
    (Event.ONLINE, "0075 0124"),
    (Event.MAINS_FAIL, "0085"),
    (Event.MAINS_RESTORE, "0086"),
    (Event.ATTENDANCE, "0087 0088 0110 0111"),
    (Event.JAMMING, "0052 0095 0122"),
    (Event.TEST, "0102 0103"),
    (Event.TAMPER, "0125"),
    (Event.HEAT, "0100 0126"),
    (Event.BED_ENTER, "0117"),
    (Event.MOTION, "0119"),
    (Event.PRESENCE, "0071 0120 0121"),
    (Event.INTRUSION, "0106 0107"),
    (Event.ARM_DISARM, "0012 0030"),
    # Something has gone on for too long, or it is too cold to live in: it matters, and has no word of its own.
    (Event.ALARM, "0022 0077 0101"),
    (Event.FAULT, "0031 0032 0033 0034 0035 0036 0037 0038 0039 0040 0042 0043 0044 0045 0051 0063 0065 0066 0067"),
    (Event.FAULT, "0068 0078 0079 0105"),
    (Event.INFO, "0003 0004 0005 0007 0008 0013 0017 0018 0028 0029 0041 0046 0047 0048 0053 0054 0055 0056 0057"),
    (Event.INFO, "0058 0059 0060 0061 0062 0064 0069 0072 0074 0080 0081 0082 0083 0084 0089 0090 0096 0097 0098"),
    (Event.INFO, "0099 0104 0108 0109 0118 0127"),
)
"""What a status says whatever the device; those that depend on its type are told in `scaip_event`."""

_AUTOMATIC = frozenset({"0009", "0011"})
_MANUAL = "0010"
_ACTIVATED = "0006"
_ENDED = frozenset({"0070", "0091", "0092", "0094"})
_UNSTATED = frozenset({"", "0000", "0001"})

_ALWAYS_ITSELF = frozenset((Event.DURESS, Event.GAS, Event.SMOKE, Event.HEAT, Event.CO, Event.WATER, Event.FIRE))
"""Alarms that stay what they are when a person raised them by hand, as at a fire call point."""

_TRIGGERS = frozenset({"0003", "0004", "0007"})
_CALLERS = _TRIGGERS | {code for code, event in ALARMS.items() if event in CAUSES}
"""Devices that exist to call for help: their message is an alarm until it says otherwise."""

_UNIT = frozenset({"0002", "0045"})
"""The home unit and the controller: what others call the gateway."""


def padded(code: str) -> str:
    """A code with its leading zeros, nothing for nothing."""
    return code.zfill(4) if code else ""


def scaip_event(device_type: str, status: str, profile: Mapping[str, Event] = NO_PROFILE) -> Event:
    """
    What a message (mty ME) of this device type with this status says; `unknown` for a status that nobody documents.

    `profile` may give an event to a pair (`0012+0009`) or to a status (`0081`) that this gateway uses otherwise.
    A message without status is an alarm of unknown kind if its device exists to call for help. One with a status that
    is newer than our lists is `ambiguous` then, so that only a registered device raises an alarm by it.
    """
    kind, told = padded(device_type), padded(status)
    own = profile.get(f"{kind}+{told}") or profile.get(told)
    return own or _alarm(kind, told) or _state(kind, told) or _undocumented(kind, told)


def scaip_scope(device_type: str, device: str) -> Scope:
    """Whether a message is about one device behind the unit, which it then names, or about the unit itself."""
    return Scope.GATEWAY if not device or padded(device_type) in _UNIT else Scope.DEVICE


def says_alarm(status: str) -> bool:
    """Whether the status itself is *alarm*, whatever device it is of."""
    return padded(status) in _AUTOMATIC | {_MANUAL}


def _alarm(kind: str, told: str) -> Event | None:
    alarm = ALARMS.get(kind, Event.ALARM)
    if told == _MANUAL:
        return alarm if alarm in _ALWAYS_ITSELF else Event.PRESS
    return alarm if told in _AUTOMATIC else None


def _state(kind: str, told: str) -> Event | None:
    if told in _ENDED:
        return RESTORES.get(ALARMS.get(kind, Event.ALARM), Event.RESTORE)
    if told == _ACTIVATED:
        return Event.BUTTON if kind in _TRIGGERS else Event.SENSOR_STATE
    return STATUSES.get(told)


def _undocumented(kind: str, told: str) -> Event:
    if kind not in _CALLERS:
        return Event.UNKNOWN
    return Event.ALARM if told in _UNSTATED else Event.AMBIGUOUS
