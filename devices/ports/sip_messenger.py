"""
Our own MESSAGEs, each sent until its receiver says that it has it (RFC 3261, 17.1.2; RFC 3428).

Some units want the answer to an alarm not in the response but in a MESSAGE of its own, which they know by its
reference. It goes to where theirs came from, for their From names their district as often as themselves.
"""

import re
import secrets
from dataclasses import dataclass

from devices.ports.sip_message import SipMessage, composed_request
from devices.ports.sip_sockets import Peer, SipSockets

T1_S = 0.5
T2_S = 4.0
"""The first wait for a response, and the longest; each is twice the one before (RFC 3261, 17.1.2.2)."""

LIFE_S = 32.0
"""64 × T1: after this nobody is there."""

OPEN_MAX = 1024
"""Messages under way at once; one more is not sent, and its unit reports again."""

_URI = re.compile(r"<([^<>\s]+)>|^([^<>;,\s]+)")


@dataclass(slots=True, eq=False, kw_only=True)
class _Sent:
    peer: Peer
    data: bytes
    ends_s: float
    again_s: float
    wait_s: float = T1_S


class Messenger:
    """Used by one thread. `unanswered` counts the messages that nobody has taken."""

    def __init__(self, sockets: SipSockets) -> None:
        self.unanswered = 0
        self._sockets = sockets
        self._open: dict[str, _Sent] = {}

    def __len__(self) -> int:
        return len(self._open)

    def send(self, body: bytes, *, to: Peer, about: SipMessage, content_type: str, now_s: float) -> None:
        """Send this body to who sent the request `about`, and again until it is taken. `now_s` is steady time."""
        if len(self._open) >= OPEN_MAX:
            self.unanswered += 1
            return
        branch = f"z9hG4bK{secrets.token_hex(12)}"
        sent = _Sent(
            peer=to, data=self._composed(body, to, about, content_type, branch), ends_s=now_s + LIFE_S,
            again_s=now_s + T1_S,
        )  # fmt: skip
        self._open[branch] = sent
        self._sockets.send(to, sent.data)

    def heard(self, response: SipMessage) -> None:
        """A response has come: a final one ends its message."""
        if response.code >= 200 and self._open.pop(response.branch, None) is not None:
            self.unanswered += response.code >= 300

    def tick(self, now_s: float) -> None:
        """Sends again what is due, and gives up what nobody takes."""
        for branch, sent in list(self._open.items()):
            if now_s >= sent.ends_s:
                del self._open[branch]
                self.unanswered += 1
            elif now_s >= sent.again_s and not sent.peer.connection:
                sent.wait_s = min(2 * sent.wait_s, T2_S)
                sent.again_s = now_s + sent.wait_s
                self._sockets.send(sent.peer, sent.data)

    def clear(self) -> None:
        """Nothing more is sent again."""
        self._open.clear()

    def _composed(self, body: bytes, to: Peer, about: SipMessage, content_type: str, branch: str) -> bytes:
        transport = self._sockets.transport_to(to)
        host = self._sockets.host_towards(to)
        here = f"{_bracketed(host)}:{self._sockets.port}"
        headers = (
            ("Via", f"SIP/2.0/{transport} {here};branch={branch};rport"),
            ("Max-Forwards", "70"),
            ("From", f"<{_uri(about.first('to')) or f'sip:{here}'}>;tag={secrets.token_hex(6)}"),
            ("To", f"<{_uri(about.first('from')) or f'sip:{_bracketed(to.host)}'}>"),
            ("Call-ID", f"{secrets.token_hex(12)}@{_bracketed(host)}"),
            ("CSeq", "1 MESSAGE"),
            ("Content-Type", content_type),
        )
        target = _uri(about.first("contact")) or f"sip:{_bracketed(to.host)}:{to.port}"
        return composed_request(target, "MESSAGE", headers, body)


def _uri(header: str) -> str:
    found = _URI.search(header.strip())
    return (found[1] or found[2]) if found else ""


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
