"""Where one SIP message ends: in a datagram, and in a stream (RFC 3261, 18.3)."""

from collections.abc import Iterator
from dataclasses import replace

from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.ports.sip_message import HEAD_END, HEADER_BYTES_MAX, SipMessage, read_head

BODY_BYTES_MAX = FRAME_BYTES_MAX - 1
"""No alarm is longer; the byte is for the end that the decoder is told."""


class Garbled(Exception):
    """
    Bytes that are no SIP message, or one that cannot be taken: `code` is how a request says so, if `request` is known.
    """

    def __init__(self, code: int = 400, request: SipMessage | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.request = request


def in_datagram(data: bytes) -> Iterator[SipMessage]:
    """
    The message in a datagram; none in the empty lines that keep a hole in a firewall open.

    All that follows the head is the body, whatever its length is said to be: senders count characters for bytes, and
    what is really cut or too much is for the decoder to find. Raises `Garbled`.
    """
    text = data.lstrip(b"\r\n\x00")
    if text:
        head, body = _parted(text)
        yield replace(head, body=body)


def _parted(text: bytes) -> tuple[SipMessage, bytes]:
    end = HEAD_END.search(text, 0, HEADER_BYTES_MAX)
    try:
        return read_head(text[: end.start()] if end else text), text[end.end() :] if end else b""
    except ValueError:
        raise Garbled from None


def _length(head: SipMessage) -> int | None:
    try:
        return head.content_length
    except ValueError:
        raise Garbled(request=head) from None


class SipStream:
    """
    The messages on one connection.

    After `Garbled` nobody knows where the next begins: the connection is worth no more. `pinged` counts the double
    line ends with which a client asks whether we live (RFC 5626, 3.5.1), for the owner to answer and take down.
    """

    def __init__(self) -> None:
        self.pinged = 0
        self._kept = bytearray()
        self._searched = 0
        self._head: SipMessage | None = None

    def feed(self, data: bytes) -> Iterator[SipMessage]:
        """The messages completed by these bytes. Raises `Garbled` after those before it have come out."""
        self._kept += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> SipMessage | None:
        if self._head is None and not self._find_head():
            return None
        assert self._head is not None
        length = _length(self._head)
        if length is None or length > BODY_BYTES_MAX:
            raise Garbled(400 if length is None else 413, self._head)
        if len(self._kept) < length:
            return None
        message, self._head = replace(self._head, body=bytes(self._kept[:length])), None
        del self._kept[:length]
        return message

    def _find_head(self) -> bool:
        if not self._searched and not self._skip_line_ends():
            return False
        end = HEAD_END.search(self._kept, self._searched)
        if end is None:
            if len(self._kept) > HEADER_BYTES_MAX:
                raise Garbled
            # A line end that was cut may be completed by the next bytes.
            self._searched = max(0, len(self._kept) - 3)
            return False
        self._head, _ = _parted(bytes(self._kept[: end.end()]))
        del self._kept[: end.end()]
        self._searched = 0
        return True

    def _skip_line_ends(self) -> bool:
        """Whether anything is left that may be a message."""
        rest = self._kept.lstrip(b"\r\n")
        run = self._kept[: len(self._kept) - len(rest)]
        pings = run.count(b"\r\n\r\n")
        self.pinged += pings
        self._kept = rest or run[4 * pings :][-3:]
        return bool(rest)
