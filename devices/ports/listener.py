"""
The contract of a listener: a port on which many talk, and what each of them said.

```
  talker A ──┐                 ┌── Said(A, …) ──► A's own decoder ──► durable ──► answer(A, …)
  talker B ──┼── Listener.poll ┼── Said(B, …) ──► B's own decoder ──► durable ──► confirm(said)
  talker C ──┘                 └── Said(C, b"", ended=True)
```

To add a kind of listener: write `ports/<name>.py` with a class that keeps this contract, and add one line to
`LISTENERS` in `ports/__init__.py`. Exceptions of foreign libraries never leave a port's file: they become `PortLost`
there, or end one conversation.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

SAID_MAX = 256
"""The most pieces that one `poll` returns; who has more to say is heard in the next, after the others."""

SAID_BYTES_MAX = 4096
"""The most bytes of one piece of a stream. A datagram or a message is one piece, whatever its length."""


@dataclass(frozen=True, slots=True)
class Said:
    """
    What one talker said: the next bytes of a stream, or a whole datagram or message.

    `talker` names one conversation, not one machine: who comes back after `ended` gets another name, or begins anew
    under the old one, with a fresh decoder either way. `ended` says that nothing more will come of it; `data` may still
    hold its last words. `receipt` is the listener's own note of what to confirm, for transports that have a receipt of
    their own beside the protocol's answer (MQTT's PUBACK, the status of an HTTP request); None where there is none.
    """

    talker: Hashable
    data: bytes
    ended: bool = field(default=False, kw_only=True)
    receipt: Hashable = field(default=None, kw_only=True)


class Listener(Protocol):
    """
    One address on which many talk. Used by one thread at a time; may be opened again after it was lost and closed.

    `unanswered` counts answers that were dropped because their talker was gone or did not read; `refused` counts
    conversations that were ended for want of room. No talker may delay another: nothing here waits for one of them.
    """

    unanswered: int
    refused: int

    def open(self) -> None:
        """Take the address; `PortLost` when it cannot."""
        ...

    def poll(self, timeout_s: float) -> Sequence[Said]:
        """
        What was said, at once when there is something, at most `SAID_MAX` pieces; nothing after so many seconds.

        Pieces of one talker come in order. `PortLost` when nobody can be heard any more.
        """
        ...

    def answer(self, talker: Hashable, data: bytes) -> None:
        """Send all of this to one talker, without waiting; dropped and counted when it is gone or does not read."""
        ...

    def confirm(self, said: Said, frames: int) -> None:
        """
        All of this piece is durable: `frames` whole frames were completed by it, maybe none. After their answers.

        Called once for each piece, not always in order: a press does not wait for the life signs before it. Never for
        one of which a frame was given up. Nothing to do for a transport without receipts.
        """
        ...

    def dismiss(self, talker: Hashable) -> None:
        """End this conversation: its decoder failed, or it says too much that nobody understands. Unknown: nothing."""
        ...

    def close(self) -> None:
        """Give the address back and end every conversation. Never raises, may be called again, and before `open`."""
        ...


ListenerFactory = Callable[[str], Listener]
"""Makes a listener, not opened yet, from the whole address. A `ValueError` says what is wrong with the address."""
