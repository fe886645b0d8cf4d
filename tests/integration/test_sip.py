"""The SIP port on real sockets: what is answered when, what is heard twice, and what floods do."""

import re
import socket
from contextlib import contextmanager

import pytest

from devices.decoders.scaip import encode
from devices.ports.port import PortLost
from devices.ports.sip import END, SipListener
from devices.ports.sip_messenger import OPEN_MAX
from devices.ports.sip_sockets import CALLERS_MAX
from devices.ports.sip_transactions import LIFE_S, TRYING_S, WAITING_MAX
from tests.fakes.line import until
from tests.integration.sip_rig import Desk
from tests.need import need
from tests.ports import free_port


class Hand:
    """A clock that is moved by hand."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Client:
    """A unit, or whoever speaks SIP to us."""

    def __init__(self, port: int, *, tcp: bool = False, family=socket.AF_INET) -> None:
        host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self.socket = socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.connect((host, port))
        self.socket.settimeout(60.0)
        self.port = self.socket.getsockname()[1]
        self.transport = "TCP" if tcp else "UDP"

    def request(self, body: bytes = b"", method="MESSAGE", *, number=1, branch="", more=(), via_port=None) -> bytes:
        via = f"SIP/2.0/{self.transport} 127.0.0.1:{via_port or self.port};branch={branch or f'z9hG4bK{number}'}"
        lines = [f"{method} sip:arc@127.0.0.1 SIP/2.0", f"Via: {via}", "From: <sip:4670@127.0.0.1>;tag=1",
                 "To: <sip:arc@127.0.0.1>", f"Call-ID: call-{self.port}", f"CSeq: {number} {method}", *more,
                 f"Content-Length: {len(body)}", "", ""]  # fmt: skip
        return "\r\n".join(lines).encode() + body

    def say(self, *arguments, **more) -> None:
        self.socket.send(self.request(*arguments, **more))

    def heard(self) -> str:
        return self.socket.recv(65_536).decode()

    def is_told_nothing(self, patience_s: float = 0.1) -> bool:
        self.socket.settimeout(patience_s)
        try:
            return not self.socket.recv(65_536)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(60.0)


@pytest.fixture
def hand():
    return Hand()


@contextmanager
def opened(address="sip-listen://127.0.0.1:0", **more):
    listener = SipListener(address, **more)
    listener.open()
    try:
        yield listener
    finally:
        listener.close()


@pytest.fixture
def listener(hand):
    with opened(steady_s=hand) as listener:
        yield listener


@pytest.fixture
def client(listener):
    client = Client(listener.port)
    yield client
    client.socket.close()


def code_of(answer: str) -> int:
    return int(answer.split(" ")[1])


def said_in(listener: SipListener, look_s: float = 0.05) -> list:
    """The messages of one look, without the ends of those before."""
    return [said for said in listener.poll(look_s) if not said.ended]


def soon(listener: SipListener, count: int = 1) -> list:
    """The next messages."""
    said: list = []
    for _ in range(200):
        said += said_in(listener, 0.02)
        if len(said) >= count:
            return said
    raise AssertionError(f"only {said}")


# ------------------------------------------------------------------------------------------------ answers


def test_a_message_is_answered_when_it_is_durable_and_its_copies_get_the_same(listener, client):
    client.say(b"body")
    (said,) = soon(listener)
    assert said.data == b"body" + END
    client.say(b"body")
    (end,) = listener.poll(0.05)
    assert (end.talker, end.data, end.ended) == (said.talker, b"", True)
    listener.confirm(end, 0)
    listener.poll(0.0)
    assert client.is_told_nothing()
    listener.answer(said.talker, b"<mrs/>")
    listener.confirm(said, 1)
    listener.dismiss(said.talker)
    answer = client.heard()
    assert answer.startswith("SIP/2.0 200 OK\r\n")
    assert answer.endswith("Content-Type: application/scaip+xml\r\nContent-Length: 6\r\n\r\n<mrs/>")
    client.say(b"body")
    assert said_in(listener) == []
    assert client.heard() == answer
    assert client.is_told_nothing(), "one answer for each copy"


def test_only_the_first_answer_counts(listener, client):
    client.say(b"body")
    (said,) = soon(listener)
    listener.answer(said.talker, b"<one/>")
    listener.answer(said.talker, b"<two/>")
    assert client.heard().endswith("<one/>")
    assert client.is_told_nothing()


def test_a_message_heard_without_an_answer_is_agreed_to(listener, client):
    client.say(b"body")
    (said,) = soon(listener)
    listener.confirm(said, 1)
    assert client.heard().endswith("Content-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("content_type", "code"),
    [("application/scaip+xml;charset=utf-8", 400), ("TEXT/PLAIN", 400), ("text/html", 415), ("", 415)],
)
def test_a_message_in_which_nothing_was_heard_is_declined_at_the_next_look(listener, client, content_type, code):
    client.say(b"body", more=[f"Content-Type: {content_type}"] if content_type else ())
    (said,) = soon(listener)
    listener.confirm(said, 0)
    listener.dismiss(said.talker)
    assert client.is_told_nothing()
    listener.poll(0.0)
    answer = client.heard()
    assert code_of(answer) == code
    assert ("Accept: application/scaip+xml, application/xml, text/plain" in answer) == (code == 415)
    client.say(b"body", more=[f"Content-Type: {content_type}"] if content_type else ())
    assert said_in(listener) == []
    assert client.heard() == answer
    assert listener.unanswered == 0


def test_a_refusal_that_comes_after_the_confirmation_still_counts(listener, client):
    client.say(b"body")
    (said,) = soon(listener)
    listener.confirm(said, 0)
    listener.answer(said.talker, b"<mrs/>")
    listener.poll(0.0)
    assert client.heard().endswith("<mrs/>")
    assert client.is_told_nothing()


def test_a_message_dismissed_unheard_is_heard_again(listener, client):
    client.say(b"body")
    (said,) = soon(listener)
    listener.dismiss(said.talker)
    client.say(b"body")
    (again,) = soon(listener)
    assert again == said
    assert listener.unanswered == 1


def test_a_message_may_be_answered_by_a_message(hand):
    with opened("sip-listen://127.0.0.1:0?answer=message", steady_s=hand) as listener:
        client = Client(listener.port)
        client.say(b"body", more=["Content-Type: text/plain", "Contact: <sip:4670@127.0.0.1:9>;expires=60"])
        (said,) = soon(listener)
        listener.answer(said.talker, b"<mrs/>")
        assert client.heard().endswith("Content-Length: 0\r\n\r\n")
        ours = client.heard()
        assert ours.startswith("MESSAGE sip:4670@127.0.0.1:9 SIP/2.0\r\n")
        assert "\r\nTo: <sip:4670@127.0.0.1>\r\n" in ours
        assert "\r\nFrom: <sip:arc@127.0.0.1>;tag=" in ours
        assert ours.endswith("Content-Type: text/plain\r\nContent-Length: 6\r\n\r\n<mrs/>")
        hand.now_s += 0.6
        listener.poll(0.0)
        assert client.heard() == ours, "sent again until it is taken"
        via = re.search("Via: .*", ours)[0]
        client.socket.send(f"SIP/2.0 100 Trying\r\n{via}\r\nContent-Length: 0\r\n\r\n".encode())
        listener.poll(0.05)
        hand.now_s += 0.9
        listener.poll(0.0)
        assert client.is_told_nothing(), "after twice the time"
        hand.now_s += 0.2
        listener.poll(0.0)
        assert client.heard() == ours
        client.socket.send(f"SIP/2.0 200 OK\r\n{via}\r\nContent-Length: 0\r\n\r\n".encode())
        until(lambda: listener.poll(0.02) is not None and not len(listener._messenger))
        hand.now_s += 5.0
        listener.poll(0.0)
        assert client.is_told_nothing()
        assert listener.unanswered == 0
        client.socket.close()


def test_a_message_of_ours_on_a_connection_is_sent_once(hand):
    with opened("sip-listen://127.0.0.1:0?answer=message", steady_s=hand) as listener:
        client = Client(listener.port, tcp=True)
        client.say(b"body")
        (said,) = soon(listener)
        listener.answer(said.talker, b"<mrs/>")
        heard = client.heard()
        if "MESSAGE sip:" not in heard:
            heard += client.heard()
        assert heard.count("MESSAGE sip:") == 1
        assert "Via: SIP/2.0/TCP 127.0.0.1:" in heard
        hand.now_s += 5.0
        listener.poll(0.0)
        assert client.is_told_nothing()
        client.socket.close()


def test_messages_of_ours_are_bounded(hand):
    with opened("sip-listen://127.0.0.1:0?answer=message", steady_s=hand) as listener:
        client = Client(listener.port)
        for number in range(OPEN_MAX + 2):
            client.say(b"body", number=number)
            (said,) = soon(listener)
            listener.answer(said.talker, b"<mrs/>")
        assert len(listener._messenger) == OPEN_MAX
        assert listener.unanswered == 2
        client.socket.close()


@pytest.mark.parametrize("refused", [True, False])
def test_a_message_of_ours_that_nobody_takes_is_counted(hand, refused):
    with opened("sip-listen://127.0.0.1:0?answer=message", steady_s=hand) as listener:
        client = Client(listener.port)
        client.say(b"body")
        (said,) = soon(listener)
        listener.answer(said.talker, b"<mrs/>")
        client.heard()
        via = re.search("Via: .*", client.heard())[0]
        if refused:
            client.socket.send(f"SIP/2.0 404 Not Found\r\n{via}\r\n\r\n".encode())
        else:
            hand.now_s += LIFE_S
        until(lambda: listener.poll(0.02) is not None and listener.unanswered == 1)
        client.socket.close()


# ------------------------------------------------------------------------------------------------ time


def test_a_client_is_told_that_we_are_at_it_after_three_and_a_half_seconds(listener, client, hand):
    client.say(b"body")
    (said,) = soon(listener)
    hand.now_s += TRYING_S - 0.1
    listener.poll(0.0)
    assert client.is_told_nothing()
    hand.now_s += 0.2
    listener.poll(0.0)
    assert code_of(client.heard()) == 100
    listener.poll(0.0)
    assert client.is_told_nothing(), "once"
    client.say(b"body")
    listener.poll(0.05)
    assert code_of(client.heard()) == 100, "and again when it asks"
    listener.answer(said.talker, b"<mrs/>")
    assert code_of(client.heard()) == 200


def test_what_its_client_has_given_up_is_forgotten(listener, client, hand):
    client.say(b"body")
    (said,) = soon(listener)
    hand.now_s += LIFE_S + 1
    assert said_in(listener, 0.0) == []
    assert listener.unanswered == 1
    listener.answer(said.talker, b"<mrs/>")
    assert client.is_told_nothing()
    client.say(b"body")
    assert len(soon(listener)) == 1


# ------------------------------------------------------------------------------------------------ whose request is it


def test_a_unit_that_uses_one_branch_for_everything_is_heard_each_time(listener, client):
    for number in (1, 2):
        client.say(b"heartbeat", number=number, branch="z9hG4bKconstant")
        (said,) = soon(listener)
        listener.answer(said.talker, b"<mrs/>")
        assert code_of(client.heard()) == 200
    client.say(b"alarm", number=2, branch="z9hG4bKconstant")
    assert [said.data for said in soon(listener)] == [b"alarm" + END]


def test_a_client_without_branches_is_known_by_its_call(listener, client):
    data = client.request(b"body").replace(b";branch=z9hG4bK1", b"")
    client.socket.send(data)
    (said,) = soon(listener)
    client.socket.send(data)
    assert said_in(listener) == []
    listener.answer(said.talker, b"<mrs/>")
    assert code_of(client.heard()) == 200


def test_the_answer_goes_to_the_port_in_the_via_or_to_the_very_port_if_it_is_asked_for(listener, client):
    other = Client(listener.port)
    client.say(b"one", via_port=other.port)
    (said,) = soon(listener)
    listener.answer(said.talker, b"<mrs/>")
    assert code_of(other.heard()) == 200
    client.say(b"two", branch=f"z9hG4bK2;rport={''}".rstrip("="), via_port=other.port)
    (said,) = soon(listener)
    listener.answer(said.talker, b"<mrs/>")
    assert f";rport={client.port};received=127.0.0.1" in client.heard()
    assert other.is_told_nothing()
    other.socket.close()


# ------------------------------------------------------------------------------------------------ other requests


@pytest.mark.parametrize(
    ("method", "code", "header"),
    [
        ("OPTIONS", 200, "Accept: application/scaip+xml"),
        ("REGISTER", 200, "Contact: <sip:4670@127.0.0.1:9>"),
        ("REGISTER", 200, "Expires: 3600"),
        ("INVITE", 405, "Allow: MESSAGE, OPTIONS, REGISTER"),
        ("SUBSCRIBE", 405, "Allow: MESSAGE, OPTIONS, REGISTER"),
        ("BYE", 481, "CSeq: 1 BYE"),
        ("CANCEL", 481, "CSeq: 1 CANCEL"),
        ("BREW", 501, "CSeq: 1 BREW"),
        ("message", 501, "CSeq: 1 message"),
    ],
)
@pytest.mark.parametrize("tcp", [True, False])
def test_every_other_request_has_its_answer(listener, method, code, header, tcp):
    client = Client(listener.port, tcp=tcp)
    client.say(method=method, more=["Contact: <sip:4670@127.0.0.1:9>"])
    client.socket.setblocking(False)
    answers: list[str] = []

    def answered() -> bool:
        assert listener.poll(0.01) == []
        try:
            answers.append(client.heard())
        except BlockingIOError:
            return False
        return True

    until(answered)
    assert code_of(answers[0]) == code
    assert f"\r\n{header}" in answers[0]
    client.socket.close()


def test_an_acknowledgement_is_not_answered(listener, client):
    client.say(method="ACK")
    assert said_in(listener) == []
    assert client.is_told_nothing()


# ------------------------------------------------------------------------------------------------ connections


@pytest.fixture
def desk():
    with Desk(SipListener("sip-listen://127.0.0.1:0")).open() as desk:
        yield desk


def test_two_messages_in_one_read_and_one_in_many(desk):
    client = Client(desk.listener.port, tcp=True)
    data = client.request(encode("1", count=1)) + client.request(encode("2", count=2), number=2)
    client.socket.sendall(data)
    until(lambda: len(desk.kept) == 2)
    third = client.request(encode("3", count=3), number=3)
    for at in range(len(third)):
        client.socket.sendall(third[at : at + 1])
    until(lambda: len(desk.kept) == 3)
    answers = ""
    while answers.count("<snu>0</snu>") < 3:
        answers += client.heard()
    assert [frame.address for frame in desk.kept] == ["1", "2", "3"]
    client.socket.close()


def test_a_copy_on_a_new_connection_is_answered_there(desk):
    client, later = Client(desk.listener.port, tcp=True), Client(desk.listener.port, tcp=True)
    data = client.request(encode("1"))
    client.socket.sendall(data)
    answer = client.heard()
    client.socket.close()
    later.socket.sendall(data)
    assert later.heard() == answer
    assert len(desk.kept) == 1
    later.socket.close()


def test_a_connection_that_asks_whether_we_live_is_answered(desk):
    client = Client(desk.listener.port, tcp=True)
    client.socket.sendall(b"\r\n\r\n")
    assert client.heard() == "\r\n"
    client.say(encode("1"))
    assert "<snu>0</snu>" in client.heard()
    client.socket.close()


@pytest.mark.parametrize(
    ("length", "code"), [("", 400), ("Content-Length: x\r\n", 400), ("Content-Length: 99999\r\n", 413)]
)
def test_a_stream_whose_messages_cannot_be_told_apart_is_hung_up_on(desk, length, code):
    client = Client(desk.listener.port, tcp=True)
    client.socket.sendall(client.request(b"").replace(b"Content-Length: 0\r\n", length.encode()))
    assert code_of(client.heard()) == code
    assert client.heard() == ""
    assert desk.listener.malformed == 1
    client.socket.close()


def test_who_hangs_up_before_the_answer_harms_nobody(desk):
    desk.closed.set()
    client = Client(desk.listener.port, tcp=True)
    client.say(encode("1"))
    until(lambda: desk.said)
    client.socket.close()
    until(lambda: not desk.listener._sockets._callers)
    desk.closed.clear()
    until(lambda: desk.listener.unanswered == 1)
    assert len(desk.kept) == 1


# ------------------------------------------------------------------------------------------------ floods


def test_rubbish_is_counted_and_the_press_behind_it_is_heard(desk):
    client = Client(desk.listener.port)
    rubbish = [
        b"rubbish",
        b"\xff" * 900,
        b"MESSAGE",
        b"SIP/2.0 200 OK\r\n\r\n",
        client.request().replace(b"Via", b"Vio"),
    ]
    for data in rubbish * 20:
        client.socket.send(data)
    client.say(encode("1"))
    assert "<snu>0</snu>" in client.heard()
    assert desk.listener.malformed == 80, "all but the responses to nothing"
    client.socket.close()


def test_when_too_many_wait_the_others_are_told_to_come_back(listener, client):
    for number in range(WAITING_MAX):
        client.say(b"body", number=number)
        listener.poll(0.0)
    until(lambda: listener.poll(0.01) == [])
    assert len(listener._transactions) == WAITING_MAX
    client.say(b"one too many", number=WAITING_MAX)
    assert said_in(listener) == []
    answer = client.heard()
    assert code_of(answer) == 503
    assert "\r\nRetry-After: 5\r\n" in answer
    assert listener.refused == 1


def test_more_connections_than_there_is_room_for(desk):
    clients = [Client(desk.listener.port, tcp=True) for _ in range(CALLERS_MAX + 5)]
    until(lambda: desk.listener.refused == 5)
    clients[-1].say(encode("1"))
    assert "<snu>0</snu>" in clients[-1].heard()
    assert clients[0].heard() == "", "the one that was quiet longest had to go"
    for client in clients:
        client.socket.close()


def test_who_does_not_read_its_answers_is_hung_up_on(listener):
    client = Client(listener.port, tcp=True)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.socket.setblocking(False)
    question = client.request(method="OPTIONS", more=[f"Via: SIP/2.0/UDP a;branch={'x' * 15_000}"])

    def gone() -> bool:
        try:
            client.socket.send(question)
        except BlockingIOError:
            pass
        except OSError:
            return True
        listener.poll(0.0)
        return not listener._sockets._callers

    until(gone)
    assert listener.unanswered >= 1
    client.socket.close()


# ------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "address",
    [
        "sip-listen:",
        "sip-listen://",
        "sip-listen://127.0.0.1:99999",
        "sip-listen://127.0.0.1:5060/path",
        "sip-listen://127.0.0.1:5060?answer=never",
        "sip-listen://127.0.0.1:5060?answer",
        "sip-listen://127.0.0.1:5060?reply=message",
        "sip-listen://127.0.0.1:5060?auth=sha-1",
        "sip-listen://127.0.0.1:5060?tls_key=/etc/key.pem",
        "sip-listen://user:secret@127.0.0.1:5060?answer=never",
        "udp-listen://127.0.0.1:5060",
    ],
)
def test_a_wrong_address_is_refused_in_words(address):
    with pytest.raises(ValueError, match=r"sip-listen://HOST:PORT") as refused:
        SipListener(address)
    assert "secret" not in str(refused.value)


def test_without_a_port_it_is_the_one_of_sip():
    assert SipListener("sip-listen://127.0.0.1")._sockets._port == 5060


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_an_address_that_somebody_has_is_a_lost_line(kind):
    with socket.socket(socket.AF_INET, kind) as other:
        # A port that the kernel gives datagrams may be that of somebody's outgoing connection.
        other.bind(("127.0.0.1", free_port()))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        listener = SipListener(f"sip-listen://127.0.0.1:{port}")
        with pytest.raises(PortLost, match=str(port)):
            listener.open()
    listener.open()
    assert listener.port == port
    listener.close()


def test_a_closed_one_is_a_lost_line_and_may_be_opened_again():
    listener = SipListener("sip-listen://127.0.0.1:0")
    with pytest.raises(PortLost):
        listener.poll(0.0)
    listener.close()
    listener.open()
    assert listener.poll(0.0) == []
    listener.close()
    listener.answer("nobody", b"<mrs/>")
    assert listener.unanswered == 1


def test_it_speaks_ipv6():
    need(_has_ipv6(), "no IPv6 on this machine: sysctl net.ipv6.conf.lo.disable_ipv6=0")
    with Desk(SipListener("sip-listen://[::1]:0")).open() as desk:
        for tcp in (False, True):
            client = Client(desk.listener.port, tcp=tcp, family=socket.AF_INET6)
            client.say(encode("1", count=int(tcp)))
            assert ";received=::1\r\n" in client.heard()
            client.socket.close()


def test_an_ipv4_client_of_a_port_for_both_is_called_by_its_own_name():
    need(_has_ipv6(), "no IPv6 on this machine: sysctl net.ipv6.conf.lo.disable_ipv6=0")
    with Desk(SipListener("sip-listen://[::]:0")).open() as desk:
        client = Client(desk.listener.port, tcp=True)
        client.say(encode("1"))
        answer = client.heard()
        assert "<snu>0</snu>" in answer
        assert "received" not in answer
        client.socket.close()


def _has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True
