"""
SIP as a port on which many talk: `sip-listen://0.0.0.0:5060`, over UDP and TCP (RFC 3261, RFC 3428).

```
  unit ── MESSAGE, body ──► Said(transaction, body) ──► decoder ──► durable ──► answer ── 200, <mrs> ──► unit
            again ────────► the kept answer, or nothing yet                      └ or 200, and MESSAGE <mrs>
```

A server and no more than SCAIP needs of one: MESSAGE goes to the decoder, OPTIONS and REGISTER are agreed to, all else
is declined. The response leaves when the message is durable and not before; until then, after 3.5 s, a 100.

`?answer=response` (the default) puts the answer into the body of the response; `?answer=message` sends an empty
response and the answer in a MESSAGE of its own. Units of both kinds exist (PROTOCOLS section 6). Passwords are checked
where the address has users (`sip_digest.py`), and with a certificate it is TLS (`sip_address.py` has all of it).
"""

import re
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

import structlog

from devices.ports.listener import SAID_MAX, Said
from devices.ports.port import PortLost
from devices.ports.sip_address import passwords, sip_address
from devices.ports.sip_digest import Digest, Proof
from devices.ports.sip_framing import Garbled
from devices.ports.sip_message import CONTENT_TYPE, CONTENT_TYPES, Headers, SipMessage, response
from devices.ports.sip_messenger import Messenger
from devices.ports.sip_sockets import Peer, SipSockets
from devices.ports.sip_transactions import Transaction, Transactions
from dispatch.clock import SystemClock

END = b"\x00"
"""Put after every body: no text holds it, so a decoder knows one that was cut short."""

ALLOWED = "MESSAGE, OPTIONS, REGISTER"
_NEEDS_DIALOG = frozenset({"BYE", "CANCEL", "PRACK", "UPDATE", "INFO"})
_KNOWN = frozenset({"INVITE", "SUBSCRIBE", "NOTIFY", "REFER", "PUBLISH"})

STRANGERS_MAX = 64
"""Whose wrong passwords are told in the log, each once for as long as the address is open."""

_log = structlog.get_logger()
_MAPPED = re.compile(r"^::ffff:(?=[0-9.]+$)", re.IGNORECASE)


class SipListener:
    """
    A `Listener` over SIP. A talker is one transaction: one MESSAGE with all its repetitions.

    `refused` counts messages that were put off as well, and those whose password was wrong; `malformed` counts what
    came and was no SIP. Promises: a MESSAGE is answered only after `answer` or `confirm`; its copies are not said again
    but have the same answer; whatever comes, memory is bounded and nothing is raised.
    """

    def __init__(self, address: str, *, steady_s: Callable[[], float] | None = None) -> None:
        """`address` as above; a `ValueError` says what is wrong with it. `steady_s` gives seconds that only grow."""
        self._address = said = sip_address(address)
        self.unanswered = self.refused = self.malformed = 0
        self._sockets = SipSockets(said.host, said.port, certificate=said.certificate, key=said.key)
        self._digest: Digest | None = None
        self._strangers: set[tuple[str, str]] = set()
        self._messenger = Messenger(self._sockets)
        self._transactions = Transactions()
        clock = SystemClock()
        self._steady_s = steady_s or (lambda: clock.look().steady_s)
        self._said: deque[Said] = deque()
        self._ended: list[Said] = []
        self._speechless: list[Transaction] = []
        self._busy = 0

    @property
    def port(self) -> int:
        """The port listened on, once open: what the machine chose where the address says 0."""
        return self._sockets.port

    def open(self) -> None:
        self.close()
        try:
            known = passwords(self._address)
        except ValueError as error:
            raise PortLost(str(error)) from None
        self._digest = Digest(known, self._address.algorithms) if known else None
        self._sockets.open()

    def poll(self, timeout_s: float) -> Sequence[Said]:
        """
        The messages, each whole in one piece, and at the next look that nothing more comes of them.

        Not with the piece itself: a refusal would then come after the end, to a talker who is gone.
        """
        self._answer_speechless()
        if len(self._said) < SAID_MAX:
            for peer, heard in self._sockets.poll(0.0 if self._said or self._ended else timeout_s):
                self._take(peer, heard)
        self._keep_time()
        self._count()
        ended, room = self._ended, SAID_MAX - len(self._ended)
        said = [self._said.popleft() for _ in range(min(len(self._said), room))]
        self._ended = [Said(each.talker, b"", ended=True) for each in said]
        return [*ended, *said]

    def answer(self, talker: Hashable, data: bytes) -> None:
        """The first answer to a message goes out; it can have no other."""
        transaction = self._transactions.of(str(talker))
        if transaction is None:
            self._sockets.unanswered += 1
        elif not transaction.answer:
            self._answer(transaction, data)
        self._count()

    def confirm(self, said: Said, frames: int) -> None:
        """A message that was heard and wants no answer is agreed to; one in which nothing was heard is not."""
        transaction = self._transactions.of(str(said.talker))
        if said.receipt is None or transaction is None or transaction.answer:
            return
        if frames:
            self._respond(transaction, 200)
        else:
            # Its refusal may still be on its way; if there is none, the next look says so.
            self._speechless.append(transaction)

    def dismiss(self, talker: Hashable) -> None:
        """A message that got no answer is forgotten, so that its next copy is heard again."""
        transaction = self._transactions.of(str(talker))
        if transaction is not None and not transaction.answer and transaction not in self._speechless:
            self._transactions.forget(transaction)

    def close(self) -> None:
        self._messenger.clear()
        self._transactions.clear()
        self._said.clear()
        self._ended.clear()
        self._speechless.clear()
        self._strangers.clear()
        self._sockets.close()

    # ------------------------------------------------------------------------------------------------ hearing

    def _take(self, peer: Peer, heard: SipMessage | Garbled) -> None:
        if isinstance(heard, Garbled):
            self._complain(peer, heard.request, heard.code)
            # Where one message is unreadable nobody knows where the next begins.
            self._sockets.hang_up(peer)
        elif heard.code:
            self._messenger.heard(heard)
        elif not heard.is_answerable:
            self._complain(peer, heard, 400)
        elif heard.method == "MESSAGE":
            self._hear(peer, heard)
        elif heard.method != "ACK":
            code, headers = _courtesy(heard)
            self._send(peer, heard, code, headers=headers)

    def _hear(self, peer: Peer, request: SipMessage) -> None:
        name = self._transactions.name_of(request)
        known = self._transactions.of(name)
        if known is not None:
            self._repeat(known, peer)
        elif self._asks_for_proof(peer, request):
            return
        elif self._transactions.full:
            self._busy += 1
            self._send(peer, request, 503, headers=(("Retry-After", "5"),))
        else:
            self._transactions.begin(
                Transaction(
                    name=name, request=replace(request, body=b""), peer=peer, path=_response_path(request, peer),
                    since_s=self._steady_s(),
                )
            )  # fmt: skip
            # What claims to be another language and looks it is declined as such, not as a bad message of ours.
            ours = b"<" in request.body or _kind(request) in ("", *CONTENT_TYPES)
            self._said.append(Said(name, (request.body if ours else b"") + END, receipt=name))

    def _asks_for_proof(self, peer: Peer, request: SipMessage) -> bool:
        """Whether its sender was asked who it is. Its next request is another transaction, with the proof."""
        if self._digest is None:
            return False
        now_s = self._steady_s()
        proof = self._digest.proof(request, now_s)
        if proof is Proof.GIVEN:
            return False
        if proof is Proof.WRONG:
            self._tell_of_stranger(peer, request)
        self._send(peer, request, 401, headers=self._digest.challenge(now_s, stale=proof is Proof.STALE))
        return True

    def _tell_of_stranger(self, peer: Peer, request: SipMessage) -> None:
        """A unit whose password somebody mistyped is not heard, and somebody must find out."""
        self._busy += 1
        stranger = (peer.host, request.first("from")[:160])
        if stranger not in self._strangers and len(self._strangers) < STRANGERS_MAX:
            self._strangers.add(stranger)
            _log.warning("sender_not_authenticated", peer=peer.host, sender=stranger[1], port=self.port)

    def _repeat(self, transaction: Transaction, peer: Peer) -> None:
        """A copy: its client has not had our answer yet, or there is none yet."""
        if transaction.answer:
            self._sockets.send(peer if peer.connection else transaction.path, transaction.answer)
        elif transaction.tried:
            self._send(peer if peer.connection else transaction.peer, transaction.request, 100)

    def _complain(self, peer: Peer, request: SipMessage | None, code: int) -> None:
        """What is no SIP is counted; who can be told so is told."""
        self.malformed += 1
        if request is not None and request.method not in {"", "ACK"} and request.is_answerable:
            self._send(peer, request, code)

    # ------------------------------------------------------------------------------------------------ answering

    def _answer(self, transaction: Transaction, data: bytes) -> None:
        content_type = transaction.request.first("content-type") or CONTENT_TYPE
        if self._address.answers_in == "response":
            self._respond(transaction, 200, data, content_type)
            return
        request = transaction.request
        self._respond(transaction, 200)
        self._messenger.send(
            data, to=transaction.peer, about=request, content_type=content_type, now_s=self._steady_s()
        )

    def _respond(self, transaction: Transaction, code: int, body: bytes = b"", content_type: str = "") -> None:
        headers = (("Content-Type", content_type),) if body else ()
        sent = self._send(transaction.peer, transaction.request, code, body=body, headers=headers)
        self._transactions.answered(transaction, sent, now_s=self._steady_s())

    def _answer_speechless(self) -> None:
        """To a message of which the decoder has made nothing, and has not even a refusal for."""
        for transaction in self._speechless:
            if not transaction.answer:
                self._respond(transaction, 400 if _kind(transaction.request) in CONTENT_TYPES else 415)
        self._speechless.clear()

    def _keep_time(self) -> None:
        now_s = self._steady_s()
        self._messenger.tick(now_s)
        self._transactions.grown_old(now_s)
        for transaction in self._transactions.to_try(now_s):
            transaction.tried = True
            self._send(transaction.peer, transaction.request, 100)

    def _count(self) -> None:
        self.unanswered = self._sockets.unanswered + self._messenger.unanswered + self._transactions.forgotten
        self.refused = self._sockets.refused + self._busy

    def _send(self, peer: Peer, request: SipMessage, code: int, *, body: bytes = b"", headers: Headers = ()) -> bytes:
        if code == 415:
            headers = (*headers, ("Accept", ", ".join(CONTENT_TYPES)))
        came_from = (_MAPPED.sub("", peer.host), peer.port)
        tag = self._transactions.name_of(request)[:16]
        sent = response(request, code, came_from=came_from, tag=tag, body=body, headers=headers)
        self._sockets.send(_response_path(request, peer), sent)
        return sent


def _kind(request: SipMessage) -> str:
    return request.first("content-type").partition(";")[0].strip().lower()


def _courtesy(request: SipMessage) -> tuple[int, Headers]:
    """What is said to a request that is no MESSAGE: its code, and further headers."""
    allow = ("Allow", ALLOWED)
    match request.method:
        case "OPTIONS":
            return 200, (allow, ("Accept", ", ".join(CONTENT_TYPES)))
        case "REGISTER":
            # Units that register before they report are agreed with; we never call them, so nothing is stored.
            contacts = [("Contact", contact) for contact in request.every("contact")]
            return 200, (*contacts, ("Expires", request.first("expires") or "3600"))
        case method if method in _NEEDS_DIALOG:
            return 481, ()
        case method:
            return (405 if method in _KNOWN else 501), (allow,)


def _response_path(request: SipMessage, peer: Peer) -> Peer:
    """Where the response goes: back on the connection, to the very port (RFC 3581), or to the port in the Via."""
    return peer if peer.connection or request.wants_rport else replace(peer, port=request.via[1])
