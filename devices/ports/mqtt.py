"""
Messages of an MQTT broker, by paho-mqtt: the only file that knows it.

    mqtt://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC/FILTER[?qos=1&client_id=…&version=5&keepalive=30]
    mqtts://…[?ca=/path/to/ca.pem]          TLS, with the system's authorities or this one

The broker keeps a session for us, under a client id that stays the same, and in it every message of QoS 1 until we say
that it is durable. We say so (PUBACK) only when it is: after a crash of ours the broker says the rest again.
"""

import contextlib
import select
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from paho.mqtt import MQTTException
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.decoders.envelope import wrap
from devices.ports.listener import SAID_MAX, Said
from devices.ports.mqtt_address import read_address
from devices.ports.port import PortLost

CONNECT_S = 5.0
"""How long a broker may take to let us in, before we try again."""

TURN_S = 0.1
"""One look at the connection while it is being made."""

SESSION_S = 7 * 24 * 3600
"""How long a broker is asked to keep our session while we are away (MQTT 5; before it, brokers have their own rule)."""

UNCONFIRMED_MAX = 500
"""
Messages that a broker may have sent and not heard confirmed (MQTT 5, Receive Maximum): fewer than the backlog holds.

Mosquitto's own `max_inflight_messages`, 20 unless it is set, is a second limit.
"""

PACKET_MAX = 1024 * 1024
"""A broker is asked not to send anything longer (MQTT 5, Maximum Packet Size)."""

_FOREIGN = (OSError, ValueError, TypeError, LookupError, struct.error, MQTTException)
"""What paho lets through: of the network, and of brokers that say what no broker should."""


class MqttListener:
    """
    A `Listener` to one broker. There is one talker, the broker, for as long as the connection lasts: what a device says
    under several topics is heard by one decoder.

    Each message is one piece: a line of JSON as `envelope.wrap` writes it. Its receipt is the broker's number of it.
    """

    def __init__(self, address: str) -> None:
        """As in the head of this file; a `ValueError` says what is wrong."""
        self._broker = read_address(address)
        self.unanswered = 0
        self.refused = 0
        self._client: Client | None = None
        self._number = 0
        self._heard: deque[Said] = deque()
        self._let_in = self._subscribed = False
        self._lost = ""

    def open(self) -> None:
        self.close()
        self._number += 1
        try:
            self._client = self._make()
            self._client.connect(self._broker.host, self._broker.port, self._broker.keepalive_s, **self._session())
            _without_delay(self._client.socket())
            self._await(lambda: self._let_in, "the broker did not answer")
            self._client.subscribe(self._broker.topic, qos=self._broker.qos)
            self._await(lambda: self._subscribed, "the broker did not confirm the subscription")
        except _FOREIGN as error:
            self.close()
            raise PortLost(f"no connection to the broker: {error}") from error
        except PortLost:
            self.close()
            raise

    def poll(self, timeout_s: float) -> Sequence[Said]:
        if self._client is None:
            raise PortLost("not open")
        if not self._heard:
            self._turn(self._client, timeout_s)
        if not self._heard and self._lost:
            raise PortLost(self._lost)
        return [self._heard.popleft() for _ in range(min(SAID_MAX, len(self._heard)))]

    def answer(self, talker: Hashable, data: bytes) -> None:
        """No device behind a broker is waiting for us: its answer is the receipt."""
        self.unanswered += 1

    def confirm(self, said: Said, frames: int) -> None:
        number, mid = said.receipt if isinstance(said.receipt, tuple) else (0, 0)
        if self._client is not None and number == self._number and not self._lost:
            try:
                self._client.ack(mid, 1)
            except _FOREIGN as error:
                self._lost = str(error) or type(error).__name__

    def dismiss(self, talker: Hashable) -> None:
        """Nothing: the others behind this broker are heard on, by a fresh decoder."""

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.on_disconnect = None
            with contextlib.suppress(*_FOREIGN):
                client.disconnect()
            connection = client.socket()
            if connection is not None:
                connection.close()
        self._heard.clear()
        self._let_in = self._subscribed = False
        self._lost = ""

    # ------------------------------------------------------------------------------------------------ the connection

    def _make(self) -> Client:
        broker, old = self._broker, self._broker.version != "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            clean_session=False if old else None,
            protocol=MQTTv311 if old else MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_S
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        if broker.user:
            client.username_pw_set(broker.user, broker.password or None)
        if broker.tls:
            client.tls_set(ca_certs=broker.ca or None, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        return client

    def _session(self) -> dict[str, Any]:
        """What MQTT 5 says at connecting; before it, all is in the client."""
        if self._broker.version != "5":
            return {}
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wishes.SessionExpiryInterval = SESSION_S
        wishes.ReceiveMaximum = UNCONFIRMED_MAX
        wishes.MaximumPacketSize = PACKET_MAX
        return {"clean_start": False, "properties": wishes}

    def _await(self, happened: Callable[[], bool], otherwise: str) -> None:
        assert self._client is not None
        for _ in range(round(CONNECT_S / TURN_S)):
            if happened():
                return
            if self._lost:
                raise PortLost(self._lost)
            self._turn(self._client, TURN_S)
        raise PortLost(otherwise)

    def _turn(self, client: Client, timeout_s: float) -> None:
        """Waits for the broker, reads what is there, and says what is due."""
        connection = client.socket()
        if connection is None:
            self._lost = self._lost or "the broker hung up"
            return
        try:
            if not getattr(connection, "pending", int)():
                waiting = select.poll()
                waiting.register(connection, select.POLLIN | (select.POLLOUT if client.want_write() else 0))
                waiting.poll(timeout_s * 1000)
            if client.want_write():
                client.loop_write()
            self._read(client)
            client.loop_misc()
        except _FOREIGN as error:
            self._lost = str(error) or type(error).__name__

    def _read(self, client: Client) -> None:
        """Packet by packet, for as long as each is a message: what else there is, the next look finds."""
        before = -1
        while before < len(self._heard) < SAID_MAX:
            before = len(self._heard)
            client.loop_read()

    # ------------------------------------------------------------------------------------------------ what paho calls

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._let_in = not code.is_failure
        if code.is_failure:
            self._lost = f"the broker refuses us: {code}"

    def _on_subscribe(
        self, client: Client, _: Any, mid: int, codes: list[ReasonCode], properties: Properties | None
    ) -> None:
        self._subscribed = not any(code.is_failure for code in codes)
        if not self._subscribed:
            self._lost = f"the broker refuses {self._broker.topic}: {', '.join(map(str, codes))}"

    def _on_disconnect(
        self, client: Client, _: Any, flags: DisconnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        self._lost = self._lost or f"the broker hung up: {code}"

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        receipt = (self._number, message.mid) if message.qos else None
        try:
            data = wrap(message.topic, bytes(message.payload), message.retain)
        except UnicodeDecodeError:
            data = b""
        if len(message.payload) > FRAME_BYTES_MAX:
            data = b""
        self.refused += not data
        self._heard.append(Said(self._number, data, receipt=receipt))


def _without_delay(connection: object) -> None:
    """Receipts are tiny, and the broker sends no more until it has them: the system is not to gather them (Nagle)."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
