"""A webhook is answered although every thread for pages is taken, and a press although a batch is being read."""

import http.client
import socket
import threading

import pytest
from waitress import wasyncore
from waitress.server import create_server

from config.dispatching import SPOOLED_BYTES, Dispatching


@pytest.fixture
def served():
    """A server with two threads for pages, whose pages answer only when they are let go."""
    let_go, taken, over = threading.Event(), threading.Semaphore(0), threading.Event()

    def app(environ, start):
        if environ["PATH_INFO"].startswith("/slow") or int(environ.get("CONTENT_LENGTH") or 0) >= SPOOLED_BYTES:
            taken.release()
            let_go.wait(20)
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = create_server(app, host="127.0.0.1", port=0, _dispatcher=Dispatching(2, urgent=1))

    def serve():
        while not over.is_set():
            wasyncore.loop(timeout=0.02, map=server._map, count=1)
        server.task_dispatcher.shutdown(timeout=3)
        wasyncore.close_all(server._map)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.effective_port, taken, let_go
    let_go.set()
    over.set()
    thread.join(60)
    assert not thread.is_alive()


def asked(port, path):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", path)
    return line


def test_a_hook_passes_boards_that_hold_every_thread(served):
    port, taken, let_go = served
    boards = [asked(port, f"/slow/{number}") for number in range(4)]
    for _ in range(2):
        assert taken.acquire(timeout=60)
    for path in ("/hooks/twilio/reply", "/api/v1/signals", "/readyz"):
        line = asked(port, path)
        assert line.getresponse().read() == b"ok"
        line.close()
    assert not let_go.is_set()
    let_go.set()
    assert [line.getresponse().read() for line in boards] == [b"ok"] * 4
    for line in boards:
        line.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_press_passes_batches_that_are_read_one_after_the_other(served, chunked):
    port, taken, let_go = served
    batches = [handed_in(port, b"x" * SPOOLED_BYTES, chunked=chunked) for _ in range(3)]
    assert taken.acquire(timeout=60)
    press = handed_in(port, b"x" * (SPOOLED_BYTES - 1))
    assert press.getresponse().read() == b"ok"
    # The second batch waits for the first, and no page or hook is asked with so much.
    assert not taken.acquire(timeout=0.1)
    hook = handed_in(port, b"x" * SPOOLED_BYTES, path="/hooks/x")
    assert taken.acquire(timeout=60)
    let_go.set()
    assert [line.getresponse().read() for line in (*batches, hook)] == [b"ok"] * 4
    for line in (*batches, hook, press):
        line.close()


def handed_in(port, body, *, path="/api/v1/signals", chunked=False):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("POST", path, iter([body]) if chunked else body, encode_chunked=chunked)
    return line


def test_one_connection_may_ask_for_both(served):
    port, _, let_go = served
    let_go.set()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for path in ("/slow", "/hooks/x", "/page", "/healthz"):
        line.request("GET", path)
        assert line.getresponse().read() == b"ok"
    line.close()


@pytest.mark.parametrize("said", [b"NONSENSE\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\xfd /hooks/x\r\n\r\n"])
def test_a_broken_first_line_is_answered_and_costs_no_thread(served, said):
    port, _, _ = served
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(said)
        assert line.recv(100).startswith(b"HTTP/1.0 400")
    after = asked(port, "/hooks/twilio/reply")
    assert after.getresponse().read() == b"ok"
    after.close()
