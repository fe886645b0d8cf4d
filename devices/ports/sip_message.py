"""
SIP messages (RFC 3261) as far as somebody needs them who is sent a MESSAGE and answers it.

    MESSAGE sip:arc@example SIP/2.0            SIP/2.0 200 OK
    Via: SIP/2.0/UDP 10.0.0.7:5060;branch=…    Via: …, From: …, To: …;tag=ours, Call-ID: …, CSeq: …  as they came
    From, To, Call-ID, CSeq, Content-Type      Content-Type, Content-Length
    Content-Length: 92
                                               <mrs>…</mrs>
    <mrq>…</mrq>

Read generously: nothing is refused for a part that we do not use. What goes back is copied byte for byte, because the
sender knows its own transaction by it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEADER_BYTES_MAX = 16_384
"""Longer than any header of a unit behind several proxies; more is no SIP."""

DEFAULT_PORT = 5060

CONTENT_TYPE = "application/scaip+xml"
CONTENT_TYPES = (CONTENT_TYPE, "application/xml", "text/plain")
"""What SCAIP is sent as (PROTOCOLS section 6), the proper one first."""

REASONS = {
    100: "Trying",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    481: "Call/Transaction Does Not Exist",
    501: "Not Implemented",
    503: "Service Unavailable",
}

HEAD_END = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_LINE_END = re.compile(r"\r?\n")
_REQUEST = re.compile(r"([\w.!%*+`'~-]{1,32}) +(\S+) +SIP/2\.0\s*", re.ASCII | re.IGNORECASE)
_RESPONSE = re.compile(r"SIP/2\.0 +([1-6][0-9]{2})(?: .*)?", re.IGNORECASE)
_VIA = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*\w+\s+(\[[^\]]*\]|[^\s;,:\[]+)(?:\s*:\s*([0-9]{1,5}))?\s*(?:;.*)?", re.IGNORECASE
)
_BRANCH = re.compile(r";\s*branch\s*=\s*([^;,\s]+)", re.IGNORECASE)
_RPORT = re.compile(r";\s*rport(?:\s*=[^;]*)?(?=;|$|\s)", re.IGNORECASE)
_RECEIVED = re.compile(r";\s*received\s*=[^;]*", re.IGNORECASE)
_TAG = re.compile(r";\s*tag\s*=", re.IGNORECASE)
_FIRST = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")*')
_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "l": "content-length", "c": "content-type",
            "m": "contact", "e": "content-encoding"}  # fmt: skip

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SipMessage:
    """
    A request (`method` and `uri`) or a response (`code`).

    `headers` have their long names in lower case, in order, with their values as they came.
    """

    method: str = ""
    uri: str = ""
    code: int = 0
    headers: Headers = ()
    body: bytes = b""

    def first(self, name: str) -> str:
        """The first header of this name, empty when there is none."""
        return next(self.every(name), "")

    def every(self, name: str) -> Iterator[str]:
        """All headers of this name."""
        return (value for own, value in self.headers if own == name)

    @property
    def content_length(self) -> int | None:
        """
        How long the body says it is, None when it does not say.

        Raises:
            ValueError: it says something that is no length.
        """
        said = self.first("content-length")
        if not re.fullmatch("[0-9]{0,9}", said):
            raise ValueError("no length")
        return int(said) if said else None

    @property
    def via(self) -> tuple[str, int]:
        """
        Who sent it, as they say themselves: host, and port or `DEFAULT_PORT`.

        Raises:
            ValueError: the topmost Via says no such thing.
        """
        found = _VIA.fullmatch(self._top)
        if found is None:
            raise ValueError("no Via")
        return found[1].strip("[]"), int(found[2] or DEFAULT_PORT)

    @property
    def branch(self) -> str:
        """The name that its sender gave to the transaction; a client before RFC 3261 gives none."""
        found = _BRANCH.search(self._top)
        return found[1] if found else ""

    @property
    def wants_rport(self) -> bool:
        """Whether the answer shall go to the very port that this came from (RFC 3581)."""
        return _RPORT.search(self._top) is not None

    @property
    def is_answerable(self) -> bool:
        """Whether an answer would find its way. What else is missing is missing in the answer too."""
        return _VIA.fullmatch(self._top) is not None

    @property
    def _top(self) -> str:
        found = _FIRST.match(self.first("via"))
        return found[0].strip() if found else ""


def read_head(head: bytes) -> SipMessage:
    """
    The message that begins with these bytes, without its body.

    Raises:
        ValueError: they are not the head of a SIP message.
    """
    start, *lines = _LINE_END.split(_FOLD.sub(" ", head.decode("latin-1").strip("\r\n")))
    headers = tuple(_header(line) for line in lines if ":" in line)
    if response := _RESPONSE.fullmatch(start):
        return SipMessage(code=int(response[1]), headers=headers)
    request = _REQUEST.fullmatch(start)
    if request is None:
        raise ValueError("neither request nor response")
    return SipMessage(method=request[1], uri=request[2], headers=headers)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    short = name.strip().lower()
    return _COMPACT.get(short, short), value.strip().replace("\r", " ")


def response(
    request: SipMessage, code: int, *, came_from: tuple[str, int], tag: str, body: bytes = b"", headers: Headers = ()
) -> bytes:
    """
    The bytes of a response. `came_from` is the address the request came from, `tag` ours in To; `headers` are further
    ones, by the names they shall have.
    """
    first, *others = request.every("via")
    to = request.first("to")
    copied = (("From", request.first("from")), ("To", to if code == 100 or _TAG.search(to) else f"{to};tag={tag}"),
              ("Call-ID", request.first("call-id")), ("CSeq", request.first("cseq")))  # fmt: skip
    vias = (("Via", via) for via in (_with_source(first, request.via[0], came_from), *others))
    return _composed(f"SIP/2.0 {code} {REASONS[code]}", [*vias, *copied, *headers], body)


def composed_request(uri: str, method: str, headers: Headers, body: bytes) -> bytes:
    """The bytes of a request of our own."""
    return _composed(f"{method} {uri} SIP/2.0", headers, body)


def _composed(start: str, headers: Headers, body: bytes) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def _with_source(vias: str, said: str, came_from: tuple[str, int]) -> str:
    """The Via with where it really came from, as RFC 3261 (18.2.1) and RFC 3581 (4) ask; the rest as it was."""
    found = _FIRST.match(vias)
    top = found[0].rstrip() if found else ""
    rest, host = vias[len(top) :], came_from[0]
    marked = _RPORT.sub(f";rport={came_from[1]}", top)
    if said == host and marked == top:
        return vias
    return f"{_RECEIVED.sub('', marked)};received={host}{rest}"
