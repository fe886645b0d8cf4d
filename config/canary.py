"""Canaries of the gateways: bytes as a device of that protocol sends them, read by a decoder as the gateway has one."""

from collections.abc import Sequence

from config.gateways import decoders_of
from config.settings import GatewaySettings, Settings
from devices.dialects import DIALECTS, address_of, calling
from devices.exchange import Exchange
from devices.gateway import Gateway
from dispatch.lifeline import Canary

NUMBER = 7999
"""Whose press it pretends to be. Its frames never reach the register: no device is ever looked for."""

BITE = 7
"""Lines bring bytes in pieces; so does this."""


def canaries(settings: Settings, hearing: Sequence[Gateway | Exchange]) -> list[Canary]:
    """One for each gateway that is heard here and whose protocol can be said as well as heard."""
    said = {each.name: each for each in settings.gateways if each.protocol in DIALECTS}
    return [_canary(said[gateway.name], gateway) for gateway in hearing if gateway.name in said]


def _canary(said: GatewaySettings, gateway: Gateway | Exchange) -> Canary:
    return Canary(door=gateway, read=lambda: frames_in(said), connected=lambda: gateway.state.connected)


def frames_in(said: GatewaySettings) -> int:
    """How many frames a fresh decoder of this gateway makes of a pretend press, given in pieces."""
    decoder, dialect = decoders_of(said)(), DIALECTS[said.protocol]()
    spoken = b"".join(dialect.frames(address_of(said.protocol, NUMBER), calling(said.protocol)))
    pieces = [spoken[start : start + BITE] for start in range(0, len(spoken), BITE)]
    return sum(len(decoder.feed(piece)) for piece in pieces)
