"""Datagrams from many, among them those of the real rtl_433."""

import shutil
import socket
import subprocess
import threading
from contextlib import closing

import pytest

from devices.decoders.rtl433 import Rtl433
from devices.exchange import Exchange
from devices.ports import PortLost, UdpListener, open_listener
from devices.ports.listener import SAID_MAX
from dispatch.clock import SystemClock
from dispatch.rules.signal import Event
from tests.fakes.line import LineDecoder, listening, until
from tests.fakes.listener import SharedEars
from tests.integration.test_rtl433_real import BITS
from tests.need import need
from tests.unit.devices.redraw import vectors

ADDRESS = "udp-listen://127.0.0.1:0"
SYSLOG = [vector for vector in vectors("rtl433") if vector["protocol"] == "rtl_433-syslog-udp"]
assert SYSLOG


@pytest.fixture
def listener():
    made = UdpListener(ADDRESS)
    made.open()
    yield made
    made.close()


def call(listener: UdpListener) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(60)
    made.connect(("127.0.0.1", listener.port))
    return made


def heard(listener: UdpListener, count: int) -> list:
    said: list = []
    until(lambda: said.extend(listener.poll(0.05)) or len(said) >= count)
    return said


def test_each_sender_is_a_talker_and_each_datagram_a_piece(listener):
    with closing(call(listener)) as one, closing(call(listener)) as other:
        one.send(b"a" * 60_000)
        other.send(b"b")
        one.send(b"")
        one.send(b"c")
        said = heard(listener, 4)
        assert [(each.talker, len(each.data)) for each in said] == [
            (one.getsockname(), 60_000), (other.getsockname(), 1), (one.getsockname(), 0), (one.getsockname(), 1),
        ]  # fmt: skip
        assert not any(each.ended for each in said)
        listener.answer(said[1].talker, b"ack")
        assert other.recv(99) == b"ack"


def test_a_storm_is_taken_in_bounded_looks(listener):
    with closing(call(listener)) as one:
        for _ in range(SAID_MAX + 10):
            one.send(b"low\n")
        assert len(listener.poll(1)) == SAID_MAX
        assert len(listener.poll(1)) == 10
        assert listener.poll(0) == []


def test_an_answer_nobody_takes_is_dropped_and_counted_and_the_rest_is_heard(listener):
    gone = call(listener)
    gone.send(b"one")
    (said,) = heard(listener, 1)
    gone.close()
    listener.answer(said.talker, b"ack")
    listener.answer(said.talker, b"x" * 70_000)
    assert listener.unanswered == 1, "no datagram is so long; that nobody hears the other is not told over UDP"
    with closing(call(listener)) as other:
        other.send(b"two")
        assert [each.data for each in heard(listener, 1)] == [b"two"]


def test_an_address_somebody_else_has_is_a_lost_port(listener):
    with pytest.raises(PortLost, match="in use"):
        UdpListener(f"udp-listen://127.0.0.1:{listener.port}").open()


def test_an_address_that_is_none_is_refused_with_an_example():
    with pytest.raises(ValueError, match="like udp-listen://"):
        open_listener("udp-listen://127.0.0.1")


# ------------------------------------------------------------------------------------------------ with its exchange


def exchange(listener, ears, decoder):
    listener.close()
    return Exchange("yard", listener, decoder, ears, SystemClock(), lambda: b"", threading.Event())


def test_a_dialler_is_answered_where_it_called_from(listener):
    ears = SharedEars([])
    with listening(exchange(listener, ears, LineDecoder)):
        until(lambda: listener.port)
        with closing(call(listener)) as one, closing(call(listener)) as other:
            one.send(b"one\n")
            other.send(b"other\n")
            assert (one.recv(99), other.recv(99)) == (b"ack one;", b"ack other;")
    assert sorted(ears.kept) == ["one", "other"]


@pytest.mark.parametrize("vector", SYSLOG, ids=lambda vector: vector["id"])
def test_the_datagrams_of_the_vectors_are_understood(listener, vector):
    with closing(call(listener)) as one:
        one.send(vector["input"].encode())
        (said,) = heard(listener, 1)
    (frame,) = Rtl433().feed(said.data)
    expected = vector["expect"]
    assert frame.address == f"{expected['model']}:{expected['id']}:{expected['button']}"


def test_the_real_rtl_433_is_heard_over_syslog(listener):
    need(shutil.which("rtl_433"), "rtl_433 not found: apt install rtl-433")
    heard_frames = []

    class Ears(SharedEars):
        def hear(self, frame, **more):
            heard_frames.append(frame)
            return super().hear(frame, **more)

    with listening(exchange(listener, Ears([]), Rtl433)):
        until(lambda: listener.port)
        command = ["rtl_433", "-c", "0", "-R", "30", "-F", f"syslog:127.0.0.1:{listener.port}", "-y", BITS]
        subprocess.run(command, capture_output=True, check=True, timeout=30)
        until(lambda: heard_frames)
    assert [(frame.event, frame.address) for frame in heard_frames] == [(Event.BUTTON, "Generic-Remote:5069:48")]
