"""TCP connections by the thousand, from senders of every character."""

import json
import socket
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack, closing, suppress
from shutil import which

import pytest

from devices.decoders.surgard import Surgard, encode
from devices.exchange import Exchange
from devices.ports import PortLost, TcpListener, open_listener
from devices.ports.listener import SAID_BYTES_MAX
from devices.ports.tcp_listen import ANSWERS_MAX, SELECT_MAX
from devices.reception import Reception
from devices.supervision import Supervision
from dispatch.clock import SystemClock
from dispatch.review import Review
from dispatch.rules.signal import Event
from tests.architecture.tree import ROOT
from tests.builders import DISTRICT, build_world
from tests.fakes.line import listening, until
from tests.fakes.listener import SharedEars
from tests.need import need

ADDRESS = "tcp-listen://127.0.0.1:0"
HOME_MORE = """
[[homes]]
code = "H8"
address = "红星里 8-101"
lat = 38.0730
lng = 114.4930
residents = [{ code = "R8", name = "张桂兰" }]
devices = [{ code = "D8", kind = "pendant", protocol = "surgard", address = "1234" }]
"""
CROWD = 1_500
"""Enough that the numbers of their connections would go beyond what `select` can look at."""


@pytest.fixture
def listener():
    made = TcpListener(ADDRESS)
    made.open()
    yield made
    made.close()


def call(listener: TcpListener) -> socket.socket:
    return socket.create_connection(("127.0.0.1", listener.port), timeout=60)


class Ledger:
    """What was said so far, by talker, in the order of their first word."""

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self.data: dict = {}
        self.ended: list = []

    def look(self) -> "Ledger":
        for said in self._listener.poll(0.05):
            self.data[said.talker] = self.data.get(said.talker, b"") + said.data
            if said.ended:
                self.ended.append(said.talker)
        return self

    def until(self, happened) -> "Ledger":
        until(lambda: happened(self.look()))
        return self


# ------------------------------------------------------------------------------------------------ hearing


def test_each_connection_is_a_talker_and_known_before_it_says_anything(listener):
    ledger = Ledger(listener)
    with closing(call(listener)), closing(call(listener)) as second:
        ledger.until(lambda now: len(now.data) == 2)
        second.sendall(b"hel")
        second.sendall(b"p")
        ledger.until(lambda now: list(now.data.values()) == [b"", b"help"])
        assert ledger.ended == []


def test_who_closes_its_side_can_be_answered_until_it_is_dismissed(listener):
    ledger = Ledger(listener)
    with closing(call(listener)) as sender:
        sender.sendall(b"help")
        sender.shutdown(socket.SHUT_WR)
        (talker,) = ledger.until(lambda now: now.ended).ended
        assert ledger.data[talker] == b"help"
        assert listener._selector.select(0.05) == [], "an end that is known must not wake us again and again"
        listener.answer(talker, b"ack")
        listener.dismiss(talker)
        assert (sender.recv(99), sender.recv(99)) == (b"ack", b"")
    assert listener.unanswered == 0


def test_a_connection_that_breaks_is_an_end_and_nothing_worse(listener):
    ledger = Ledger(listener)
    sender = call(listener)
    sender.sendall(b"hel")
    (talker,) = ledger.until(lambda now: b"hel" in now.data.values()).data
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sender.close()
    assert ledger.until(lambda now: now.ended).ended == [talker]
    assert listener._selector.select(0.05) == []
    listener.answer(talker, b"ack")
    assert listener.unanswered == 1


def test_a_talker_that_never_stops_does_not_keep_the_others_waiting(listener):
    """Each gets one piece a round: after the flooder's one there is the other's."""
    with closing(call(listener)) as flooder, closing(call(listener)) as other:
        Ledger(listener).until(lambda now: len(now.data) == 2)
        flooder.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                flooder.send(b"x" * 65_536)
        other.sendall(b"help")
        looks = [listener.poll(0.5) for _ in range(2)]
        assert b"help" in [said.data for look in looks for said in look]
        assert max(len(said.data) for look in looks for said in look) == SAID_BYTES_MAX


def test_a_talker_that_never_reads_is_hung_up_on_and_the_others_are_answered(listener):
    ledger = Ledger(listener)
    with closing(call(listener)) as deaf, closing(call(listener)) as other:
        deaf.sendall(b"deaf")
        other.sendall(b"other")
        names = {
            data: talker for talker, data in ledger.until(lambda now: len(set(now.data.values())) == 2).data.items()
        }
        for _ in range(1000):
            listener.answer(names[b"deaf"], b"x" * (ANSWERS_MAX // 2))
            if listener.unanswered:
                break
        listener.answer(names[b"other"], b"ack")
        assert other.recv(99) == b"ack"
        assert ledger.until(lambda now: now.ended).ended == [names[b"deaf"]]


def test_answers_that_do_not_go_through_at_once_arrive_whole_and_in_order(listener):
    ledger = Ledger(listener)
    with closing(call(listener)) as slow:
        slow.sendall(b"slow")
        (talker,) = ledger.until(lambda now: b"slow" in now.data.values()).data
        sent = 0
        while listener._callers[talker].unsent == b"":
            listener.answer(talker, struct.pack(">I", sent) * 1000)
            sent += 1
        listener.dismiss(talker)
        got = b""
        while len(got) < sent * 4000:
            listener.poll(0)
            got += slow.recv(65_536)
        assert got == b"".join(struct.pack(">I", number) * 1000 for number in range(sent))
        ledger.look()
        assert slow.recv(1) == b"", "it is hung up on when it has taken everything"
    assert listener.unanswered == 0


def test_what_is_closed_forgets_everybody_and_can_be_opened_again(listener):
    with closing(call(listener)) as sender:
        Ledger(listener).until(lambda now: now.data)
        listener.close()
        assert sender.recv(1) == b""
        with pytest.raises(PortLost):
            listener.poll(0)
        listener.open()
        with closing(call(listener)):
            Ledger(listener).until(lambda now: now.data)


# ------------------------------------------------------------------------------------------------ the address


def test_an_address_somebody_else_has_is_a_lost_port(listener):
    second = TcpListener(f"tcp-listen://127.0.0.1:{listener.port}")
    with pytest.raises(PortLost, match="in use"):
        second.open()
    second.close()


def test_both_families_are_heard_on_the_address_of_all():
    need(socket.has_ipv6, "no IPv6 on this machine")
    both = TcpListener("tcp-listen://[::]:0")
    both.open()
    with closing(socket.create_connection(("127.0.0.1", both.port), timeout=60)):
        Ledger(both).until(lambda now: now.data)
    both.close()


@pytest.mark.parametrize(
    "address",
    [
        "tcp-listen://", "tcp-listen://:5000", "tcp-listen://0.0.0.0", "tcp-listen://0.0.0.0:port",
        "tcp-listen://0.0.0.0:70000", "tcp-listen://0.0.0.0:5000/path", "tcp-listen://0.0.0.0:5000?x=1",
        "tcp-listen://user@0.0.0.0:5000", "tcp-listen:5000",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_with_an_example(address):
    with pytest.raises(ValueError, match=r"like tcp-listen://0\.0\.0\.0:5000"):
        open_listener(address)


# ------------------------------------------------------------------------------------------------ a crowd


def test_a_crowd_leaves_the_low_numbers_to_those_who_need_them(listener):
    """A serial line, the web server and MQTT are looked at with `select`, which knows no number above 1023."""
    ledger = Ledger(listener)
    with ExitStack() as stack:
        callers = []
        for number in range(CROWD):
            callers.append(stack.enter_context(closing(_high(call(listener)))))
            if number % 50 == 0:
                ledger.look()
        ledger.until(lambda now: len(now.data) == CROWD)
        assert stack.enter_context(closing(socket.socket())).fileno() < SELECT_MAX
        assert min(caller.connection.fileno() for caller in listener._callers.values()) >= SELECT_MAX
        callers[-1].sendall(b"help")
        ledger.until(lambda now: b"help" in now.data.values())
        listener.answer(next(talker for talker, data in ledger.data.items() if data), b"ack")
        assert callers[-1].recv(99) == b"ack"
    assert listener.refused == 0


def _high(caller: socket.socket) -> socket.socket:
    """Our own end out of the way, so that only the listener's are counted."""
    import fcntl

    with closing(caller):
        return socket.socket(fileno=fcntl.fcntl(caller.fileno(), fcntl.F_DUPFD_CLOEXEC, 4096))


FEW_FILES = """
import json, resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (600, 600))
from devices.ports import TcpListener
listener = TcpListener("tcp-listen://127.0.0.1:0")
listener.open()
calling = [socket.create_connection(("127.0.0.1", listener.port)) for _ in range(100)]
talkers = []
while len(talkers) + listener.refused < 100:
    talkers += [said.talker for said in listener.poll(1)]
first = [caller for caller in calling if caller.getsockname()[1] == talkers[0][1]][0]
first.sendall(b"help")
heard = [said.data for said in listener.poll(1)]
# Now somebody else takes every number that is left: who knocks then is turned away, and nothing spins.
taken = []
try:
    while True:
        taken.append(socket.socket())
except OSError:
    pass
late = taken.pop()
late.connect(("127.0.0.1", listener.port))
before = listener.refused
listener.poll(1)
print(json.dumps({"talkers": len(talkers), "heard": heard[0].decode(), "turned_away": listener.refused - before,
                  "quiet": listener._selector.select(0.2) == []}))
"""


def test_where_the_system_allows_few_files_some_are_left_for_others_and_nobody_inside_suffers():
    command = [sys.executable, "-c", FEW_FILES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told == {"talkers": 88, "heard": "help", "turned_away": 1, "quiet": True}


# ------------------------------------------------------------------------------------------------ with its exchange


def exchange(listener, ears):
    return Exchange("yard", listener, Surgard, ears, SystemClock(), lambda: b"", threading.Event())


def test_a_receiver_is_answered_after_its_message_is_kept(listener):
    listener.close()
    ears = SharedEars([])
    with listening(exchange(listener, ears)):
        until(lambda: listener.port)
        with closing(call(listener)) as receiver, closing(call(listener)) as silent:
            message = encode("1234:001", Event.PRESS)
            receiver.sendall(message[:7])
            silent.sendall(message[:7])
            receiver.sendall(message[7:])
            assert receiver.recv(99) == b"\x06"
            assert len(ears.kept) == 1
        until(lambda: ears.journal)


class Dying(TcpListener):
    """A listener whose process dies after the press is committed and before it is answered."""

    def answer(self, talker, data):
        self._drop(self._callers[talker])


def test_killed_between_commit_and_answer_the_press_comes_again_and_is_no_second_one(tmp_path):
    world = build_world(tmp_path, district=DISTRICT + HOME_MORE)
    message, answers = encode("1234", Event.PRESS), []
    for kind in (Dying, TcpListener):
        # Nothing in memory outlives the process.
        reception = Reception(
            world.desk, Supervision(world.transactions), world.reading, world.clock, world.ids,
            protocols={"yard": "surgard"}, stations={},
        )  # fmt: skip
        line = kind(ADDRESS)
        with listening(exchange(line, reception)):
            until(lambda line=line: line.port)
            with closing(call(line)) as receiver:
                receiver.sendall(message)
                answers.append(receiver.recv(1))
    assert answers == [b"", b"\x06"]
    (alarm,) = Review(world.reading, lambda: 0).recent(10)
    assert (alarm["home"], alarm["press_count"]) == ("H8", 1)
    world.close()


def test_socat_sends_a_message_closes_its_side_and_has_its_answer(listener):
    need(which("socat"), "socat not found: apt install socat")
    listener.close()
    ears = SharedEars([])
    with listening(exchange(listener, ears)):
        until(lambda: listener.port)
        done = subprocess.run(
            ["socat", "-t", "5", "-", f"TCP:127.0.0.1:{listener.port}"],
            input=encode("1234:001", Event.PRESS), capture_output=True, timeout=30, check=True,
        )  # fmt: skip
    assert done.stdout == b"\x06"
    assert len(ears.kept) == 1
