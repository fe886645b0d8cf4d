"""
The gateway protocols we understand, by the name that a gateway has in the settings.

To add one: write its file by the contract in `decoder.py` and add its line to both tables.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from devices.decoders import rflink, rtl433, surgard
from devices.decoders.decoder import Decoder

DECODERS: Mapping[str, Callable[..., Decoder]] = MappingProxyType(
    {
        "rflink": rflink.Rflink,
        "rtl433": rtl433.Rtl433,
        "surgard": surgard.Surgard,
    }
)
"""Each is called once for a connection, with `profile=` where the gateway's codes differ from the standard."""

SPELLINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "rflink": rflink.canonical,
        "rtl433": rtl433.canonical,
        "surgard": surgard.canonical,
    }
)
"""How each protocol spells an address, so that a registered one is found by the one that is heard."""


def canonical(protocol: str, address: str) -> str:
    """The one spelling of an address in this protocol; as it is, trimmed, where the protocol has no rule."""
    return SPELLINGS.get(protocol, str.strip)(address)
