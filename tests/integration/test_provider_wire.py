"""How a request to a provider lies on the wire."""

import socket
import threading

from dispatch.messages.providers.exchange import LIMITS, Caller

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def test_a_request_leaves_in_one_piece_and_the_line_is_kept_for_the_next():
    heard, caller = [], Caller("x", LIMITS)

    def answer(server):
        line, _ = server.accept()
        with line:
            while data := line.recv(65536):
                heard.append(data)
                line.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as server:
        far_end = threading.Thread(target=answer, args=(server,))
        far_end.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/Messages.json"
        for text in ("一号", "二号"):
            exchange = caller.exchange()
            caller.within(exchange, lambda text=text, exchange=exchange: exchange.ask("post", url, data={"Body": text}))
        caller.close()
        far_end.join(10)
    assert [(each.startswith(b"POST /Messages.json"), each[-23:]) for each in heard] == [
        (True, b"Body=%E4%B8%80%E5%8F%B7"), (True, b"Body=%E4%BA%8C%E5%8F%B7"),
    ]  # fmt: skip
