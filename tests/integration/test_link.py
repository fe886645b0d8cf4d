"""The edge's way to the service over a real socket: what hangs, drips, breaks or lies must not hold it up."""

import contextlib
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from devices.link import HttpsLink, Unreached
from tests.need import need
from tests.ports import free_port

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"held":3}'
LIMIT_S, SLACK_S = 0.6, 6.0
"""When it gives up, and what a busy machine may add: a drip to its end takes 8 s, one that hangs half a minute."""


class Server:
    """A socket that takes each connection to `talk`, in threads of its own; `heard` are the requests."""

    def __init__(self, talk: Callable[["Server", socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self.heard: list[bytes] = []
        self.stopping = threading.Event()
        self._talk = talk
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def request(self, line: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := line.recv(65_536)):
                return b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(each.split(b":")[1]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-l"))
        while len(body) < length:
            body += line.recv(65_536)
        self.heard.append(head + b"\r\n\r\n" + body)
        return self.heard[-1]

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(line,), daemon=True))
            self._threads[-1].start()

    def _serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as ending:
            ending.enter_context(line)
            if self._context is not None:
                line = ending.enter_context(self._context.wrap_socket(line, server_side=True))
            self._talk(self, line)

    def close(self) -> None:
        self.stopping.set()
        # Closing alone does not wake who waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def server() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def make(talk, context=None) -> Server:
        made.append(Server(talk, context))
        return made[-1]

    yield make
    for each in made:
        each.close()


def link_to(server: Server, scheme: str = "http", *, exchange_s: float = 60.0, **how) -> HttpsLink:
    return HttpsLink(f"{scheme}://127.0.0.1:{server.port}", "al_1.secret", exchange_s=exchange_s, **how)


def politely(server: Server, line: socket.socket) -> None:
    while server.request(line):
        line.sendall(OK)


def test_an_answer_is_read_and_the_connection_kept(server):
    there = server(politely)
    link = link_to(there)
    for number in range(3):
        answer = link.post({"n": number})
        assert (answer.status, answer.body) == (200, {"held": 3})
    assert len(there._threads) == 2, "one connection for all"
    head, _, body = there.heard[1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/v1/signals HTTP/1.1")
    assert b"Authorization: Bearer al_1.secret" in head
    assert json.loads(body) == {"n": 1}
    link.close()


def test_a_connection_that_was_closed_while_idle_is_made_anew_unnoticed(server):
    def once(server, line):
        server.request(line)
        line.sendall(OK)

    there = server(once)
    link = link_to(there)
    assert [link.post({}).status for _ in range(3)] == [200] * 3
    link.close()


def hang(server, line):
    server.request(line)
    server.stopping.wait(30)


def drip(server, line):
    server.request(line)
    for octet in OK:
        line.sendall(bytes([octet]))
        if server.stopping.wait(0.1):
            return


def never_read(server, line):
    server.stopping.wait(30)


def close_at_once(server, line):
    pass


def half(server, line):
    server.request(line)
    line.sendall(OK[:60])


def rubbish(server, line):
    server.request(line)
    line.sendall(b"220 mail.example ESMTP\r\n")


@pytest.mark.parametrize("talk", [hang, drip, never_read, close_at_once, rubbish])
def test_whatever_does_not_answer_is_given_up_in_time(server, talk):
    link = link_to(server(talk), exchange_s=LIMIT_S)
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(Unreached) as lost:
            link.post({"big": "x" * 3_000_000} if talk is never_read else {})
        assert time.monotonic() - began < LIMIT_S + SLACK_S
        assert str(lost.value)
    link.close()


def test_half_an_answer_says_nothing(server):
    link = link_to(server(half))
    assert link.post({}).body == {}
    link.close()


def test_nobody_there_is_said_at_once():
    link = HttpsLink(f"http://127.0.0.1:{free_port()}", "k")
    with pytest.raises(Unreached, match="refused"):
        link.post({})


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}", 503, {}),
        (b"HTTP/1.1 502 No\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", 502, {}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]", 200, {}),
        (b"HTTP/1.1 302 Go\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n", 302, {}),
    ],
)
def test_any_answer_is_told_with_its_status_and_a_redirect_is_not_followed(server, answer, status, body):
    def say(server, line):
        while server.request(line):
            line.sendall(answer)

    there = server(say)
    link = link_to(there)
    found = link.post({})
    assert (found.status, found.body, len(there.heard)) == (status, body, 1)
    assert found.retry_after_s == (7.0 if status == 503 else 0.0)
    link.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    need(_made(folder), "openssl not found: apt install openssl")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "cert.pem"


def _made(folder) -> bool:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1",
               "-addext", "subjectAltName=IP:127.0.0.1"]  # fmt: skip
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_over_tls_it_is_the_same(server, certificate):
    context, ca_file = certificate
    link = link_to(server(politely, context), "https", ca_file=ca_file)
    assert [link.post({}).status for _ in range(2)] == [200, 200]
    link.close()


@pytest.mark.parametrize("talk", [hang, drip])
def test_over_tls_too_a_drip_is_given_up_in_time(server, certificate, talk):
    context, ca_file = certificate
    link = link_to(server(talk, context), "https", ca_file=ca_file, exchange_s=LIMIT_S)
    began = time.monotonic()
    with pytest.raises(Unreached):
        link.post({})
    assert time.monotonic() - began < LIMIT_S + SLACK_S
    link.close()


def test_a_certificate_that_nobody_vouches_for_gets_no_key(server, certificate):
    context, _ = certificate
    there = server(politely, context)
    with pytest.raises(Unreached, match=r"(?i)certificate"):
        link_to(there, "https").post({})
    assert there.heard == []
