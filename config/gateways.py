"""The gateways of the settings, each with its port and its decoder."""

import secrets
import threading
from collections.abc import Callable
from functools import partial

from config.options import GatewaySettings
from devices.decoders import DECODERS, KEYED
from devices.decoders.contact_id_codes import PROFILES
from devices.decoders.dc09_cipher import ANY
from devices.decoders.decoder import Decoder
from devices.exchange import IDLE_BY_PROTOCOL_S, IDLE_S, NEVER_S, Exchange
from devices.gateway import Gateway
from devices.line import SILENT_S
from devices.pieces import SharedReception
from devices.ports import Listener, is_broker, is_listener, open_listener, open_port
from dispatch.clock import Clock
from dispatch.errors import Misconfigured
from dispatch.rules.signal import Event

PAD_BYTES = 16
"""Random bytes for those answers that carry some."""


class Gateways:
    """Makes gateways that share a reception, a clock and the event that ends them."""

    def __init__(self, reception: SharedReception, clock: Clock, stopping: threading.Event) -> None:
        self._reception = reception
        self._clock = clock
        self._stopping = stopping

    def of(self, said: GatewaySettings) -> tuple[Gateway | Exchange, Listener | None]:
        """
        A gateway, and the listener it hears where many talk.

        Raises:
            Misconfigured: names the gateway's key.
        """
        if said.protocol not in DECODERS:
            raise Misconfigured(f"gateways.{said.name}.protocol", f"'{said.protocol}' is none of {', '.join(DECODERS)}")
        if is_listener(said.port):
            listener = _listener(said)
            return self._exchange(said, listener), listener
        return self._gateway(said), None

    def _gateway(self, said: GatewaySettings) -> Gateway:
        make = decoders_of(said)
        return Gateway(
            said.name,
            lambda: open_port(
                said.port, baud=said.baud, bytesize=said.bytesize, parity=said.parity, stopbits=said.stopbits
            ),
            make,
            self._reception,
            self._clock,
            _pad,
            self._stopping,
            silent_s=said.silent_s or SILENT_S,
        )

    def _exchange(self, said: GatewaySettings, listener: Listener) -> Exchange:
        make = decoders_of(said)
        return Exchange(
            said.name,
            listener,
            make,
            self._reception,
            self._clock,
            _pad,
            self._stopping,
            silent_s=said.silent_s or NEVER_S,
            # A broker hangs up by itself; what its devices last said is not forgotten because they are quiet.
            idle_s=NEVER_S if is_broker(said.port) else IDLE_BY_PROTOCOL_S.get(said.protocol, IDLE_S),
        )


def _pad() -> bytes:
    return secrets.token_bytes(PAD_BYTES)


def _listener(said: GatewaySettings) -> Listener:
    try:
        return open_listener(said.port, password=said.password)
    except ValueError as wrong:
        raise Misconfigured(f"gateways.{said.name}.port", str(wrong)) from None


def decoders_of(said: GatewaySettings) -> Callable[[], Decoder]:
    """Makes a decoder for each connection, with the code table and the key of the settings."""
    if said.key and said.protocol not in KEYED:
        raise Misconfigured(f"gateways.{said.name}.key", f"'{said.protocol}' is not encrypted; take the key away")
    keys = {"keys": {ANY: said.key}} if said.key else {}
    return partial(DECODERS[said.protocol], profile=_profile(said), **keys)


def _profile(said: GatewaySettings) -> dict[str, Event]:
    """The code table of a receiver: a named one, with the codes of the settings on top."""
    if said.profile not in PROFILES:
        raise Misconfigured(f"gateways.{said.name}.profile", f"'{said.profile}' is none of {', '.join(PROFILES)}")
    own = {}
    for code, event in said.codes.items():
        if event not in set(Event):
            raise Misconfigured(f"gateways.{said.name}.codes.{code}", f"'{event}' is no event")
        own[code] = Event(event)
    return {**PROFILES[said.profile], **own}
