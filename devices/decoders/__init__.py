"""
The gateway protocols we understand, by the name that a gateway has in the settings.

To add one: write its file by the contract in `decoder.py` and add its line to the tables.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from devices.decoders import (
    bed,
    chirpstack,
    contact_id,
    dc09,
    ev07b,
    gt06,
    h02,
    jt808,
    rflink,
    rtl433,
    scaip,
    surgard,
    topin,
    traccar,
    trv,
    watch3g,
    zigbee2mqtt,
)
from devices.decoders.decoder import Decoder

DECODERS: Mapping[str, Callable[..., Decoder]] = MappingProxyType(
    {
        "rflink": rflink.Rflink,
        "rtl433": rtl433.Rtl433,
        "scaip": scaip.Scaip,
        "surgard": surgard.Surgard,
        "zigbee2mqtt": zigbee2mqtt.Zigbee2Mqtt,
        "chirpstack": chirpstack.Chirpstack,
        "traccar": traccar.Traccar,
        "contact_id": contact_id.ContactId,
        "dc09": dc09.Dc09,
        "bed": bed.Bed,
        "watch3g": watch3g.Watch3g,
        "ev07b": ev07b.Ev07b,
        "gt06": gt06.Gt06,
        "h02": h02.H02,
        "jt808": jt808.Jt808,
        "topin": topin.Topin,
        "trv": trv.Trv,
    }
)
"""
Each is called once for a connection, with `profile=` where the gateway's codes differ from the standard, and those in
`KEYED` with `keys=` where its messages are encrypted.
"""

KEYED = frozenset({"dc09"})

SPELLINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "rflink": rflink.canonical,
        "rtl433": rtl433.canonical,
        "scaip": scaip.canonical,
        "surgard": surgard.canonical,
        "zigbee2mqtt": zigbee2mqtt.canonical,
        "chirpstack": chirpstack.canonical,
        "traccar": traccar.canonical,
        "contact_id": contact_id.canonical,
        "dc09": dc09.canonical,
        "bed": bed.canonical,
        "watch3g": watch3g.canonical,
        "ev07b": ev07b.canonical,
        "gt06": gt06.canonical,
        "h02": h02.canonical,
        "jt808": jt808.canonical,
        "topin": topin.canonical,
        "trv": trv.canonical,
    }
)
"""How each protocol spells an address, so that a registered one is found by the one that is heard."""


ENCODERS: Mapping[str, Callable[..., bytes]] = MappingProxyType(
    {
        "bed": bed.encode,
        "chirpstack": chirpstack.encode,
        "contact_id": contact_id.encode,
        "dc09": dc09.encode,
        "ev07b": ev07b.encode,
        "gt06": gt06.encode,
        "h02": h02.encode,
        "jt808": jt808.encode,
        "rflink": rflink.encode,
        "rtl433": rtl433.encode,
        "scaip": scaip.encode,
        "surgard": surgard.encode,
        "topin": topin.encode,
        "traccar": traccar.encode,
        "trv": trv.encode,
        "watch3g": watch3g.encode,
        "zigbee2mqtt": zigbee2mqtt.encode,
    }
)
"""What a device of each protocol would say, for the simulator and tests: `encode(address, event, count=…)`."""

LOGINS: Mapping[str, Callable[[str], bytes]] = MappingProxyType(
    {"gt06": gt06.login, "topin": topin.login, "trv": trv.login}
)
"""What a device says first on every connection, where only that says who it is."""


PARTS: Mapping[str, int] = MappingProxyType(
    {"rflink": 2, "rtl433": 2, "surgard": 1, "contact_id": 1, "dc09": 1, "scaip": 1, "chirpstack": 1}
    | dict.fromkeys(("watch3g", "ev07b", "gt06", "h02", "jt808", "topin", "trv"), 1)
)
"""How many parts of an address, counted from the left, name the device; what follows is a button or a zone of it."""


def addresses(protocol: str, address: str) -> tuple[str, ...]:
    """Every address under which this sender may be registered, the most particular first."""
    precise = canonical(protocol, address)
    whole = ":".join(precise.split(":")[: PARTS.get(protocol)])
    return (precise,) if whole == precise else (precise, whole)


def canonical(protocol: str, address: str) -> str:
    """The one spelling of an address in this protocol; as it is, trimmed, where the protocol has no rule."""
    return SPELLINGS.get(protocol, str.strip)(address)
