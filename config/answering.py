"""How the web server's answers leave: in one packet where that is all of them, on a connection that stays open."""

from typing import Any

from waitress.channel import ClientDisconnected, HTTPChannel  # type: ignore[import-untyped]
from waitress.server import BaseWSGIServer  # type: ignore[import-untyped]
from waitress.task import WSGITask  # type: ignore[import-untyped]

from dispatch.web.hub import PUSH

BEHIND_BYTES = 500_000
"""What may wait for the other end of a stream that is pushed; waitress would put twice as much into a file."""

KEPT_BYTES = 250_000
"""What a connection keeps of what it has sent already, besides the last piece; waitress keeps 16 MB of it."""


class _Answer(WSGITask):  # type: ignore[misc]
    """
    An answer of waitress's, with three differences.

    * Where its one piece is the whole of it, head and body are one packet: by itself waitress sends two, and whoever
      waits for the answer is woken twice, as is whoever writes it.
    * What has no body (304, 204) leaves the connection open: such an answer ends with its head (RFC 9112, section 6.3).
      waitress closes it for want of a length, and each of a board's questions that finds nothing new, each file
      that a browser has already, and each receipt began with a connection of its own.
    * Another thread may send further pieces of an answer that has begun (`push`): fifty boards that each wake a thread
      to send the same wake fifty that contend for the interpreter, and every hook behind them.
    """

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[PUSH] = self.push
        return environ

    def push(self, data: bytes) -> bool:
        """
        Sends this as far as the other end takes it now, and the server's loop the rest; False, and nothing is sent,
        where the other end has gone or has not yet taken what was sent before.
        """
        if self.channel.total_outbufs_len > BEHIND_BYTES:
            return False
        try:
            self.write(data)
        except (ClientDisconnected, OSError, ValueError):
            # The other end hung up, and perhaps the loop is closing its buffers now.
            return False
        return True

    def write(self, data: bytes) -> None:
        if self._is_whole(data):
            head: bytes = self.build_response_header()
            self.wrote_header, self.content_bytes_written = True, len(data)
            self.channel.write_soon(head + data)
        else:
            super().write(data)

    def _is_whole(self, data: bytes) -> bool:
        is_first = bool(self.complete and not self.wrote_header and data)
        return is_first and self.has_body and self.content_length == len(data)

    def set_close_on_finish(self) -> None:
        asked_to_close = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or self.version == "1.0" or asked_to_close:
            super().set_close_on_finish()


class _Channel(HTTPChannel):  # type: ignore[misc]
    """
    A connection that lets go of what it has sent. Once more than 8 KB waited, waitress appends to one buffer and only
    reads on in it; that is let go when 16 MB went through, or with the connection. Fifty boards that stay open for a
    day, and five hundred connections of anybody who reads and reads, would each hold as much.
    """

    task_class = _Answer
    current_outbuf_count: int

    def write_soon(self, data: Any) -> int:
        if self.current_outbuf_count >= KEPT_BYTES:
            # Then waitress goes on in a fresh one, and closes this one as soon as it is sent.
            self.current_outbuf_count = self.adj.outbuf_high_watermark
        sent: int = super().write_soon(data)
        return sent


def answer_in_one(server: BaseWSGIServer) -> BaseWSGIServer:
    """The server, before its loop begins: from now on its answers leave so."""
    server.channel_class = _Channel
    return server
