"""Answers of the web server: one packet where that is all of them, a connection that stays open, pieces pushed on."""

import http.client
import queue
import socket
import threading

import pytest
from waitress import wasyncore
from waitress.server import create_server

from config.answering import BEHIND_BYTES, KEPT_BYTES, answer_in_one
from dispatch.web.hub import PUSH
from tests.fakes.line import until

ANSWERS = {
    "/page": ("200 OK", [("Content-Length", "5")], [b"hello"]),
    "/told": ("200 OK", [], [b"hello"]),
    "/known": ("304 Not Modified", [("ETag", '"1"')], []),
    "/empty": ("204 No Content", [], []),
    "/odd": ("204 No Content", [("Content-Length", "5")], [b"hello"]),
    "/pieces": ("200 OK", [("Content-Length", "10")], [b"hello", b"hello"]),
    "/stream": ("200 OK", [], [b"", b"hel", b"lo"]),
    "/short": ("200 OK", [("Content-Length", "9")], [b"hello"]),
}


PUSHED = queue.SimpleQueue()
"""What sends more of each answer to /pushed that has begun, and what ends it."""


def app(environ, start):
    if environ["PATH_INFO"] == "/pushed":
        start("200 OK", [])
        return pushed(environ[PUSH])
    status, headers, pieces = ANSWERS[environ["PATH_INFO"]]
    start(status, headers)
    return pieces if environ["REQUEST_METHOD"] != "HEAD" else []


def pushed(push):
    over = threading.Event()
    yield b"begun"
    PUSHED.put((push, over))
    over.wait(60)


@pytest.fixture
def served():
    """The port of a server that answers so, what it sends, call by call, and itself."""
    server, sent, over = answer_in_one(create_server(app, host="127.0.0.1", port=0, threads=2)), [], threading.Event()

    class Noting(server.channel_class):
        def send(self, data, do_close=True):
            sent.append(bytes(data))
            return super().send(data, do_close=do_close)

    server.channel_class = Noting

    def serve():
        while not over.is_set():
            wasyncore.loop(timeout=0.02, map=server._map, count=1)
        server.task_dispatcher.shutdown(timeout=3)
        wasyncore.close_all(server._map)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.effective_port, sent, server
    over.set()
    thread.join(60)
    assert not thread.is_alive()


@pytest.fixture
def line(served):
    connection = http.client.HTTPConnection("127.0.0.1", served[0], timeout=60)
    connection.connect()
    yield connection
    connection.close()


def asked(line, path, method="GET", **headers):
    """The answer and its body; whether the connection is still the one it came by."""
    before = line.sock
    line.request(method, path, headers=headers)
    answer = line.getresponse()
    return answer, answer.read(), line.sock is before


@pytest.mark.parametrize("path", ["/page", "/told"])
def test_head_and_body_leave_in_one(served, line, path):
    answer, body, kept = asked(line, path)
    assert (answer.status, body, kept) == (200, b"hello", True)
    (packet,) = served[1]
    assert packet.startswith(b"HTTP/1.1 200 OK\r\n")
    assert packet.endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize("path", ["/known", "/empty", "/odd", "/page", "/told", "/pieces"])
def test_the_connection_stays_open(served, line, path):
    for _ in range(3):
        answer, body, kept = asked(line, path)
        assert kept
        assert answer.headers["Connection"] is None
        assert body == (b"" if answer.status == 204 else b"".join(ANSWERS[path][2]))
    assert b"".join(served[1]).partition(b"\r\n\r\n")[2].startswith(body or b"HTTP/1.1 ")


@pytest.mark.parametrize("path", ["/known", "/page"])
def test_who_asks_for_the_end_gets_it(line, path):
    answer, _, kept = asked(line, path, Connection="close")
    assert (answer.headers["Connection"], kept) == ("close", False)


@pytest.mark.parametrize("path", ["/known", "/page", "/stream"])
def test_an_old_client_sees_the_end_of_the_connection(served, path):
    with socket.create_connection(("127.0.0.1", served[0]), timeout=60) as line:
        line.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        said = b"".join(iter(lambda: line.recv(65_536), b""))
    assert said.partition(b"\r\n\r\n")[2] == b"".join(ANSWERS[path][2])


def test_what_has_no_length_and_what_is_too_short_end_as_before(line):
    answer, body, kept = asked(line, "/stream")
    assert (answer.headers["Transfer-Encoding"], body, kept) == ("chunked", b"hello", False)
    line.connect()
    line.request("GET", "/short")
    with pytest.raises(http.client.IncompleteRead):
        line.getresponse().read()


def test_only_the_head_is_sent_to_who_asks_for_it(served, line):
    answer, body, kept = asked(line, "/page", "HEAD")
    assert (answer.status, answer.headers["Content-Length"], body, kept) == (200, "5", b"", True)
    assert asked(line, "/page")[1] == b"hello"


def begun(line):
    """An answer to /pushed whose first piece is there; what sends more of it, and what ends it."""
    line.request("GET", "/pushed")
    answer = line.getresponse()
    assert answer.read(5) == b"begun"
    return answer, *PUSHED.get(timeout=60)


def test_another_thread_sends_on_while_the_answers_own_sleeps(line):
    answer, push, over = begun(line)
    for piece in (b"more", b"and more"):
        assert push(piece)
        assert answer.read(len(piece)) == piece
    over.set()
    assert answer.read() == b""


def test_who_takes_nothing_is_given_up_and_nobody_waits_for_them(served, line):
    with socket.create_connection(("127.0.0.1", served[0]), timeout=60) as deaf:
        deaf.sendall(b"GET /pushed HTTP/1.1\r\nHost: here\r\n\r\n")
        push, over = PUSHED.get(timeout=60)
        answer, push_other, over_other = begun(line)
        # What the two ends of a connection hold for it is some megabytes at most.
        taken = next(count for count in range(1_000) if not push(b"x" * 100_000))
        assert taken * 100_000 > BEHIND_BYTES
        assert push_other(b"still here")
        assert answer.read(10) == b"still here"
        over_other.set()
        over.set()


def test_what_was_sent_is_let_go_while_the_stream_goes_on(served, line):
    answer, push, over = begun(line)
    (channel,) = served[2].active_channels.values()
    for n in range(60):
        piece = bytes([n]) * 50_000
        assert push(piece)
        assert answer.read(len(piece)) == piece
        kept = sum(len(each.buf.file.getvalue()) for each in list(channel.outbufs) if each.buf)
        assert kept <= KEPT_BYTES + 2 * 50_100, "three megabytes go through"
    over.set()
    assert answer.read() == b""


def test_who_has_gone_is_noticed_by_pushing(served):
    with socket.create_connection(("127.0.0.1", served[0]), timeout=60) as line:
        line.sendall(b"GET /pushed HTTP/1.1\r\nHost: here\r\n\r\n")
        push, over = PUSHED.get(timeout=60)
    until(lambda: not push(b":"))
    over.set()
