"""
What SIP requests have been heard, and how each was answered (RFC 3261, 17.2.2), bounded.

```
  MESSAGE ──► waiting ── answered ──► kept ── 32 s ──► forgotten
                 │  ▲                  │  ▲
        3.5 s: 100  └ again: nothing   │  └ again: the same answer
                                       └── more than KEPT_MAX: the oldest goes
```

A client over UDP sends the same request again after 0.5 s, 1 s, 2 s, and then every 4 s, until it has its answer.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from devices.ports.sip_message import SipMessage
from devices.ports.sip_sockets import Peer

LIFE_S = 32.0
"""64 × T1: after this its client has given a transaction up, and sends no more copies of it (RFC 3261, timers F, J)."""

TRYING_S = 3.5
"""T1 + 2·T1 + 4·T1: not before, and then surely, a request that is still open is answered with 100 (RFC 4320, 4.1)."""

WAITING_MAX = 1024
"""Requests that wait for their answer; as many as frames may wait to be kept. To more we say that we are busy."""

KEPT_MAX = 8192
"""Answers kept for repetitions: 250 a second for all of their lives. A request older than that is decoded anew."""


@dataclass(slots=True, eq=False, kw_only=True)
class Transaction:
    """
    One MESSAGE, without its body, and the `path` of its answer.

    `name` is equal for its copies and for nothing else; `since_s` is when it came, or had its answer; `tried` when its
    client knows that we are at it; `answer` is empty until it has one.
    """

    name: str
    request: SipMessage
    peer: Peer
    path: Peer
    since_s: float
    tried: bool = False
    answer: bytes = b""


KEPT_BYTES_MAX = 16 * 1024 * 1024
"""What all kept answers may take together; one of a unit behind a proxy has some 500 bytes."""


class Transactions:
    """All of one address. Times are steady seconds. `forgotten` counts those that were never answered."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._secret = secrets.token_bytes(16)
        self._waiting: OrderedDict[str, Transaction] = OrderedDict()
        self._kept: OrderedDict[str, Transaction] = OrderedDict()
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._kept)

    @property
    def full(self) -> bool:
        """Whether so many wait that another must come back later."""
        return len(self._waiting) >= WAITING_MAX

    def name_of(self, request: SipMessage) -> str:
        """
        The name of the transaction that a request belongs to.

        By the standard it is the branch with the sender's address and method (17.2.3). Call-ID, CSeq and the body are
        in it too, because a unit that uses one branch for all it ever says must not have its alarm taken for the last
        heartbeat.
        """
        host, port = request.via
        said = (request.branch, host, str(port), *map(request.first, ("call-id", "cseq", "from")), request.uri)
        return hashlib.blake2b(
            "\0".join(said).encode("utf-8", "replace") + b"\0" + request.body, digest_size=16, key=self._secret
        ).hexdigest()

    def of(self, name: str) -> Transaction | None:
        """The transaction of this name, whether it waits or is kept."""
        return self._waiting.get(name) or self._kept.get(name)

    def begin(self, transaction: Transaction) -> None:
        """One more waits. Not while `full`."""
        assert not self.full
        self._waiting[transaction.name] = transaction

    def answered(self, transaction: Transaction, answer: bytes, *, now_s: float) -> None:
        """It has its answer, which is kept for repetitions; what else it said is not."""
        self._waiting.pop(transaction.name, None)
        transaction.answer, transaction.since_s, transaction.request = answer, now_s, SipMessage()
        self._kept[transaction.name] = transaction
        self._kept_bytes += len(answer)
        while len(self._kept) > KEPT_MAX or self._kept_bytes > KEPT_BYTES_MAX:
            self._drop(next(iter(self._kept)))

    def forget(self, transaction: Transaction) -> None:
        """It will not be answered; if it comes again, it is heard again."""
        self.forgotten += self._waiting.pop(transaction.name, None) is not None

    def grown_old(self, now_s: float) -> None:
        """Forgets those whose clients have given them up."""
        for transaction in list(_older(self._waiting, now_s - LIFE_S)):
            self.forget(transaction)
        for transaction in list(_older(self._kept, now_s - LIFE_S)):
            self._drop(transaction.name)

    def to_try(self, now_s: float) -> Iterator[Transaction]:
        """Those that have been open for `TRYING_S` and whose clients do not know yet that we are at it."""
        return (each for each in list(_older(self._waiting, now_s - TRYING_S)) if not each.tried)

    def clear(self) -> None:
        """Nobody is there any more."""
        self._waiting.clear()
        self._kept.clear()
        self._kept_bytes = 0

    def _drop(self, name: str) -> None:
        self._kept_bytes -= len(self._kept.pop(name).answer)


def _older(transactions: OrderedDict[str, Transaction], than_s: float) -> Iterator[Transaction]:
    """They stand in the order of their times, so that the first young one ends the search."""
    for each in transactions.values():
        if each.since_s > than_s:
            return
        yield each
